package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// allFormats is what every SBOM of the benchmark formats is made in.
const allFormats = `formats = ["spdx-2.3-json", "spdx-2.3-tag-value", "cyclonedx-1.6", "cyclonedx-1.7", "spdx-3.0.1"],`

// formats measures what a release manager waits for whose release is as large as can be: all artifacts in all formats, nothing changed.
func formats(b *bench) error {
	if !b.needRelease() {
		return nil
	}
	dir, err := b.exampleCopy()
	if err != nil {
		return err
	}
	if err := inAllFormats(dir); err != nil {
		return err
	}
	cache := filepath.Join(b.temp, "cache")
	documents := 0
	_, err = b.alone(step{
		name: "all artifacts in all formats, nothing changed",
		cmd:  command(dir, b.sbomctl, "build", "--disk_cache="+cache, "--distdir="+b.distdir, "//release:all"),
		after: func() error {
			made, err := filepath.Glob(filepath.Join(dir, "sbom-out", "release", "*"))
			if documents = len(made); err == nil && documents < 50 {
				return fmt.Errorf("%d documents were made, expected five of each artifact", documents)
			}
			return err
		},
	}, "15 ms")
	if err == nil {
		fmt.Printf("%d documents\n", documents)
	}
	return err
}

// inAllFormats has a copy of the example make all formats, of more artifacts than it has. The checksums of those are made up.
func inAllFormats(dir string) error {
	for _, name := range []string{"sbom.star", filepath.Join("release", "BUILD.star")} {
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text := string(data)
		if !strings.Contains(text, "formats = ") {
			text = strings.ReplaceAll(text, `product = "//:product",`, `product = "//:product", `+allFormats)
		}
		if name != "sbom.star" && strings.Contains(text, "windows_release(") {
			for _, kind := range []string{"embed-arm64", "embed-win32", "test-amd64", "test-arm64", "test-win32", "amd64", "arm64", "win32"} {
				artifact := "python-3.13.5-" + kind + ".zip"
				if !strings.Contains(text, `"`+artifact+`"`) {
					text += fmt.Sprintf("\nwindows_release(name = %q, sha256 = \"%x\")\n", artifact, sha256.Sum256([]byte(artifact)))
				}
			}
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}
