package files

import (
	"slices"
	"strings"
)

// PathTree is the Tree of a flat list of members, such as an archive's index. Nothing in it is
// ignored. The zero PathTree is ready for Add.
type PathTree struct {
	dirs  map[string][]Entry
	kinds map[string]Kind
	texts map[string]string // of what is no regular file
}

// Add adds a member, in any order, and the directories it lies in. text is the target of a link, or why it is Unusable. What
// is there already stays as it is.
func (t *PathTree) Add(path string, kind Kind, text string) {
	if t.kinds == nil {
		t.dirs, t.kinds, t.texts = map[string][]Entry{}, map[string]Kind{}, map[string]string{}
	}
	if _, ok := t.kinds[path]; !ok && text != "" {
		t.texts[path] = text
	}
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

// Sorted returns t after its last Add, ready to be read from any goroutine.
func (t *PathTree) Sorted() *PathTree {
	for _, entries := range t.dirs {
		slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	}
	return t
}

// List implements Tree.
func (t *PathTree) List(dir string) ([]Entry, error) { return t.dirs[dir], nil }

// Lookup implements Tree.
func (t *PathTree) Lookup(path string) (Kind, string, error) {
	return t.kinds[path], t.texts[path], nil
}

// Ignored implements Tree.
func (t *PathTree) Ignored(string, bool) (bool, error) { return false, nil }

// Written implements Tree.
func (t *PathTree) Written(string, bool) (bool, error) { return false, nil }
