package edit

import (
	"cmp"
	"strings"
	"unicode/utf8"
)

// kind of a token.
type kind int

const (
	word    kind = iota // name, keyword or number
	str                 // string or bytes literal, with its prefix and quotes
	comment             // from "#" to before the end of the line
	comma
	open  // ( [ {
	shut  // ) ] }
	other // one character of anything else
)

// token is a piece of the file. What lies between two tokens is white space and line continuations.
type token struct {
	kind       kind
	start, end int // offsets of bytes
	at         place
}

// place is a line and a column in characters, as the parser counts them: "\r\n", "\n" and "\r" each end a line.
type place struct{ line, col int32 }

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.line, q.line), cmp.Compare(p.col, q.col))
}

// lexer cuts a file that parses into tokens.
type lexer struct {
	s      string
	at     int
	tokens []token
	here   place
}

// lex returns the tokens of content.
func lex(content []byte) []token {
	l := &lexer{s: string(content), here: place{1, 1}}
	for l.at < len(l.s) {
		l.next()
	}
	return l.tokens
}

// step goes over one character.
func (l *lexer) step() {
	switch c := l.s[l.at]; {
	case c == '\r' && strings.HasPrefix(l.s[l.at:], "\r\n"):
		l.at += 2
		l.here = place{l.here.line + 1, 1}
	case c == '\n' || c == '\r':
		l.at++
		l.here = place{l.here.line + 1, 1}
	default:
		_, size := utf8.DecodeRuneInString(l.s[l.at:])
		l.at += size
		l.here.col++
	}
}

func (l *lexer) next() {
	c := l.s[l.at]
	if strings.IndexByte(" \t\r\n\\", c) >= 0 {
		l.step()
		return
	}
	t := token{start: l.at, at: l.here}
	switch {
	case c == '#':
		t.kind = comment
		for l.at < len(l.s) && l.s[l.at] != '\n' && l.s[l.at] != '\r' {
			l.step()
		}
	case l.quoteAt(l.at) > 0:
		t.kind = str
		l.literal(l.quoteAt(l.at) - 1)
	case isWord(c):
		t.kind = word
		for l.at < len(l.s) && isWord(l.s[l.at]) {
			l.step()
		}
	default:
		switch c {
		case ',':
			t.kind = comma
		case '(', '[', '{':
			t.kind = open
		case ')', ']', '}':
			t.kind = shut
		default:
			t.kind = other
		}
		l.step()
	}
	t.end = l.at
	l.tokens = append(l.tokens, t)
}

// quoteAt returns 1 and the length of the prefix of the string literal at an offset; 0 when there is none.
func (l *lexer) quoteAt(at int) int {
	for _, prefix := range []string{"", "rb", "r", "b"} {
		rest, ok := strings.CutPrefix(l.s[at:], prefix)
		if ok && rest != "" && (rest[0] == '"' || rest[0] == '\'') {
			return 1 + len(prefix)
		}
	}
	return 0
}

// literal goes over a string literal whose prefix has a length.
func (l *lexer) literal(prefix int) {
	for range prefix {
		l.step()
	}
	quote := l.s[l.at : l.at+1]
	if three := strings.Repeat(quote, 3); strings.HasPrefix(l.s[l.at:], three) {
		quote = three
	}
	for range len(quote) {
		l.step()
	}
	for l.at < len(l.s) && !strings.HasPrefix(l.s[l.at:], quote) {
		if l.s[l.at] == '\\' {
			l.step()
		}
		if l.at < len(l.s) {
			l.step()
		}
	}
	for i := 0; i < len(quote) && l.at < len(l.s); i++ {
		l.step()
	}
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}
