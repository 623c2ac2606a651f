package diag

import "testing"

func TestCheckText(t *testing.T) {
	for content, want := range map[string]string{
		"":                   "",
		"a\tb\r\né 日本\u007f": "",
		"\ufffd":             "", // written as such
		"a\nb\x00c":          "f:2:2: there is a NUL byte; the file must be text in UTF-8",
		"é\xe9\x00":          "f:1:3: the byte 0xe9 is not UTF-8; the file must be text in UTF-8",
		"\x00\xff":           "f:1:1: there is a NUL byte; the file must be text in UTF-8",
		"\n\xed\xa0\x80":     "f:2:1: the byte 0xed is not UTF-8; the file must be text in UTF-8", // half of a surrogate pair
		"\xff\xfea\x00":      "f:1:1: the file is in UTF-16; it must be text in UTF-8",
		"caf\xc3":            "f:1:4: the byte 0xc3 is not UTF-8; the file must be text in UTF-8",
	} {
		got := ""
		if err := CheckText("f", []byte(content)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", content, got, want)
		}
	}
}
