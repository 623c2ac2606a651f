package initws

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/signals"
)

// maxFiles bounds a tree. Linux has 95,000 files.
const maxFiles = 1 << 20

// tree is the files of a folder, and how to read them.
type tree struct {
	root  string
	paths []string
	odd   []string // what is left out and why, a line each
	links []string // symbolic links
	count map[string]int
}

// list finds the files that a pattern ** selects. Where it can select them all, what git ignores is left out as in every tree;
// where it cannot, because of links that lead out of the tree or names that are not UTF-8, the folder is walked, and what cannot be selected is
// told.
func list(w *engine.Workspace) (*tree, error) {
	t := &tree{root: w.Root(), count: map[string]int{}}
	call, err := w.LookHere([]string{"**"}, nil, true)
	if err == nil {
		for _, f := range call.Files(engine.LookInput) {
			t.paths = append(t.paths, f.Path)
		}
	} else if err := t.walk(); err != nil {
		return nil, err
	}
	t.paths = slices.DeleteFunc(t.paths, func(p string) bool { return p == engine.RootFile || p == engine.BuildFile })
	slices.Sort(t.paths)
	return t, nil
}

func (t *tree) walk() error {
	return filepath.WalkDir(t.root, func(name string, d fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(t.root, name)
		if relErr != nil {
			return relErr
		}
		rel = filepath.ToSlash(rel)
		switch {
		case err != nil:
			t.leave("cannot be read", rel+": "+osfile.Reason(err).Error())
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case rel == ".":
			return nil
		case strings.HasPrefix(d.Name(), "."), rel == "sbom-out":
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !utf8.ValidString(rel):
			t.leave("has a name that is not UTF-8", fmt.Sprintf("%q", rel))
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			t.links = append(t.links, rel)
			return nil
		case !d.Type().IsRegular():
			return nil
		}
		if t.paths = append(t.paths, rel); len(t.paths) > maxFiles {
			return &diag.Error{Msg: fmt.Sprintf("the folder has more than %d files", maxFiles), Hints: []string{"run it in the folder that has the code"}}
		}
		return nil
	})
}

// maxOdd is how many places of one kind are named.
const maxOdd = 3

func (t *tree) leave(why, what string) {
	if t.count[why]++; t.count[why] <= maxOdd {
		t.odd = append(t.odd, "left out: "+what+" "+why)
	}
}

// head reads the first bytes of a file. What cannot be read says nothing.
func (t *tree) head(p string, max int) []byte {
	name := filepath.Join(t.root, filepath.FromSlash(p))
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		t.leave("cannot be read", p+": "+osfile.Reason(err).Error())
		return nil
	}
	defer f.Close()
	b := make([]byte, min(int64(max), info.Size()))
	n, err := io.ReadFull(f, b)
	if err != nil && n == 0 && len(b) > 0 {
		t.leave("cannot be read", p+": "+osfile.Reason(err).Error())
	}
	return b[:n]
}

// scan reads the head of each file for what it says of its origin.
func (t *tree) scan() []signals.File {
	out := make([]signals.File, len(t.paths))
	for i, p := range t.paths {
		out[i] = signals.File{Path: p, Signals: signals.Scan(t.head(p, signals.MaxScan))}
	}
	return out
}
