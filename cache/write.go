package cache

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io/fs"
	"os"
	"path"
	"runtime"

	"github.com/sbomctl/sbomctl/cache/osfile"
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
	return d, s.putEntry(entry(casDir, d), b, d.Size)
}

// putEntry makes b the entry of that name, unless it is. size is anySize when the name of the
// entry does not determine its contents.
func (s *Disk) putEntry(name string, b []byte, size int64) error {
	if ok, err := s.holds(name, b, size); ok || err != nil {
		return err
	}
	var err error
	for range writes {
		if err = s.writeEntry(name, b); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return s.writeFailure(err)
	}
	return nil
}

// writes is how often an entry is written: somebody may remove the cache, and what is being written in it, at any moment.
const writes = 10

func (s *Disk) writeEntry(name string, b []byte) error {
	t, err := s.temp()
	if err != nil {
		return err
	}
	if _, err = s.write(t.File, b); err == nil {
		_, err = s.install(t, name)
	}
	if err != nil {
		t.drop()
	}
	return err
}

// temporary is a file of the cache that is being written.
type temporary struct {
	*os.File
	folder *osfile.Folder
	name   string
}

// temp creates a temporary file. When that fails the cache may be gone: it is made again.
func (s *Disk) temp() (*temporary, error) {
	for again := false; ; again = true {
		folder := s.opened()
		if again || folder == nil || s.readOnly {
			var err error
			if folder, err = s.folder(); err != nil {
				return nil, err
			}
		}
		f, name, err := folder.Temp(tmpDir, blobMode)
		if err == nil {
			return &temporary{f, folder, name}, nil
		}
		if again {
			return nil, err
		}
	}
}

func (t *temporary) drop() {
	t.Close() // again, perhaps: no harm
	t.folder.Remove(t.name)
}

func (s *Disk) writeFailure(err error) error { return failure("write to the cache", s.dir, err) }

// install seals a temporary file and makes it the entry of that name. It returns the file as
// it is there.
func (s *Disk) install(t *temporary, name string) (fs.FileInfo, error) {
	if err := t.Chmod(blobMode); err != nil { // the umask may have taken bits away
		return nil, err
	}
	fi, err := t.Stat()
	if err != nil {
		return nil, err
	}
	if err := t.Close(); err != nil { // some file systems report a full disk only now
		return nil, err
	}
	return fi, s.move(t, name, fi.Size())
}

// move gives a temporary file the name of an entry and clears what is in the way.
func (s *Disk) move(t *temporary, name string, size int64) error {
	var err error
	for range 3 {
		if err = t.folder.Rename(t.name, name); err == nil {
			return nil
		}
		above := path.Dir(name)
		if fi, e := t.folder.Lstat(above); e != nil || !fi.IsDir() {
			s.unblock(name)
			if e := t.folder.Make(above); e != nil {
				return e
			}
			continue
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue // somebody else has made the folder just now
		}
		// On Windows a read-only file is in the way, too.
		fi, e := t.folder.Lstat(name)
		if e != nil || !fi.IsDir() && runtime.GOOS != "windows" {
			return err
		}
		if fi.IsDir() {
			s.damaged(name, fi, osfile.Unfit(fi))
		} else {
			t.folder.Remove(name)
		}
	}
	// On Windows an entry that somebody has open cannot be replaced; it is as good as ours,
	// or will be found out.
	if fi, e := t.folder.Lstat(name); e == nil && fi.Mode().IsRegular() && fi.Size() == size {
		t.folder.Remove(t.name)
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
	hash   hash.Hash  // of what has been flushed
	size   int64      // likewise
	t      *temporary // nil until the buffer was full once
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
	if w.t == nil {
		t, err := w.s.temp()
		if err != nil {
			return w.fail(err)
		}
		w.t = t
	}
	if _, err := w.s.write(w.t.File, p); err != nil {
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
	if w.t == nil {
		return w.s.put(w.buf)
	}
	if err := w.flush(w.buf); err != nil {
		return Digest{}, err
	}
	d := Digest{Hash: [sha256.Size]byte(w.hash.Sum(nil)), Size: w.size}
	name := entry(casDir, d)
	v := w.s.verification(d)
	v.mu.Lock()
	defer v.mu.Unlock()
	// An entry that this process has verified stays. Any other is replaced: the new one is
	// known to be right, and that is cheaper than to read the old one.
	if now, err := w.t.folder.Lstat(name); err == nil && v.file != nil && osfile.Same(v.file, now) {
		return d, nil
	}
	fi, err := w.s.install(w.t, name)
	if err != nil {
		return Digest{}, w.fail(err)
	}
	v.file = fi
	w.t = nil
	return d, nil
}

// Abort implements Writer.
func (w *diskWriter) Abort() {
	if w.pooled != nil {
		buffers.Put(w.pooled)
		w.pooled, w.buf = nil, nil
	}
	if w.t != nil {
		w.t.drop()
		w.t = nil
	}
}
