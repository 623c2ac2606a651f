package spdx

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"math/rand"
	"reflect"
	"testing"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/record"
)

// encode is the inverse of sumsOf.
func (s sums) encode() []byte {
	b := bytes.Clone(s.SHA1[:])
	if s.Text != nil {
		b = append(b, s.Text.SHA1[:]...)
		b = append(b, s.Text.SHA256[:]...)
	}
	return record.AppendString(nil, b)
}

// reference is what a Facet is, in the obvious way.
func reference(b []byte) sums {
	s := sums{SHA1: sha1.Sum(b)}
	if bytes.IndexByte(b, 0) < 0 && bytes.Contains(b, []byte("\r\n")) {
		lf := bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
		s.Text = &textSums{SHA1: sha1.Sum(lf), SHA256: sha256.Sum256(lf)}
	}
	return s
}

func hashInPieces(h *files.Hasher, b []byte, next func() int) sums {
	h.Reset()
	for len(b) > 0 {
		n := min(max(next(), 0), len(b))
		h.Write(b[:n])
		b = b[n:]
	}
	s, err := sumsOf(action.File{Facet: h.Sum().Facet})
	if err != nil {
		panic(err)
	}
	return s
}

func TestFacet(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	h := files.NewHasher(files.Join(Facet))
	for round := range 3000 {
		b := make([]byte, rnd.Intn(40))
		letters := "ab\r\n"
		if round%3 == 0 {
			letters = "abcdefghijk\r\n\x00"
		}
		for i := range b {
			b[i] = letters[rnd.Intn(len(letters))]
		}
		if round%10 == 0 { // longer than the buffer of short lines
			b = append(bytes.Repeat([]byte("x"), 4090+rnd.Intn(12)), b...)
			b = append(bytes.Repeat([]byte("y\r\n"), rnd.Intn(3000)), b...)
		}
		longest := []int{3, 30, 10000}[rnd.Intn(3)]
		got := hashInPieces(h, b, func() int { return rnd.Intn(1 + rnd.Intn(longest)) })
		if want := reference(b); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %+v, want %+v", b, got, want)
		}
	}
}

func FuzzFacet(f *testing.F) {
	f.Add([]byte("a\r\r\nb\r\n\r"), uint8(1))
	f.Add([]byte("a\r\nb\x00"), uint8(2))
	f.Add([]byte("\x00\ra"), uint8(1)) // a CR at a piece's end after a NUL byte
	f.Add([]byte("\x00\r\n\r"), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		got := hashInPieces(files.NewHasher(files.Join(Facet)), b, func() int { return int(n) + 1 })
		if !reflect.DeepEqual(got, reference(b)) {
			t.Fatalf("%q in pieces of %d", b, int(n)+1)
		}
	})
}

func BenchmarkFacet(b *testing.B) {
	for _, c := range []struct{ name, line string }{{"LF", "int x = 1; /* a line of C */\n"}, {"CRLF", "int x = 1; /* a line of C */\r\n"}} {
		data := bytes.Repeat([]byte(c.line), 128<<10/len(c.line))
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			h := files.NewHasher(files.Join(Facet))
			for b.Loop() {
				h.Reset()
				h.Write(data)
				h.Sum()
			}
		})
	}
	data := bytes.Repeat([]byte("int x = 1; /* a line of C */\n"), 128<<10/29)
	b.Run("SHA-1 and SHA-256 alone", func(b *testing.B) { // the least that can be done
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			sha1.Sum(data)
			sha256.Sum256(data)
		}
	})
}
