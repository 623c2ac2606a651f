package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"

	"github.com/sbomctl/sbomctl/cache/osfile"
)

// buffers are for hashing, comparing and collecting small writes.
var buffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}

const bufferSize = 64 << 10

// verification is what a process knows of one blob; mu makes it hash each only once.
type verification struct {
	mu   sync.Mutex
	file fs.FileInfo // the file that was found to be right
}

func (s *Disk) verification(d Digest) *verification {
	if v, ok := s.verified.Load(d); ok {
		return v.(*verification)
	}
	v, _ := s.verified.LoadOrStore(d, &verification{})
	return v.(*verification)
}

func miss(d Digest) error { return fmt.Errorf("%s is %w", d, ErrMiss) }

// anySize stands for an entry whose size its name does not tell.
const anySize = -1

// openEntry opens an entry and checks what can be seen from outside. nil without an error
// is a miss; damage has been dealt with.
func (s *Disk) openEntry(name string, size int64) (*os.File, fs.FileInfo, error) {
	folder := s.opened()
	if folder == nil {
		return nil, nil, nil
	}
	f, fi, err := folder.Open(name, os.O_RDONLY)
	var odd *osfile.OddError
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil
	case errors.As(err, &odd):
		s.damaged(name, odd.Seen, odd.Why)
		return nil, nil, nil
	case osfile.IsExhausted(err):
		return nil, nil, failure("read the cache", s.dir, err)
	default:
		s.unblock(name)
		return nil, nil, nil
	}
	if why := unfit(fi, size); why != "" {
		f.Close()
		s.damaged(name, fi, why)
		return nil, nil, nil
	}
	return f, fi, nil
}

// unblock takes away what lies in the place of an entry's folder, or above it, and is none.
func (s *Disk) unblock(name string) {
	for name = path.Dir(name); name != "."; name = path.Dir(name) {
		if fi, err := s.opened().Lstat(name); err == nil && !fi.IsDir() {
			s.damaged(name, fi, osfile.NoFolder(fi))
		}
	}
}

// unfit says why a file cannot be an entry of the given size; "" if it can.
func unfit(fi fs.FileInfo, size int64) string {
	why := osfile.Unfit(fi)
	if why == "" && size != anySize && fi.Size() != size {
		why = fmt.Sprintf("it has %d bytes, expected %d", fi.Size(), size)
	}
	return why
}

const wrongContents = "its contents do not have the SHA-256 in its name"

// Missing implements Store: there are the entries that are files of their digest's size.
func (s *Disk) Missing(ctx context.Context, digests []Digest) ([]Digest, error) {
	var missing []Digest
	for _, d := range digests {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !s.has(d) {
			missing = append(missing, d)
		}
	}
	return missing, nil
}

func (s *Disk) has(d Digest) bool {
	name, folder := entry(casDir, d), s.opened()
	if folder == nil {
		return false
	}
	fi, err := folder.Lstat(name)
	if err != nil {
		return false
	}
	if why := unfit(fi, d.Size); why != "" {
		s.damaged(name, fi, why)
		return false
	}
	return true
}

// Open implements Store. The blob is an *os.File.
func (s *Disk) Open(ctx context.Context, d Digest) (Blob, error) {
	f, err := s.open(ctx, d)
	if err != nil {
		return nil, err // not a nil *os.File in an interface
	}
	return f, nil
}

func (s *Disk) open(ctx context.Context, d Digest) (*os.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name := entry(casDir, d)
	f, fi, err := s.openEntry(name, d.Size)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, miss(d)
	}
	v := s.verification(d)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.file != nil && osfile.Same(v.file, fi) {
		return f, nil
	}
	if why, err := check(ctx, f, d); err != nil || why != "" {
		f.Close()
		if err != nil {
			return nil, err
		}
		s.damaged(name, fi, why)
		return nil, miss(d)
	}
	v.file = fi
	return f, nil
}

// check hashes a file, leaving its offset alone. It returns what is wrong, "" if nothing.
// The error is that of ctx.
func check(ctx context.Context, f io.ReaderAt, d Digest) (why string, err error) {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	h := sha256.New()
	// One byte more than there should be: a file that grows is found out.
	n, err := io.CopyBuffer(onlyWriter{h}, untilDone{ctx, io.NewSectionReader(f, 0, d.Size+1)}, *buf)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return osfile.Reason(err).Error(), nil
	case n != d.Size || [sha256.Size]byte(h.Sum(nil)) != d.Hash:
		return wrongContents, nil
	}
	return "", nil
}

// onlyWriter hides the method by which io.CopyBuffer would bypass its buffer.
type onlyWriter struct{ io.Writer }

// untilDone reads until its context is over.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// ReadAll implements Store.
func (s *Disk) ReadAll(ctx context.Context, d Digest, max int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if d.Size > max {
		return nil, failure("read the cache", s.dir, fmt.Errorf("blob %s has more than %d bytes", d, max))
	}
	name := entry(casDir, d)
	f, fi, err := s.openEntry(name, d.Size)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, miss(d)
	}
	defer f.Close()
	b := make([]byte, d.Size)
	if _, err := io.ReadFull(f, b); err != nil {
		s.damaged(name, fi, shortened(err))
		return nil, miss(d)
	}
	if sha256.Sum256(b) != d.Hash {
		s.damaged(name, fi, wrongContents)
		return nil, miss(d)
	}
	return b, nil
}

// shortened words an error of io.ReadFull.
func shortened(err error) string {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return "it is cut short"
	}
	return osfile.Reason(err).Error()
}

// holds reports whether the entry of that name is b already, by comparing all of it: a size
// that happens to be right must not keep a damaged entry from being healed.
func (s *Disk) holds(name string, b []byte, size int64) (bool, error) {
	f, fi, err := s.openEntry(name, size)
	if f == nil || err != nil {
		return false, err
	}
	defer f.Close()
	if fi.Size() != int64(len(b)) {
		return false, nil
	}
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	for rest := b; len(rest) > 0; {
		part := (*buf)[:min(len(*buf), len(rest))]
		if _, err := io.ReadFull(f, part); err != nil {
			s.damaged(name, fi, shortened(err))
			return false, nil
		}
		if !bytes.Equal(part, rest[:len(part)]) {
			if size != anySize {
				s.damaged(name, fi, wrongContents)
			}
			return false, nil
		}
		rest = rest[len(part):]
	}
	return true, nil
}
