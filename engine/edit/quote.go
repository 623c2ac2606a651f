package edit

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"go.starlark.net/syntax"
)

// Quote returns a string literal of value.
func Quote(value string) string { return quote(value, `"`, "\n") }

// quote returns a literal of value that is written as like is, a literal or its first characters, where it can be: raw, with the same quotes, over
// several lines.
func quote(value, like, newline string) string {
	prefix := like[:strings.IndexAny(like, `"'`)]
	q := like[len(prefix):][:1]
	if three := strings.Repeat(q, 3); strings.HasPrefix(like[len(prefix):], three) && len(like) >= len(prefix)+6 {
		q = three
	}
	if strings.Contains(prefix, "r") {
		if s := prefix + q + lines(value, q, newline) + q; valueOf(s) == value {
			return s
		}
	}
	var b strings.Builder
	for _, r := range value {
		switch {
		case r == '\\' || string(r) == q[:1]:
			b.WriteString(`\` + string(r))
		case r == '\n' && len(q) == 3:
			b.WriteString(newline)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return q + b.String() + q
}

// lines is value with the file's own ends of lines, inside quotes that allow several lines.
func lines(value, q, newline string) string {
	if len(q) < 3 {
		return value
	}
	return strings.ReplaceAll(value, "\n", newline)
}

// valueOf returns the value of a literal; "" for what is none.
func valueOf(literal string) string {
	x, err := (&syntax.FileOptions{}).ParseExpr("", literal, 0)
	if err != nil {
		return ""
	}
	if lit, ok := x.(*syntax.Literal); ok && lit.Token == syntax.STRING {
		return lit.Value.(string)
	}
	return ""
}

// isText reports whether value can be written in a file.
func isText(value string) bool { return utf8.ValidString(value) && !strings.Contains(value, "\x00") }
