package cache

import (
	"bytes"
	"context"
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

	"github.com/sbomctl/sbomctl/cache/osfile"
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

var background = context.Background()

// stream stores what r yields through a Writer.
func stream(s *Disk, r io.Reader) (Digest, error) {
	w, err := s.Create(background)
	if err != nil {
		return Digest{}, err
	}
	defer w.Abort()
	if _, err := io.Copy(w, r); err != nil {
		return Digest{}, err
	}
	return w.Commit()
}

func put(t testing.TB, s *Disk, b []byte) Digest {
	t.Helper()
	d, err := s.Put(background, b)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// temporaries lists what is being written in dir.
func temporaries(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, ".sbomctl-*"))
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
			"Put":    func() (Digest, error) { return s.Put(background, b) },
			"stream": func() (Digest, error) { return stream(s, bytes.NewReader(b)) },
			"Create": func() (Digest, error) {
				w, err := s.Create(background)
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
			if err := os.RemoveAll(s.path(casDir)); err != nil {
				t.Fatal(err)
			}
			if s.has(Of(b)) {
				t.Fatal("an empty cache has a blob")
			}
			if _, err := s.Open(background, Of(b)); !errors.Is(err, ErrMiss) {
				t.Fatalf("Open in an empty cache: %v", err)
			}
			for range 2 {
				if d, err := store(); err != nil || d != Of(b) {
					t.Fatalf("%s of %d bytes: %v, %v", how, len(b), d, err)
				}
			}
			if !s.has(Of(b)) {
				t.Errorf("%s of %d bytes: not there", how, len(b))
			}
			if got, err := s.ReadAll(background, Of(b), int64(len(b))); err != nil || !bytes.Equal(got, b) {
				t.Errorf("%s of %d bytes: read %d, %v", how, len(b), len(got), err)
			}
			f, err := s.Open(background, Of(b))
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
	if names := temporaries(t, s.TempDir()); len(names) > 0 || len(w.list) > 0 {
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
	if err := s.PutResult(background, d, &reapi.ActionResult{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "v1/ac/2d", hex)); err != nil {
		t.Error(err)
	}
	if tag, err := os.ReadFile(filepath.Join(dir, "CACHEDIR.TAG")); err != nil || !bytes.HasPrefix(tag, []byte("Signature: 8a477f597d28d172789f06886806bc55\n")) {
		t.Errorf("CACHEDIR.TAG: %q, %v", tag, err)
	}
	state, err := s.State("/w")
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	if got, want := state.Path("journal"), filepath.Join(dir, "v1/workspaces", Of([]byte(filepath.FromSlash("/w"))).Hex(), "journal"); got != want {
		t.Errorf("State has %s, want %s", got, want)
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
		before, err := os.Lstat(s.path(entry(casDir, d)))
		if err != nil {
			t.Fatal(err)
		}
		s.write = func(*os.File, []byte) (int, error) { t.Error("written again"); return 0, io.ErrShortWrite }
		put(t, s, b)
		s.write = (*os.File).Write
		if d, err := stream(s, bytes.NewReader(b)); err != nil || d != Of(b) {
			t.Fatal(d, err)
		}
		after, err := os.Lstat(s.path(entry(casDir, d)))
		// A long stream replaces an entry that was never verified, and leaves one that was.
		if err != nil || len(b) <= bufferSize && !osfile.Same(before, after) {
			t.Errorf("%d bytes: the entry was replaced (%v)", len(b), err)
		}
		if _, err := stream(s, bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
		if again, err := os.Lstat(s.path(entry(casDir, d))); err != nil || !osfile.Same(after, again) {
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
	path := s.path(entry(casDir, d))
	open := func() error {
		f, err := s.Open(background, d)
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
	_, err := s.ReadAll(background, d, 4)
	var e *Error
	if !errors.As(err, &e) || errors.Is(err, ErrMiss) {
		t.Errorf("%v, want an *Error", err)
	}
}

func TestWriterStates(t *testing.T) {
	s, _ := openDisk(t, t.TempDir())
	for _, b := range contents() {
		w, err := s.Create(background)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(b)
		w.Abort()
		w.Abort()
		if _, err := w.Write([]byte("x")); err == nil {
			t.Error("Write after Abort succeeds")
		}
		if _, err := w.Commit(); err == nil || s.has(Of(b)) {
			t.Errorf("Commit after Abort: %v", err)
		}
		w, err = s.Create(background)
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
		if !s.has(Of(b)) {
			t.Error("Abort after Commit took the blob away")
		}
	}
	if names := temporaries(t, s.TempDir()); len(names) > 0 {
		t.Errorf("left behind %v", names)
	}
}

type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }

func TestStreamError(t *testing.T) {
	s, _ := openDisk(t, t.TempDir())
	cause := errors.New("connection lost")
	for _, b := range contents() {
		_, err := stream(s, io.MultiReader(bytes.NewReader(b), brokenReader{cause}))
		if err != cause {
			t.Errorf("%v, want the reader's own error", err)
		}
	}
	if names := temporaries(t, s.TempDir()); len(names) > 0 {
		t.Errorf("left behind %v", names)
	}
}

func TestActionCache(t *testing.T) {
	s, w := openDisk(t, t.TempDir())
	key := Of([]byte("action"))
	if _, err := s.Get(background, key); !errors.Is(err, ErrMiss) {
		t.Fatalf("empty: %v", err)
	}
	out := put(t, s, []byte("output"))
	for _, r := range []*reapi.ActionResult{
		{},
		{OutputFiles: []reapi.OutputFile{{Path: "a/b", Digest: out, Executable: true}}, Stderr: []byte("warning")},
		{ExitCode: 1, Stdout: []byte("x"), StdoutDigest: out},
	} {
		for range 2 {
			if err := s.PutResult(background, key, r); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := s.Get(background, key); err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("%+v, %v; want %+v", got, err, r)
		}
	}
	if len(w.list) > 0 {
		t.Errorf("warnings: %v", w.list)
	}
}

// Missing keeps the order, and takes away what cannot be right.
func TestMissing(t *testing.T) {
	s, w := openDisk(t, t.TempDir())
	here, gone, also := put(t, s, []byte("here")), Of([]byte("gone")), Of([]byte("also gone"))
	bad := put(t, s, []byte("bad"))
	overwrite(t, s.path(entry(casDir, bad)), "longer")
	for range 2 {
		got, err := s.Missing(background, []Digest{also, here, bad, gone, here})
		if want := []Digest{also, bad, gone}; err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v, %v; want %v", got, err, want)
		}
	}
	if len(w.list) != 1 {
		t.Errorf("warnings %q, want one", w.list)
	}
}

// A context that is over ends everything, and nothing is taken for damaged.
func TestContextOver(t *testing.T) {
	s, w := openDisk(t, t.TempDir())
	b := bytes.Repeat([]byte("blob"), bufferSize)
	d := put(t, s, b)
	ctx, cancel := context.WithCancel(background)
	writer, err := s.Create(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for how, err := range map[string]error{
		"Missing":   func() error { _, err := s.Missing(ctx, []Digest{d}); return err }(),
		"Open":      func() error { _, err := s.Open(ctx, d); return err }(),
		"ReadAll":   func() error { _, err := s.ReadAll(ctx, d, 1<<30); return err }(),
		"Put":       func() error { _, err := s.Put(ctx, b); return err }(),
		"Create":    func() error { _, err := s.Create(ctx); return err }(),
		"Write":     func() error { _, err := writer.Write(b); return err }(),
		"Commit":    func() error { _, err := writer.Commit(); return err }(),
		"CopyTo":    s.CopyTo(ctx, d, filepath.Join(s.dir, "copy"), false),
		"Get":       func() error { _, err := s.Get(ctx, d); return err }(),
		"PutResult": s.PutResult(ctx, d, &reapi.ActionResult{}),
	} {
		if err != context.Canceled {
			t.Errorf("%s: %v", how, err)
		}
	}
	if !s.has(d) || len(w.list) > 0 || len(temporaries(t, s.TempDir())) > 0 {
		t.Errorf("entry %v, warnings %q, left behind %v", s.has(d), w.list, temporaries(t, s.TempDir()))
	}
	// One that ends while a blob is hashed is no damage either.
	f, err := s.Open(background, d)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if why, err := check(ctx, f, d); why != "" || err != context.Canceled {
		t.Errorf("%q, %v", why, err)
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
	if _, err := s.ReadAll(background, d, 10); !errors.Is(err, ErrMiss) {
		t.Errorf("%v, want a miss", err)
	}
	if u, err := s.Stat(); err != nil || u != (Usage{}) {
		t.Errorf("%+v, %v", u, err)
	}
	put(t, s, []byte("x"))
	if err := s.PutResult(background, d, &reapi.ActionResult{}); err != nil {
		t.Error(err)
	}
	if b, err := s.ReadAll(background, d, 10); err != nil || string(b) != "x" {
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
	if !errors.Is(err, fs.ErrPermission) || errors.Is(err, noSpace) {
		t.Error("wrong class")
	}
	if again := failure("read", "", err); again != err {
		t.Errorf("wrapped twice: %v", again)
	}
}
