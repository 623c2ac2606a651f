package signals

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// words are in every line that says something, beside "(c)" and "©". Each has five letters by which it is looked for, those that
// are rarest.
var words = [...]struct {
	word string
	by   int // where the five letters begin
}{{"copyright", 3}, {"licen", 0}, {"permission", 2}, {"redistribution", 5}, {"public domain", 5}, {"as-is", 0}}

// wordsOf says which words have three letters among their five, by a hash of those.
var wordsOf = func() (table [1 << 12]uint8) {
	for i, w := range words {
		for k := range 3 {
			table[hash3([]byte(w.word + " ")[w.by+k:])] |= 1 << i
		}
	}
	return table
}()

// hash3 is a hash of the first three of at least four bytes that is the same for large and small letters.
func hash3(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	return (v | 0x202020) << 8 * 0x9e3779b1 >> 20
}

// appendWords appends where text has one of the words, in large or small letters, in order. Every file that is hashed is
// searched: one in three places is looked at, which five letters cannot escape.
func appendWords(dst []int, text []byte) []int {
	for i := 0; i+4 <= len(text); i += 3 {
		if mask := wordsOf[hash3(text[i:i+4])]; mask != 0 {
			dst = appendNear(dst, text, i, mask)
		}
	}
	if n := len(text); n >= 3 && n%3 == 0 { // the last place, behind which nothing is
		dst = appendNear(dst, text, n-3, 1<<len(words)-1)
	}
	for i := 0; ; i++ {
		n := bytes.IndexByte(text[i:], '(')
		if n < 0 || i+n+3 > len(text) {
			break
		}
		if i += n; text[i+1]|0x20 == 'c' && text[i+2] == ')' {
			dst = append(dst, i)
		}
	}
	const sign = "©"
	for i := 0; ; i++ {
		n := bytes.IndexByte(text[i:], sign[1])
		if n < 0 {
			break
		}
		if i += n; i > 0 && text[i-1] == sign[0] {
			dst = append(dst, i-1)
		}
	}
	slices.Sort(dst)
	return dst
}

// appendNear appends where those words are that mask says, of which three of the five letters are at i.
func appendNear(dst []int, text []byte, i int, mask uint8) []int {
	for n, w := range words {
		if mask>>n&1 == 0 {
			continue
		}
		for k := range 3 {
			if at := i - w.by - k; at >= 0 && at+len(w.word) <= len(text) && isLower(text[at:at+len(w.word)], w.word) {
				dst = append(dst, at)
			}
		}
	}
	return dst
}

// isLower reports whether text is word, which is in small letters, but for the size of letters.
func isLower(text []byte, word string) bool {
	for i, c := range text {
		if c-'A' < 26 {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}
