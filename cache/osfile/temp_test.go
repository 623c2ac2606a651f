package osfile

import (
	"path/filepath"
	"testing"
)

func TestIsTemp(t *testing.T) {
	f, err := CreateTemp(t.TempDir(), 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, want := range map[string]bool{
		filepath.Base(f.Name()): true,
		".sbomctlrc":            false, ".sbomctl-": false, ".sbomctl-notes": false, "sbomctl-1-2-3": false,
	} {
		if IsTemp(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
