package reproduce

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/sbomctl/sbomctl/engine/linediff"
)

// How much of a difference a finding has.
const (
	maxHints = 12  // lines that are shown
	maxFound = 200 // lines that reports for programs have
	maxLine  = 300 // bytes of a line
)

// difference is how two files differ.
type difference struct {
	edits          []linediff.Edit // none of what is no text
	text           string          // the unified difference that these are
	line           int             // the first line of the first file that differs, from 1; 0 of what is no text
	removed, added int             // lines
	offset         int             // the first byte that differs
	sizes          [2]int
	crlf           bool // only the ends of lines differ
}

// differ compares two files that are not equal. from and to are what they are called.
func differ(from, to string, a, b []byte) difference {
	d := difference{sizes: [2]int{len(a), len(b)}}
	for d.offset < min(len(a), len(b)) && a[d.offset] == b[d.offset] {
		d.offset++
	}
	if !isText(a) || !isText(b) {
		return d
	}
	d.line = 1 + bytes.Count(a[:d.offset], []byte("\n"))
	lf := func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) }
	d.crlf = bytes.Equal(lf(a), lf(b))
	d.edits = linediff.Edits(a, b)
	d.text = linediff.Format(from, to, a, d.edits)
	for _, e := range d.edits {
		d.removed += e.End - e.Begin
		d.added += len(e.New)
	}
	return d
}

// changed are the lines of the first file that are other ones in the second, or after which that has more, in order.
func (d difference) changed() []int {
	var out []int
	for _, e := range d.edits {
		for i := e.Begin; i < e.End; i++ {
			out = append(out, i+1)
		}
		for range e.New {
			out = append(out, max(1, e.End))
		}
	}
	return out
}

// summary says in a few words how much differs.
func (d difference) summary() string {
	switch {
	case d.text == "":
		return fmt.Sprintf("the first difference is at byte %d (%d and %d bytes)", d.offset, d.sizes[0], d.sizes[1])
	case d.crlf:
		return "it differs in nothing but the ends of lines"
	case d.sizes[0] == 0 || d.sizes[1] == 0:
		return fmt.Sprintf("one is empty, and the other has %d bytes", max(d.sizes[0], d.sizes[1]))
	}
	words := func(n int, what string) string {
		if n == 1 {
			return "a line " + what
		}
		return fmt.Sprintf("%d lines %s", n, what)
	}
	switch {
	case d.removed == 0:
		return words(d.added, "added")
	case d.added == 0:
		return words(d.removed, "removed")
	}
	return words(d.removed, "removed") + ", " + words(d.added, "added")
}

// lines are the first ones of the difference, as many as that.
func (d difference) lines(most int) []string {
	if d.text == "" || d.crlf {
		return nil
	}
	all := strings.Split(strings.TrimRight(strings.ToValidUTF8(d.text, "\ufffd"), "\n"), "\n")
	more := len(all) - most
	if more > 1 {
		all = all[:most:most]
	}
	for i, l := range all {
		if len(l) > maxLine {
			all[i] = strings.ToValidUTF8(l[:maxLine], "") + "..."
		}
	}
	if more > 1 {
		all = append(all, fmt.Sprintf("... and %d lines more", more))
	}
	return all
}

func (d difference) head(most int) string { return strings.Join(d.lines(most), "\n") }

// isText reports whether a difference of lines says something.
func isText(b []byte) bool { return bytes.IndexByte(b[:min(len(b), 64<<10)], 0) < 0 }
