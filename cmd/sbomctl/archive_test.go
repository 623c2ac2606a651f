package main

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestSourceArchive: the archive of a directory holds every file of it, those whose names begin
// with a dot too, and what is laid over it.
func TestSourceArchive(t *testing.T) {
	w := repositoryWorkspace(t)
	w.write("testdata/cpython/.github/workflows/.hidden.yml", "on: push\n")
	w.mustBuild("//release:files/Python-3.14.2.tgz")
	const prefix = "Python-3.14.2/"
	want := []string{prefix + "Misc/sbom.spdx.json"}
	root := w.path("testdata/cpython")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			rel, _ := filepath.Rel(root, path)
			want = append(want, prefix+filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	want = slices.Compact(want)
	f, err := os.Open(w.path("sbom-out/release/files/Python-3.14.2.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			got = append(got, h.Name)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the archive holds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
