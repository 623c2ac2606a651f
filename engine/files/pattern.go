package files

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Bounds of one pattern; anything real is far below.
const (
	maxPattern      = 4096 // bytes
	maxAlternatives = 1024 // what its braces expand to
)

// segment is what stands between two slashes of a pattern without braces.
type segment struct {
	text string
	form form
	arg  string // the literal part, for prefix and suffix
}

type form uint8

const (
	formLiteral  form = iota
	formAny           // **: no, one or several segments
	formStar          // *
	formPrefix        // arg*
	formSuffix        // *arg
	formWildcard      // what doublestar has to look at
)

// hidden reports whether name is one that only a segment which begins with a dot matches.
func hidden(name string) bool { return name != "" && name[0] == '.' }

// match reports whether the segment, which is not **, matches a name. As in Python's glob, a
// name that begins with a dot is matched only by a segment that begins with a literal one.
func (s *segment) match(name string) bool {
	if s.form == formLiteral {
		return s.text == name
	}
	if hidden(name) && !hidden(s.text) {
		return false
	}
	switch s.form {
	case formStar:
		return true
	case formPrefix:
		return strings.HasPrefix(name, s.arg)
	case formSuffix:
		return strings.HasSuffix(name, s.arg)
	}
	return doublestar.MatchUnvalidated(s.text, name)
}

const meta = "*?["

func newSegment(text string) segment {
	s := segment{text: text, form: formWildcard}
	switch {
	case !strings.ContainsAny(text, meta):
		s.form = formLiteral
	case text == "**":
		s.form = formAny
	case text == "*":
		s.form = formStar
	case !strings.ContainsAny(text[1:], meta): // "*x": the only special character comes first
		if text[0] == '*' {
			s.form, s.arg = formSuffix, text[1:]
		}
	case text[len(text)-1] == '*' && !strings.ContainsAny(text[:len(text)-1], meta):
		s.form, s.arg = formPrefix, text[:len(text)-1]
	}
	return s
}

// parsePattern returns the alternatives that the braces of a pattern stand for, each cut at its slashes.
func parsePattern(pattern string) ([][]segment, error) {
	bad := func(why string, hints ...string) error {
		return &diag.Error{Msg: "pattern " + quote(pattern) + " " + why, Hints: hints}
	}
	switch {
	case pattern == "":
		return nil, bad("is empty; a path relative to the tree's root is expected")
	case len(pattern) > maxPattern:
		return nil, &diag.Error{Msg: "pattern " + quote(pattern[:64]+"...") + " is too long; at most 4096 bytes are allowed"}
	case !utf8.ValidString(pattern) || strings.ContainsRune(pattern, 0):
		return nil, bad("is not valid UTF-8 text")
	case strings.ContainsRune(pattern, '\\'):
		return nil, bad("has a backslash; segments are separated by slashes, and a special character is written in brackets, as in [*]")
	case pattern[0] == '/':
		return nil, bad("is absolute; a path relative to the tree's root is expected")
	}
	if !doublestar.ValidatePattern(pattern) {
		return nil, bad("is malformed; every [ needs a ], every { a }")
	}
	texts, ok := expandBraces(pattern)
	if !ok {
		return nil, bad("expands to more than 1024 alternatives")
	}
	var alternatives [][]segment
	for _, text := range texts {
		var segments []segment
		for part := range strings.SplitSeq(text, "/") {
			switch {
			case part == "" && text != "" && text[0] != '/' && strings.HasSuffix(text, "/"):
				return nil, bad("ends in a slash; it has to match files", "to match every file below a directory write "+quote(strings.TrimRight(text, "/")+"/**"))
			case part == "":
				return nil, bad("has an empty segment")
			case part == "." || part == "..":
				return nil, bad("has the segment " + quote(part) + "; a path relative to the tree's root is expected, without . and ..")
			case !doublestar.ValidatePattern(part):
				return nil, bad("is malformed; brackets cannot hold a slash")
			}
			s := newSegment(part)
			if s.form == formAny && len(segments) > 0 && segments[len(segments)-1].form == formAny {
				continue // **/** is **
			}
			segments = append(segments, s)
		}
		alternatives = append(alternatives, segments)
	}
	return alternatives, nil
}

// expandBraces returns what the braces of a valid pattern stand for, in the order written, each
// once, or false when that is too much. Braces inside brackets are ordinary characters.
func expandBraces(pattern string) ([]string, bool) {
	done, todo := []string(nil), []string{pattern}
	for len(todo) > 0 {
		p := todo[0]
		open, commas, end := findBraces(p)
		if open < 0 {
			if !slices.Contains(done, p) {
				done = append(done, p)
			}
			todo = todo[1:]
			continue
		}
		var alts []string
		from := open + 1
		for _, to := range append(commas, end) {
			alts = append(alts, p[:open]+p[from:to]+p[end+1:])
			from = to + 1
		}
		todo = append(alts, todo[1:]...)
		if len(todo)+len(done) > maxAlternatives {
			return nil, false
		}
	}
	return done, true
}

// findBraces finds the first outermost pair of braces and the commas directly in it; open is -1
// when there is none.
func findBraces(p string) (open int, commas []int, end int) {
	open = -1
	depth := 0
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '[':
			// A bracket right behind the opening one is an error that has been reported,
			// so the next one closes.
			if j := strings.IndexByte(p[i:], ']'); j > 0 {
				i += j
			}
		case '{':
			if depth == 0 {
				open = i
			}
			depth++
		case ',':
			if depth == 1 {
				commas = append(commas, i)
			}
		case '}':
			if depth--; depth == 0 {
				return open, commas, i
			}
		}
	}
	return -1, nil, 0
}
