package diag

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// CheckText returns an error at the first byte that keeps content from being text: a NUL, or one that is not
// UTF-8. A reader that took the first for the end of the file, or replaced the second, would say yes to what
// it did not read. Every file that is read as text passes through here, but for those of git, which have rules of
// their own.
func CheckText(file string, content []byte) error {
	if utf8.Valid(content) {
		if nul := bytes.IndexByte(content, 0); nul >= 0 {
			return &Error{Pos: At(file, content, nul), Msg: "there is a NUL byte; the file must be text in UTF-8"}
		}
		return nil
	}
	if bytes.HasPrefix(content, []byte("\xff\xfe")) || bytes.HasPrefix(content, []byte("\xfe\xff")) {
		return &Error{Pos: At(file, content, 0), Msg: "the file is in UTF-16; it must be text in UTF-8"}
	}
	at := 0
	for {
		r, size := utf8.DecodeRune(content[at:])
		if r == 0 {
			return &Error{Pos: At(file, content, at), Msg: "there is a NUL byte; the file must be text in UTF-8"}
		}
		if r == utf8.RuneError && size == 1 {
			return &Error{Pos: At(file, content, at), Msg: fmt.Sprintf("the byte 0x%02x is not UTF-8; the file must be text in UTF-8", content[at])}
		}
		at += size
	}
}
