package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// damages are what can happen to a file of the cache. Each leaves nothing of it that is right.
var damages = []struct {
	name string
	do   func(path string) error
}{
	{"deleted", os.Remove},
	{"emptied", func(p string) error { return rewrite(p, func([]byte) []byte { return nil }) }},
	{"cut", func(p string) error { return rewrite(p, func(b []byte) []byte { return b[:len(b)/2] }) }},
	{"longer", func(p string) error { return rewrite(p, func(b []byte) []byte { return append(b, 'x') }) }},
	{"one bit", func(p string) error {
		return rewrite(p, func(b []byte) []byte {
			if len(b) > 0 {
				b[len(b)/2] ^= 1
			}
			return b
		})
	}},
	{"other bytes", func(p string) error {
		return rewrite(p, func(b []byte) []byte { return bytes.Repeat([]byte("A"), len(b)) })
	}},
	{"a folder", func(p string) error {
		if err := os.Remove(p); err != nil {
			return err
		}
		return os.Mkdir(p, 0o777)
	}},
	{"a folder that is not empty", func(p string) error {
		if err := os.Remove(p); err != nil {
			return err
		}
		return os.MkdirAll(filepath.Join(p, "x"), 0o777)
	}},
	{"a symbolic link to nothing", func(p string) error {
		if err := os.Remove(p); err != nil {
			return err
		}
		return os.Symlink("nowhere", p)
	}},
}

// rewrite changes the bytes of a file that may be read-only.
func rewrite(path string, change func([]byte) []byte) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o666); err != nil {
		return err
	}
	return os.WriteFile(path, change(b), 0o666)
}

// cacheFiles returns the files below a folder of the cache.
func (w *realWorkspace) cacheFiles(folder string) []string {
	w.Helper()
	var out []string
	err := filepath.WalkDir(filepath.Join(w.cache, "v1", folder), func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			out = append(out, p)
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	if len(out) == 0 {
		w.Fatalf("there is nothing in the cache's %s", folder)
	}
	return out
}

// wantWarnings checks that a warning is about an entry of the cache and that none comes twice.
func wantWarnings(t *testing.T, what string, r result, max int) {
	t.Helper()
	said := r.warnings()
	slices.Sort(said)
	if len(said) > max || len(slices.Compact(slices.Clone(said))) != len(said) {
		t.Errorf("%s: %d warnings, want at most %d, each once:\n%s", what, len(said), max, strings.Join(said, "\n"))
	}
	if strings.Contains(r.stderr, "goroutine ") || strings.Contains(r.stderr, "panic") {
		t.Errorf("%s: it said\n%s", what, r.stderr)
	}
}

// TestDamagedCache damages every file of the cache and builds: the result is right, and there is at most one
// warning for a file.
func TestDamagedCache(t *testing.T) {
	const vendored = "testdata/cpython/Modules/expat/xmlparse.c"
	reference := repositoryWorkspace(t)
	original := reference.read(vendored)
	reference.append(vendored, "/* x */\n")
	reference.mustBuild(few...)
	edited := reference.outputs()
	reference.write(vendored, original)
	reference.mustBuild(few...)
	want := reference.outputs()

	w := repositoryWorkspace(t)
	removeAll := func(path string) {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{"cas", "ac", "cas and ac"} {
		for _, d := range damages {
			// What the build after the damage needs of the cache: for the outputs; as inputs
			// of actions that have to run; instead of running them.
			for _, c := range []struct {
				name  string
				edit  func()
				wants map[string]string
			}{
				{"nothing to do", func() {}, want},
				{"outputs are gone", func() { removeAll(w.path(outDirName)) }, want},
				{"an edit", func() { w.append(vendored, "/* x */\n") }, edited},
				{"the journal is gone", func() { removeAll(filepath.Join(w.cache, "v1", "workspaces")) }, want},
				{"both are gone", func() {
					removeAll(filepath.Join(w.cache, "v1", "workspaces"))
					removeAll(w.path(outDirName))
				}, want},
			} {
				// Results of actions are looked up when an action has to run.
				if folder != "cas" && !strings.Contains(c.name, "gone") || folder == "cas and ac" && c.name != "both are gone" {
					continue
				}
				what := fmt.Sprintf("%s: %s, %s", folder, d.name, c.name)
				w.write(vendored, original)
				removeAll(w.cache)
				w.mustBuild(few...)
				sameOutputs(t, what+", before", w.outputs(), want)
				var hit []string
				for _, f := range strings.Split(folder, " and ") {
					hit = append(hit, w.cacheFiles(f)...)
				}
				for _, path := range hit {
					if err := d.do(path); err != nil {
						t.Fatal(err)
					}
				}
				c.edit()
				r := w.build(few...)
				if r.code != 0 {
					t.Fatalf("%s: exit %d\n%s", what, r.code, r.stderr)
				}
				sameOutputs(t, what, w.outputs(), c.wants)
				wantWarnings(t, what, r, len(hit))
				if c.name == "both are gone" && (len(r.warnings()) > 0) == (d.name == "deleted") {
					t.Errorf("%s: warned %q", what, r.warnings())
				}
				if again := w.mustBuild(few...); len(again.executed()) > 0 || len(again.warnings()) > 0 {
					t.Errorf("%s: built again, executed %q, warned %q", what, again.executed(), again.warnings())
				}
			}
		}
	}
}

// TestLostCache removes or replaces whole folders of the cache.
func TestLostCache(t *testing.T) {
	w := repositoryWorkspace(t)
	w.mustBuild(few...)
	want := w.outputs()
	for _, folder := range []string{"v1/cas", "v1/ac", "v1/tmp", "v1/workspaces", "v1", ""} {
		for _, outputs := range []bool{true, false} {
			if err := os.RemoveAll(filepath.Join(w.cache, folder)); err != nil {
				t.Fatal(err)
			}
			if !outputs {
				if err := os.RemoveAll(w.path(outDirName)); err != nil {
					t.Fatal(err)
				}
			}
			wantWarnings(t, folder, w.mustBuild(few...), 0)
			sameOutputs(t, folder, w.outputs(), want)
		}
	}
	// A file in the place of the folder that the user named is somebody else's: it stays, and that is said.
	if err := os.RemoveAll(w.cache); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.cache, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	if r := w.build(few...); r.code != 1 || !strings.Contains(r.stderr, "--disk_cache=DIR moves the cache") {
		t.Errorf("a file at the cache: exit %d\n%s", r.code, r.stderr)
	}
	if b, err := os.ReadFile(w.cache); err != nil || string(b) != "mine" {
		t.Error("a file at the cache was changed")
	}
}

// TestDamagedJournal does to the record of earlier builds what a full disk, a crash or another program may do.
func TestDamagedJournal(t *testing.T) {
	w := repositoryWorkspace(t)
	w.mustBuild(few...)
	want := w.outputs()
	var path string
	for _, p := range w.cacheFiles("workspaces") {
		if filepath.Base(p) == "journal" {
			path = p
		}
	}
	intact, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := len(intact)
	flip := func(at int) func() []byte {
		return func() []byte {
			b := slices.Clone(intact)
			b[at] ^= 0x40
			return b
		}
	}
	cases := map[string]func() []byte{
		"empty":              func() []byte { return nil },
		"somebody else's":    func() []byte { return []byte("hello\n") },
		"older":              func() []byte { return bytes.Replace(intact, []byte("journal 1"), []byte("journal 0"), 1) },
		"zeros":              func() []byte { return make([]byte, n) },
		"twice":              func() []byte { return append(slices.Clone(intact), intact...) },
		"zeros at its end":   func() []byte { return append(slices.Clone(intact), make([]byte, 100)...) },
		"garbage at its end": func() []byte { return append(slices.Clone(intact), "garbage"...) },
		"last byte cut":      func() []byte { return intact[:n-1] },
	}
	for _, part := range []int{1, 10, 18, 20, 30, 100, n / 4, n / 2, n - 9} {
		cases[fmt.Sprintf("cut at %d of %d", part, n)] = func() []byte { return intact[:part] }
		cases[fmt.Sprintf("a bit at %d of %d", part, n)] = flip(part)
	}
	for name, damage := range cases {
		for _, gone := range []bool{false, true} {
			if err := os.WriteFile(path, damage(), 0o666); err != nil {
				t.Fatal(err)
			}
			if gone {
				if err := os.RemoveAll(w.path(outDirName)); err != nil {
					t.Fatal(err)
				}
			}
			r := w.mustBuild(few...)
			wantWarnings(t, name, r, 1)
			for _, node := range r.executed() {
				if !strings.HasSuffix(node, " Write") {
					t.Errorf("%s: %s was executed, and is in the cache", name, node)
				}
			}
			sameOutputs(t, name, w.outputs(), want)
			if again := w.mustBuild(few...); len(again.executed()) > 0 || len(again.warnings()) > 0 {
				t.Errorf("%s: built again, executed %q, warned %q", name, again.executed(), again.warnings())
			}
		}
	}
}
