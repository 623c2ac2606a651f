//go:build unix

package files

import (
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFIFO(t *testing.T) {
	path := filepath.Join(tempDir(t), "fifo")
	if err := unix.Mkfifo(path, 0o644); err != nil {
		t.Skip("the file system has no FIFOs")
	}
	if s, _, err := Read(path); err != nil || s.Kind != Other {
		t.Errorf("got %+v, %v", s, err)
	}
	// Even when the FIFO takes a file's place after the lstat, nothing blocks.
	if _, _, same, err := plain.readRegular(path, Sig{Size: 5}, false); same || err != nil {
		t.Errorf("in a file's place: %v, %v", same, err)
	}
	if _, _, same, err := plain.readRegular("/dev/zero", Sig{Size: 5}, false); same || err != nil {
		t.Errorf("a device in a file's place: %v, %v", same, err)
	}
}
