package linediff

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestUnified(t *testing.T) {
	for _, tt := range []struct{ old, now, want string }{
		{"a\n", "a\n", ""},
		{"", "", ""},
		{"", "a\n", "@@ -0,0 +1 @@\n+a\n"},
		{"a\n", "", "@@ -1 +0,0 @@\n-a\n"},
		{"a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
		{"a\r\nb\xff\n", "a\nb\xff\n", "@@ -1,2 +1,2 @@\n-a\r\n+a\n b\xff\n"},
		// Behind a hunk with two changes.
		{"1\n2\n3\n4\n5\n6\n7\n8\n9\na\nb\nc\nd\n", "1\nx\nx\n3\n4\ny\n6\n7\n8\n9\na\nb\nc\nz\n",
			"@@ -1,8 +1,9 @@\n 1\n-2\n+x\n+x\n 3\n 4\n-5\n+y\n 6\n 7\n 8\n@@ -10,4 +11,4 @@\n a\n b\n c\n-d\n+z\n"},
	} {
		want := tt.want
		if want != "" {
			want = "--- x\n+++ y\n" + want
		}
		if got := Unified("x", "y", []byte(tt.old), []byte(tt.now)); got != want {
			t.Errorf("%q to %q:\n%s\nexpected\n%s", tt.old, tt.now, got, want)
		}
	}
}

// TestLarge: large texts have small differences.
func TestLarge(t *testing.T) {
	var b strings.Builder
	for i := range 700_000 {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	old := b.String()
	now := strings.Replace(strings.Replace(old, "line 1000\n", "", 1), "line 600000\n", "x\n", 1)
	want := "--- x\n+++ y\n@@ -998,7 +998,6 @@\n line 997\n line 998\n line 999\n-line 1000\n line 1001\n line 1002\n line 1003\n" +
		"@@ -599998,7 +599997,7 @@\n line 599997\n line 599998\n line 599999\n-line 600000\n+x\n line 600001\n line 600002\n line 600003\n"
	if got := Unified("x", "y", []byte(old), []byte(now)); got != want {
		t.Errorf("%.2000s", got)
	}
	if Unified("x", "y", []byte(old), []byte(old)) != "" {
		t.Error("equal texts differ")
	}
	// What has nothing in common is one edit, found after a bounded search.
	other := strings.ReplaceAll(old, "line", "other")
	if es := edits(splitLines([]byte(old)), splitLines([]byte(other))); len(es) != 1 || es[0].Begin != 0 || es[0].End != 700_000 {
		t.Errorf("%d edits", len(es))
	}
}

// TestLeast holds random texts of few lines against the textbook's table: the edits make one of the other, and none are to spare.
func TestLeast(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	text := func() []byte {
		b := make([]byte, 0, 40)
		for range r.IntN(20) {
			b = append(b, byte('a'+r.IntN(4)), '\n')
		}
		return b
	}
	for range 20_000 {
		old, now := text(), text()
		a, b := splitLines(old), splitLines(now)
		es := edits(a, b)
		if got := apply(a, es); !bytes.Equal(got, now) {
			t.Fatalf("%q to %q: %q", old, now, got)
		}
		cost := 0
		for _, e := range es {
			cost += e.End - e.Begin + len(e.New)
		}
		if want := len(a) + len(b) - 2*common(a, b); cost != want {
			t.Fatalf("%q to %q: %d lines, %d are enough", old, now, cost, want)
		}
	}
}

// common is the length of the longest common subsequence.
func common(a, b [][]byte) int {
	above := make([]int, len(b)+1)
	for _, x := range a {
		row := make([]int, len(b)+1)
		for j, y := range b {
			row[j+1] = max(row[j], above[j+1])
			if bytes.Equal(x, y) {
				row[j+1] = above[j] + 1
			}
		}
		above = row
	}
	return above[len(b)]
}

// apply makes the new text of the old one.
func apply(old [][]byte, es []Edit) []byte {
	var out bytes.Buffer
	at := 0
	for _, e := range es {
		for _, l := range append(append([][]byte(nil), old[at:e.Begin]...), e.New...) {
			out.Write(l)
		}
		at = e.End
	}
	for _, l := range old[at:] {
		out.Write(l)
	}
	return out.Bytes()
}
