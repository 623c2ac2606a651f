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
