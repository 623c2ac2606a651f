package attached

import (
	"strings"
	"unicode"
)

// maxShown bounds what is shown of a stranger's text.
const maxShown = 200

// clean is text of a stranger's as it may stand in a message: in one line, with nothing that a terminal would obey, and not too long.
func clean(s string) string {
	cut := len(s) > maxShown
	if cut {
		s = s[:maxShown]
	}
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
	if cut {
		s += "..."
	}
	return s
}

// isHex reports whether s is a digest in lower-case hexadecimal digits.
func isHex(s string) bool {
	return len(s) >= 64 && len(s) <= 128 && strings.Trim(s, "0123456789abcdef") == ""
}
