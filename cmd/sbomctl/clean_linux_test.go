package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
	"github.com/sbomctl/sbomctl/engine/rootfs"
)

// TestCleanRoots: clean --expunge removes unpacked images, with folders that may not be written to; clean alone does not.
func TestCleanRoots(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "sbom.star"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	set := ocitest.Image("linux/amd64", ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "bin/", Mode: 0o500}, ocitest.Entry{Name: "bin/sh"}))
	store := &rootfs.Store{Dir: cache.RootsDir(dir)}
	unpacked, err := store.Get(t.Context(), set, set.Root.Digest)
	if err != nil {
		t.Fatal(err)
	}
	for _, expunge := range []bool{false, true} {
		o := options{Options: engine.Options{Root: root, OutDir: outDirName, CacheDir: dir, Jobs: 1}}
		if _, err := (engineBackend{}).Clean(t.Context(), o, expunge); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Lstat(unpacked.Path); os.IsNotExist(err) != expunge {
			t.Errorf("expunge %v: %v", expunge, err)
		}
	}
	if entries, err := os.ReadDir(store.Dir); err != nil || len(entries) != 0 {
		t.Errorf("left behind %v, %v", entries, err)
	}
}
