package add

import (
	"regexp"
	"strings"
	"sync"

	"go.starlark.net/syntax"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules/evidence"
)

// Declaration is a call of a rule as text.
type Declaration struct {
	b     strings.Builder
	names []string // that it calls
}

// Declare begins the call of a rule, with a comment above it: lines without the "# ".
func Declare(rule string, comment ...string) *Declaration {
	d := &Declaration{names: []string{rule}}
	for _, c := range comment {
		d.b.WriteString("# " + oneLine(c) + "\n")
	}
	d.b.WriteString(rule + "(\n")
	return d
}

// Text is the whole of it.
func (d *Declaration) Text() string { return d.b.String() + ")\n" }

// String gives an attribute; "" gives none. A comment may follow it.
func (d *Declaration) String(attr, value string, comment ...string) {
	if value == "" {
		return
	}
	d.b.WriteString("    " + attr + " = " + syntax.Quote(value, false) + ",")
	if c := strings.Join(comment, "; "); c != "" {
		d.b.WriteString("  # " + oneLine(c))
	}
	d.b.WriteByte('\n')
}

// Strings gives an attribute that is a list; an empty one gives none.
func (d *Declaration) Strings(attr string, values []string) {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = syntax.Quote(v, false)
	}
	d.list(attr, quoted)
}

// Evidence gives the attribute evidence.
func (d *Declaration) Evidence(rules []evidence.Rule) {
	calls := make([]string, len(rules))
	for i, r := range rules {
		calls[i] = "regex(" + syntax.Quote(r.Path, false) + ", " + raw(r.Pattern) + ")"
		if len(calls[i]) > maxLine {
			calls[i] = "regex(\n            " + syntax.Quote(r.Path, false) + ",\n            " + raw(r.Pattern) + ",\n        )"
		}
	}
	if len(rules) > 0 {
		d.names = append(d.names, "regex")
	}
	d.list("evidence", calls)
}

// maxLine is from when on a call is broken into lines.
const maxLine = 120

func (d *Declaration) list(attr string, values []string) {
	switch {
	case len(values) == 0:
	case len(values) == 1 && !strings.Contains(values[0], "\n"):
		d.b.WriteString("    " + attr + " = [" + values[0] + "],\n")
	default:
		d.b.WriteString("    " + attr + " = [\n")
		for _, v := range values {
			d.b.WriteString("        " + v + ",\n")
		}
		d.b.WriteString("    ],\n")
	}
}

// raw writes a pattern as a raw string, in which a backslash is itself.
func raw(s string) string {
	for _, q := range []string{`"`, `'`, `"""`, `'''`} {
		if !strings.Contains(s, q) && !strings.HasSuffix(s, q[:1]) && !strings.HasSuffix(s, `\`) && !strings.ContainsAny(s, "\r\n") {
			return "r" + q + s + q
		}
	}
	return syntax.Quote(s, false)
}

// missing returns those of names that a file neither loads nor defines.
func missing(content []byte, names []string) []string {
	f, err := star.Parse(engine.BuildFile, content)
	if err != nil {
		return names
	}
	bound := map[string]bool{}
	for _, stmt := range f.Stmts {
		switch stmt := stmt.(type) {
		case *syntax.LoadStmt:
			for _, to := range stmt.To {
				bound[to.Name] = true
			}
		case *syntax.DefStmt:
			bound[stmt.Name.Name] = true
		case *syntax.AssignStmt:
			if id, ok := stmt.LHS.(*syntax.Ident); ok {
				bound[id.Name] = true
			}
		}
	}
	var out []string
	for _, n := range names {
		if !bound[n] {
			out = append(out, n)
		}
	}
	return out
}

var unprintable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^\pL\pM\pN\pP\pS ]+`) })

// oneLine is a text of foreign origin as a comment has it.
func oneLine(s string) string {
	s = unprintable().ReplaceAllString(strings.ToValidUTF8(s, "?"), " ")
	if len(s) > maxComment {
		s = strings.ToValidUTF8(s[:maxComment], "") + "..."
	}
	return strings.TrimSpace(s)
}

const maxComment = 200
