package engine

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// TestDifference: the difference of two texts makes the one of the other, and touches nothing that they have in common at their
// ends, however they repeat themselves.
func TestDifference(t *testing.T) {
	rnd := rand.New(rand.NewPCG(6, 1))
	text := func() []byte {
		b := make([]byte, rnd.IntN(8))
		for i := range b {
			b[i] = "ab"[rnd.IntN(2)]
		}
		return b
	}
	for range 20_000 {
		before, after := text(), text()
		e := difference("f", before, after)
		if got := replay(before, []Edit{e}); !bytes.Equal(got, after) {
			t.Fatalf("%q becomes %q by %+v, not %q", before, got, e, after)
		}
		if n := e.End - e.Start; n > 0 && len(e.New) > 0 && (before[e.Start] == e.New[0] || before[e.End-1] == e.New[len(e.New)-1]) {
			t.Fatalf("%q to %q is %+v, which can be shorter", before, after, e)
		}
	}
}

// TestOffset: a position leads back to the byte that it was made of, and one that is nowhere to none.
func TestOffset(t *testing.T) {
	content := []byte("ab\n\nc\r\nd")
	w := &Workspace{}
	x := &fixer{w: w, files: map[string]*fixedFile{}}
	f := x.add("f", content)
	for at := range len(content) + 1 {
		if got := f.offset(diag.At("f", content, at)); got != at {
			t.Errorf("byte %d is found at %d", at, got)
		}
	}
	for _, pos := range []diag.Pos{{}, {File: "f", Line: 1}, {File: "f", Line: 5, Col: 1}, {File: "f", Line: 4, Col: 3}, {File: "f", Line: -1, Col: 1}} {
		if got := f.offset(pos); got != -1 {
			t.Errorf("%s is byte %d", pos, got)
		}
	}
}

// TestMerge: an edit that reaches into those behind it becomes one with them, and the file comes out the same.
func TestMerge(t *testing.T) {
	rnd := rand.New(rand.NewPCG(6, 2))
	for range 20_000 {
		content := []byte("0123456789")
		var made []Edit // the last in the file comes first
		for at := len(content); at > 3; at -= rnd.IntN(4) {
			start := at - rnd.IntN(3)
			made = append(made, Edit{"f", start, at, "abc"[:rnd.IntN(4)]})
			at = start
		}
		now := replay(content, made)
		start := rnd.IntN(made[len(made)-1].Start + 1)
		e := Edit{"f", start, start + rnd.IntN(len(now)-start+1), "X"}
		want := replay(now, []Edit{e})
		one, rest := merge(e, made)
		if got := replay(content, append(rest[:len(rest):len(rest)], one)); !bytes.Equal(got, want) {
			t.Fatalf("%+v after %+v makes %q by %+v and %+v, not %q", e, made, got, one, rest, want)
		}
	}
}
