package files

import (
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Unmatched is a pattern that matches nothing, which is always a mistake: a file that was
// moved, or a misspelling.
type Unmatched struct {
	Exclude bool // an exclude pattern, else an include pattern
	Index   int  // its index
	Pattern string
	Near    string      // the pattern as it may have been meant; "" when nothing is near
	Error   *diag.Error // without Pos and Label, which the caller knows
}

// Unmatched returns the patterns that matched nothing in t, includes first, each with the
// nearest path that exists.
func (m *Matcher) Unmatched(sel *Selection, t Tree) []Unmatched {
	var out []Unmatched
	for i, used := range sel.IncludeUsed {
		if used {
			continue
		}
		near := suggest(m.includes[i], t)
		err := &diag.Error{Msg: "pattern " + quote(m.includes[i]) + " matches no file" + didYouMean(near)}
		if p := sel.ignored[i]; p != "" {
			who := "git ignores " + quote(p) + ", and what it ignores is left out"
			if written, e := t.Written(p, true); e == nil && written {
				who = "sbomctl writes " + quote(p) + ", and what it writes is never an input"
			}
			err.Hints = []string{who}
		}
		out = append(out, Unmatched{Index: i, Pattern: m.includes[i], Near: near, Error: err})
	}
	for i, used := range sel.ExcludeUsed {
		if !used {
			near := suggest(m.excludes[i], t)
			out = append(out, Unmatched{Exclude: true, Index: i, Pattern: m.excludes[i], Near: near, Error: &diag.Error{
				Msg: "exclude pattern " + quote(m.excludes[i]) + " matches none of the files that the include patterns match" + didYouMean(near)}})
		}
	}
	return out
}

func didYouMean(near string) string {
	if near == "" {
		return ""
	}
	return "; did you mean " + quote(near) + "?"
}

// suggest returns the pattern as it may have been meant, or "".
func suggest(pattern string, t Tree) string {
	alternatives, err := parsePattern(pattern)
	if err != nil {
		return ""
	}
	for _, segments := range alternatives {
		if s, ok := respell(segments, t); ok {
			return s
		}
	}
	return ""
}

// respell corrects the spelt-out part of a pattern, segment by segment, to names that exist; it
// makes a pattern that names a directory match the files below. It reports whether it changed
// anything.
func respell(segments []segment, t Tree) (string, bool) {
	var out []string
	changed := false
	for i, s := range segments {
		if s.form != formLiteral {
			for _, s := range segments[i:] {
				out = append(out, s.text)
			}
			break
		}
		entries, err := t.List(strings.Join(out, "/"))
		if err != nil {
			return "", false
		}
		last := i == len(segments)-1
		kinds := map[string]Kind{}
		var names []string
		for _, e := range entries {
			kinds[e.Name] = e.Kind
			if last || e.Kind == Directory {
				names = append(names, e.Name)
			}
		}
		name := s.text
		if k := kinds[name]; k == Absent || !last && k != Directory {
			if name = diag.Nearest(s.text, names); name == "" {
				return "", false
			}
			changed = true
		}
		out = append(out, name)
		if last && kinds[name] == Directory {
			out = append(out, "**")
			changed = true
		}
	}
	return strings.Join(out, "/"), changed
}
