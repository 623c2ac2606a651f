package pin

import (
	"regexp"
	"strings"
)

// makeAssignment is a line that gives a variable a value; the second group is how.
var makeAssignment = regexp.MustCompile(`^ *(?:(?:export|override|private|unexport) +)*([A-Za-z0-9_.-]+)[ \t]*(\?|\+|!|:{0,3})=[ \t]*`)

// makefile reads a Makefile: its variables first, since they stand for what they have at its end, then the commands of its recipes.
type makefile struct {
	*scanner
	vars map[string]text
}

func (s *scanner) makefile() {
	m := &makefile{scanner: s, vars: map[string]text{}}
	var recipes, others []text
	for i := 0; i < len(s.src); {
		start := i
		for {
			line := firstLine(s.src[i:])
			i = min(i+len(line)+1, len(s.src))
			if !strings.HasSuffix(strings.TrimRight(line, "\r"), `\`) || i >= len(s.src) {
				break
			}
		}
		t := whole(s.src[start:i], start)
		switch {
		case strings.HasPrefix(t.s, "\t"):
			recipes = append(recipes, t.slice(1, len(t.s)))
		case strings.HasPrefix(strings.TrimSpace(t.s), "#"):
		case m.assign(t):
			others = append(others, t)
		default:
			if _, recipe, ok := strings.Cut(t.s, ";"); ok && strings.Contains(t.s, ":") { // target: prerequisites; command
				recipes = append(recipes, t.slice(len(t.s)-len(recipe), len(t.s)))
			}
			others = append(others, t)
		}
	}
	for _, t := range others {
		s.literals(m.expand(withoutComment(t), 0), -1)
	}
	sh := &shell{scanner: s, vars: scope{}}
	for _, t := range recipes {
		t = m.expand(t, 0)
		start := len(t.s) - len(strings.TrimLeft(t.s, "@-+ \t"))
		sh.script(t.slice(start, len(t.s)), 0)
	}
}

// assign notes the variable that a line gives a value.
func (m *makefile) assign(t text) bool {
	found := makeAssignment.FindStringSubmatchIndex(t.s)
	if found == nil {
		return false
	}
	name, how := t.s[found[2]:found[3]], t.s[found[4]:found[5]]
	v := trim(withoutComment(t.slice(found[1], len(t.s))))
	old, has := m.vars[name]
	switch {
	case len(v.s) > maxValue || how == "!":
		return true
	case how == "?" && has:
		return true
	case how == "+" && has && len(old.s)+len(v.s) <= maxValue:
		var b builder
		b.add(old)
		b.addByte(' ', -1)
		b.add(v)
		v = b.text()
	}
	m.vars[name] = v
	return true
}

// withoutComment is a line up to its comment.
func withoutComment(t text) text {
	for i := range len(t.s) {
		if t.s[i] == '#' && (i == 0 || t.s[i-1] != '\\') {
			return t.slice(0, i)
		}
	}
	return t
}

// expand replaces the variables of make in a text, and leaves those of the shell. What make computes or is told stays as it is
// written, which is a command to the shell, whose output nobody knows.
func (m *makefile) expand(t text, depth int) text {
	if depth > 16 || strings.IndexByte(t.s, '$') < 0 {
		return t
	}
	var b builder
	for i := 0; i < len(t.s); {
		c := t.s[i]
		if c != '$' || i+1 == len(t.s) {
			b.addByte(c, t.at[i])
			i++
			continue
		}
		name, n := "", 2
		switch next := t.s[i+1]; next {
		case '$':
			b.addByte('$', t.at[i+1])
			i += 2
			continue
		case '(', '{':
			if end := m.closing(t.s[i:]); end > 0 {
				name, n = t.s[i+2:i+end], end+1
			}
		default:
			name = t.s[i+1 : i+2]
		}
		v, ok := m.vars[name]
		if ok && m.spend(len(v.s)+1) {
			b.add(m.expand(v, depth+1))
		} else {
			b.add(t.slice(i, i+n))
		}
		i += n
	}
	return b.text()
}
