//go:build unix

package osfile

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// When the scratch folder is on another file system the new file is written beside the old
// one, and what a killed process left there goes.
func TestReplaceAcross(t *testing.T) {
	dir := t.TempDir()
	scratch, err := os.MkdirTemp("/dev/shm", "sbomctl-test-")
	if err != nil {
		t.Skip(err)
	}
	defer os.RemoveAll(scratch)
	probe := filepath.Join(scratch, "probe")
	write(t, probe, "")
	if err := os.Rename(probe, filepath.Join(dir, "probe")); !isOtherDevice(err) {
		t.Skip("there is no second file system: ", err)
	}
	child := exec.Command(os.Args[0], "-test.run=^$")
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, fmt.Sprintf("%s%s-%d-1", tempPrefix, hostID(), child.Process.Pid)), "half")
	path := filepath.Join(dir, "file")
	if err := Replace(path, []byte("whole"), scratch); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "whole" {
		t.Errorf("%q, %v", b, err)
	}
	os.Remove(probe)
	for d, want := range map[string]int{dir: 1, scratch: 0} {
		if left, err := os.ReadDir(d); err != nil || len(left) != want {
			t.Errorf("%s has %v, %v", d, left, err)
		}
	}
}
