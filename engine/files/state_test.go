package files

import (
	"bytes"
	"encoding/hex"
	"hash"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/cache"
)

func TestStateEncoding(t *testing.T) {
	reg := State{Kind: Regular, Digest: cache.Of([]byte("x"))}
	exe, facet, empty := reg, reg, reg
	exe.Executable = true
	facet.Facet = strings.Repeat("f", maxFacet)
	empty.Digest = cache.Of(nil)
	states := []State{{}, {Kind: Directory}, {Kind: Other}, {Kind: Symlink, Target: "a"}, {Kind: Symlink, Target: "b/../\xff"}, reg, exe, facet, empty}
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
	f.Add(State{Kind: Regular, Facet: "x"}.Append(nil))
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

// TestHasher: the facet sees what the digest sees, before the digest does.
func TestHasher(t *testing.T) {
	h := NewHasher(Facet{"test", 1, func() FacetHasher { return &spy{} }})
	for _, pieces := range [][]string{nil, {"a"}, {"ab", "", "c"}} {
		h.Reset()
		before := ""
		want := ""
		for _, p := range pieces {
			h.Write([]byte(p))
			want += cache.Of([]byte(before)).Hex() + " " + p + "\n"
			before += p
		}
		if got, want := h.Sum(), (State{Kind: Regular, Digest: cache.Of([]byte(before)), Facet: want}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

// TestJoin: each part of a joined facet is what it is alone.
func TestJoin(t *testing.T) {
	one := Facet{"one", 1, func() FacetHasher { return &spy{} }}
	two := Facet{"two", 2, func() FacetHasher { return &sizer{} }}
	joined := Join(one, two)
	if joined.ID() != "one+two 3" {
		t.Errorf("ID is %q", joined.ID())
	}
	for _, content := range []string{"", "a", "abc"} {
		h, alone := NewHasher(joined), NewHasher(one)
		h.Write([]byte(content))
		alone.Write([]byte(content))
		facet := h.Sum().Facet
		if got, want := string(Part(facet, 0)), alone.Sum().Facet; got != want {
			t.Errorf("part 0 is %q, want %q", got, want)
		}
		if got, want := string(Part(facet, 1)), strconv.Itoa(len(content)); got != want {
			t.Errorf("part 1 is %q, want %q", got, want)
		}
		if got := Part(facet, 2); got != nil {
			t.Errorf("part 2 is %q", got)
		}
	}
	if got := Part("\x05ab", 0); got != nil {
		t.Errorf("a part that is cut off is %q", got)
	}
}

// sizer counts bytes.
type sizer struct{ n int }

func (s *sizer) Reset(hash.Hash)       { s.n = 0 }
func (s *sizer) Write(b []byte)        { s.n += len(b) }
func (s *sizer) Sum(dst []byte) []byte { return strconv.AppendInt(dst, int64(s.n), 10) }

// spy writes down what it is told.
type spy struct {
	digest hash.Hash
	seen   string
}

func (s *spy) Reset(digest hash.Hash) { *s = spy{digest: digest} }
func (s *spy) Write(b []byte) {
	s.seen += hex.EncodeToString(s.digest.Sum(nil)) + " " + string(b) + "\n"
}
func (s *spy) Sum(dst []byte) []byte { return append(dst, s.seen...) }
