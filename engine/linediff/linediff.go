// Package linediff writes unified differences of texts, as diff -u does: patch and git apply take them, in either direction.
//
// The lines that differ are found here and by no library: of those at hand one shows all that lies between the first difference and the last
// of a configure of 30,000 lines, and another, which anchors on lines that are unique, six times as much as there is.
package linediff

import (
	"bytes"
	"fmt"
	"strings"
)

var newline = []byte("\n")

func splitLines(content []byte) [][]byte {
	lines := bytes.SplitAfter(content, newline)
	if last := len(lines) - 1; len(lines[last]) == 0 {
		lines = lines[:last]
	}
	return lines
}

// Unified is the difference of two texts, which need not be UTF-8, with three lines around each change; "" when they are equal. from and
// to are what the files are called. No smaller difference says the same, unless thousands of lines differ.
func Unified(from, to string, old, now []byte) string { return Format(from, to, old, Edits(old, now)) }

// Edit replaces the lines from Begin to End, which is not among them. The first line is 0.
type Edit struct {
	Begin, End int
	New        [][]byte // each with its line break
}

// Edits returns the least edits, in order, that make one text another one.
func Edits(old, now []byte) []Edit { return edits(splitLines(old), splitLines(now)) }

// Format is Unified of a text and its edits.
func Format(from, to string, old []byte, edits []Edit) string {
	a := splitLines(old)
	if len(edits) == 0 {
		return ""
	}
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", from, to)
	shift := 0 // by how many lines the new text is longer, so far
	for len(edits) > 0 {
		n := 1 // edits of this hunk: what lies between them is the context of both
		for n < len(edits) && edits[n].Begin-edits[n-1].End <= 2*context {
			n++
		}
		shift += writeHunk(&out, a, edits[:n], shift)
		edits = edits[n:]
	}
	return out.String()
}

// context is how many lines are shown around a change.
const context = 3

// writeHunk writes the hunk that edits are, and returns by how many lines it makes the text longer.
func writeHunk(out *strings.Builder, a [][]byte, edits []Edit, shift int) int {
	begin, end := max(0, edits[0].Begin-context), min(len(a), edits[len(edits)-1].End+context)
	grown := 0
	for _, e := range edits {
		grown += len(e.New) - (e.End - e.Begin)
	}
	fmt.Fprintf(out, "@@ -%s +%s @@\n", lineRange(begin, end-begin), lineRange(begin+shift, end-begin+grown))
	write := func(op byte, lines [][]byte) {
		for _, l := range lines {
			out.WriteByte(op)
			out.Write(l)
			if !bytes.HasSuffix(l, newline) {
				out.WriteString("\n\\ No newline at end of file\n")
			}
		}
	}
	at := begin
	for _, e := range edits {
		write(' ', a[at:e.Begin])
		write('-', a[e.Begin:e.End])
		write('+', e.New)
		at = e.End
	}
	write(' ', a[at:end])
	return grown
}

// lineRange is n lines from the index begin, in a hunk's header. No lines are named by the one before them.
func lineRange(begin, n int) string {
	switch n {
	case 0:
		return fmt.Sprintf("%d,0", begin)
	case 1:
		return fmt.Sprint(begin + 1)
	}
	return fmt.Sprintf("%d,%d", begin+1, n)
}
