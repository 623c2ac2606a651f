package outdir

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/cache"
)

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, root string) *Folder {
	t.Helper()
	f, warning, err := Open(root, "out")
	if err != nil || warning != "" {
		t.Fatal(warning, err)
	}
	return f
}

var digest = cache.Of([]byte("x")).String()

func TestRecord(t *testing.T) {
	root := t.TempDir()
	r := Record{{"//:b", "//:a", "b/c", digest}, {"//:a", "//:a", "a", digest}, {"//:a", "//:a", "a", digest}}
	f := open(t, root)
	if len(f.Record()) != 0 {
		t.Errorf("a new folder has a record: %v", f.Record())
	}
	if err := f.Write(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(root, "out")); !os.IsNotExist(err) {
		t.Error("a folder was made for nothing")
	}
	if err := f.Write(r); err != nil {
		t.Fatal(err)
	}
	if got, want := open(t, root).Record(), (Record{r[1], r[0]}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// What a build that was killed left of its record is no hindrance, and a link is not written through.
	write(t, filepath.Join(root, "victim"), "mine")
	if err := os.Symlink("../victim", filepath.Join(root, "out", tempName)); err != nil {
		t.Fatal(err)
	}
	f = open(t, root)
	if err := f.Write(r[:1]); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(root, "victim")); err != nil || string(b) != "mine" {
		t.Errorf("written through a link: %q, %v", b, err)
	}
	if got := open(t, root).Record(); !reflect.DeepEqual(got, r[:1]) {
		t.Errorf("got %v", got)
	}
	if err := f.Write(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(root, "out")); !os.IsNotExist(err) {
		t.Error("the empty folder is still there")
	}
}

// TestForeignRecord: what is no record, or one that was made to do harm, is as good as none.
func TestForeignRecord(t *testing.T) {
	line := func(path string) string { return recordHeader + digest + " //:a //:a " + path + "\n" }
	if _, ok := parseRecord(line("a/b")); !ok {
		t.Fatal("a good record is refused")
	}
	for _, text := range []string{
		"", "x", recordHeader + "\n", strings.TrimSuffix(line("a"), "\n"), recordHeader + digest + " //:a a\n", recordHeader + "0/0 //:a //:a a\n",
		line("../victim"), line("/etc/passwd"), line("a/../../victim"), line("."), line(""), line("a//b"), line(`a\b`), line(RecordName), line(RecordName + "/a"),
	} {
		root := t.TempDir()
		write(t, filepath.Join(root, "out", RecordName), text)
		f, warning, err := Open(root, "out")
		if err != nil || warning == "" || len(f.Record()) > 0 {
			t.Errorf("%q: %v, %q, %v", text, f.Record(), warning, err)
		}
		if err := f.Write(Record{{"//:a", "//:a", "a", digest}}); err != nil || len(open(t, root).Record()) != 1 {
			t.Errorf("%q is not replaced: %v", text, err)
		}
	}
	root := t.TempDir()
	write(t, filepath.Join(root, "elsewhere"), line("a"))
	if err := os.Mkdir(filepath.Join(root, "out"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../elsewhere", filepath.Join(root, "out", RecordName)); err != nil {
		t.Fatal(err)
	}
	if f, warning, err := Open(root, "out"); err != nil || warning == "" || len(f.Record()) > 0 {
		t.Errorf("a link: %v, %q, %v", f.Record(), warning, err)
	}
}

func TestRemove(t *testing.T) {
	root := t.TempDir()
	f := open(t, root)
	for _, p := range []string{"a/b/c", "a/b/d", "mine"} {
		name, err := f.Prepare(p)
		if err != nil {
			t.Fatal(err)
		}
		write(t, name, "")
	}
	there := func(p string) bool {
		_, err := os.Lstat(filepath.Join(root, "out", p))
		return err == nil
	}
	for _, p := range []string{"a/b/c", "a/b/c", "never/was"} {
		if err := f.Remove(p); err != nil {
			t.Error(err)
		}
	}
	if there("a/b/c") || !there("a/b/d") {
		t.Error("the wrong file is gone")
	}
	if err := f.Remove("a/b/d"); err != nil || there("a") || !there("mine") {
		t.Errorf("%v, a folder that became empty: %v", err, there("a"))
	}
	// A folder that is a link now: what is behind it is not touched, and nothing is put there.
	write(t, filepath.Join(root, "victim", "c"), "")
	if err := os.Symlink("../victim", filepath.Join(root, "out", "a")); err != nil {
		t.Fatal(err)
	}
	if err := f.Remove("a/c"); err == nil {
		t.Error("removed through a link")
	}
	if _, err := f.Prepare("a/x/c"); err == nil {
		t.Error("made a folder through a link")
	}
	if _, err := os.Lstat(filepath.Join(root, "victim", "c")); err != nil {
		t.Error(err)
	}
}

func TestOpenElsewhere(t *testing.T) {
	for what, make := range map[string]func(name string) error{
		"file":          func(name string) error { return os.WriteFile(name, nil, 0o666) },
		"symbolic link": func(name string) error { return os.Symlink(os.TempDir(), name) },
	} {
		root := t.TempDir()
		if err := make(filepath.Join(root, "out")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Open(root, "out"); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("a %s in place of the folder: %v", what, err)
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add(string(Record{{"//:b", "//:a", "b/c", digest}}.format()))
	f.Add(recordHeader + digest + " //:a //:a ../x\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, ok := parseRecord(text)
		if !ok {
			return
		}
		for _, e := range r {
			if !filepath.IsLocal(e.Path) {
				t.Errorf("%q leads out of the folder", e.Path)
			}
		}
		if again, ok := parseRecord(string(r.format())); !ok || len(again) > len(r) {
			t.Errorf("%q is not read again", r.format())
		}
	})
}
