//go:build unix

package osfile

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A fifo is not waited for, wherever it lies.
func TestFifo(t *testing.T) {
	f, _ := open(t)
	for _, name := range []string{"file", "folder", "lock"} {
		if err := syscall.Mkfifo(f.Path(name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var odd *OddError
	if _, _, err := f.Open("file", os.O_RDWR); !errors.As(err, &odd) || odd.Why != "it is no ordinary file" {
		t.Error(err)
	}
	if err := f.Make("folder/below"); err != nil {
		t.Error(err)
	}
	l, err := f.TryLock("lock")
	if err != nil || l == nil {
		t.Fatal(l, err)
	}
	l.Close()
	if _, err := OpenFolder(f.Path("file"), nil); err == nil {
		t.Error("a fifo was opened as a folder")
	}
}

func TestHasOtherNames(t *testing.T) {
	f, _ := open(t)
	write(t, f.Path("x"), "")
	for _, want := range []bool{false, true} {
		fi, err := f.Lstat("x")
		if err != nil || HasOtherNames(fi) != want {
			t.Errorf("%v, want %v", !want, want)
		}
		if err := os.Link(f.Path("x"), filepath.Join(t.TempDir(), "y")); err != nil {
			t.Skip(err)
		}
	}
}
