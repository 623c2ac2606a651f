package eval

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/sbomctl/sbomctl/cache/osfile"
)

// stateFolder is an empty folder for a journal.
func stateFolder(t testing.TB) *osfile.Folder {
	t.Helper()
	f, err := osfile.OpenFolder(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// journalOf builds something in a fresh evaluator and returns its journal's bytes.
func journalOf(t testing.TB, w *world) []byte {
	t.Helper()
	state := stateFolder(t)
	e, err := Open(w.kinds(), Options{State: state, Jobs: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, keys := randomRoots(rand.New(rand.NewPCG(1, 1)))
	e.NewSession(context.Background(), nil).Get(keys)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(state.Path(journalName))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// FuzzReplay: whatever a journal holds, it is read without a panic, and what is kept of it is
// sound enough to build on.
func FuzzReplay(f *testing.F) {
	w := newWorld(rand.New(rand.NewPCG(7, 7)), true)
	good := journalOf(f, w)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte(magic))
	f.Add([]byte("something else"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Open(w.kinds(), Options{Jobs: 1})
		if err != nil {
			t.Fatal(err)
		}
		e.journal = &journal{}
		n, err := e.replay(b)
		if n > int64(len(b)) || err != nil && n != 0 {
			t.Fatalf("%d of %d bytes are good, %v", n, len(b), err)
		}
		if err != nil {
			return
		}
		e.journal = nil
		e.NewSession(context.Background(), nil).Get([]Key{{"node", "n0"}})
	})
}

// FuzzRecords is FuzzReplay behind the checksum, which keeps most changes from ever being parsed.
func FuzzRecords(f *testing.F) {
	w := newWorld(rand.New(rand.NewPCG(7, 7)), true)
	good := journalOf(f, w)
	head := len(magic)
	for len(good)-head > batchHead {
		size := int(good[head]) | int(good[head+1])<<8 | int(good[head+2])<<16
		f.Add(good[head+batchHead : head+batchHead+size])
		head += batchHead + size
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		e, err := Open(w.kinds(), Options{Jobs: 1})
		if err != nil {
			t.Fatal(err)
		}
		e.journal = &journal{}
		if !e.replayBatch(payload, []int{0, 1}) {
			return
		}
		for _, n := range e.nodes {
			if n != nil && n.recorded && !e.trace(n).valid(id(len(e.nodes))) {
				t.Fatal("a malformed trace was kept")
			}
		}
	})
}

// TestReplaced: with another fingerprint only leaves are kept; with other kinds, what is
// still known of them.
func TestReplaced(t *testing.T) {
	w := newWorld(rand.New(rand.NewPCG(3, 3)), true)
	state := stateFolder(t)
	_, keys := randomRoots(rand.New(rand.NewPCG(1, 1)))
	build := func(kinds []Kind, fingerprint string) (ran []string) {
		t.Helper()
		e, err := Open(kinds, Options{State: state, Jobs: 1, Fingerprint: fingerprint, Warn: func(m string) { t.Error("warned:", m) }})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range e.NewSession(context.Background(), nil).Get(keys) {
			if o.Err != nil {
				t.Fatal(o.Err)
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		return w.takeRan()
	}
	first := build(w.kinds(), "one")
	if len(first) == 0 || len(build(w.kinds(), "one")) != 0 {
		t.Fatal("the second build does not find the first one's record")
	}
	if again := build(w.kinds(), "two"); len(again) != len(first) {
		t.Errorf("another engine ran %q, want %q", again, first)
	}
	kinds := append([]Kind{{Name: "new", Leaf: w}}, w.kinds()...)
	if again := build(kinds, "two"); len(again) != len(first) {
		t.Errorf("with another kind ran %q, want %q", again, first)
	}
	if len(build(kinds, "two")) != 0 {
		t.Error("the journal in terms of the new kinds is not found")
	}
	kinds[2].Version++
	if again := build(kinds, "two"); len(again) != len(first) {
		t.Errorf("with another version ran %q, want %q", again, first)
	}
}

// TestCompact: a journal does not grow without bound, and compaction loses nothing.
func TestCompact(t *testing.T) {
	w := newWorld(rand.New(rand.NewPCG(5, 5)), true)
	w.set("s0", string(bytes.Repeat([]byte("x"), 1<<20)))
	w.set("def:n0", "s0")
	state := stateFolder(t)
	key := []Key{{"node", "n0"}}
	for i := range 40 {
		w.set("s0", string(bytes.Repeat([]byte{byte('a' + i%20)}, 1<<20)))
		e, err := Open(w.kinds(), Options{State: state, Jobs: 1})
		if err != nil {
			t.Fatal(err)
		}
		e.NewSession(context.Background(), nil).Get(key)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(state.Path(journalName))
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 12<<20 {
		t.Errorf("40 builds that record 1 MB each left a journal of %d MB", info.Size()>>20)
	}
	w.takeRan()
	e, err := Open(w.kinds(), Options{State: state, Jobs: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	e.NewSession(context.Background(), nil).Get(key)
	if ran := w.takeRan(); len(ran) > 0 {
		t.Errorf("ran %q after a compaction", ran)
	}
}
