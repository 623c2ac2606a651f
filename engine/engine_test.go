package engine

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/label"
)

// testRules has no word of SBOMs: one rule that joins files, one that checks them.
var testRules = RuleSet{
	Modules: map[string][]byte{"rules.star": []byte(`
def _join(ctx):
    out = ctx.actions.declare_output(ctx.label.name + ".txt")
    files = [f for d in ctx.attr.deps for f in d.files]
    if ctx.attr.srcs:
        files = files + [ctx.actions.fileset(ctx.actions.tree(path = "tree"), ctx.attr.srcs)]
    ctx.actions.run("test.join", inputs = {"in": files}, outputs = {"out": out}, mnemonic = "Join")
    if ctx.attr.forbid:
        ctx.actions.validate("test.forbid", params = {"word": ctx.attr.forbid}, inputs = {"in": [out]}, mnemonic = "Forbid")
    return [DefaultInfo(files = [out])]

join = rule(implementation = _join, attrs = {
    "deps": attr.label_list(allow_files = True),
    "srcs": attr.string_list(),
    "forbid": attr.string(),
})
`)},
	Operations: []action.Operation{
		{Name: "test.join", Version: 1, Run: func(_ context.Context, c action.Call) error {
			w, err := c.Create("out")
			if err != nil {
				return err
			}
			for _, f := range c.Files("in") {
				b, err := c.Read(f, 1<<20)
				if err != nil {
					return err
				}
				if _, err := w.Write(b); err != nil {
					return err
				}
			}
			return w.Close()
		}},
		{Name: "test.forbid", Version: 1, Run: func(_ context.Context, c action.Call) error {
			var p struct {
				Word string `json:"word"`
			}
			if err := c.Params(&p); err != nil {
				return err
			}
			b, err := c.Read(c.Files("in")[0], 1<<20)
			if err != nil {
				return err
			}
			if strings.Contains(string(b), p.Word) {
				return &diag.Error{Msg: "the word " + p.Word + " is in it"}
			}
			w, err := c.Create("report")
			if err == nil {
				err = w.Close()
			}
			return err
		}},
	},
}

// ranListener gathers the actions that were executed.
type ranListener struct{ names []string }

func (l *ranListener) Handle(e event.Event) {
	if f, ok := e.(event.NodeFinished); ok && f.Outcome == event.Ran && f.Key != "" {
		l.names = append(l.names, f.Name)
	}
}

// fixture is a workspace on disk with a cache of its own.
type fixture struct {
	t    *testing.T
	root string
	opt  Options

	listeners []event.Listener // of the next build
	more      event.Listener   // of every build; may be nil
}

func newFixture(t *testing.T, files map[string]string) *fixture {
	t.Helper()
	root := t.TempDir()
	f := &fixture{t: t, root: root, opt: Options{Root: root, CacheDir: t.TempDir(), Jobs: 2, Rules: testRules}}
	f.write("sbom.star", "")
	for name, content := range files {
		f.write(name, content)
	}
	return f
}

func (f *fixture) write(name, content string) {
	f.t.Helper()
	path := filepath.Join(f.root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) read(name string) string {
	f.t.Helper()
	b, err := os.ReadFile(filepath.Join(f.root, "sbom-out", filepath.FromSlash(name)))
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// build opens the workspace, builds the patterns and closes it; it returns what was executed, sorted.
func (f *fixture) build(patterns ...string) (ran []string, err error) {
	f.t.Helper()
	l := &ranListener{}
	f.opt.Events = event.NewStream(append(f.listeners, l)...)
	f.listeners = nil
	if f.more != nil {
		f.opt.Events.Listen(f.more)
	}
	w, err := Open(context.Background(), f.opt)
	if err != nil {
		f.t.Fatal(err)
	}
	p, err := label.ParsePatterns(patterns, "")
	if err != nil {
		f.t.Fatal(err)
	}
	_, err = w.Build(p)
	w.Close()
	slices.Sort(l.names)
	return l.names, err
}

func (f *fixture) mustRun(want []string, patterns ...string) {
	f.t.Helper()
	ran, err := f.build(patterns...)
	if err != nil {
		f.t.Fatal(err)
	}
	if !slices.Equal(ran, want) {
		f.t.Errorf("ran %q, want %q", ran, want)
	}
}

const buildFile = `
load("@sbomctl//:rules.star", "join")
join(name = "a", srcs = ["a/**"])
join(name = "b", srcs = ["b/*.txt"], deps = ["note.txt"])
join(name = "ab", deps = [":a", ":b"])
`

func sample(t *testing.T) *fixture {
	return newFixture(t, map[string]string{
		"BUILD.star": buildFile, "note.txt": "note ", "tree/a/1": "one ", "tree/a/sub/2": "two ", "tree/b/3.txt": "three ", "tree/b/other": "no",
	})
}

// TestIncremental: what runs after each kind of change.
func TestIncremental(t *testing.T) {
	f := sample(t)
	all := []string{"//:a Join", "//:ab Join", "//:b Join"}
	f.mustRun(all, "//:ab")
	if got := f.read("ab.txt"); got != "one two note three " {
		t.Errorf("got %q", got)
	}
	f.mustRun(nil, "//:ab")
	f.write("tree/a/1", "uno ")
	f.mustRun([]string{"//:a Join", "//:ab Join"}, "//:ab")
	f.write("tree/a/1", "one ") // undone: found in the action cache
	f.mustRun(nil, "//:ab")
	f.write("tree/b/unrelated", "x") // a directory that is listed, a file that no pattern matches
	f.mustRun(nil, "//:ab")
	f.write("tree/b/4.txt", "four ")
	f.mustRun([]string{"//:ab Join", "//:b Join"}, "//:ab")
	f.write("BUILD.star", "# a comment\n"+buildFile)
	f.mustRun(nil, "//:ab")
	f.write("BUILD.star", buildFile+`join(name = "new", deps = [":a"])`)
	f.mustRun([]string{"//:new Join"}, "//...")
	if err := os.Remove(filepath.Join(f.root, "tree", "a", "sub", "2")); err != nil {
		t.Fatal(err)
	}
	f.mustRun([]string{"//:a Join", "//:ab Join", "//:new Join"}, "//:all")
	if got := f.read("ab.txt"); got != "one note three four " {
		t.Errorf("got %q", got)
	}
}

// TestLostBlobs: when the cache forgets, what is needed is made again, and no more.
func TestLostBlobs(t *testing.T) {
	f := sample(t)
	f.write("tree/a/1", strings.Repeat("large ", action.MaxInline))
	f.mustRun([]string{"//:a Join", "//:ab Join", "//:b Join"}, "//:ab")
	want := f.read("ab.txt")
	for _, dir := range []string{"cas", "ac"} {
		if err := os.RemoveAll(filepath.Join(f.opt.CacheDir, "v1", dir)); err != nil {
			t.Fatal(err)
		}
	}
	f.mustRun(nil, "//:ab") // all that is wanted is in place
	f.write("note.txt", "another ")
	f.mustRun([]string{"//:a Join", "//:ab Join", "//:b Join"}, "//:ab")
	if got := f.read("ab.txt"); got != strings.Replace(want, "note", "another", 1) {
		t.Error("wrong result after the cache was emptied")
	}
	if err := os.RemoveAll(filepath.Join(f.root, "sbom-out")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(f.opt.CacheDir, "v1", "cas")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.build("//:ab"); err != nil || f.read("ab.txt") != strings.Replace(want, "note", "another", 1) {
		t.Errorf("the output was not restored: %v", err)
	}
}

// TestValidation: a validation that fails keeps nothing back, and fails the build until it holds.
func TestValidation(t *testing.T) {
	f := sample(t)
	f.write("BUILD.star", strings.Replace(buildFile, `deps = ["note.txt"]`, `deps = ["note.txt"], forbid = "note"`, 1))
	for range 2 { // a failure is not remembered as a success
		_, err := f.build("//:ab")
		if err == nil || !strings.Contains(err.Error(), "//:b: the word note is in it") {
			t.Fatalf("got %v", err)
		}
	}
	if got := f.read("ab.txt"); got != "one two note three " {
		t.Errorf("got %q", got)
	}
	f.opt.SkipValidation = true
	f.mustRun(nil, "//:ab")
	f.opt.SkipValidation = false
	f.write("note.txt", "nothing ")
	f.mustRun([]string{"//:ab Join", "//:b Forbid", "//:b Join"}, "//:ab")
}

// TestOverride: another tree in place of the declared one.
func TestOverride(t *testing.T) {
	f := sample(t)
	f.mustRun([]string{"//:a Join"}, "//:a")
	other := t.TempDir()
	if err := os.MkdirAll(filepath.Join(other, "a"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, "a", "x"), []byte("elsewhere"), 0o666); err != nil {
		t.Fatal(err)
	}
	f.opt.Overrides = []Override{{Label: label.Label{Name: "a"}, Path: other}}
	f.mustRun([]string{"//:a Join"}, "//:a")
	if got := f.read("a.txt"); got != "elsewhere" {
		t.Errorf("got %q", got)
	}
	f.opt.Overrides = nil
	f.mustRun(nil, "//:a")
	if got := f.read("a.txt"); got != "one two " {
		t.Errorf("got %q", got)
	}
}

// TestKeepGoing: without it a failing action keeps others from starting, with it what does not
// depend on the failure is built.
func TestKeepGoing(t *testing.T) {
	f := sample(t)
	f.write("BUILD.star", buildFile+`join(name = "bad", srcs = ["nothing/*"])`)
	f.opt.KeepGoing = true
	ran, err := f.build("//...")
	if err == nil || !strings.Contains(err.Error(), `pattern "nothing/*" matches no file`) {
		t.Errorf("got %v", err)
	}
	if want := []string{"//:a Join", "//:ab Join", "//:b Join"}; !slices.Equal(ran, want) {
		t.Errorf("ran %q", ran)
	}
}

// TestInterrupted: a build whose context ends says so and leaves a usable workspace.
func TestInterrupted(t *testing.T) {
	f := sample(t)
	ctx, cancel := context.WithCancel(context.Background())
	w, err := Open(ctx, f.opt)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	p, _ := label.ParsePatterns([]string{"//:ab"}, "")
	if _, err := w.Build(p); err != context.Canceled {
		t.Errorf("got %v", err)
	}
	w.Close()
	f.mustRun([]string{"//:a Join", "//:ab Join", "//:b Join"}, "//:ab")
}

func TestComplete(t *testing.T) {
	f := sample(t)
	f.write("sub/BUILD.star", "")
	f.write("nested/sbom.star", "")
	f.write("nested/BUILD.star", "")
	w, err := Open(context.Background(), f.opt)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for prefix, want := range map[string][]string{
		"//:a": {"//:a", "//:ab", "//:all"},
		"//s":  {"//sub/...", "//sub:"},
		"//n":  nil, // another workspace
		":b":   {":b"},
	} {
		if got, err := w.Complete(prefix, ""); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", prefix, got, err)
		}
	}
}
