package main

import (
	"fmt"
	"path/filepath"
)

// example measures what a release manager waits for: all artifacts of the example in all its formats, nothing changed.
func example(b *bench) error {
	if !b.needRelease() {
		return nil
	}
	dir, err := b.exampleCopy()
	if err != nil {
		return err
	}
	cache := filepath.Join(b.temp, "cache")
	documents := 0
	_, err = b.alone(step{
		name: "all artifacts in all formats, nothing changed",
		cmd:  command(dir, b.sbomctl, "build", "--disk_cache="+cache, "--distdir="+b.distdir, "//release:all"),
		after: func() error {
			made, err := filepath.Glob(filepath.Join(dir, "sbom-out", "release", "*"))
			if documents = len(made); err == nil && documents < 100 {
				return fmt.Errorf("%d documents were made, expected four of each artifact", documents)
			}
			return err
		},
	}, "15 ms")
	if err == nil {
		fmt.Printf("%d documents\n", documents)
	}
	return err
}
