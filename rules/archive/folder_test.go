package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/files"
)

// folderTree is the files.Tree of a folder.
type folderTree string

func (f folderTree) List(dir string) ([]files.Entry, error) {
	entries, _, err := files.List(filepath.Join(string(f), dir))
	return entries, err
}

func (f folderTree) Lookup(path string) (files.Kind, string, error) {
	s, _, err := files.Read(filepath.Join(string(f), path))
	return s.Kind, s.Target, err
}

func (folderTree) Ignored(string, bool) (bool, error) { return false, nil }
func (folderTree) Written(string, bool) (bool, error) { return false, nil }

// randomTree makes a folder with files, folders, links of all kinds and odd names.
func randomTree(t *testing.T, r *rand.Rand) string {
	root := t.TempDir()
	names := []string{"a", "b", "c.c", ".d", "é", "x\\y", "\xff", "nl\n"}
	var dirs, all []string
	dirs = append(dirs, "")
	for range 5 + r.IntN(20) {
		p := filepath.Join(dirs[r.IntN(len(dirs))], names[r.IntN(len(names))])
		full := filepath.Join(root, p)
		if _, err := os.Lstat(full); err == nil {
			continue
		}
		var err error
		switch r.IntN(6) {
		case 0, 1:
			err = os.Mkdir(full, 0o777)
			dirs = append(dirs, p)
		case 2:
			targets := []string{"a", "../a", ".", "..", "../..", "/nowhere", "b/c.c", "a/../b", "x\\y", "none", "./c.c/", "é"}
			err = os.Symlink(targets[r.IntN(len(targets))], full)
		case 3:
			if len(all) == 0 {
				continue
			}
			err = os.Link(filepath.Join(root, all[r.IntN(len(all))]), full)
			all = append(all, p)
		default:
			err = os.WriteFile(full, []byte(p), 0o666)
			all = append(all, p)
		}
		if err != nil {
			t.Skip(err) // a system without such names or links
		}
	}
	return root
}

// archived are a tar and a zip archive of a folder.
func archived(t *testing.T, root string) (asTar, asZip []byte) {
	var tb, zb bytes.Buffer
	tw, zw := tar.NewWriter(&tb), zip.NewWriter(&zb)
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == root {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		info, err := d.Info()
		if err != nil {
			return err
		}
		h := &tar.Header{Name: "top/" + rel, Mode: int64(info.Mode().Perm()), Typeflag: tar.TypeReg, Format: tar.FormatGNU}
		var body []byte
		switch d.Type() {
		case fs.ModeDir:
			h.Typeflag = tar.TypeDir
			h.Name += "/"
		case fs.ModeSymlink:
			h.Typeflag = tar.TypeSymlink
			h.Linkname, err = os.Readlink(p)
			body = []byte(h.Linkname)
		default:
			body, err = os.ReadFile(p)
			h.Size = int64(len(body))
		}
		if err != nil {
			return err
		}
		z := &zip.FileHeader{Name: h.Name, NonUTF8: true}
		z.SetMode(info.Mode())
		w, err := zw.CreateHeader(z)
		if err == nil {
			_, err = w.Write(body)
		}
		if err == nil {
			err = tw.WriteHeader(h)
		}
		if err == nil && h.Typeflag == tar.TypeReg {
			_, err = tw.Write(body)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tw.WriteHeader(&tar.Header{Name: "top/", Typeflag: tar.TypeDir, Mode: 0o755})
	zw.Create("top/")
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return tb.Bytes(), zb.Bytes()
}

// selected is what comes of a selection, errors and all that was passed over included.
func selected(sel *files.Selection, err error) string {
	if err != nil {
		s := ""
		for _, e := range diag.Flatten(err) {
			s += e.Error() + "\n"
		}
		return s
	}
	s := fmt.Sprintf("left out %+v\n", sel.LeftOut)
	for _, m := range sel.Matches {
		s += fmt.Sprintf("%q from %q, %s\n", m.Path, m.File, m.Kind)
	}
	return s
}

// TestArchiveIsAsItsFolder: whatever a tree holds, each pattern selects from its archives what it selects from the folder, or is the same error.
func TestArchiveIsAsItsFolder(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems have no names that are not text")
	}
	patterns := [][]string{{"**"}, {"*"}, {"**/*.c", ".d"}, {"a"}, {"a/**"}, {"x?y"}, {"*/c.c"}}
	var matches, leftOut, failed int // the test is to be about something
	count := func(sel *files.Selection, err error) (*files.Selection, error) {
		if err != nil {
			failed++
			return sel, err
		}
		matches += len(sel.Matches)
		leftOut += len(sel.LeftOut)
		return sel, nil
	}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 0))
		root := randomTree(t, r)
		folder := folderTree(root)
		asTar, asZip := archived(t, root)
		for name, b := range map[string][]byte{"tar": asTar, "zip": asZip} {
			x, data, err := runOn("a", b, IndexParams{StripPrefix: "top"})
			if err != nil {
				if err.Error() == "a: has no files" {
					continue
				}
				t.Fatalf("seed %d, %s: %v", seed, name, err)
			}
			checkMembers(t, x, data)
			var pt files.PathTree
			for e := range x.All() {
				pt.Add(e.Path, e.Kind, e.Text)
				state, _, err := files.Read(filepath.Join(root, e.Path))
				if e.Kind == files.Regular {
					state.Facet = e.Facet // which files.Read is not asked for
				}
				if got := e.State(); err != nil || !reflect.DeepEqual(got, state) {
					t.Errorf("seed %d, %s: %q is %+v in the archive, %+v in the folder, %v", seed, name, e.Path, got, state, err)
				}
			}
			pt.Sorted()
			for _, include := range patterns {
				m, err := files.Compile(include, []string{"b"})
				if err != nil {
					t.Fatal(err)
				}
				for _, links := range []files.Links{files.FollowLinks, files.SkipLinks} {
					if got, want := selected(count(m.ExpandLinks(&pt, links))), selected(m.ExpandLinks(folder, links)); got != want {
						t.Errorf("seed %d, %s, %q: the archive has\n%sthe folder\n%s", seed, name, include, got, want)
					}
				}
			}
			for _, links := range []files.Links{files.FollowLinks, files.KeepLinks, files.SkipLinks} {
				if got, want := selected(count(files.All(&pt, links))), selected(files.All(folder, links)); got != want {
					t.Errorf("seed %d, %s, all: the archive has\n%sthe folder\n%s", seed, name, got, want)
				}
			}
		}
	}
	if matches < 1000 || leftOut < 100 || failed < 100 {
		t.Errorf("%d matches, %d left out, %d errors", matches, leftOut, failed)
	}
}
