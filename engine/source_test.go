package engine

import (
	"os"
	"path/filepath"
	"testing"
)

// TestReplaceSource: a file of the user's is replaced whole, through no link, and nothing
// else appears in the tree.
func TestReplaceSource(t *testing.T) {
	f := sample(t)
	f.write("sub/lock.json", "old")
	w, err := Open(t.Context(), f.opt)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	victim := t.TempDir()
	precious := filepath.Join(victim, "lock.json")
	if err := os.WriteFile(precious, []byte("precious"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, filepath.Join(f.root, "folder")); err != nil {
		t.Skip(err)
	}
	if err := os.Symlink(precious, filepath.Join(f.root, "file")); err != nil {
		t.Fatal(err)
	}
	before := snapshotOf(t, f.root)
	for _, name := range []string{"folder/lock.json", "file", "../x", "/x"} {
		if err := w.ReplaceSource(name, []byte("new")); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	if b, err := os.ReadFile(precious); err != nil || string(b) != "precious" {
		t.Errorf("a link was followed: %q, %v", b, err)
	}
	if err := w.ReplaceSource("sub/lock.json", []byte("new")); err != nil {
		t.Fatal(err)
	}
	after := snapshotOf(t, f.root)
	if b := after[filepath.Join(f.root, "sub", "lock.json")]; b != "new" || len(after) != len(before) {
		t.Errorf("%q in %d files, want %d", b, len(after), len(before))
	}
}
