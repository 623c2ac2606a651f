package spdx

import (
	"io"
	"unicode/utf8"
)

// jsonWriter writes JSON as Python's json.dumps(indent=2, sort_keys=True) does: two spaces a
// level, "[]" and "{}" when empty, ASCII only, no newline at the end. It streams: what is held is
// one buffer. The caller emits keys in code-point order.
type jsonWriter struct {
	w     io.Writer
	buf   []byte
	depth int
	first bool // nothing was written yet in the innermost array or object
	err   error
}

// jsonBufferSize is how many bytes are gathered before they are written.
const jsonBufferSize = 64 << 10

func newJSONWriter(w io.Writer) *jsonWriter {
	return &jsonWriter{w: w, buf: make([]byte, 0, jsonBufferSize+4096)}
}

// open begins an array or object; c is '[' or '{'.
func (j *jsonWriter) open(c byte) {
	j.buf = append(j.buf, c)
	j.depth++
	j.first = true
}

// close ends it; c is ']' or '}'.
func (j *jsonWriter) close(c byte) {
	j.depth--
	if !j.first {
		j.newline()
	}
	j.buf = append(j.buf, c)
	j.first = false
}

// item begins the next item of an array.
func (j *jsonWriter) item() {
	if !j.first {
		j.buf = append(j.buf, ',')
	}
	j.first = false
	j.newline()
}

// key begins the next member of an object.
func (j *jsonWriter) key(name string) {
	j.item()
	j.buf = append(appendString(j.buf, name), ':', ' ')
}

func (j *jsonWriter) string(s string) { j.buf = appendString(j.buf, s) }

func (j *jsonWriter) hex(b []byte) {
	j.buf = append(j.buf, '"')
	for _, c := range b {
		j.buf = append(j.buf, hexDigits[c>>4], hexDigits[c&15])
	}
	j.buf = append(j.buf, '"')
}

// member writes a key and a string.
func (j *jsonWriter) member(name, value string) {
	j.key(name)
	j.string(value)
}

// optional writes a key and a string unless the string is empty.
func (j *jsonWriter) optional(name, value string) {
	if value != "" {
		j.member(name, value)
	}
}

const spaces = "                                "

func (j *jsonWriter) newline() {
	if len(j.buf) >= jsonBufferSize {
		j.flush()
	}
	j.buf = append(append(j.buf, '\n'), spaces[:2*j.depth]...)
}

// flush writes what is buffered and returns the first error of all writes.
func (j *jsonWriter) flush() error {
	if j.err == nil {
		_, j.err = j.w.Write(j.buf)
	}
	j.buf = j.buf[:0]
	return j.err
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string in ASCII: what is not printable ASCII becomes \uXXXX in
// lower-case hexadecimal, above the basic plane a surrogate pair. Bytes that are not UTF-8 become
// U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		start = i
		switch r {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		case '\b':
			b = append(b, '\\', 'b')
		case '\f':
			b = append(b, '\\', 'f')
		default:
			if r > 0xffff {
				r -= 0x10000
				b = appendEscape(b, 0xd800+r>>10)
				r = 0xdc00 + r&0x3ff
			}
			b = appendEscape(b, r)
		}
	}
	return append(append(b, s[start:]...), '"')
}

func appendEscape(b []byte, r rune) []byte {
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
