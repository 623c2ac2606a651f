//go:build unix

package cache

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// The umask decides nothing but who may enter the folders. Not parallel: it is the process's.
func TestUmask(t *testing.T) {
	s, _ := openDisk(t, t.TempDir())
	dir := t.TempDir()
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	d := put(t, s, []byte("x"))
	path := filepath.Join(dir, "x")
	if err := s.CopyTo(background, d, path, true); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{s.path(entry(casDir, d)): 0o444, path: 0o755} {
		if fi, err := os.Lstat(name); err != nil || fi.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", name, fi.Mode(), err, want)
		}
	}
}
