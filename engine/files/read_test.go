package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/cache"
)

// oddNames are names that any file system of Unix can hold.
var oddNames = []string{"a b", "a\nb", `a"b'c`, `a\b`, "-rf", "..foo", "...", ".h", "é", "\xff\xfe", "*", "[x]", "{a,b}", strings.Repeat("n", 255)}

func unixOnly(t testing.TB) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such names, links or modes")
	}
}

// regularFile is the State of a file with these bytes.
func regularFile(b []byte) State { return State{Kind: Regular, Digest: cache.Of(b)} }

func TestReadKinds(t *testing.T) {
	unixOnly(t)
	dir := tempDir(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	write(t, at("plain"), "hello")
	write(t, at("crlf"), "a\r\nb\r\n")
	write(t, at("empty"), "")
	write(t, at("exe"), "#!")
	os.Chmod(at("exe"), 0o755)
	write(t, at("group-exe"), "#!")
	os.Chmod(at("group-exe"), 0o654)
	os.Mkdir(at("dir"), 0o755)
	os.Symlink("plain", at("link"))
	os.Symlink("dir", at("dirlink"))
	os.Symlink(strings.Repeat("x/", 400), at("longlink"))
	big := strings.Repeat("0123456789abcdef", 30000)
	write(t, at("big"), big)
	executable := regularFile([]byte("#!"))
	executable.Executable = true
	for name, want := range map[string]State{
		"plain": regularFile([]byte("hello")), "crlf": regularFile([]byte("a\r\nb\r\n")), "empty": regularFile(nil), "big": regularFile([]byte(big)),
		"exe": executable, "group-exe": regularFile([]byte("#!")),
		"dir": {Kind: Directory}, "link": {Kind: Symlink, Target: "plain"}, "dirlink": {Kind: Symlink, Target: "dir"},
		"longlink": {Kind: Symlink, Target: strings.Repeat("x/", 400)},
		"nothing":  {}, "plain/below": {}, strings.Repeat("n", 256): {},
	} {
		got, sig, err := Read(at(name))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v; want %+v", name, got, err, want)
		}
		var stater Stater
		for range 2 {
			now, kind, err := stater.Lstat(at(name))
			now2, kind2, err2 := Lstat(at(name))
			if err != nil || err2 != nil || kind != want.Kind || kind2 != kind || !now.Same(sig) || now != now2 {
				t.Errorf("%s: lstat says %v %+v, %v; reading said %+v", name, kind, now, err, sig)
			}
		}
		stater.Close()
	}
	if data, _, _, err := ReadBytes(at("big"), 1<<20); string(data) != big || err != nil {
		t.Errorf("ReadBytes: %d bytes, %v", len(data), err)
	}
	if _, _, _, err := ReadBytes(at("big"), 1000); err == nil || !strings.Contains(err.Error(), "has 480000 bytes; at most 1000 are allowed") {
		t.Errorf("ReadBytes beyond its limit: %v", err)
	}
}

func TestReadOddNames(t *testing.T) {
	unixOnly(t)
	dir := tempDir(t)
	for _, name := range oddNames {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Logf("the file system cannot hold %q", name)
			continue
		}
		if got, _, err := Read(path); err != nil || !reflect.DeepEqual(got, regularFile([]byte(name))) {
			t.Errorf("%q: %+v, %v", name, got, err)
		}
	}
	if _, _, err := Read(dir + "/a\x00b"); err == nil || !strings.Contains(err.Error(), `a\x00b": cannot be read: invalid argument`) {
		t.Errorf("a NUL in a path: %v", err)
	}
	deep := dir + strings.Repeat("/directory", 60) // longer than the stack's buffer
	write(t, filepath.Join(deep, "f"), "x")
	if got, _, err := Read(filepath.Join(deep, "f")); err != nil || got.Kind != Regular {
		t.Errorf("a deep file: %+v, %v", got, err)
	}
	if _, _, err := Read(dir + strings.Repeat("/directory", 1000)); err == nil {
		t.Error("a path longer than the system allows: no error")
	}
}

// TestReadNeverMixes changes a file all the time: each result must be one of its contents.
func TestReadNeverMixes(t *testing.T) {
	path := filepath.Join(tempDir(t), "f")
	a, b := strings.Repeat("a", 300000), strings.Repeat("b", 300000)
	write(t, path, a)
	var stop atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; !stop.Load(); i++ {
			os.WriteFile(path, []byte([]string{a, b}[i%2]), 0o644)
		}
	}()
	wantA, wantB, empty := regularFile([]byte(a)).Digest, regularFile([]byte(b)).Digest, regularFile(nil).Digest
	for range 50 {
		// Two writes within a tick of the clock leave one signature, so a mixture cannot be
		// ruled out; but then it is racy, and is read again.
		s, sig, err := Read(path)
		if err != nil {
			if !strings.Contains(err.Error(), "changes while it is being read") {
				t.Error(err)
			}
		} else if d := s.Digest; d != wantA && d != wantB && d != empty && !sig.Racy {
			t.Errorf("read a mixture: %+v", s)
		}
	}
	stop.Store(true)
	<-done
}

func TestReadRacy(t *testing.T) {
	path := filepath.Join(tempDir(t), "f")
	write(t, path, "x")
	_, sig, err := Read(path)
	if err != nil || !sig.Racy {
		t.Errorf("a file just written is not racy: %+v, %v", sig, err)
	}
	future := time.Now().Add(time.Hour)
	os.Chtimes(path, future, future)
	if _, sig, _ = Read(path); !sig.Racy {
		t.Errorf("a file from the future is not racy: %+v", sig)
	}
}

func TestList(t *testing.T) {
	unixOnly(t)
	dir := tempDir(t)
	if got, _, err := List(dir); err != nil || len(got) != 0 {
		t.Errorf("an empty directory: %v, %v", got, err)
	}
	write(t, filepath.Join(dir, "a/x"), "")
	for _, name := range []string{"a-b", "a.c", "B", "-x", "..y", "\xff", "é"} {
		os.WriteFile(filepath.Join(dir, name), nil, 0o644)
	}
	os.Symlink("a", filepath.Join(dir, "link"))
	got, sig, err := List(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []Entry{{"-x", Regular}, {"..y", Regular}, {"B", Regular}, {"a", Directory}, {"a-b", Regular}, {"a.c", Regular}, {"link", Symlink}, {"é", Regular}, {"\xff", Regular}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if now, _, _ := Lstat(dir); !now.Same(sig) {
		t.Errorf("lstat says %+v; listing said %+v", now, sig)
	}
	back, rest, err := DecodeEntries(AppendEntries(nil, got))
	if err != nil || len(rest) != 0 || !reflect.DeepEqual(back, got) {
		t.Errorf("encoding: %q, %q, %v", back, rest, err)
	}
	for _, name := range []string{"nothing", "B", "B/x", "link"} {
		if _, _, err := List(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) || !strings.HasSuffix(err.Error(), ": no such directory") {
			t.Errorf("List of %s: %v", name, err)
		}
	}
}

func TestListMany(t *testing.T) {
	dir := tempDir(t)
	for i := range 3000 { // more than one buffer full
		os.WriteFile(filepath.Join(dir, strings.Repeat("n", 40)+string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676))), nil, 0o644)
	}
	got, _, err := List(dir)
	if err != nil || len(got) != 3000 {
		t.Errorf("%d entries, %v", len(got), err)
	}
}

func benchTree(b *testing.B) []string {
	dir := tempDir(b)
	var paths []string
	for d := range 100 {
		for f := range 50 {
			p := filepath.Join(dir, "third_party/packages", "p"+string(rune('a'+d%26))+string(rune('a'+d/26)), "src", "file"+string(rune('a'+f%26))+string(rune('a'+f/26))+".c")
			write(b, p, strings.Repeat("int x;\n", 100))
			paths = append(paths, p)
		}
	}
	return paths
}

func BenchmarkLstat(b *testing.B) {
	paths := benchTree(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Lstat(paths[i%len(paths)])
	}
}

func BenchmarkStater(b *testing.B) {
	paths := benchTree(b)
	var s Stater
	defer s.Close()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Lstat(paths[i%len(paths)])
	}
}

func BenchmarkRead(b *testing.B) {
	paths := benchTree(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Read(paths[i%len(paths)])
	}
}

func BenchmarkList(b *testing.B) {
	dir := filepath.Dir(benchTree(b)[0])
	b.ReportAllocs()
	for b.Loop() {
		List(dir)
	}
}

// TestStater: a Stater says what Lstat says, of absolute paths and of those below its prefix, in any order.
func TestStater(t *testing.T) {
	unixOnly(t)
	dir, other := tempDir(t), tempDir(t)
	for _, p := range []string{"a", "d/b", "d/e/c"} {
		write(t, filepath.Join(dir, p), p)
		write(t, filepath.Join(other, p), p+p)
	}
	s := Stater{Prefix: dir + "/"}
	defer s.Close()
	for _, p := range []string{"a", "d/b", "d/e/c", "d/none", "none/x", other + "/d/b", "d/b", ".", "d/..", "d/", "", "/", other + "/a", "a/b"} {
		full := p
		if !filepath.IsAbs(p) {
			full = dir + "/" + p
		}
		wantSig, wantKind, wantErr := Lstat(full)
		sig, kind, err := s.Lstat(p)
		if sig != wantSig || kind != wantKind || (err == nil) != (wantErr == nil) {
			t.Errorf("%q: %+v %v %v, want %+v %v %v", p, sig, kind, err, wantSig, wantKind, wantErr)
		}
	}
}
