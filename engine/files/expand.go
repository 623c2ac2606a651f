package files

import (
	"cmp"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Match is one file of a file set.
type Match struct {
	Path    string // its name in the set
	File    string // the regular file whose bytes count: Path, unless that is a symbolic link that was followed
	Pattern int    // index of the first include pattern that matches Path
	Kind    Kind   // Regular; with KeepLinks also Symlink, and Directory of an empty one
}

// Selection is what a Matcher selects from a Tree.
type Selection struct {
	Matches     []Match // by Pattern, then by Path in byte order; each Path once
	IncludeUsed []bool  // which include patterns match a file, excluded or not
	ExcludeUsed []bool  // which exclude patterns match a file that an include pattern matches

	LeftOut []LeftOut // what was passed over and might have been meant, by path

	ignored []string // for each include pattern, the first path it matches that git ignores
}

// LeftOut is a member of a tree that a selection passes over.
type LeftOut struct {
	Path    string
	Why     string // reading on after the path
	Special bool   // a FIFO, socket or device; else what would be an error but for SkipLinks
}

// foldsCase says that the system may find a file under a name it does not have. There even a
// spelt-out name is looked for in its directory's listing.
const foldsCase = runtime.GOOS == "darwin" || runtime.GOOS == "ios" || runtime.GOOS == "windows"

// Expand selects the files of a tree. It lists only directories in which a wildcard applies;
// what a pattern spells out is looked up. What git ignores does not exist for it.
// All errors of the tree's content (see the package comment for those of links and names) are
// reported together; one of the Tree itself ends the walk.
func (m *Matcher) Expand(t Tree) (*Selection, error) { return m.ExpandLinks(t, FollowLinks) }

// ExpandLinks is Expand, with links as All has them: FollowLinks or SkipLinks.
func (m *Matcher) ExpandLinks(t Tree, links Links) (*Selection, error) {
	e := &expansion{m: m, tree: t, links: links, sel: &Selection{
		IncludeUsed: make([]bool, len(m.includes)),
		ExcludeUsed: make([]bool, len(m.excludes)),
		ignored:     make([]string, len(m.includes)),
	}}
	if err := e.dir("", m.include.start, m.exclude.start); err != nil {
		return nil, err
	}
	if err := e.errs.Err(); err != nil {
		return nil, err
	}
	// A walk goes a/b before a-b, bytes the other way round.
	slices.SortFunc(e.sel.Matches, func(a, b Match) int {
		return cmp.Or(cmp.Compare(a.Pattern, b.Pattern), strings.Compare(a.Path, b.Path))
	})
	e.sel.sortLeftOut()
	return e.sel, nil
}

type expansion struct {
	m     *Matcher
	tree  Tree
	links Links
	sel   *Selection
	errs  diag.List
}

func (s *Selection) sortLeftOut() {
	slices.SortFunc(s.LeftOut, func(a, b LeftOut) int { return strings.Compare(a.Path, b.Path) })
}

// dir selects from a directory that is entered in the states inc and exc.
func (e *expansion) dir(dir string, inc, exc []int32) error {
	if len(inc) == 0 {
		return nil
	}
	if !foldsCase {
		if names, ok := e.m.include.literals(inc); ok {
			for _, name := range names {
				path := join(dir, name)
				kind, _, err := e.tree.Lookup(path)
				if err == nil && kind != Absent {
					err = e.entry(path, Entry{name, kind}, inc, exc)
				}
				if err != nil {
					return err
				}
			}
			return nil
		}
	}
	entries, err := e.tree.List(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := e.entry(join(dir, entry.Name), entry, inc, exc); err != nil {
			return err
		}
	}
	return nil
}

// entry selects, descends or passes over one name of a directory.
func (e *expansion) entry(path string, entry Entry, inc, exc []int32) error {
	a := e.m.include
	switch entry.Kind {
	case Directory:
		next := a.step(inc, entry.Name)
		if len(next) == 0 {
			return nil
		}
		ignored, err := e.tree.Ignored(path, true)
		if err != nil {
			return err
		}
		if ignored {
			for _, s := range next {
				e.noteIgnored(a.states[s].pattern, path)
			}
			return nil
		}
		return e.dir(path, next, e.m.exclude.step(exc, entry.Name))
	case Regular, Unusable:
		return e.file(path, entry, inc, exc)
	case Symlink:
		if a.spelt(inc, entry.Name) {
			ignored, err := e.tree.Ignored(path, false)
			if err != nil || ignored {
				return err
			}
			e.fail(path, "is a symbolic link, which a pattern cannot lead through; name the directory it leads to")
			return nil
		}
		return e.file(path, entry, inc, exc)
	case Other:
		if a.accept(inc, entry.Name, nil) < 0 {
			return nil
		}
		ignored, err := e.tree.Ignored(path, false)
		if err != nil || ignored {
			return err
		}
		if e.m.exclude.accept(exc, entry.Name, func(p int32) { e.sel.ExcludeUsed[p] = true }) < 0 {
			e.special(path)
		}
	}
	return nil
}

// file selects a regular file or a link to one, if a pattern matches it.
func (e *expansion) file(path string, entry Entry, inc, exc []int32) error {
	a := e.m.include
	pattern := a.accept(inc, entry.Name, nil)
	if pattern < 0 {
		return nil
	}
	ignored, err := e.tree.Ignored(path, false)
	if err != nil {
		return err
	}
	if ignored {
		a.accept(inc, entry.Name, func(p int32) { e.noteIgnored(p, path) })
		return nil
	}
	excluded := e.m.exclude.accept(exc, entry.Name, func(p int32) { e.sel.ExcludeUsed[p] = true }) >= 0
	if excluded {
		a.accept(inc, entry.Name, func(p int32) { e.sel.IncludeUsed[p] = true })
		return nil
	}
	before := len(e.sel.Matches) + len(e.errs)
	if err := e.add(path, entry.Kind, int(pattern)); err != nil {
		return err
	}
	if len(e.sel.Matches)+len(e.errs) > before {
		a.accept(inc, entry.Name, func(p int32) { e.sel.IncludeUsed[p] = true })
	}
	return nil
}

// add adds a file, or the file that a link leads to, to the selection.
func (e *expansion) add(path string, kind Kind, pattern int) error {
	file := path
	if kind == Symlink {
		var err error
		if file, kind, err = e.resolve(path); err != nil || kind != Regular {
			return err
		}
	}
	return e.take(path, file, kind, pattern)
}

// take adds what is at path to the selection as it is.
func (e *expansion) take(path, file string, kind Kind, pattern int) error {
	if kind == Unusable {
		_, why, err := e.tree.Lookup(path)
		if err == nil {
			e.fail(path, why+"; exclude it")
		}
		return err
	}
	if !utf8.ValidString(path) {
		e.blame(path, quote(path), "the file's name is not valid UTF-8, so no document can list it; rename or exclude it")
		return nil
	}
	e.sel.Matches = append(e.sel.Matches, Match{path, file, pattern, kind})
	return nil
}

func (e *expansion) noteIgnored(pattern int32, path string) {
	if e.sel.ignored[pattern] == "" {
		e.sel.ignored[pattern] = path
	}
}

func (e *expansion) fail(path, msg string) { e.blame(path, Printable(path), msg) }

// blame says what is wrong with path, which is called shown in messages: an error, unless such members are left out. What msg says behind a
// semicolon is how to mend it.
func (e *expansion) blame(path, shown, msg string) {
	if e.links == SkipLinks {
		why, _, _ := strings.Cut(msg, "; ")
		e.sel.LeftOut = append(e.sel.LeftOut, LeftOut{Path: path, Why: why})
		return
	}
	e.errs = append(e.errs, &diag.Error{Pos: diag.File(shown), Msg: msg})
}

func (e *expansion) special(path string) {
	e.sel.LeftOut = append(e.sel.LeftOut, LeftOut{path, "is a FIFO, socket or device", true})
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}
