package main

import (
	"bytes"
	"path/filepath"
	"reflect"
	"testing"
)

// TestGenerator makes the same from the same seed, on the disk too, and something else from another.
func TestGenerator(t *testing.T) {
	sequence := func(seed uint64) (ops []op, args [][]string, seen listing) {
		dir := t.TempDir()
		w := &world{dir: filepath.Join(dir, "world"), cache: filepath.Join(dir, "cache"), program: filepath.Join(dir, "none"), builds: new(int)}
		g := newGenerator(seed, []string{"clean", "program"})
		ops = g.workspace()
		for _, o := range ops {
			if err := verbs[o.verb](w, w.path(o.path), o.arg); err != nil {
				t.Fatalf("seed %d: %s: %v", seed, o, err)
			}
		}
		for range 30 {
			edit := g.edit(w.look())
			for _, o := range edit {
				o.do(w)
			}
			ops, args = append(ops, edit...), append(args, g.command())
		}
		return ops, args, w.look()
	}
	ops, args, seen := sequence(7)
	ops2, args2, seen2 := sequence(7)
	if !reflect.DeepEqual(ops, ops2) || !reflect.DeepEqual(args, args2) || !reflect.DeepEqual(seen, seen2) {
		t.Error("seed 7 gives two different sequences")
	}
	if other, _, _ := sequence(8); reflect.DeepEqual(ops, other) {
		t.Error("seeds 7 and 8 give the same sequence")
	}
}

// TestEdits finds something that each edit of the table can do.
func TestEdits(t *testing.T) {
	for _, e := range edits {
		g := newGenerator(3, nil)
		g.workspace()
		seen := listing{files: []string{"ws/src/lib/a.c"}, folders: []string{"ws/src", "ws/src/lib"}}
		for _, o := range e.make(g, seen) {
			if verbs[o.verb] == nil {
				t.Errorf("edit %q: there is no verb %q", e.name, o.verb)
			}
		}
	}
}

// TestOracle is told of what must not be: a drill that finds nothing has to be able to.
func TestOracle(t *testing.T) {
	want := map[string]string{"a/x": "1\n2\n", "b/y": "3\n"}
	for kind, got := range map[string]map[string]string{
		"":               {"a/x": "1\n2\n", "b/y": "3\n"},
		"missing output": {"a/x": "1\n2\n"},
		"wrong output":   {"a/x": "1\n4\n", "b/y": "3\n"},
		"stale output":   {"a/x": "1\n2\n", "b/y": "3\n", "c": ""},
	} {
		f := same(got, want, "")
		if (f == nil) != (kind == "") || f != nil && f.kind != kind {
			t.Errorf("%q: same says %+v", kind, f)
		}
	}
	if f := same(map[string]string{"a/x": "1\n2\n"}, want, "a/"); f != nil {
		t.Errorf("what is not below a/ was compared: %+v", f)
	}
	for text, kind := range map[string]string{
		"sbomctl: error: no\n":                         "",
		"panic: x\n\ngoroutine 1 [running]:\n":         "stack trace",
		"runtime: netpollBreak write failed with 28\n": "",
	} {
		if f := crashed(result{code: 2, stderr: text}); (f == nil) != (kind == "") || f != nil && f.kind != kind {
			t.Errorf("%q: crashed says %+v", text, f)
		}
	}
	if f := ranNothing(result{stderr: "sbomctl: 3 ran, 4 up to date, 0.01 s\n"}); f == nil {
		t.Error("3 ran is not nothing")
	}
	if f := ranNothing(result{stderr: "sbomctl: build failed: 0 ran, 1 failed, 10 up to date, 0.01 s\n"}); f != nil {
		t.Errorf("0 ran is nothing: %+v", f)
	}
}

// TestDrill runs a few steps of the drills against the program of this checkout.
func TestDrill(t *testing.T) {
	for _, only := range []string{"edits", "kills", "faults", "damage"} {
		var out bytes.Buffer
		failures, err := run(session{ctx: t.Context(), out: &out, seed: 5000, steps: 3, skip: []string{"self"}}, only, "", 0)
		if err != nil || failures > 0 {
			t.Errorf("%d failures, %v\n%s", failures, err, out.Bytes())
		}
	}
}
