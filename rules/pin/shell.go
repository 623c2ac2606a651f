package pin

import (
	"regexp"
	"strings"
)

// shell reads a shell script: words, quotes, variables, commands in one another. It runs nothing and knows no control flow: an
// assignment holds from where it stands to the end of the script, and a variable that is used as a whole stands for every value
// that it is given before.
type shell struct {
	*scanner
	vars scope
	deep int // shells that this one is begun by, with -c
}

// word is a word of a command, expanded.
type word struct {
	value
	only   string // the variable that is all of it; "" when it is more, or none
	quoted bool   // some of it is
	use    int    // where it stands
}

// script reads commands.
func (sh *shell) script(t text, depth int) {
	if depth > maxDepth {
		return
	}
	var words []word
	var ends []string // of the here-documents that the line begins
	flush := func() {
		sh.command(words)
		words = words[:0]
	}
	drop := false // the next word is where output goes, or input comes from
	for i := 0; i < len(t.s); {
		switch c := t.s[i]; {
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case c == '\\' && newline(t.s[i+1:]) > 0:
			i += 1 + newline(t.s[i+1:])
		case c == '\n':
			flush()
			i++
			for _, end := range ends {
				i = sh.hereDocument(t, i, end)
			}
			ends, drop = nil, false
		case c == '#':
			i += len(firstLine(t.s[i:]))
		case strings.HasPrefix(t.s[i:], "<<") && !strings.HasPrefix(t.s[i:], "<<<"):
			var end string
			if end, i = delimiter(t.s, i+2); end != "" && len(ends) < 16 {
				ends = append(ends, end)
			}
		case c == '<' || c == '>':
			i++
			drop = true
		case strings.IndexByte(";&|()", c) >= 0:
			if drop && c == '&' { // >&2
				i++
				continue
			}
			flush()
			i++
			drop = false
		default:
			var w word
			w, i = sh.word(t, i, depth)
			if !drop {
				words = append(words, w)
			}
			drop = false
		}
	}
	flush()
}

// newline is the length of the line break that s begins with; 0 when it begins with none.
func newline(s string) int {
	switch {
	case strings.HasPrefix(s, "\n"):
		return 1
	case strings.HasPrefix(s, "\r\n"):
		return 2
	}
	return 0
}

func firstLine(s string) string {
	if n := strings.IndexByte(s, '\n'); n >= 0 {
		return s[:n]
	}
	return s
}

// delimiter reads the word that ends a here-document.
func delimiter(s string, i int) (string, int) {
	i += len(s[i:]) - len(strings.TrimLeft(s[i:], "- \t"))
	end := i
	for end < len(s) && strings.IndexByte(" \t\r\n;&|<>()", s[end]) < 0 {
		end++
	}
	return strings.NewReplacer(`"`, "", "'", "", `\`, "").Replace(s[i:end]), end
}

// hereDocument passes over the lines up to the one that ends it; they are text.
func (sh *shell) hereDocument(t text, i int, end string) int {
	start := i
	for i < len(t.s) {
		line := firstLine(t.s[i:])
		next := min(i+len(line)+1, len(t.s))
		if strings.TrimSpace(line) == end {
			sh.literals(t.slice(start, i), -1)
			return next
		}
		i = next
	}
	sh.literals(t.slice(start, i), -1)
	return i
}

// plainWord is where the word that begins at i ends, if nothing in it is quoted or expanded; else i.
func plainWord(s string, i int) int {
	for end := i; ; end++ {
		if end == len(s) || strings.IndexByte(" \t\r\n;&|()<>", s[end]) >= 0 {
			return end
		}
		if strings.IndexByte("\\\"'$`", s[end]) >= 0 {
			return i
		}
	}
}

// word reads the word that begins at i.
func (sh *shell) word(t text, i, depth int) (word, int) {
	var b builder
	if end := plainWord(t.s, i); end > i { // as most are
		return word{value: value{text: t.slice(i, end)}, use: t.at[i]}, end
	}
	w := word{use: t.at[i]}
	quoted := byte(0)
	expansions, expanded := 0, 0 // how many there are, and their bytes
	end := func() word {
		w.text = b.text()
		if expansions != 1 || expanded != len(w.s) {
			w.only = ""
		}
		return w
	}
	for i < len(t.s) {
		c := t.s[i]
		switch {
		case quoted == '\'':
			if c == '\'' {
				quoted = 0
			} else {
				b.addByte(c, t.at[i])
			}
			i++
		case c == '\\' && i+1 < len(t.s):
			switch n := newline(t.s[i+1:]); {
			case n > 0:
				i += 1 + n
			case quoted == '"' && strings.IndexByte("$`\"\\", t.s[i+1]) < 0:
				b.addByte(c, t.at[i])
				i++
			default:
				b.addByte(t.s[i+1], t.at[i+1])
				i += 2
			}
		case c == '"':
			quoted ^= '"'
			w.quoted = true
			i++
		case c == '\'' && quoted == 0:
			quoted = c
			w.quoted = true
			i++
		case c == '$' || c == '`':
			var v value
			v, w.only, i = sh.expansion(t, i, depth)
			b.add(v.text)
			if v.unknown != "" && w.unknown == "" {
				w.unknown = v.unknown
			}
			expanded += len(v.s)
			expansions++
		case quoted == 0 && strings.IndexByte(" \t\r\n;&|()<>", c) >= 0:
			return end(), i
		default:
			b.addByte(c, t.at[i])
			i++
		}
	}
	return end(), i
}

var (
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*`)
	assignment   = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)\+?=`)
	// envName is an expression of a GitHub workflow that is a variable.
	envName = regexp.MustCompile(`^\s*env\.([A-Za-z_][A-Za-z0-9_]*)\s*$`)
)

// expansion reads what a "$" or "`" begins. name is the variable, when it is nothing else.
func (sh *shell) expansion(t text, i, depth int) (v value, name string, next int) {
	s := t.s[i:]
	unknown := func(n int) (value, string, int) {
		return value{t.slice(i, i+n), clip(t.s[i : i+n])}, "", i + n
	}
	switch {
	case s[0] == '`':
		n := strings.IndexByte(s[1:], '`')
		if n < 0 {
			return unknown(1)
		}
		sh.script(t.slice(i+1, i+1+n), depth+1)
		return unknown(n + 2)
	case len(s) == 1:
		return value{text: t.slice(i, i+1)}, "", i + 1
	case strings.HasPrefix(s, "${{"):
		n := strings.Index(s[:min(len(s), maxValue)], "}}")
		if n < 0 {
			return unknown(3)
		}
		if m := envName.FindStringSubmatch(s[3:n]); m != nil {
			if v, ok := sh.use(m[1]); ok {
				return v, m[1], i + n + 2
			}
		}
		return unknown(n + 2)
	case s[1] == '{':
		n := sh.closing(s)
		if n < 0 {
			return unknown(2)
		}
		v, name, ok := sh.parameter(t.slice(i+2, i+n), depth)
		if !ok {
			return unknown(n + 1)
		}
		return v, name, i + n + 1
	case s[1] == '(':
		n := sh.closing(s)
		if n < 0 {
			return unknown(2)
		}
		sh.script(t.slice(i+2, i+n), depth+1)
		return unknown(n + 1)
	}
	if name := variableName.FindString(s[1:]); name != "" {
		if v, ok := sh.use(name); ok {
			return v, name, i + 1 + len(name)
		}
		return unknown(1 + len(name))
	}
	if strings.IndexByte("0123456789@*#?$!-", s[1]) >= 0 {
		return unknown(2)
	}
	return value{text: t.slice(i, i+1)}, "", i + 1
}

// use is what a variable stands for.
func (sh *shell) use(name string) (value, bool) {
	v, ok := sh.vars.get(name)
	if !ok || !sh.spend(len(v.s)) {
		return value{}, false
	}
	return v, true
}

// parameter is what "${...}" stands for.
func (sh *shell) parameter(t text, depth int) (v value, name string, ok bool) {
	name = variableName.FindString(t.s)
	if name == "" {
		return value{}, "", false
	}
	rest := t.slice(len(name), len(t.s))
	set, has := sh.use(name)
	if rest.s == "" {
		return set, name, has
	}
	op := strings.TrimPrefix(rest.s, ":")
	if op == "" || strings.IndexByte("-=?", op[0]) < 0 {
		return value{}, "", false
	}
	if has || op[0] == '?' {
		return set, name, has
	}
	if depth > maxDepth {
		return value{}, "", false
	}
	// The default is a word, spaces and all.
	var b builder
	body := rest.slice(len(rest.s)-len(op)+1, len(rest.s))
	for i := 0; i < len(body.s); {
		w, next := sh.word(body, i, depth+1)
		b.add(w.text)
		if v.unknown == "" {
			v.unknown = w.unknown
		}
		if next == i {
			b.addByte(body.s[i], body.at[i])
			next++
		}
		i = next
	}
	v.text = b.text()
	if op[0] == '=' {
		sh.vars.set(name, v)
	}
	return v, "", true
}

// closing is where the bracket is closed that stands at t[1]; -1 when nowhere.
func (s *scanner) closing(t string) int {
	open, end := t[1], byte(')')
	if open == '{' {
		end = '}'
	}
	level := 0
	quoted := byte(0)
	for i := 1; i < len(t); i++ {
		if s.work--; s.work < 0 {
			break
		}
		switch c := t[i]; {
		case c == '\\':
			i++
		case quoted != 0:
			if c == quoted {
				quoted = 0
			}
		case c == '\'' || c == '"':
			quoted = c
		case c == open:
			level++
		case c == end:
			if level--; level == 0 {
				return i
			}
		}
	}
	return -1
}
