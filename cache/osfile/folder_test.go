package osfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func open(t *testing.T) (*Folder, *[]string) {
	t.Helper()
	var warned []string
	f, err := OpenFolder(filepath.Join(t.TempDir(), "new", "folder"), func(m string) { warned = append(warned, m) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, &warned
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Skip(err)
	}
}

// Whatever is no ordinary file is told apart, inside links too, and nothing is followed.
func TestOpenOdd(t *testing.T) {
	f, _ := open(t)
	write(t, f.Path("file"), "text")
	link(t, "file", f.Path("inside"))
	outside := filepath.Join(t.TempDir(), "outside")
	write(t, outside, "text")
	link(t, outside, f.Path("out"))
	link(t, "nowhere", f.Path("dangling"))
	if err := os.Mkdir(f.Path("folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, why := range map[string]string{
		"inside": "it is a symbolic link", "out": "it is a symbolic link", "dangling": "it is a symbolic link", "folder": "it is a folder",
	} {
		for _, flag := range []int{os.O_RDONLY, os.O_RDWR} {
			_, _, err := f.Open(name, flag)
			var odd *OddError
			if !errors.As(err, &odd) || odd.Why != why {
				t.Errorf("%s: %v, want %s", name, err, why)
			}
		}
	}
	if _, _, err := f.Open("missing", os.O_RDONLY); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, _, err := f.Open("../folder/file", os.O_RDONLY); err == nil {
		t.Error("a name led out of the folder")
	}
	file, fi, err := f.Open("file", os.O_RDWR)
	if err != nil || fi.Size() != 4 {
		t.Fatal(fi, err)
	}
	file.Close()
}

// A link in a folder's place is taken away; what it leads to stays.
func TestMake(t *testing.T) {
	f, warned := open(t)
	victim := t.TempDir()
	write(t, filepath.Join(victim, "x"), "")
	link(t, victim, f.Path("a"))
	if _, err := f.Existing("a"); err == nil {
		t.Error("a link was opened as a folder")
	}
	for range 2 {
		sub, err := f.Sub("a/b")
		if err != nil {
			t.Fatal(err)
		}
		sub.Close()
	}
	if fi, err := os.Lstat(f.Path("a/b")); err != nil || !fi.IsDir() {
		t.Error(fi, err)
	}
	if left, _ := os.ReadDir(victim); len(left) != 1 {
		t.Errorf("the victim has %v", left)
	}
	if len(*warned) != 1 {
		t.Errorf("warned %q, want once", *warned)
	}
	if left, err := f.List("."); err != nil || len(left) != 1 {
		t.Errorf("left behind %v, %v", left, err)
	}
}

// One holder at a time, in this process too; a holder may remove the file.
func TestTryLock(t *testing.T) {
	f, warned := open(t)
	try := func() *os.File {
		t.Helper()
		l, err := f.TryLock("lock")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	first := try()
	if first == nil || try() != nil {
		t.Fatal("the lock does not exclude")
	}
	if err := f.Remove("lock"); err != nil {
		t.Fatal(err)
	}
	first.Close()
	second := try()
	if second == nil || try() != nil {
		t.Fatal("the lock does not exclude after it was removed")
	}
	second.Close()
	if err := os.Remove(f.Path("lock")); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "outside")
	write(t, outside, "text")
	link(t, outside, f.Path("lock"))
	third := try()
	if third == nil {
		t.Fatal("a link keeps everybody out")
	}
	defer third.Close()
	if fi, err := os.Lstat(f.Path("lock")); err != nil || !fi.Mode().IsRegular() || len(*warned) != 1 {
		t.Errorf("%v, %v, warned %q", fi, err, *warned)
	}
}

func TestDiscardSparesAnother(t *testing.T) {
	f, _ := open(t)
	write(t, f.Path("x"), "bad")
	seen, err := f.Lstat("x")
	if err != nil {
		t.Fatal(err)
	}
	write(t, f.Path("good"), "good one")
	if err := f.Rename("good", "x"); err != nil {
		t.Fatal(err)
	}
	f.Discard("x", seen)
	if b, err := os.ReadFile(f.Path("x")); err != nil || string(b) != "good one" {
		t.Errorf("%q, %v", b, err)
	}
}

// A leftover of an earlier process of the same number is stepped over.
func TestTempNameTaken(t *testing.T) {
	f, _ := open(t)
	next := tempName()
	tempNumber.Add(^uint64(0))
	write(t, f.Path(next), "")
	file, name, err := f.Temp(".", 0o666)
	if err != nil || name == next {
		t.Fatal(name, err)
	}
	file.Close()
	f.CleanTemp(".") // we are alive
	var names []string
	entries, _ := f.List(".")
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !slices.Contains(names, name) || len(names) != 2 {
		t.Errorf("left %q", names)
	}
}

func TestReplace(t *testing.T) {
	dir, scratch := t.TempDir(), t.TempDir()
	path := filepath.Join(dir, "file")
	if err := Replace(path, []byte("one"), scratch); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, []byte("two"), filepath.Join(scratch, "made")); err != nil {
		t.Fatal(err)
	}
	fi, err := os.Lstat(path)
	b, readErr := os.ReadFile(path)
	if err != nil || readErr != nil || fi.Mode() != 0o600 || string(b) != "two" {
		t.Errorf("%q, mode %v", b, fi.Mode())
	}
	link(t, path, filepath.Join(dir, "link"))
	if err := Replace(filepath.Join(dir, "link"), []byte("three"), scratch); err == nil || err.Error() != "it is a symbolic link" {
		t.Error(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "two" {
		t.Errorf("the link was followed: %q", b)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := Replace(filepath.Join(dir, "folder"), nil, scratch); err == nil {
		t.Error("a folder was replaced")
	}
	if err := Replace(filepath.Join(dir, "missing", "file"), nil, scratch); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	for d, want := range map[string]int{dir: 3, scratch: 1, filepath.Join(scratch, "made"): 0} {
		if left, err := os.ReadDir(d); err != nil || len(left) != want {
			t.Errorf("%s has %v, %v", d, left, err)
		}
	}
}

func TestReason(t *testing.T) {
	_, err := os.Open(filepath.Join(t.TempDir(), "x"))
	if got := Reason(err); got.Error() != "no such file or directory" || !errors.Is(got, fs.ErrNotExist) {
		t.Error(got)
	}
	if err := errors.New("x"); Reason(err) != err {
		t.Error("another error was changed")
	}
}
