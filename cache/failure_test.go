package cache

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/sbomctl/sbomctl/cache/reapi"
)

// fullDisk makes the disk take n more bytes.
func fullDisk(s *Disk, n int) {
	s.write = func(f *os.File, b []byte) (int, error) {
		if len(b) > n {
			k, _ := f.Write(b[:n])
			n = 0
			return k, &fs.PathError{Op: "write", Path: f.Name(), Err: noSpace}
		}
		n -= len(b)
		return f.Write(b)
	}
	s.copy = func(to io.Writer, from io.Reader) (int64, error) {
		k, err := io.CopyN(to, from, int64(n))
		if err == nil {
			err = &fs.PathError{Op: "write", Path: "x", Err: noSpace}
		}
		return k, err
	}
}

func TestNoSpace(t *testing.T) {
	b := bytes.Repeat([]byte("x"), 3*bufferSize)
	for _, space := range []int{0, 1, bufferSize, 3*bufferSize - 1} {
		s, w := openDisk(t, t.TempDir())
		fullDisk(s, space)
		_, putErr := s.Put(background, b)
		fullDisk(s, space)
		_, streamErr := stream(s, bytes.NewReader(b))
		fullDisk(s, 0)
		resultErr := s.PutResult(background, Of(b), &reapi.ActionResult{})
		for _, err := range []error{putErr, streamErr, resultErr} {
			if want := "cannot write to the cache " + s.dir + ": no space left on device"; err == nil || err.Error() != want {
				t.Errorf("%d bytes of space: %v, want %s", space, err, want)
			}
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, noSpace) || errors.Is(err, ErrMiss) {
				t.Errorf("%d bytes of space: %#v is of the wrong class", space, err)
			}
		}
		if names := temporaries(t, s.TempDir()); len(names) > 0 || s.has(Of(b)) || len(w.list) > 0 {
			t.Errorf("left behind %v, entry %v, warnings %q", names, s.has(Of(b)), w.list)
		}
		s.write, s.copy = (*os.File).Write, io.Copy
		put(t, s, b) // there is space again
	}
}

// A writer that has failed stays failed, also for callers that look only at Commit.
func TestNoSpaceStays(t *testing.T) {
	s, _ := openDisk(t, t.TempDir())
	fullDisk(s, 0)
	w, err := s.Create(background)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(make([]byte, 2*bufferSize))
	fullDisk(s, 1<<30)
	w.Write([]byte("more"))
	if _, err := w.Commit(); !errors.Is(err, noSpace) {
		t.Errorf("%v", err)
	}
	w.Abort()
}

func TestNoPermission(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		t.Skip("permissions do not bind this user")
	}
	s, _ := openDisk(t, t.TempDir())
	d := put(t, s, []byte("x"))
	for _, dir := range []string{s.TempDir(), filepath.Dir(s.path(entry(casDir, d)))} {
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(dir, 0o777)
	}
	put(t, s, []byte("x")) // is there already
	_, err := s.Put(background, []byte("y"))
	if want := "cannot write to the cache " + s.dir + ": permission denied"; err == nil || err.Error() != want || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%v, want %s", err, want)
	}
	if b, err := s.ReadAll(background, d, 1); err != nil || string(b) != "x" {
		t.Errorf("%q, %v", b, err)
	}
}
