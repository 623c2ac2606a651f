package oci

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/osfile"
)

// Store keeps images that were pulled, in a folder of the cache that any number of processes may share. It is an OCI image layout,
// and so other tools can read it:
//
//	DIR/oci-layout
//	DIR/index.json               the images that were pulled whole, by digest: what a tag meant once is no fact of the store
//	DIR/blobs/sha256/<digest>    manifests, configs and layers, read-only
//	DIR/from/<origin>/<digest>   empty: that origin had the blob, and it hashed; <origin> is hashed, too
//	DIR/tmp/                     files being written, named by their owner
//	DIR/lock                     held while index.json is written
//
// It is a cache, as package cache is one: a blob is hashed before the first byte of it is handed out, and one that is not what its
// name says is warned of once, taken away, and from then on Missing. A blob is written to a file of its own and renamed, so that it
// is there whole or not at all, whoever is killed.
type Store struct {
	dir  string
	warn func(string)

	mu       sync.Mutex
	folder   *osfile.Folder
	made     bool // by create: all parts of the folder are there, and what killed processes left is gone
	verified map[v1.Hash]*verified
}

// verified is what a process knows of one blob. mu makes it hash and fetch each only once.
type verified struct {
	mu   sync.Mutex
	file fs.FileInfo // the file that was found to be right
}

const (
	tmpDir   = "tmp"
	lockName = "lock"
)

// NewStore returns the store in dir, which is made when it is first written to. warn is told of damage, a line each; nil discards.
func NewStore(dir string, warn func(msg string)) *Store {
	if warn == nil {
		warn = func(string) {}
	}
	return &Store{dir: dir, warn: warn, verified: map[v1.Hash]*verified{}}
}

// Dir returns the folder.
func (s *Store) Dir() string { return s.dir }

// open returns the folder, nil when there is none and it is not to be made.
func (s *Store) open(create bool) (*osfile.Folder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder != nil && (s.made || !create) {
		return s.folder, nil
	}
	if !create {
		folder, err := osfile.OpenExisting(s.dir, s.warn)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err == nil {
			s.folder = folder
		}
		return folder, err
	}
	return s.create()
}

func (s *Store) create() (*osfile.Folder, error) {
	folder, err := osfile.OpenFolder(s.dir, s.warn)
	if err != nil {
		return nil, err
	}
	for _, part := range []string{blobsDir, tmpDir} {
		if err := folder.Make(part); err != nil {
			folder.Close()
			return nil, err
		}
	}
	folder.CleanTemp(tmpDir)
	if err := s.label(folder); err != nil {
		folder.Close()
		return nil, err
	}
	s.folder, s.made = folder, true // an earlier one stays open for those who use it just now
	return folder, nil
}

// failure is an error of the disk: it says nothing of the image.
func (s *Store) failure(op string, err error) error {
	return &cache.Error{Op: op, Path: s.dir, Err: osfile.Reason(err)}
}

func (s *Store) blob(digest v1.Hash) *verified {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.verified[digest]
	if v == nil {
		v = &verified{}
		s.verified[digest] = v
	}
	return v
}

func blobName(digest v1.Hash) string { return blobsDir + "/" + digest.Hex }

func (s *Store) what(kind string, digest v1.Hash) string {
	return kind + " " + digest.String() + " of the cache"
}

// Manifest implements Source. What it was called is not kept.
func (s *Store) Manifest(ctx context.Context, digest v1.Hash) ([]byte, types.MediaType, error) {
	what := s.what("manifest", digest)
	f, err := s.read(ctx, what, digest)
	if err != nil {
		return nil, "", err
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, "", s.failure("read the cache", err)
	}
	d := v1.Descriptor{Digest: digest, Size: fi.Size()}
	b, err := readAll(what, Verify(what, f, d), d, MaxManifest)
	return b, "", err
}

// Blob implements Source.
func (s *Store) Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	what := s.what("blob", d.Digest)
	f, err := s.read(ctx, what, d.Digest)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil && fi.Size() != d.Size {
		err = wrongSize(what, fi.Size(), d.Size)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return fileReader{ctx, what, f}, nil
}

// Has reports whether a blob is there, and is what its name says.
func (s *Store) Has(ctx context.Context, digest v1.Hash) (bool, error) {
	f, err := s.read(ctx, s.what("blob", digest), digest)
	if IsMissing(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	f.Close()
	return true, nil
}

// read opens a blob that has its digest. What has not is taken away.
func (s *Store) read(ctx context.Context, what string, digest v1.Hash) (*os.File, error) {
	if err := CheckDigest(what, digest); err != nil {
		return nil, err
	}
	if s.isPutting(ctx, digest) {
		return nil, &Error{Kind: Missing, What: what, Msg: "is not there"}
	}
	v := s.blob(digest)
	v.mu.Lock()
	defer v.mu.Unlock()
	return s.readLocked(ctx, what, digest, v)
}

func (s *Store) readLocked(ctx context.Context, what string, digest v1.Hash, v *verified) (*os.File, error) {
	missing := &Error{Kind: Missing, What: what, Msg: "is not there"}
	folder, err := s.open(false)
	if err != nil {
		return nil, s.failure("open the cache", err)
	}
	if folder == nil {
		return nil, missing
	}
	name := blobName(digest)
	f, fi, err := folder.Open(name, os.O_RDONLY)
	var odd *osfile.OddError
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist):
		return nil, missing
	case errors.As(err, &odd):
		s.damaged(folder, name, odd.Seen, odd.Why)
		return nil, missing
	case osfile.IsExhausted(err):
		return nil, s.failure("read the cache", err)
	default:
		return nil, missing // something lies in the place of its folder, which Put makes anew
	}
	if v.file != nil && osfile.Same(v.file, fi) {
		return f, nil
	}
	why, err := check(fileReader{ctx, what, f}, digest)
	if err == nil && why == "" {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err == nil && why == "" {
		v.file = fi
		return f, nil
	}
	f.Close()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		why = osfile.Reason(err).Error()
	}
	s.damaged(folder, name, fi, why)
	return nil, missing
}

// check hashes what r yields, and says what is wrong.
func check(r io.Reader, digest v1.Hash) (why string, err error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	if hex.EncodeToString(h.Sum(nil)) != digest.Hex {
		return "its contents do not have the SHA-256 in its name", nil
	}
	return "", nil
}

func (s *Store) damaged(folder *osfile.Folder, name string, seen fs.FileInfo, why string) {
	s.warn(fmt.Sprintf("%s is damaged and not used: %s", folder.Path(name), why))
	folder.DiscardVia(tmpDir, name, seen)
}

// Put stores the blob that open streams, unless it is there, unharmed. Several that put the same one in this process wait for the first.
// Errors of open and of its stream come out as they are. open does not ask this store for the same blob, directly or through Keep.
func (s *Store) Put(ctx context.Context, d v1.Descriptor, open func() (io.ReadCloser, error)) error {
	return s.put(ctx, d, func(context.Context) (io.ReadCloser, error) { return open() })
}

// putFrom is Put of a blob of a source, which may ask this store in turn.
func (s *Store) putFrom(ctx context.Context, d v1.Descriptor, from Source) error {
	return s.put(ctx, d, func(ctx context.Context) (io.ReadCloser, error) { return from.Blob(ctx, d) })
}

// putting is the key of a context in which a blob is being put into the store in a folder. Whoever is asked for it within that, and has it
// from that store, has not got it.
type putting struct {
	dir    string
	digest v1.Hash
}

func (s *Store) isPutting(ctx context.Context, digest v1.Hash) bool {
	return ctx.Value(putting{s.dir, digest}) != nil
}

func (s *Store) put(ctx context.Context, d v1.Descriptor, open func(ctx context.Context) (io.ReadCloser, error)) error {
	what := s.what("blob", d.Digest)
	if err := CheckDigest(what, d.Digest); err != nil {
		return err
	}
	v := s.blob(d.Digest)
	v.mu.Lock()
	defer v.mu.Unlock()
	f, err := s.readLocked(ctx, what, d.Digest, v)
	if err == nil {
		defer f.Close()
		if fi, err := f.Stat(); err == nil && fi.Size() != d.Size {
			return wrongSize(what, fi.Size(), d.Size)
		}
		return nil
	}
	if !IsMissing(err) {
		return err
	}
	r, err := open(context.WithValue(ctx, putting{s.dir, d.Digest}, true))
	if err != nil {
		return err
	}
	defer r.Close()
	return s.write(what, d, r, v)
}

// PutBytes is Put of bytes.
func (s *Store) PutBytes(ctx context.Context, digest v1.Hash, b []byte) error {
	return s.Put(ctx, v1.Descriptor{Digest: digest, Size: int64(len(b))}, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil })
}

// write stores what r yields, if it is d.
func (s *Store) write(what string, d v1.Descriptor, r io.ReadCloser, v *verified) error {
	folder, f, name, err := s.temp()
	if err != nil {
		return s.failure("write to the cache", err)
	}
	drop := func() {
		f.Close()
		folder.Remove(name)
	}
	w := &diskWriter{f: f}
	if _, err := io.Copy(w, Verify(what, r, d)); err != nil {
		drop()
		if w.err != nil {
			return s.failure("write to the cache", w.err)
		}
		return err
	}
	fi, err := s.install(folder, f, name, blobName(d.Digest))
	if err != nil {
		drop()
		return s.failure("write to the cache", err)
	}
	v.file = fi
	return nil
}

// diskWriter remembers that it was the disk that failed.
type diskWriter struct {
	f   *os.File
	err error
}

func (w *diskWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	w.err = err
	return n, err
}

// temp creates a file to write to. Somebody may have removed the store: it is made again.
func (s *Store) temp() (*osfile.Folder, *os.File, string, error) {
	for again := false; ; again = true {
		folder, err := s.open(true)
		if err != nil {
			return nil, nil, "", err
		}
		f, name, err := folder.Temp(tmpDir, 0o444)
		if err == nil || again {
			return folder, f, name, err
		}
		s.mu.Lock()
		_, err = s.create()
		s.mu.Unlock()
		if err != nil {
			return nil, nil, "", err
		}
	}
}

// install seals a file and gives it its name.
func (s *Store) install(folder *osfile.Folder, f *os.File, temp, name string) (fs.FileInfo, error) {
	if err := f.Chmod(0o444); err != nil { // the umask may have taken bits away
		return nil, err
	}
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil { // some file systems report a full disk only now
		return nil, err
	}
	for range 3 {
		if err = folder.Rename(temp, name); err == nil {
			return fi, nil
		}
		if now, e := folder.Lstat(name); e == nil && !now.Mode().IsRegular() {
			s.damaged(folder, name, now, osfile.Unfit(now))
		} else if e == nil {
			folder.Remove(name) // on Windows a read-only file is in the way
		}
		if e := folder.Make(blobsDir); e != nil {
			return nil, e
		}
	}
	return nil, err
}
