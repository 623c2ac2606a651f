package files

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Links says what a symbolic link is to All.
type Links uint8

// A link to a regular file of the tree is that file, and one to a directory is passed over, unless links are kept.
const (
	FollowLinks Links = iota // a link that leads nowhere, or out of the tree, is an error
	KeepLinks                // a link is a member of its own, and so is an empty directory
	SkipLinks                // what would be an error is left out
)

// All selects every file of a tree, names that begin with a dot included, but what git ignores. Its
// one pattern is number 0.
func All(t Tree, links Links) (*Selection, error) {
	a := &everything{expansion{tree: t, links: links, sel: &Selection{}}}
	if err := a.dir(""); err != nil {
		return nil, err
	}
	if err := a.errs.Err(); err != nil {
		return nil, err
	}
	slices.SortFunc(a.sel.Matches, func(a, b Match) int { return strings.Compare(a.Path, b.Path) })
	a.sel.sortLeftOut()
	return a.sel, nil
}

type everything struct{ expansion }

func (a *everything) dir(dir string) error {
	entries, err := a.tree.List(dir)
	if err != nil {
		return err
	}
	if len(entries) == 0 && dir != "" && a.links == KeepLinks {
		return a.take(dir, dir, Directory, 0)
	}
	for _, entry := range entries {
		path := join(dir, entry.Name)
		ignored, err := a.tree.Ignored(path, entry.Kind == Directory)
		switch {
		case err != nil:
			return err
		case ignored:
		case entry.Kind == Directory:
			err = a.dir(path)
		case entry.Kind == Other:
			a.special(path)
		case a.links == KeepLinks:
			err = a.link(path, entry.Kind)
		default:
			err = a.add(path, entry.Kind, 0)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// link takes a member as it is. A target, too, must be text that a document can hold.
func (a *everything) link(path string, kind Kind) error {
	if kind == Symlink {
		_, target, err := a.tree.Lookup(path)
		if err != nil {
			return err
		}
		if !utf8.ValidString(target) {
			a.fail(path, "is a symbolic link to "+quote(target)+", which is not valid UTF-8, so no document can list it; rename or exclude it")
			return nil
		}
	}
	return a.take(path, path, kind, 0)
}
