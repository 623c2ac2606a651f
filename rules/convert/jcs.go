package convert

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"
)

// object is a JSON object.
type object = map[string]any

// writeCanonical writes a value as JSON by the JSON Canonicalization Scheme (RFC 8785), which SPDX 3 names as its canonical form: no
// space, sorted keys, and nothing escaped that need not be. Keys are ASCII, so that their order is that of their bytes; values
// are objects, lists, texts and integers.
func writeCanonical(out io.Writer, v any) error {
	w := bufio.NewWriter(out)
	canonical(w, v)
	return w.Flush()
}

func canonical(w *bufio.Writer, v any) {
	switch v := v.(type) {
	case string:
		canonicalString(w, v)
	case int64:
		w.WriteString(strconv.FormatInt(v, 10))
	case []string:
		w.WriteByte('[')
		for i, s := range v {
			comma(w, i)
			canonicalString(w, s)
		}
		w.WriteByte(']')
	case []any:
		w.WriteByte('[')
		for i, item := range v {
			comma(w, i)
			canonical(w, item)
		}
		w.WriteByte(']')
	case object:
		keys := make([]string, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		w.WriteByte('{')
		for i, key := range keys {
			comma(w, i)
			canonicalString(w, key)
			w.WriteByte(':')
			canonical(w, v[key])
		}
		w.WriteByte('}')
	default:
		panic(fmt.Sprintf("no JSON is made of a %T", v))
	}
}

func comma(w *bufio.Writer, i int) {
	if i > 0 {
		w.WriteByte(',')
	}
}

var shortEscapes = map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}

func canonicalString(w *bufio.Writer, s string) {
	w.WriteByte('"')
	start := 0
	for i, r := range s {
		if r >= ' ' && r != '"' && r != '\\' && r != utf8.RuneError {
			continue
		}
		w.WriteString(s[start:i])
		short, ok := shortEscapes[r]
		switch {
		case ok:
			w.WriteString(short)
		case r == utf8.RuneError: // itself, or a byte that is no text, which JSON cannot hold
			w.WriteRune(r)
		default:
			fmt.Fprintf(w, `\u%04x`, r)
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		start = i + size
	}
	w.WriteString(s[start:])
	w.WriteByte('"')
}
