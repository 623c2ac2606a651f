package cpython

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Bounds of a Python file. CPython's scripts have some 60 kB and nest five deep.
const (
	maxScript  = 1 << 20 // bytes
	maxNesting = 64      // of brackets, literals and f-strings
	maxItems   = 10_000  // of one literal, at all depths
)

// A Python file is read in two layers: tokens, which are enough to tell code from strings and comments, and literals.

type tokenKind int8

const (
	tokenEnd     tokenKind = iota
	tokenNewline           // the end of a logical line: not inside of brackets, not after a backslash
	tokenName              // identifiers, keywords
	tokenNumber
	tokenString
	tokenOpaque // an f-string, or a string with characters given by number: its text is not known here
	tokenOp     // one character
)

// token is a token; text is the value of a string, and the source of any other.
type token struct {
	kind   tokenKind
	text   string
	at     int // offset of its first byte
	end    int // offset behind its last
	column int // at, from the beginning of its line
}

func (t token) is(op string) bool { return t.kind == tokenOp && t.text == op }

// describe names the token in a message.
func (t token) describe() string {
	switch t.kind {
	case tokenEnd:
		return "the end of the file"
	case tokenNewline:
		return "the end of the line"
	case tokenString:
		return "a string"
	case tokenOpaque:
		return "a string that is computed"
	}
	return fmt.Sprintf("%q", clip(t.text))
}

// clip shortens what a hostile file may have made long.
func clip(s string) string {
	if len(s) > 120 {
		return strings.ToValidUTF8(s[:120], "") + "..."
	}
	return s
}

// lexer cuts a Python file into tokens.
type lexer struct {
	path string
	src  string
	at   int
	line int   // offset of the current line
	open []int // offsets of the brackets that are open
	out  []token
}

// tokenize returns the tokens of a Python file, the last of them tokenEnd.
func tokenize(path string, src []byte) ([]token, error) {
	if len(src) > maxScript {
		return nil, &diag.Error{Pos: diag.File(path), Msg: fmt.Sprintf("the file has %d bytes, expected a script of at most %d", len(src), maxScript)}
	}
	if err := diag.CheckText(path, src); err != nil {
		return nil, err
	}
	l := &lexer{path: path, src: string(src)}
	for {
		more, err := l.next()
		if err != nil {
			return nil, err
		}
		if !more {
			return l.out, nil
		}
	}
}

func (l *lexer) fail(at int, format string, args ...any) error {
	return &diag.Error{Pos: diag.At(l.path, []byte(l.src), at), Msg: fmt.Sprintf(format, args...)}
}

func (l *lexer) emit(kind tokenKind, text string, at int) {
	l.out = append(l.out, token{kind, text, at, l.at, at - l.line})
}

// next reads one token, or what stands between tokens; false is the end.
func (l *lexer) next() (bool, error) {
	if l.at == len(l.src) {
		if len(l.open) > 0 {
			at := l.open[len(l.open)-1]
			return false, l.fail(at, "the bracket %q is never closed", l.src[at:at+1])
		}
		l.newline()
		l.emit(tokenEnd, "", l.at)
		return false, nil
	}
	switch c := l.src[l.at]; {
	case c == '\n':
		if len(l.open) == 0 {
			l.newline()
		}
		l.at++
		l.line = l.at
	case c == ' ' || c == '\t' || c == '\r' || c == '\f':
		l.at++
	case c == '#':
		if n := strings.IndexByte(l.src[l.at:], '\n'); n >= 0 {
			l.at += n
		} else {
			l.at = len(l.src)
		}
	case c == '\\':
		rest := strings.TrimPrefix(l.src[l.at+1:], "\r")
		if !strings.HasPrefix(rest, "\n") {
			return false, l.fail(l.at, `a "\" that does not end its line`)
		}
		l.at = len(l.src) - len(rest) + 1
		l.line = l.at
	case c == '"' || c == '\'' || stringPrefix(l.src[l.at:]) > 0:
		return true, l.string()
	case isNameByte(c) && !isDigit(c):
		at := l.at
		for l.at < len(l.src) && isNameByte(l.src[l.at]) {
			l.at++
		}
		l.emit(tokenName, l.src[at:l.at], at)
	case isDigit(c) || c == '.' && l.at+1 < len(l.src) && isDigit(l.src[l.at+1]):
		at := l.at
		for l.at < len(l.src) && (isNameByte(l.src[l.at]) || l.src[l.at] == '.') {
			l.at++
		}
		l.emit(tokenNumber, l.src[at:l.at], at)
	default:
		return true, l.op()
	}
	return true, nil
}

// newline ends a logical line, unless it is empty.
func (l *lexer) newline() {
	if n := len(l.out); n > 0 && l.out[n-1].kind != tokenNewline {
		l.emit(tokenNewline, "\n", l.at)
	}
}

var closing = map[byte]byte{')': '(', ']': '[', '}': '{'}

// op reads a character that is an operator or a bracket.
func (l *lexer) op() error {
	at := l.at
	_, size := utf8.DecodeRuneInString(l.src[at:])
	l.at += size
	switch c := l.src[at]; c {
	case '(', '[', '{':
		if len(l.open) == maxNesting {
			return l.fail(at, "brackets are nested deeper than %d", maxNesting)
		}
		l.open = append(l.open, at)
	case ')', ']', '}':
		if len(l.open) == 0 {
			return l.fail(at, "the bracket %q was never opened", l.src[at:at+1])
		}
		from := l.open[len(l.open)-1]
		if l.src[from] != closing[c] {
			return l.fail(at, "the bracket %q does not close the %q of %s", l.src[at:at+1], l.src[from:from+1], diag.At("line", []byte(l.src), from))
		}
		l.open = l.open[:len(l.open)-1]
	}
	l.emit(tokenOp, l.src[at:l.at], at)
	return nil
}

// stringPrefix returns the length of the prefix when s begins with a string that has one: r, b, u, f and their pairs.
func stringPrefix(s string) int {
	n := 0
	for n < len(s) && n < 3 && strings.IndexByte("rRbBuUfFtT", s[n]) >= 0 {
		n++
	}
	if n == 0 || n == 3 || n == len(s) || s[n] != '"' && s[n] != '\'' {
		return 0
	}
	return n
}

// string reads a string of any form.
func (l *lexer) string() error {
	at := l.at
	end, err := l.stringEnd(at, 0)
	if err != nil {
		return err
	}
	text := l.src[at:end]
	l.at = end
	prefix := strings.ToLower(text[:stringPrefix(text)])
	quotes := 1
	if body := text[len(prefix):]; len(body) >= 6 && body[1] == body[0] && body[2] == body[0] {
		quotes = 3
	}
	value, known := strings.ReplaceAll(text[len(prefix)+quotes:len(text)-quotes], "\r\n", "\n"), true
	if !strings.Contains(prefix, "r") {
		value, known = unescape(value)
	}
	if known && !strings.ContainsAny(prefix, "ft") {
		l.emit(tokenString, value, at)
	} else {
		l.emit(tokenOpaque, text, at)
	}
	if n := strings.LastIndexByte(text, '\n'); n >= 0 {
		l.line = at + n + 1
	}
	return nil
}

// stringEnd returns the offset behind the string at an offset. In the braces of an f-string there may be
// strings again, with the same quotes.
func (l *lexer) stringEnd(at, depth int) (int, error) {
	if depth > maxNesting {
		return 0, l.fail(at, "f-strings are nested deeper than %d", maxNesting)
	}
	prefix := stringPrefix(l.src[at:])
	format := strings.ContainsAny(l.src[at:at+prefix], "fFtT")
	i := at + prefix
	quote := l.src[i : i+1]
	if strings.HasPrefix(l.src[i:], quote+quote+quote) {
		quote += quote + quote
	}
	i += len(quote)
	braces := 0
	for i < len(l.src) {
		switch c := l.src[i]; {
		case braces == 0 && strings.HasPrefix(l.src[i:], quote):
			return i + len(quote), nil
		case braces > 0 && (c == '"' || c == '\''):
			end, err := l.stringEnd(i, depth+1)
			if err != nil {
				return 0, err
			}
			i = end
			continue
		case c == '\\' && braces == 0:
			i++
			if strings.HasPrefix(l.src[i:], "\r\n") {
				i++
			}
		case c == '\n' && len(quote) == 1 && braces == 0:
			return 0, l.fail(at, "the string is not closed on its line")
		case format && c == '{' && braces == 0 && strings.HasPrefix(l.src[i:], "{{"):
			i++
		case format && c == '{':
			braces++
		case format && c == '}' && braces > 0:
			braces--
		}
		i++
	}
	return 0, l.fail(at, "the string is never closed")
}

// unescape replaces the escapes of a string. It does not know those that name a character by its number.
func unescape(s string) (value string, known bool) {
	if !strings.Contains(s, `\`) {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case '\n':
		case '\\', '\'', '"':
			b.WriteByte(s[i])
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		case 'a', 'b', 'f', 'v', 'x', 'u', 'U', 'N', '0', '1', '2', '3', '4', '5', '6', '7':
			return "", false
		default:
			b.WriteString(s[i-1 : i+1]) // Python keeps the backslash of what is no escape
		}
	}
	return b.String(), true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isNameByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || c >= utf8.RuneSelf
}
