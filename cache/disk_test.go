package cache

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/sbomctl/sbomctl/cache/reapi"
)

// warnings collects what a Disk says.
type warnings struct {
	mu   sync.Mutex
	list []string
}

func (w *warnings) add(msg string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, msg)
}

func openDisk(t testing.TB, dir string) (*Disk, *warnings) {
	t.Helper()
	w := &warnings{}
	s, err := OpenDisk(dir, w.add)
	if err != nil {
		t.Fatal(err)
	}
	return s, w
}

func put(t testing.TB, s *Disk, b []byte) Digest {
	t.Helper()
	d, err := s.Put(b)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// temporaries lists what is being written in dir.
func temporaries(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, tempPrefix+"*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// contents are sizes around those at which the code takes another way.
func contents() [][]byte {
	var all [][]byte
	for _, n := range []int{0, 1, 1000, bufferSize - 1, bufferSize, bufferSize + 1, 3*bufferSize + 7} {
		all = append(all, bytes.Repeat([]byte{byte(n), 1, 2, 3, 5}, n/5+1)[:n])
	}
	return all
}

func TestStore(t *testing.T) {
	s, w := openDisk(t, t.TempDir())
	for _, b := range contents() {
		for how, store := range map[string]func() (Digest, error){
			"Put":       func() (Digest, error) { return s.Put(b) },
			"PutReader": func() (Digest, error) { return s.PutReader(bytes.NewReader(b)) },
			"Create": func() (Digest, error) {
				w, err := s.Create()
				if err != nil {
					return Digest{}, err
				}
				for rest := b; len(rest) > 0; {
					n := min(len(rest), 999)
					if k, err := w.Write(rest[:n]); k != n || err != nil {
						t.Fatal(k, err)
					}
					rest = rest[n:]
				}
				return w.Commit()
			},
		} {
			if err := os.RemoveAll(s.cas); err != nil {
				t.Fatal(err)
			}
			if s.Has(Of(b)) {
				t.Fatal("an empty cache has a blob")
			}
			if _, err := s.Open(Of(b)); !errors.Is(err, ErrMiss) {
				t.Fatalf("Open in an empty cache: %v", err)
			}
			for range 2 {
				if d, err := store(); err != nil || d != Of(b) {
					t.Fatalf("%s of %d bytes: %v, %v", how, len(b), d, err)
				}
			}
			if !s.Has(Of(b)) {
				t.Errorf("%s of %d bytes: not there", how, len(b))
			}
			if got, err := s.ReadAll(Of(b), int64(len(b))); err != nil || !bytes.Equal(got, b) {
				t.Errorf("%s of %d bytes: read %d, %v", how, len(b), len(got), err)
			}
			f, err := s.Open(Of(b))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(f)
			f.Close()
			if err != nil || !bytes.Equal(got, b) {
				t.Errorf("%s of %d bytes: opened %d, %v", how, len(b), len(got), err)
			}
		}
	}
	if names := temporaries(t, s.tmp); len(names) > 0 || len(w.list) > 0 {
		t.Errorf("left behind %v, warned %v", names, w.list)
	}
}

func TestLayout(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "cache")
	s, _ := openDisk(t, dir)
	d := put(t, s, []byte("x"))
	const hex = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
	fi, err := os.Lstat(filepath.Join(dir, "v1/cas/2d", hex))
	if err != nil {
		t.Fatal(err)
	}
	if fi.Mode() != 0o444 {
		t.Errorf("mode %v, want 0444", fi.Mode())
	}
	if err := s.PutResult(d, &reapi.ActionResult{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "v1/ac/2d", hex)); err != nil {
		t.Error(err)
	}
	if tag, err := os.ReadFile(filepath.Join(dir, "CACHEDIR.TAG")); err != nil || !bytes.HasPrefix(tag, []byte("Signature: 8a477f597d28d172789f06886806bc55\n")) {
		t.Errorf("CACHEDIR.TAG: %q, %v", tag, err)
	}
	if got, want := StatePath("/c", "/w"), filepath.FromSlash("/c/v1/workspaces/"+Of([]byte(filepath.FromSlash("/w"))).Hex()); got != want {
		t.Errorf("StatePath = %s, want %s", got, want)
	}
	if StatePath("/c", "/w/") != StatePath("/c", "/w") || StatePath("/c", "/w") == StatePath("/c", "/v") {
		t.Error("StatePath does not tell workspaces apart by path")
	}
	u, err := s.Stat()
	if err != nil || u != (Usage{Blobs: 1, Results: 1, Bytes: 1 + 32}) {
		t.Errorf("Stat = %+v, %v", u, err)
	}
}

// An entry that is there already must not be written again.
func TestPutExisting(t *testing.T) {
	s, _ := openDisk(t, t.TempDir())
	for _, b := range contents() {
		d := put(t, s, b)
		before, err := os.Lstat(entry(s.cas, d))
		if err != nil {
			t.Fatal(err)
		}
		s.write = func(*os.File, []byte) (int, error) { t.Error("written again"); return 0, io.ErrShortWrite }
		put(t, s, b)
		s.write = (*os.File).Write
		if d, err := s.PutReader(bytes.NewReader(b)); err != nil || d != Of(b) {
			t.Fatal(d, err)
		}
		after, err := os.Lstat(entry(s.cas, d))
		// A long stream replaces an entry that was never verified, and leaves one that was.
		if err != nil || len(b) <= bufferSize && !sameFile(before, after) {
			t.Errorf("%d bytes: the entry was replaced (%v)", len(b), err)
		}
		if _, err := s.PutReader(bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
		if again, err := os.Lstat(entry(s.cas, d)); err != nil || !sameFile(after, again) {
			t.Errorf("%d bytes: a verified entry was replaced (%v)", len(b), err)
		}
	}
}

// The file is hashed once in a process, as long as it stays the same.
func TestOpenVerifiesOnce(t *testing.T) {
	dir := t.TempDir()
	first, _ := openDisk(t, dir)
	d := put(t, first, []byte("contents"))
	s, w := openDisk(t, dir)
	path := entry(s.cas, d)
	open := func() error {
		f, err := s.Open(d)
		if err == nil {
			f.Close()
		}
		return err
	}
	if err := open(); err != nil {
		t.Fatal(err)
	}
	// Damage that leaves size and time alone is the one thing that is not looked for twice.
	fi, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, path, "cONTENTS")
	if err := os.Chtimes(path, fi.ModTime(), fi.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := open(); err != nil {
		t.Errorf("hashed again: %v", err)
	}
	if err := os.Chtimes(path, fi.ModTime(), fi.ModTime().Add(1e9)); err != nil {
		t.Fatal(err)
	}
	if err := open(); !errors.Is(err, ErrMiss) || len(w.list) != 1 {
		t.Errorf("a changed file was believed: %v, warnings %v", err, w.list)
	}
}

// overwrite changes a file in place, read-only or not.
func overwrite(t *testing.T, path, contents string) {
	t.Helper()
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(contents), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestReadAllBound(t *testing.T) {
	s, _ := openDisk(t, t.TempDir())
	d := put(t, s, []byte("12345"))
	_, err := s.ReadAll(d, 4)
	var e *Error
	if !errors.As(err, &e) || errors.Is(err, ErrMiss) {
		t.Errorf("%v, want an *Error", err)
	}
}

func TestWriterStates(t *testing.T) {
	s, _ := openDisk(t, t.TempDir())
	for _, b := range contents() {
		w, err := s.Create()
		if err != nil {
			t.Fatal(err)
		}
		w.Write(b)
		w.Abort()
		w.Abort()
		if _, err := w.Write([]byte("x")); err == nil {
			t.Error("Write after Abort succeeds")
		}
		if _, err := w.Commit(); err == nil || s.Has(Of(b)) {
			t.Errorf("Commit after Abort: %v", err)
		}
		w, err = s.Create()
		if err != nil {
			t.Fatal(err)
		}
		w.Write(b)
		if _, err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Commit(); err == nil {
			t.Error("a second Commit succeeds")
		}
		w.Abort()
		if !s.Has(Of(b)) {
			t.Error("Abort after Commit took the blob away")
		}
	}
	if names := temporaries(t, s.tmp); len(names) > 0 {
		t.Errorf("left behind %v", names)
	}
}

type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }

func TestPutReaderError(t *testing.T) {
	s, _ := openDisk(t, t.TempDir())
	cause := errors.New("connection lost")
	for _, b := range contents() {
		_, err := s.PutReader(io.MultiReader(bytes.NewReader(b), brokenReader{cause}))
		if err != cause {
			t.Errorf("%v, want the reader's own error", err)
		}
	}
	if names := temporaries(t, s.tmp); len(names) > 0 {
		t.Errorf("left behind %v", names)
	}
}

func TestActionCache(t *testing.T) {
	s, w := openDisk(t, t.TempDir())
	key := Of([]byte("action"))
	if _, err := s.Get(key); !errors.Is(err, ErrMiss) {
		t.Fatalf("empty: %v", err)
	}
	out := put(t, s, []byte("output"))
	for _, r := range []*reapi.ActionResult{
		{},
		{OutputFiles: []reapi.OutputFile{{Path: "a/b", Digest: out, Executable: true}}, Stderr: []byte("warning")},
		{ExitCode: 1, Stdout: []byte("x"), StdoutDigest: out},
	} {
		for range 2 {
			if err := s.PutResult(key, r); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := s.Get(key); err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("%+v, %v; want %+v", got, err, r)
		}
	}
	if len(w.list) > 0 {
		t.Errorf("warnings: %v", w.list)
	}
}

func TestComplete(t *testing.T) {
	s, _ := openDisk(t, t.TempDir())
	here, gone := put(t, s, []byte("here")), Of([]byte("gone"))
	for _, c := range []struct {
		r    reapi.ActionResult
		want bool
	}{
		{reapi.ActionResult{}, true},
		{reapi.ActionResult{OutputFiles: []reapi.OutputFile{{Path: "a", Digest: here}}, StdoutDigest: here}, true},
		{reapi.ActionResult{OutputFiles: []reapi.OutputFile{{Path: "a", Digest: here}, {Path: "b", Digest: gone}}}, false},
		{reapi.ActionResult{StdoutDigest: gone}, false},
		{reapi.ActionResult{StderrDigest: gone}, false},
	} {
		if got := Complete(s, &c.r); got != c.want {
			t.Errorf("%+v: %v", c.r, got)
		}
	}
}

func TestOpenDiskErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := OpenDisk(file, nil)
	if want := "cannot open the cache " + file + ": not a directory"; err == nil || runtime.GOOS != "windows" && err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("%T, want *Error", err)
	}
}

func TestDefaultDir(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("the variables are those of Linux")
	}
	t.Setenv("XDG_CACHE_HOME", "/x")
	if dir, err := DefaultDir(); err != nil || dir != "/x/sbomctl" {
		t.Errorf("%s, %v", dir, err)
	}
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	_, err := DefaultDir()
	var e *Error
	if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), "cannot find the user's cache folder: ") {
		t.Errorf("%v", err)
	}
}

// An empty cache in the middle of a build (somebody removes it) costs misses, nothing else.
func TestRemovedWhileOpen(t *testing.T) {
	s, w := openDisk(t, t.TempDir())
	d := put(t, s, []byte("x"))
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ReadAll(d, 10); !errors.Is(err, ErrMiss) {
		t.Errorf("%v, want a miss", err)
	}
	if u, err := s.Stat(); err != nil || u != (Usage{}) {
		t.Errorf("%+v, %v", u, err)
	}
	put(t, s, []byte("x"))
	if err := s.PutResult(d, &reapi.ActionResult{}); err != nil {
		t.Error(err)
	}
	if b, err := s.ReadAll(d, 10); err != nil || string(b) != "x" {
		t.Errorf("%q, %v", b, err)
	}
	if len(w.list) > 0 {
		t.Errorf("warnings: %v", w.list)
	}
}

func TestErrorText(t *testing.T) {
	err := failure("write to the cache", "/c", &fs.PathError{Op: "write", Path: "/c/v1/tmp/1", Err: fs.ErrPermission})
	if got, want := err.Error(), "cannot write to the cache /c: permission denied"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if !IsPermission(err) || IsNoSpace(err) {
		t.Error("wrong class")
	}
	if again := failure("read", "", err); again != err {
		t.Errorf("wrapped twice: %v", again)
	}
}
