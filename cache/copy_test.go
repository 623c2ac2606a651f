package cache

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestCopyTo(t *testing.T) {
	s, _ := openDisk(t, t.TempDir())
	dir := t.TempDir()
	for _, b := range contents() {
		d := put(t, s, b)
		for _, executable := range []bool{false, true} {
			path := filepath.Join(dir, "sub", "folder", "out")
			if err := s.CopyTo(background, d, path, executable); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(got, b) {
				t.Errorf("%d bytes: copied %d, %v", len(b), len(got), err)
			}
			fi, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			want := os.FileMode(0o644)
			if executable {
				want = 0o755
			}
			if runtime.GOOS != "windows" && fi.Mode() != want {
				t.Errorf("mode %v, want %v", fi.Mode(), want)
			}
			// No hard link: what is written to the copy does not reach the cache.
			if err := os.WriteFile(path, []byte("edited"), 0o644); err != nil {
				t.Fatal(err)
			}
			if in, err := os.Lstat(s.path(entry(casDir, d))); err != nil || os.SameFile(in, fi) {
				t.Errorf("the copy is the entry (%v)", err)
			}
			if got, err := s.ReadAll(background, d, 1<<30); err != nil || !bytes.Equal(got, b) {
				t.Errorf("the cache was changed through the copy: %v", err)
			}
		}
	}
	if names := temporaries(t, filepath.Join(dir, "sub", "folder")); len(names) > 0 {
		t.Errorf("left behind %v", names)
	}
}

func TestCopyToReplaces(t *testing.T) {
	s, _ := openDisk(t, t.TempDir())
	d := put(t, s, []byte("new"))
	dir := t.TempDir()
	path, other := filepath.Join(dir, "out"), filepath.Join(dir, "other")
	if err := os.WriteFile(other, []byte("other"), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, prepare := range map[string]func() error{
		"read-only file": func() error { return os.WriteFile(path, []byte("old"), 0o444) },
		"hard link":      func() error { return os.Link(other, path) },
		"symbolic link": func() error {
			if runtime.GOOS == "windows" {
				return nil
			}
			return os.Symlink(other, path)
		},
	} {
		os.Remove(path)
		if err := prepare(); err != nil {
			t.Fatal(err)
		}
		if err := s.CopyTo(background, d, path, false); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		fi, err := os.Lstat(path)
		if err != nil || !fi.Mode().IsRegular() {
			t.Errorf("%s: %v, %v", name, fi, err)
		}
		if b, _ := os.ReadFile(path); string(b) != "new" {
			t.Errorf("%s: %q", name, b)
		}
		if b, _ := os.ReadFile(other); string(b) != "other" {
			t.Errorf("%s: wrote through it: %q", name, b)
		}
	}
}

func TestCopyToErrors(t *testing.T) {
	s, _ := openDisk(t, t.TempDir())
	d := put(t, s, []byte("x"))
	dir := t.TempDir()
	file, folder := filepath.Join(dir, "file"), filepath.Join(dir, "folder")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(folder, "keep"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := s.CopyTo(background, Of([]byte("gone")), filepath.Join(dir, "x"), false); !errors.Is(err, ErrMiss) {
		t.Errorf("%v, want a miss", err)
	}
	for _, path := range []string{folder, filepath.Join(file, "below")} {
		err := s.CopyTo(background, d, path, false)
		var e *Error
		if !errors.As(err, &e) || e.Path != path || e.Op != "write" {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := os.Lstat(filepath.Join(folder, "keep")); err != nil {
		t.Errorf("a folder was replaced: %v", err)
	}
	fullDisk(s, 0)
	path := filepath.Join(dir, "full")
	err := s.CopyTo(background, d, path, false)
	if want := "cannot write " + path + ": no space left on device"; reflinks(t, s) == nil && err == nil {
		t.Log("the file system shares blocks and needs no space")
	} else if err == nil || err.Error() != want || !errors.Is(err, noSpace) {
		t.Errorf("%v, want %s", err, want)
	}
	if names := temporaries(t, dir); len(names) > 0 {
		t.Errorf("left behind %v", names)
	}
}

// reflinks reports whether the file system has them: nil if so.
func reflinks(t *testing.T, s *Disk) error {
	t.Helper()
	from, err := os.Create(filepath.Join(s.dir, "from"))
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(s.dir, "to"))
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	return reflink(to, from)
}
