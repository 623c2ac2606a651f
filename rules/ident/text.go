package ident

import (
	"regexp"
	"strconv"
	"sync"
	"unicode"
	"unicode/utf8"
)

// maxText bounds a text, in bytes: the longest licences are below 100,000.
const maxText = 1 << 20

// Text reports whether s can be a text of several lines in a document, such as a comment or a licence: UTF-8 without
// control characters other than the ends of lines and tabs, and without characters that turn the direction of writing around or are none.
func Text(s string) error {
	switch {
	case len(s) > maxText:
		return fail("text is longer than %d bytes", maxText)
	case !utf8.ValidString(s):
		return fail("text is not UTF-8")
	}
	line := 1
	for _, r := range s {
		if r == '\n' {
			line++
		}
		if (isUnseen(r) || isNone(r)) && r != '\n' && r != '\r' && r != '\t' && r != '\f' && r != '\u2028' && r != '\u2029' && r != byteOrderMark {
			return fail("line %d has %s", line, unseen(r))
		}
	}
	return nil
}

// Line reports whether s can be a text of one line, such as a name: a Text without the end of a line, a tab or a byte order mark, and without
// what looks like a placeholder, since none is filled in there.
func Line(s string) error {
	if !utf8.ValidString(s) {
		return fail("%s is not UTF-8", excerpt(s))
	}
	for i, r := range s {
		if isUnseen(r) || isNone(r) {
			return fail("%s has %s at byte %d", excerpt(s), unseen(r), i+1)
		}
	}
	if p := unfilled().FindString(s); p != "" {
		return fail("%s has %s in it, and nothing is put in its place there", excerpt(s), p)
	}
	return nil
}

// unfilled finds what a reader takes for one.
var unfilled = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{[a-zA-Z_]+(:[^{}]*)?\}`) })

const byteOrderMark = '\ufeff'

// isUnseen reports whether a reader does not see a character, and a program does something by it: control characters, ends of
// lines, and those that turn the direction of writing around, so that a text is shown as another than it is.
func isUnseen(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == byteOrderMark || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// isNone reports whether r is one of the codes that are no characters (U+FFFE and its like), which no XML holds.
func isNone(r rune) bool { return r&0xfffe == 0xfffe || r >= '\ufdd0' && r <= '\ufdef' }

func unseen(r rune) string {
	code := strconv.QuoteRuneToASCII(r)
	switch {
	case unicode.IsControl(r):
		return "the control character " + code
	case r == '\u2028' || r == '\u2029':
		return "the line separator " + code
	case isNone(r):
		return "the code " + code + " (no character)"
	case r == byteOrderMark:
		return "the byte order mark " + code
	}
	return "the character " + code + ", which turns the direction of writing around"
}
