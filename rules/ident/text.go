package ident

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// maxText bounds a text, in bytes: the longest licences are below 100,000.
const maxText = 1 << 20

// Text reports whether s can be a text of several lines in a document, such as a comment or a licence: UTF-8 without
// control characters other than the ends of lines and tabs.
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
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' && r != '\f' {
			return fail("line %d has the control character %s", line, strconv.QuoteRuneToASCII(r))
		}
	}
	return nil
}
