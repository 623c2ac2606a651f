package cache

import (
	"os"
	"path/filepath"
	"testing"
)

// TestWritten: the names by which a cache is known are those that it has.
func TestWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	if _, err := OpenDisk(dir, nil); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 || entries[0].Name() != Tag || entries[1].Name() != Layout {
		t.Errorf("a new cache holds %v, %v", entries, err)
	}
}

func TestIsTemp(t *testing.T) {
	f, err := createTemp(t.TempDir(), 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, want := range map[string]bool{
		filepath.Base(f.Name()): true, ".sbomctl-2718281828": true,
		".sbomctlrc": false, ".sbomctl-": false, ".sbomctl-notes": false, "sbomctl-1-2-3": false,
	} {
		if IsTemp(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
