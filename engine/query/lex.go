package query

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// ExprFile is the File of positions in the expression.
const ExprFile = "query"

const (
	maxBytes = 1 << 20 // of an expression; a set of every label of a large workspace is one
	maxDepth = 200     // of parentheses and functions in each other
)

// token is a word, a quoted word, or one of the characters ( ) , + - ^ = ; the end is "".
type token struct {
	text   string
	quoted bool
	at     int // byte offset
}

func (t token) word() bool { return t.quoted || t.text != "" && isWord(t.text[0]) }

// is reports whether t is the operator or, unquoted, the keyword s.
func (t token) is(s string) bool { return !t.quoted && t.text == s }

// isWord reports whether a word may hold c without quotes, as in Bazel.
func isWord(c byte) bool {
	return c >= utf8.RuneSelf || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("*/@.-_:$~[]", c) >= 0
}

// source is the text of an expression, for positions.
type source string

func (s source) errorf(at int, format string, args ...any) *diag.Error {
	pos := diag.At(ExprFile, []byte(s), at)
	line := string(s)
	line = line[strings.LastIndexByte(line[:at], '\n')+1:]
	line, _, _ = strings.Cut(line, "\n")
	before := string(s[:at])
	before = before[strings.LastIndexByte(before, '\n')+1:]
	const most = 60 // columns around the place
	if n := utf8.RuneCountInString(before); n > most {
		cut := len(string([]rune(before)[:n-most]))
		before, line = "..."+before[cut:], "..."+line[cut:]
	}
	if r := []rune(line); len(r) > 2*most {
		line = string(r[:2*most]) + "..."
	}
	return &diag.Error{Pos: pos, Msg: fmt.Sprintf(format, args...),
		Hints: []string{line, strings.Repeat(" ", utf8.RuneCountInString(before)) + "^"}}
}

// at gives errors that have no place of their own their place in the expression.
func (s source) at(at int, err error) error {
	var out diag.List
	for _, e := range diag.Flatten(err) {
		if d, ok := e.(*diag.Error); ok && d.Pos.IsZero() {
			placed := s.errorf(at, "%s", d.Msg)
			placed.Hints = append(placed.Hints, d.Hints...)
			e = placed
		}
		out = append(out, e)
	}
	return out.Err()
}

// lex splits an expression into tokens; the last one is the end.
func (s source) lex() ([]token, error) {
	if len(s) > maxBytes {
		return nil, &diag.Error{Msg: fmt.Sprintf("the expression has %d bytes, expected at most %d", len(s), maxBytes)}
	}
	if err := diag.CheckText(ExprFile, []byte(s)); err != nil {
		return nil, err
	}
	var out []token
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '"' || c == '\'':
			end := strings.IndexByte(string(s[i+1:]), c)
			if end < 0 {
				return nil, s.errorf(i, "the quotation that begins here does not end")
			}
			out = append(out, token{string(s[i+1 : i+1+end]), true, i})
			i += end + 2
		case strings.IndexByte("(),+-^=", c) >= 0: // a word does not begin with "-"
			out = append(out, token{string(s[i : i+1]), false, i})
			i++
		case isWord(c):
			start := i
			for i < len(s) && isWord(s[i]) {
				i++
			}
			out = append(out, token{string(s[start:i]), false, start})
		default:
			r, _ := utf8.DecodeRuneInString(string(s[i:]))
			e := s.errorf(i, "unexpected %q", r)
			e.Hints = append(e.Hints, "a word with other characters than letters, digits and */@.-_:$~[] is quoted")
			return nil, e
		}
	}
	return append(out, token{at: len(s)}), nil
}
