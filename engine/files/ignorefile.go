package files

import "strings"

// ignoreRule is one line of a .gitignore or info/exclude file.
type ignoreRule struct {
	negated  bool // "!": what it matches is not ignored after all
	dirOnly  bool // a slash at the end: matches directories only
	basename bool // no other slash: matched against the last segment, at any depth

	literal string     // what the path must begin with
	glob    *wildmatch // what the rest must match; nil: there must be no rest
	suffix  bool       // "*literal" against the last segment, the most frequent of all
}

// Rules is a parsed .gitignore or info/exclude file. It is immutable.
type Rules struct{ rules []ignoreRule }

// ParseRules parses such a file. No text is malformed: a line that means nothing to git matches
// nothing.
func ParseRules(data []byte) *Rules {
	text := strings.TrimPrefix(string(data), "\ufeff")
	var rules []ignoreRule
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		line = strings.TrimSuffix(line, "\r")
		line, _, _ = strings.Cut(line, "\x00") // git's lines are C strings
		line = trimSpaces(line)
		if r, ok := parseIgnoreRule(line); ok {
			rules = append(rules, r)
		}
	}
	return &Rules{rules}
}

// verdict returns what the last rule that matches says of a path relative to the folder of the
// rules: whether to ignore it, and whether there is such a rule.
func (r *Rules) verdict(path, base string, isDir bool) (ignore, found bool) {
	if r == nil {
		return false, false
	}
	for i := len(r.rules) - 1; i >= 0; i-- {
		if rule := &r.rules[i]; rule.match(path, base, isDir) {
			return !rule.negated, true
		}
	}
	return false, false
}

// trimSpaces removes spaces at the end of a line, but none behind a backslash.
func trimSpaces(line string) string {
	end := len(strings.TrimRight(line, " "))
	if end == len(line) {
		return line
	}
	backslashes := 0
	for i := end - 1; i >= 0 && line[i] == '\\'; i-- {
		backslashes++
	}
	return line[:end+backslashes%2]
}

func parseIgnoreRule(p string) (ignoreRule, bool) {
	var r ignoreRule
	p, r.negated = strings.CutPrefix(p, "!")
	p, r.dirOnly = strings.CutSuffix(p, "/")
	if p == "" {
		return r, false
	}
	r.basename = !strings.Contains(p, "/")
	if !r.basename {
		p = strings.TrimPrefix(p, "/")
	}
	// git compares what comes before the first special character literally and matches only
	// the rest as a pattern. It shows: in "a**/b" the stars then stand at the beginning.
	special := strings.IndexAny(p, `*?[\`)
	switch {
	case special < 0:
		r.literal = p
	case r.basename && special == 0 && p[0] == '*' && !strings.ContainsAny(p[1:], `*?[\`):
		r.literal, r.suffix = p[1:], true
	case r.basename:
		r.glob = compileWildmatch(p, false)
	default:
		r.literal, r.glob = p[:special], compileWildmatch(p[special:], true)
	}
	return r, p != ""
}

// match reports whether the rule matches a path, relative to the folder of its file, the last
// segment of which is base.
func (r *ignoreRule) match(path, base string, isDir bool) bool {
	if r.dirOnly && !isDir {
		return false
	}
	if r.basename {
		path = base
	}
	if r.suffix {
		return strings.HasSuffix(path, r.literal)
	}
	rest, ok := strings.CutPrefix(path, r.literal)
	if !ok {
		return false
	}
	if r.glob == nil {
		return rest == ""
	}
	return r.glob.match(rest)
}
