package signals

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// slowWords is appendWords in the obvious way.
func slowWords(text []byte) []int {
	lower := bytes.Clone(text)
	for i, c := range lower {
		if c-'A' < 26 {
			lower[i] = c + 'a' - 'A'
		}
	}
	var at []int
	for _, w := range []string{"copyright", "licen", "permission", "redistribution", "public domain", "as-is", "(c)", "©"} {
		for i := range lower {
			if bytes.HasPrefix(lower[i:], []byte(w)) {
				at = append(at, i)
			}
		}
	}
	slices.Sort(at)
	return at
}

func TestWords(t *testing.T) {
	parts := []string{"copyright", "Copyright", "COPYRIGHT", "licen", "LiCENse", "permission", "PERMISSION", "Redistribution", "public domain", "Public  Domain",
		"as-is", "AS-IS", "as\ris", "(c)", "(C)", "(\x03)", "©", "\xa9", "\xc2", "a", "(", "\n", " ", "xyz", "é", "licelicen", "pub", "\r\n", "copyrighT(c"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var text []byte
		for range r.IntN(12) {
			part := parts[r.IntN(len(parts))]
			if r.IntN(4) == 0 {
				part = part[r.IntN(len(part)):]
			}
			text = append(text, part...)
		}
		if got, want := appendWords(nil, text), slowWords(text); !slices.Equal(got, want) {
			t.Fatalf("%q: got %v, want %v", text, got, want)
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add([]byte("Copyright (c) 2001 A\nLicense: as-is, public domain © permission redistribution"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, want := appendWords(nil, text), slowWords(text); !slices.Equal(got, want) {
			t.Fatalf("%q: got %v, want %v", text, got, want)
		}
	})
}
