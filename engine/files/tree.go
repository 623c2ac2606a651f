package files

import (
	"slices"
	"strings"
)

// Tree is what Expand asks of a source tree. The evaluator's implementation records every
// question as a dependency; a question not asked is none. Paths are relative to the tree's root.
type Tree interface {
	// List returns the entries of a directory in byte order; "" is the root.
	List(dir string) ([]Entry, error)
	// Lookup returns what a path is, and the target of a link. Absence is no error.
	Lookup(path string) (kind Kind, target string, err error)
	// Ignored reports whether the path is left out, as git does; see Ignore.
	Ignored(path string, isDir bool) (bool, error)
	// Written reports whether the path is something that sbomctl itself writes. That is Ignored, and
	// a link that leads there does not exist either.
	Written(path string, isDir bool) (bool, error)
}

// PathTree is the Tree of a flat list of files, such as an archive's index. Nothing in it is
// ignored.
type PathTree struct {
	dirs  map[string][]Entry
	kinds map[string]Kind
}

// NewPathTree returns the tree of regular files with these relative paths, in any order.
func NewPathTree(paths []string) *PathTree {
	t := &PathTree{map[string][]Entry{}, make(map[string]Kind, len(paths))}
	for _, p := range paths {
		t.add(p, Regular)
	}
	for _, entries := range t.dirs {
		slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	}
	return t
}

// add adds a path and the directories it lies in.
func (t *PathTree) add(path string, kind Kind) {
	for path != "" {
		if _, ok := t.kinds[path]; ok {
			return
		}
		t.kinds[path] = kind
		dir, name := "", path
		if i := strings.LastIndexByte(path, '/'); i >= 0 {
			dir, name = path[:i], path[i+1:]
		}
		t.dirs[dir] = append(t.dirs[dir], Entry{name, kind})
		path, kind = dir, Directory
	}
}

// List implements Tree.
func (t *PathTree) List(dir string) ([]Entry, error) { return t.dirs[dir], nil }

// Lookup implements Tree.
func (t *PathTree) Lookup(path string) (Kind, string, error) { return t.kinds[path], "", nil }

// Ignored implements Tree.
func (t *PathTree) Ignored(string, bool) (bool, error) { return false, nil }

// Written implements Tree.
func (t *PathTree) Written(string, bool) (bool, error) { return false, nil }
