package engine

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/event"
)

// TestOneState: a workspace has one state and one lock by whatever path it is entered.
func TestOneState(t *testing.T) {
	f := sample(t)
	f.mustRun([]string{"//:a Join", "//:ab Join", "//:b Join"}, "//:ab")
	link := filepath.Join(t.TempDir(), "other")
	if err := os.Symlink(f.opt.Root, link); err != nil {
		t.Skip(err)
	}
	f.opt.Root = link
	f.mustRun(nil, "//:ab")
	states, err := os.ReadDir(filepath.Join(f.opt.CacheDir, "v1", "workspaces"))
	if err != nil || len(states) != 1 {
		t.Errorf("%d states, %v; want one", len(states), err)
	}
}

// whenWaiting calls f when a command says that it waits for another one.
type whenWaiting struct{ f func() }

func (l whenWaiting) Handle(e event.Event) {
	if w, ok := e.(event.Warning); ok && strings.Contains(w.Message, "waiting for it") {
		l.f()
	}
}

// TestReadOnly: who only looks neither waits for the command that holds the workspace nor
// keeps it out, sees what is there, and writes nothing.
func TestReadOnly(t *testing.T) {
	f := sample(t)
	look := func() {
		t.Helper()
		opt := f.opt
		opt.ReadOnly = true
		opt.Events = event.NewStream(whenWaiting{func() { t.Error("it waits") }})
		w, err := Open(t.Context(), opt)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		if got, err := w.Complete("//:a", ""); err != nil || !slices.Equal(got, []string{"//:a", "//:ab", "//:all"}) {
			t.Errorf("%q, %v", got, err)
		}
	}
	look()
	if _, err := os.Lstat(filepath.Join(f.opt.CacheDir, "v1")); err == nil {
		t.Error("a cache was made")
	}
	f.mustRun([]string{"//:a Join", "//:ab Join", "//:b Join"}, "//:ab")
	before := snapshotOf(t, f.opt.CacheDir)
	builder, err := Open(t.Context(), f.opt)
	if err != nil {
		t.Fatal(err)
	}
	look() // while the builder holds the workspace
	f.write("BUILD.star", "this is no Starlark")
	opt := f.opt
	opt.ReadOnly = true
	w, err := Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := w.Complete("//:a", ""); err != nil || !slices.Equal(got, []string{"//:all"}) {
		t.Errorf("of a broken package: %q, %v", got, err)
	}
	w.Close()
	builder.Close()
	if after := snapshotOf(t, f.opt.CacheDir); !maps.Equal(before, after) {
		t.Errorf("the cache was written to:\n%q\n%q", before, after)
	}
}

// snapshotOf returns the contents of all files below dir.
func snapshotOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestClean: clean waits for the command that holds the workspace, removes no link's target,
// and keeps the lock.
func TestClean(t *testing.T) {
	f := sample(t)
	f.mustRun([]string{"//:a Join", "//:ab Join", "//:b Join"}, "//:ab")
	builder, err := Open(t.Context(), f.opt)
	if err != nil {
		t.Fatal(err)
	}
	opt := f.opt
	out := filepath.Join(opt.Root, "sbom-out")
	opt.Events = event.NewStream(whenWaiting{func() {
		if _, err := os.Lstat(out); err != nil {
			t.Error("removed beside a build")
		}
		builder.Close()
	}})
	lock, err := filepath.Glob(filepath.Join(opt.CacheDir, "v1", "workspaces", "*", "lock"))
	if err != nil || len(lock) != 1 {
		t.Fatal(lock, err)
	}
	before, err := os.Lstat(lock[0])
	if err != nil {
		t.Fatal(err)
	}
	if removed, err := Clean(t.Context(), opt, true); err != nil || !removed {
		t.Fatal(removed, err)
	}
	if _, err := os.Lstat(out); err == nil {
		t.Error("the output folder is still there")
	}
	if left, err := os.ReadDir(filepath.Dir(lock[0])); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v; want the lock alone", left, err)
	}
	if after, err := os.Lstat(lock[0]); err != nil || !os.SameFile(before, after) {
		t.Errorf("the lock was replaced: %v", err)
	}
	if removed, err := Clean(t.Context(), opt, false); err != nil || removed {
		t.Error(removed, err)
	}
	victim := t.TempDir()
	if err := os.WriteFile(filepath.Join(victim, "x"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, out); err != nil {
		t.Skip(err)
	}
	if removed, err := Clean(t.Context(), opt, false); err != nil || !removed {
		t.Error(removed, err)
	}
	if _, err := os.Lstat(filepath.Join(victim, "x")); err != nil {
		t.Error("clean followed a link")
	}
	// Who is interrupted while it waits ends.
	if builder, err = Open(t.Context(), f.opt); err != nil {
		t.Fatal(err)
	}
	defer builder.Close()
	ctx, cancel := context.WithCancel(t.Context())
	opt.Events = event.NewStream(whenWaiting{cancel})
	if _, err := Clean(ctx, opt, false); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}
