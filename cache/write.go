package cache

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// blobMode keeps editors and careless scripts from changing an entry that others rely on.
const blobMode fs.FileMode = 0o444

// Put implements Store.
func (s *Disk) Put(ctx context.Context, b []byte) (Digest, error) {
	if err := ctx.Err(); err != nil {
		return Digest{}, err
	}
	return s.put(b)
}

func (s *Disk) put(b []byte) (Digest, error) {
	d := Of(b)
	return d, s.putEntry(entry(s.cas, d), b, d.Size)
}

// putEntry makes b the entry at path, unless it is. size is anySize when the name of the
// entry does not determine its contents.
func (s *Disk) putEntry(path string, b []byte, size int64) error {
	if ok, err := s.holds(path, b, size); ok || err != nil {
		return err
	}
	f, err := createTemp(s.tmp, blobMode)
	if err != nil {
		return s.writeFailure(err)
	}
	if _, err = s.write(f, b); err == nil {
		_, err = s.install(f, path)
	}
	if err != nil {
		f.Close() // again, perhaps: no harm
		os.Remove(f.Name())
		return s.writeFailure(err)
	}
	return nil
}

func (s *Disk) writeFailure(err error) error { return failure("write to the cache", s.dir, err) }

// install seals a temporary file and moves it to path. It returns the file as it is there.
func (s *Disk) install(f *os.File, path string) (fs.FileInfo, error) {
	if err := f.Chmod(blobMode); err != nil { // the umask may have taken bits away
		return nil, err
	}
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil { // some file systems report a full disk only now
		return nil, err
	}
	return fi, s.move(f.Name(), path, fi.Size())
}

// move renames a temporary file to path and clears what is in the way.
func (s *Disk) move(tmp, path string, size int64) error {
	var err error
	for range 3 {
		if err = os.Rename(tmp, path); err == nil {
			return nil
		}
		folder := filepath.Dir(path)
		if fi, e := os.Stat(folder); e != nil || !fi.IsDir() {
			s.unblock(folder)
			if e := os.MkdirAll(folder, 0o777); e != nil {
				return e
			}
			continue
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue // somebody else has made the folder just now
		}
		// On Windows a read-only file is in the way, too.
		fi, e := os.Lstat(path)
		if e != nil || !fi.IsDir() && runtime.GOOS != "windows" {
			return err
		}
		if fi.IsDir() {
			s.damaged(path, fi, "it is a folder")
		} else {
			os.Remove(path)
		}
	}
	// On Windows an entry that somebody has open cannot be replaced; it is as good as ours,
	// or will be found out.
	if fi, e := os.Lstat(path); e == nil && fi.Mode().IsRegular() && fi.Size() == size {
		os.Remove(tmp)
		return nil
	}
	return err
}

// Create implements Store.
func (s *Disk) Create(ctx context.Context) (Writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	buf := buffers.Get().(*[]byte)
	return &diskWriter{ctx: ctx, s: s, pooled: buf, buf: (*buf)[:0], hash: sha256.New()}, nil
}

var errSealed = errors.New("the blob is sealed already")

// diskWriter hashes a blob on its way. What fits into a small buffer touches the disk only
// when it is new.
type diskWriter struct {
	ctx    context.Context // of Create: when it is over, nothing more is written
	s      *Disk
	pooled *[]byte // where buf comes from; nil when sealed
	buf    []byte
	hash   hash.Hash // of what has been flushed
	size   int64     // likewise
	f      *os.File  // nil until the buffer was full once
	err    error
}

// Write implements Writer.
func (w *diskWriter) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.pooled == nil {
		return 0, w.s.writeFailure(errSealed)
	}
	n := len(p)
	if len(w.buf)+len(p) > cap(w.buf) {
		if len(w.buf) > 0 {
			fill := copy(w.buf[len(w.buf):cap(w.buf)], p)
			if err := w.flush(w.buf[:cap(w.buf)]); err != nil {
				return 0, err
			}
			w.buf, p = w.buf[:0], p[fill:]
		}
		if len(p) >= cap(w.buf) {
			return n, w.flush(p)
		}
	}
	w.buf = append(w.buf, p...)
	return n, nil
}

func (w *diskWriter) flush(p []byte) error {
	if err := w.ctx.Err(); err != nil {
		w.err = err
		w.Abort()
		return err
	}
	if w.f == nil {
		f, err := createTemp(w.s.tmp, blobMode)
		if err != nil {
			return w.fail(err)
		}
		w.f = f
	}
	if _, err := w.s.write(w.f, p); err != nil {
		return w.fail(err)
	}
	w.hash.Write(p)
	w.size += int64(len(p))
	return nil
}

// fail ends the writer with an error that every later call repeats.
func (w *diskWriter) fail(err error) error {
	w.err = w.s.writeFailure(err)
	w.Abort()
	return w.err
}

// Commit implements Writer.
func (w *diskWriter) Commit() (Digest, error) {
	if w.err != nil {
		return Digest{}, w.err
	}
	if w.pooled == nil {
		return Digest{}, w.s.writeFailure(errSealed)
	}
	defer w.Abort()
	if w.f == nil {
		return w.s.put(w.buf)
	}
	if err := w.flush(w.buf); err != nil {
		return Digest{}, err
	}
	d := Digest{Hash: [sha256.Size]byte(w.hash.Sum(nil)), Size: w.size}
	path := entry(w.s.cas, d)
	v := w.s.verification(d)
	v.mu.Lock()
	defer v.mu.Unlock()
	// An entry that this process has verified stays. Any other is replaced: the new one is
	// known to be right, and that is cheaper than to read the old one.
	if now, err := os.Lstat(path); err == nil && v.file != nil && sameFile(v.file, now) {
		return d, nil
	}
	fi, err := w.s.install(w.f, path)
	if err != nil {
		return Digest{}, w.fail(err)
	}
	v.file = fi
	w.f = nil
	return d, nil
}

// Abort implements Writer.
func (w *diskWriter) Abort() {
	if w.pooled != nil {
		buffers.Put(w.pooled)
		w.pooled, w.buf = nil, nil
	}
	if w.f != nil {
		w.f.Close()
		os.Remove(w.f.Name())
		w.f = nil
	}
}
