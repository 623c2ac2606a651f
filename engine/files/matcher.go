package files

import (
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Matcher is a compiled file set: the files of a tree that an include pattern matches and no
// exclude pattern does. Patterns are doublestar's, relative to the tree's root, with the
// meaning that Python's glob.glob(recursive=True) gives them where both define one:
//
//	?        one letter
//	*        any letters of one segment
//	[a-z]    one of these letters; [!a-z] and [^a-z]: any other
//	**       as a whole segment: any number of directories, none included; as the last
//	         segment: every file below, at any depth, at least one segment
//	{a,b/c}  each of these
//
// None of them matches a leading dot, except behind a dot that the pattern's segment begins
// with: "*" is not ".x", ".*" is; "**" enters no directory whose name begins with a dot.
// A pattern matches files; that of a directory alone matches nothing. Case counts.
// A Matcher is immutable and may be used by several goroutines.
type Matcher struct {
	includes, excludes []string
	include, exclude   *automaton
}

// Compile returns the Matcher of these patterns. Its error is a *diag.Error for each wrong
// pattern, in a diag.List when there are several.
func Compile(include, exclude []string) (*Matcher, error) {
	var errs diag.List
	compile := func(patterns []string) *automaton {
		parsed := make([][][]segment, len(patterns))
		for i, p := range patterns {
			var err error
			if parsed[i], err = parsePattern(p); err != nil {
				errs = append(errs, err)
			}
		}
		return newAutomaton(parsed)
	}
	m := &Matcher{includes: include, excludes: exclude, include: compile(include), exclude: compile(exclude)}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return m, nil
}

// Match returns the index of the first include pattern that matches the file path, and whether
// the file belongs to the set: one does and no exclude pattern does. It knows nothing of what
// git ignores.
func (m *Matcher) Match(path string) (pattern int, ok bool) {
	dir, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		dir, name = path[:i], path[i+1:]
	}
	p := m.include.accept(m.include.walk(dir), name, nil)
	if p < 0 || m.exclude.accept(m.exclude.walk(dir), name, nil) >= 0 {
		return -1, false
	}
	return int(p), true
}

// walk returns the states in which the directory dir is entered.
func (a *automaton) walk(dir string) []int32 {
	set := a.start
	for dir != "" && len(set) > 0 {
		name, rest, _ := strings.Cut(dir, "/")
		set = a.step(set, name)
		dir = rest
	}
	return set
}
