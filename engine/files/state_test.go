package files

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"math/rand"
	"reflect"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
)

func TestStateEncoding(t *testing.T) {
	reg := State{Kind: Regular, Digest: cache.Of([]byte("x")), SHA1: sha1.Sum([]byte("x"))}
	exe, text, empty := reg, reg, reg
	exe.Executable = true
	text.Text = &action.TextDigests{SHA1: sha1.Sum(nil), SHA256: sha256.Sum256(nil)}
	empty.Digest, empty.SHA1 = cache.Of(nil), sha1.Sum(nil)
	states := []State{{}, {Kind: Directory}, {Kind: Other}, {Kind: Symlink, Target: "a"}, {Kind: Symlink, Target: "b/../\xff"}, reg, exe, text, empty}
	seen := map[string]int{}
	for i, s := range states {
		b := s.Append(nil)
		if j, ok := seen[string(b)]; ok {
			t.Errorf("states %d and %d have one encoding", i, j)
		}
		seen[string(b)] = i
		got, rest, err := DecodeState(append(b, "rest"...))
		if err != nil || string(rest) != "rest" || !reflect.DeepEqual(got, s) {
			t.Errorf("%+v became %+v, %q, %v", s, got, rest, err)
		}
		for n := range b {
			if _, _, err := DecodeState(b[:n]); err == nil {
				t.Errorf("%+v cut to %d bytes: no error", s, n)
			}
		}
	}
}

func FuzzDecodeState(f *testing.F) {
	f.Add(State{}.Append(nil))
	f.Add(State{Kind: Symlink, Target: "x"}.Append(nil))
	f.Add(State{Kind: Regular, Text: new(action.TextDigests)}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, rest, err := DecodeState(b)
		if err == nil && !bytes.Equal(append(s.Append(nil), rest...), b) {
			t.Fatalf("%x is not canonical", b)
		}
	})
}

func FuzzDecodeEntries(f *testing.F) {
	f.Add(AppendEntries(nil, []Entry{{"a", Regular}, {"b", Directory}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, rest, err := DecodeEntries(b)
		if err == nil && !bytes.Equal(append(AppendEntries(nil, e), rest...), b) {
			t.Fatalf("%x is not canonical", b)
		}
	})
}

func FuzzDecodeSig(f *testing.F) {
	f.Add(Sig{1, 2, 3, 4, 5, true}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, rest, err := DecodeSig(b)
		if err == nil && !bytes.Equal(append(s.Append(nil), rest...), b) {
			t.Fatalf("%x is not canonical", b)
		}
	})
}

func TestSigFresh(t *testing.T) {
	s := Sig{Size: 1, Mtime: 2, Ctime: 3, Ino: 4, Mode: 5}
	if !s.Fresh(s) {
		t.Error("a signature is not fresh against itself")
	}
	for i, other := range []Sig{{2, 2, 3, 4, 5, false}, {1, 3, 3, 4, 5, false}, {1, 2, 4, 4, 5, false}, {1, 2, 3, 5, 5, false}, {1, 2, 3, 4, 6, false}} {
		if s.Fresh(other) {
			t.Errorf("difference %d goes unnoticed", i)
		}
	}
	racy := s
	racy.Racy = true
	if racy.Fresh(s) || racy.Fresh(racy) || !racy.Same(s) {
		t.Error("a racy signature is fresh")
	}
	if len(racy.Append(nil)) != SigSize {
		t.Error("SigSize is wrong")
	}
}

func TestRacy(t *testing.T) {
	now := time.Unix(1_000_000_000, 123_456_789)
	n := now.UnixNano()
	whole := time.Unix(1_000_000_000, 0).UnixNano()
	old := n - int64(time.Hour) - 1
	for _, c := range []struct {
		mtime, ctime int64
		want         bool
	}{
		{old, old, false},
		{n, old, true},
		{old, n, true},
		{old, n - int64(19*time.Millisecond), true},
		{old, n - int64(21*time.Millisecond), false},
		{n + int64(time.Hour), old, true},
		{old, whole, true},
		{old, whole - int64(time.Second), true},
		{old, whole - int64(3*time.Second), false},
	} {
		if got := (Sig{Mtime: c.mtime, Ctime: c.ctime}).racy(now); got != c.want {
			t.Errorf("mtime %d, ctime %d before now: racy is %v", n-c.mtime, n-c.ctime, got)
		}
	}
}

// reference is what Hasher computes, in the obvious way.
func reference(b []byte) State {
	s := State{Kind: Regular, Digest: cache.Of(b), SHA1: sha1.Sum(b)}
	if bytes.IndexByte(b, 0) < 0 && bytes.Contains(b, []byte("\r\n")) {
		lf := bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
		s.Text = &action.TextDigests{SHA1: sha1.Sum(lf), SHA256: sha256.Sum256(lf)}
	}
	return s
}

func hashInPieces(h *Hasher, b []byte, next func() int) State {
	h.Reset()
	for len(b) > 0 {
		n := min(max(next(), 0), len(b))
		h.Write(b[:n])
		b = b[n:]
	}
	return h.Sum()
}

func TestHasher(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	h := NewHasher()
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

func FuzzHasher(f *testing.F) {
	f.Add([]byte("a\r\r\nb\r\n\r"), uint8(1))
	f.Add([]byte("a\r\nb\x00"), uint8(2))
	f.Add([]byte("\x00\ra"), uint8(1)) // a CR at a piece's end after a NUL byte
	f.Add([]byte("\x00\r\n\r"), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		got := hashInPieces(NewHasher(), b, func() int { return int(n) + 1 })
		if !reflect.DeepEqual(got, reference(b)) {
			t.Fatalf("%q in pieces of %d", b, int(n)+1)
		}
	})
}

func BenchmarkHasher(b *testing.B) {
	for _, c := range []struct{ name, line string }{{"LF", "int x = 1; /* a line of C */\n"}, {"CRLF", "int x = 1; /* a line of C */\r\n"}} {
		data := bytes.Repeat([]byte(c.line), 128<<10/len(c.line))
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			h := NewHasher()
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
