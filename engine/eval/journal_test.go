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

// TestReplaced: with other kinds, or other versions of them, only leaves are kept, and what is recorded then
// is found again.
func TestReplaced(t *testing.T) {
	w := newWorld(rand.New(rand.NewPCG(3, 3)), true)
	state := stateFolder(t)
	_, keys := randomRoots(rand.New(rand.NewPCG(1, 1)))
	build := func(kinds []Kind) (ran []string) {
		t.Helper()
		e, err := Open(kinds, Options{State: state, Jobs: 1, Warn: func(m string) { t.Error("warned:", m) }})
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
	first := build(w.kinds())
	if len(first) == 0 || len(build(w.kinds())) != 0 {
		t.Fatal("the second build does not find the first one's record")
	}
	kinds := append([]Kind{{Name: "new", Leaf: w}}, w.kinds()...)
	if again := build(kinds); len(again) != len(first) {
		t.Errorf("with another kind ran %q, want %q", again, first)
	}
	if len(build(kinds)) != 0 {
		t.Error("the journal in terms of the new kinds is not found")
	}
	kinds[2].Version++
	if again := build(kinds); len(again) != len(first) {
		t.Errorf("with another version of one kind ran %q, want %q", again, first)
	}
	if again := build(kinds); len(again) != 0 {
		t.Errorf("after that ran %q", again)
	}
	for i := range kinds {
		kinds[i].Version++
	}
	if again := build(kinds); len(again) != len(first) {
		t.Errorf("with other versions ran %q, want %q", again, first)
	}
	if again := build(kinds); len(again) != 0 {
		t.Errorf("after that ran %q", again)
	}
}

// TestDroppedKind: the numbers of nodes whose kind is dropped may be the highest, and traces spoke of them.
func TestDroppedKind(t *testing.T) {
	state := stateFolder(t)
	build := func(version uint32) (ran int) {
		kinds := []Kind{
			{Name: "top", Run: func(c *Context, _ string) (Result, error) {
				ran++
				_, err := c.Get(Key{"low", "y"})
				return Result{Value: []byte("t")}, err
			}},
			{Name: "low", Version: version, Run: func(*Context, string) (Result, error) {
				ran++
				return Result{Value: []byte("l")}, nil
			}},
		}
		e, err := Open(kinds, Options{State: state, Jobs: 1, Warn: func(m string) { t.Error("warned:", m) }})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range e.NewSession(context.Background(), nil).Get([]Key{{"top", "x"}}) {
			if o.Err != nil {
				t.Fatal(o.Err)
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		return ran
	}
	for i, step := range []struct {
		version uint32
		ran     int
	}{{1, 2}, {1, 0}, {2, 2}, {2, 0}, {1, 2}, {1, 0}} {
		if ran := build(step.version); ran != step.ran {
			t.Errorf("build %d, of version %d, ran %d functions, want %d", i, step.version, ran, step.ran)
		}
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

// wantClean gets keys in a new session and wants what a clean build yields.
func wantClean(t *testing.T, e *Evaluator, w *world, roots []string, keys []Key) {
	t.Helper()
	clean := w.clean(roots)
	s := e.NewSession(context.Background(), nil)
	for i, o := range s.Get(keys) {
		if got, _ := w.yieldOf(s, roots[i], o); got != clean[roots[i]] {
			t.Errorf("%s yields %+v; want %+v", roots[i], got, clean[roots[i]])
		}
	}
}

// TestSnapshot: whatever part of the journal a reader finds while its holder writes, it gets
// right values and changes nothing.
func TestSnapshot(t *testing.T) {
	w := newWorld(rand.New(rand.NewPCG(7, 7)), true)
	good := journalOf(t, w)
	roots, keys := randomRoots(rand.New(rand.NewPCG(1, 1)))
	state := stateFolder(t)
	path := state.Path(journalName)
	opt := Options{State: state, ReadOnly: true, Jobs: 1, Warn: func(m string) { t.Error("warned:", m) }}
	for n := 0; n <= len(good); n += 7 {
		if err := os.WriteFile(path, good[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		e, err := Open(w.kinds(), opt)
		if err != nil {
			t.Fatal(err)
		}
		wantClean(t, e, w, roots, keys)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, good[:n]) {
			t.Fatalf("the reader changed the journal: %v", err)
		}
	}
	if err := os.WriteFile(path, good, 0o666); err != nil {
		t.Fatal(err)
	}
	w.takeRan()
	e, err := Open(w.kinds(), opt)
	if err != nil {
		t.Fatal(err)
	}
	wantClean(t, e, w, roots, keys)
	if ran := w.takeRan(); len(ran) > 0 {
		t.Errorf("the reader of a whole journal ran %q", ran)
	}
	if left, err := state.List("."); err != nil || len(left) != 1 {
		t.Errorf("the folder has %v, %v", left, err)
	}
}

// TestJournalLost: a journal that is cut while it is open, one that cannot be written, and a
// folder that vanishes cost the record and nothing else.
func TestJournalLost(t *testing.T) {
	roots, keys := randomRoots(rand.New(rand.NewPCG(1, 1)))
	for name, lose := range map[string]func(t *testing.T, e *Evaluator) error{
		"cut":     func(_ *testing.T, e *Evaluator) error { return os.Truncate(e.State.Path(journalName), 0) },
		"closed":  func(_ *testing.T, e *Evaluator) error { return e.journal.file.Close() },
		"removed": func(_ *testing.T, e *Evaluator) error { return os.RemoveAll(e.State.Path(".")) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(rand.New(rand.NewPCG(7, 7)), true)
			dir := t.TempDir()
			for round := range 3 {
				state, err := osfile.OpenFolder(dir, nil)
				if err != nil {
					t.Fatal(err)
				}
				e, err := Open(w.kinds(), Options{State: state, Jobs: 2})
				if err != nil {
					t.Fatal(err)
				}
				if round == 1 {
					w.set("s0", "edited")
					if err := lose(t, e); err != nil {
						t.Fatal(err)
					}
				}
				wantClean(t, e, w, roots, keys)
				if err := e.Close(); (err != nil) != (round == 1 && name == "closed") {
					t.Errorf("round %d: Close says %v", round, err)
				}
				state.Close()
			}
		})
	}
	// From the start: there is no folder any more.
	state := stateFolder(t)
	if err := os.Remove(state.Path(".")); err != nil {
		t.Skip(err)
	}
	var warned []string
	w := newWorld(rand.New(rand.NewPCG(7, 7)), true)
	e, err := Open(w.kinds(), Options{State: state, Jobs: 1, Warn: func(m string) { warned = append(warned, m) }})
	if err != nil {
		t.Fatal(err)
	}
	wantClean(t, e, w, roots, keys)
	if err := e.Close(); err != nil || len(warned) != 1 {
		t.Errorf("%v, warned %q", err, warned)
	}
}

// TestJournalShared: a journal that has another name too, as in a backup of hard links, is
// not appended to.
func TestJournalShared(t *testing.T) {
	w := newWorld(rand.New(rand.NewPCG(7, 7)), true)
	good := journalOf(t, w)
	_, keys := randomRoots(rand.New(rand.NewPCG(1, 1)))
	state := stateFolder(t)
	if err := os.WriteFile(state.Path("backup"), good, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(state.Path("backup"), state.Path(journalName)); err != nil {
		t.Skip(err)
	}
	if info, err := state.Lstat(journalName); err != nil || !osfile.HasOtherNames(info) {
		t.Skip("links are not counted here")
	}
	w.takeRan()
	for _, edited := range []bool{false, true} {
		if edited {
			w.set("s0", "edited")
		}
		e, err := Open(w.kinds(), Options{State: state, Jobs: 1})
		if err != nil {
			t.Fatal(err)
		}
		e.NewSession(context.Background(), nil).Get(keys)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if ran := w.takeRan(); !edited && len(ran) > 0 {
			t.Errorf("the record was lost: ran %q", ran)
		}
	}
	if b, err := os.ReadFile(state.Path("backup")); err != nil || !bytes.Equal(b, good) {
		t.Errorf("the backup was changed: %v", err)
	}
}
