package cpython

import (
	"strings"
	"unicode"

	"go.starlark.net/syntax"
)

// declaration is a call of a rule or macro in BUILD.star.
type declaration struct {
	comment []string // lines before it
	rule    string
	name    string
	attrs   []attribute
}

// attribute is a named argument; value is its Starlark text.
type attribute struct{ name, value string }

// set adds a string attribute, unless it is empty.
func (d *declaration) set(name, value string) {
	if value != "" {
		d.attrs = append(d.attrs, attribute{name, quote(value)})
	}
}

// setList adds a list of Starlark texts, unless it is empty.
func (d *declaration) setList(name string, items []string) {
	if len(items) > 0 {
		d.attrs = append(d.attrs, attribute{name, list(items)})
	}
}

// text is the declaration as it is written by hand: an argument a line.
func (d *declaration) text() string {
	var b strings.Builder
	b.WriteString(comment(d.comment))
	b.WriteString(d.rule + "(\n    name = " + quote(d.name) + ",\n")
	for _, a := range d.attrs {
		b.WriteString("    " + a.name + " = " + a.value + ",\n")
	}
	b.WriteString(")\n")
	return b.String()
}

// comment is lines of text as comments. A name of the tree in them may have any character, and stays inside of its comment.
func comment(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		if strings.ContainsFunc(line, unicode.IsControl) {
			line = quote(line)
		}
		b.WriteString(strings.TrimRight("# "+line, " ") + "\n")
	}
	return b.String()
}

// list is a list of Starlark texts as an argument: one in a line, unless there is only one.
func list(items []string) string {
	if len(items) == 1 {
		return "[" + items[0] + "]"
	}
	return "[\n        " + strings.Join(items, ",\n        ") + ",\n    ]"
}

// quote is a string literal.
func quote(s string) string { return syntax.Quote(s, false) }

// quoteList is a list of string literals in one line.
func quoteList(items []string) string { return "[" + strings.Join(quoted(items), ", ") + "]" }

func quoted(items []string) []string {
	out := make([]string, len(items))
	for i, s := range items {
		out[i] = quote(s)
	}
	return out
}

// quotePattern is a regular expression as a string literal in which nothing is doubled, where there is one.
func quotePattern(s string) string {
	plain := !strings.ContainsFunc(s, unicode.IsControl) && !strings.HasSuffix(s, `\`)
	switch {
	case plain && !strings.Contains(s, `"`):
		return `r"` + s + `"`
	case plain && !strings.Contains(s, `'`):
		return `r'` + s + `'`
	case plain && !strings.Contains(s, `"""`) && !strings.HasSuffix(s, `"`):
		return `r"""` + s + `"""`
	}
	return quote(s)
}

// unused returns name, or another like it that can be a target's and is not among those used, and adds it to them.
func unused(used map[string]bool, prefix, name string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("_.+-@~=,", r):
			return r
		}
		return '-'
	}, name)
	if strings.Trim(clean, ".") == "" || len(clean) > 200 {
		clean = "package"
	}
	for used[prefix+clean] {
		clean += "-package"
	}
	used[prefix+clean] = true
	return prefix + clean
}
