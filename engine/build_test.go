package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/label"
)

// outputRules have a rule whose outputs a test chooses, one that passes on those of others, and operations that
// fail, or that lose what the cache holds.
func outputRules(dir string) RuleSet {
	params := func(c action.Call) (p struct {
		Text string `json:"text"`
		Lose bool   `json:"lose"`
	}, err error) {
		err = c.Params(&p)
		return p, err
	}
	return RuleSet{
		Modules: map[string][]byte{"rules.star": []byte(`
def _put(ctx):
    outs = []
    for name in ctx.attr.outs:
        out = ctx.actions.declare_output(name)
        outs.append(out)
        ctx.actions.run("test.put", params = {"text": ctx.attr.text, "lose": ctx.attr.lose},
            inputs = {"in": [f for d in ctx.attr.deps for f in d.files]}, outputs = {"out": out}, mnemonic = "Put")
    if ctx.attr.wrong:
        ctx.actions.validate("test.put", params = {"text": "wrong", "lose": False}, mnemonic = "Check")
    return [DefaultInfo(files = outs)]

put = rule(implementation = _put, attrs = {
    "outs": attr.string_list(),
    "text": attr.string(),
    "lose": attr.bool(),
    "wrong": attr.bool(),
    "deps": attr.label_list(allow_files = True),
})

def _group(ctx):
    return [DefaultInfo(files = [f for d in ctx.attr.deps for f in d.files])]

group = rule(implementation = _group, attrs = {"deps": attr.label_list(allow_files = True)})
`)},
		Operations: []action.Operation{{Name: "test.put", Version: 1, Run: func(_ context.Context, c action.Call) error {
			p, err := params(c)
			if err != nil {
				return err
			}
			if p.Text == "wrong" {
				return &diag.Error{Msg: "the text is wrong"}
			}
			w, err := c.Create("out")
			if err != nil {
				return err
			}
			for _, f := range c.Files("in") {
				b, err := c.Read(f, 1<<20)
				if err == nil {
					_, err = w.Write(b)
				}
				if err != nil {
					return err
				}
			}
			if p.Lose {
				if err := os.RemoveAll(filepath.Join(dir, "v1", "cas")); err != nil {
					return err
				}
			}
			if _, err := w.Write([]byte(p.Text)); err != nil {
				return err
			}
			return w.Close()
		}}},
	}
}

// outputsFixture is a workspace of outputRules; build.star is its BUILD.star without the load statement.
func outputsFixture(t *testing.T, build string) *fixture {
	f := newFixture(t, nil)
	f.opt.Rules = outputRules(f.opt.CacheDir)
	f.declare("", build)
	return f
}

func (f *fixture) declare(pkg, build string) {
	f.write(filepath.Join(pkg, "BUILD.star"), "load(\"@sbomctl//:rules.star\", \"put\", \"group\")\n"+build)
}

// outputs are the names of what lies in sbom-out, without the record.
func (f *fixture) outputs() []string {
	f.t.Helper()
	root := filepath.Join(f.root, "sbom-out")
	var out []string
	err := filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err != nil || p == root || p == filepath.Join(root, ".placed") {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		if rel = filepath.ToSlash(rel); d.IsDir() {
			entries, _ := os.ReadDir(p)
			if len(entries) > 0 {
				return nil
			}
			rel += "/" // an empty folder
		}
		out = append(out, rel)
		return nil
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		f.t.Fatal(err)
	}
	return out
}

// want builds and compares the outputs; message is what the error says, "" for none.
func (f *fixture) want(what, message string, outputs []string, patterns ...string) {
	f.t.Helper()
	_, err := f.build(patterns...)
	if message == "" && err != nil || message != "" && (err == nil || !strings.Contains(err.Error(), message)) {
		f.t.Errorf("%s: error %v, want %q", what, err, message)
	}
	if got := f.outputs(); !slices.Equal(got, outputs) {
		f.t.Errorf("%s: outputs %q, want %q", what, got, outputs)
	}
}

// TestStaleOutputs: after each edit and build sbom-out holds what is made now, and what others have there.
func TestStaleOutputs(t *testing.T) {
	f := outputsFixture(t, `put(name = "a", outs = ["a1", "a2"])`+"\n"+`put(name = "b", outs = ["b"])`)
	f.want("first", "", []string{"a1", "a2", "b"}, "//...")
	f.write("sbom-out/mine", "")
	f.declare("", `put(name = "a", outs = ["a1"])`+"\n"+`put(name = "b", outs = ["b2"])`)
	f.want("one target of two, an output fewer", "", []string{"a1", "b", "mine"}, "//:a")
	f.want("the other, an output renamed", "", []string{"a1", "b2", "mine"}, "//:b")
	f.declare("", `put(name = "a", outs = ["a1"])`)
	f.want("a target removed, another asked for", "", []string{"a1", "mine"}, "//:a")
	f.declare("", `put(name = "c", outs = ["d/c"])`)
	f.want("a target renamed", "", []string{"d/c", "mine"}, "//:c")
	f.declare("", `put(name = "c", outs = ["d"])`)
	f.want("a folder becomes a file", "", []string{"d", "mine"}, "//:c")
	f.declare("", `put(name = "c", outs = ["d/e/f"])`)
	f.want("a file becomes a folder", "", []string{"d/e/f", "mine"}, "//:all")
	f.write("sbom-out/d/e/mine", "")
	f.declare("", `put(name = "c", outs = ["d"])`)
	f.want("a folder with a file of the user's in it", "there is a folder in its place", []string{"d/e/mine", "mine"}, "//:c")
	if err := os.RemoveAll(filepath.Join(f.root, "sbom-out", "d")); err != nil {
		t.Fatal(err)
	}
	f.want("which is removed", "", []string{"d", "mine"}, "//:c")
	f.declare("", `put(name = "c")`)
	f.want("a target without outputs", "", []string{"mine"}, "//:c")
	if f.read(".placed") == "" || !strings.Contains(f.read(".placed"), "no such file") {
		t.Error("there is a record of nothing")
	}
	f.declare("sub", `put(name = "x", outs = ["x"])`)
	f.want("another package", "", []string{"mine", "sub/x"}, "//...")
	if err := os.Remove(filepath.Join(f.root, "sub", "BUILD.star")); err != nil {
		t.Fatal(err)
	}
	f.want("its BUILD.star is removed, elsewhere is built", "", []string{"mine", "sub/x"}, "//:all")
	f.want("its BUILD.star is removed", "", []string{"mine"}, "//...")
	f.declare("", "")
	f.want("no target at all", "name no target", []string{"mine"}, "//...")
}

// TestSharedOutputs: an output that several targets yield goes when the last one no longer does, or when its
// maker does not make it.
func TestSharedOutputs(t *testing.T) {
	a, b := `put(name = "a", outs = ["a"])`+"\n", `put(name = "b", outs = ["b"])`+"\n"
	f := outputsFixture(t, a+b+`group(name = "g", deps = [":a", ":b"])`)
	f.want("group", "", []string{"a", "b"}, "//:g")
	f.want("member", "", []string{"a", "b"}, "//:a")
	f.declare("", a+b+`group(name = "g")`)
	f.want("the group is empty", "", []string{"a"}, "//:g")
	f.declare("", a+b+`group(name = "g", deps = [":a", ":b"])`)
	f.want("the group is full", "", []string{"a", "b"}, "//:g")
	f.declare("", strings.Replace(a, `["a"]`, `["a/2"]`, 1)+b+`group(name = "g", deps = [":a", ":b"])`)
	f.want("a member makes another", "", []string{"a/2", "b"}, "//:a")
	f.declare("", strings.Replace(a, `"a"`, `"new"`, 1)+b+`group(name = "g", deps = [":new", ":b"])`)
	f.want("a member has another name", "", []string{"a", "b"}, "//:new")
}

// TestFailedOutputs: what could not be made this time is not there, what was not asked for stays, and what
// could be made is placed.
func TestFailedOutputs(t *testing.T) {
	good := `put(name = "a", outs = ["a"], text = "one")` + "\n" + `put(name = "b", outs = ["b"])` + "\n" + `put(name = "c", outs = ["c"])` + "\n" +
		`group(name = "g", deps = [":a", ":c"])` + "\n"
	bad := strings.Replace(good, "one", "wrong", 1)
	for _, keepGoing := range []bool{false, true} {
		f := outputsFixture(t, good)
		f.opt.KeepGoing = keepGoing
		all := []string{"a", "b", "c"}
		f.want("all", "", all, "//...")
		f.declare("", bad)
		f.want("another target is asked for", "", all, "//:b")
		f.want("an action fails", "//:a: the text is wrong", []string{"b", "c"}, "//:a")
		f.declare("", good)
		f.want("it is right again", "", all, "//:a")
		f.declare("", bad)
		f.want("a member of a group fails", "//:a: the text is wrong", []string{"b", "c"}, "//:g")
		f.declare("", strings.Replace(good, "one", "two", 1))
		f.want("all again", "", all, "//...")
		f.declare("", good+`put(name = "d", deps = [":nothing"])`)
		f.want("a target that fails without outputs of old", "no target //:nothing", all, "//...")
		f.declare("", strings.Replace(good, `text = "one"`, `deps = [":nothing"]`, 1))
		f.want("the analysis fails", "no target //:nothing", []string{"b", "c"}, "//:a")
		f.declare("", good)
		f.want("all once more", "", all, "//...")
		f.declare("", good+"syntax error")
		f.want("one target of a broken package", "syntax error", []string{"b", "c"}, "//:a")
		f.want("a broken package", "syntax error", nil, "//...")
		f.declare("", good)
		f.want("mended", "", all, "//...")
		f.declare("", strings.Replace(good, `text = "one"`, `wrong = True`, 1))
		f.want("a validation fails", "//:a: the text is wrong", all, "//...")
	}
}

// TestChangedOutput: a file that no target makes any more, and that somebody edited, stays; and it is said each
// time.
func TestChangedOutput(t *testing.T) {
	f := outputsFixture(t, `put(name = "a", outs = ["a", "b"])`)
	f.want("first", "", []string{"a", "b"}, "//...")
	f.declare("", `put(name = "a", outs = ["a"])`)
	f.write("sbom-out/b", "edited")
	for range 2 {
		warnings := &warningListener{}
		f.opt.Events = event.NewStream(warnings)
		w, err := Open(context.Background(), f.opt)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := label.ParsePatterns([]string{"//..."}, "")
		if _, err := w.Build(p); err != nil {
			t.Error(err)
		}
		w.Close()
		if want := []string{"sbom-out/b stays although no target makes it any more: it was changed since it was placed"}; !slices.Equal(warnings.messages, want) {
			t.Errorf("warnings %q", warnings.messages)
		}
		if f.read("b") != "edited" {
			t.Error("the user's file is gone")
		}
	}
	f.declare("", `put(name = "a", outs = ["a", "b"])`)
	f.want("it is an output again", "", []string{"a", "b"}, "//...")
	if f.read("b") != "" {
		t.Error("the output is not that of the target")
	}
}

type warningListener struct{ messages []string }

func (l *warningListener) Handle(e event.Event) {
	if w, ok := e.(event.Warning); ok {
		l.messages = append(l.messages, w.Message)
	}
}

// TestKilledWhilePlacing: the record is written before the files are. Whatever a killed build had placed of
// them, the next one knows it all.
func TestKilledWhilePlacing(t *testing.T) {
	for _, text := range []string{"one", "two"} { // the file is of the first build, or of the one that was killed
		f := outputsFixture(t, `put(name = "a", outs = ["a"], text = "one")`)
		f.want("first", "", []string{"a"}, "//...")
		first := f.read(".placed")
		f.declare("", `put(name = "a", outs = ["a"], text = "two")`)
		f.want("second", "", []string{"a"}, "//...")
		_, line, _ := strings.Cut(f.read(".placed"), "\n")
		f.write("sbom-out/.placed", first+line)
		f.write("sbom-out/a", text)
		f.declare("", `put(name = "b", outs = ["b"])`)
		f.want("after a kill, of "+text, "", []string{"b"}, "//...")
	}
}

// TestInterruptedOutputs: an interrupted build removes nothing.
func TestInterruptedOutputs(t *testing.T) {
	f := outputsFixture(t, `put(name = "a", outs = ["a"])`)
	f.want("first", "", []string{"a"}, "//...")
	f.declare("", `put(name = "b", outs = ["b"])`)
	ctx, cancel := context.WithCancel(context.Background())
	w, err := Open(ctx, f.opt)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	p, _ := label.ParsePatterns([]string{"//..."}, "")
	if _, err := w.Build(p); err != context.Canceled {
		t.Errorf("got %v", err)
	}
	w.Close()
	if got := f.outputs(); !slices.Equal(got, []string{"a"}) {
		t.Errorf("outputs %q", got)
	}
	f.want("not interrupted", "", []string{"b"}, "//...")
}

// TestClashes: of a path that two targets claim neither's file is placed, and an older one does not stay.
func TestClashes(t *testing.T) {
	f := outputsFixture(t, `put(name = "a", outs = ["a"])`+"\n"+`put(name = "c", outs = ["c"])`)
	f.want("first", "", []string{"a", "c"}, "//...")
	f.declare("", `put(name = "a", outs = ["a"])`+"\n"+`put(name = "b", outs = ["a"])`+"\n"+`put(name = "c", outs = ["c"])`+"\n"+`put(name = "d", outs = ["c/d"])`)
	_, err := f.build("//...")
	if err == nil || !strings.Contains(err.Error(), "claimed twice: by //:a and by //:b") || !strings.Contains(err.Error(), "lies below sbom-out/c, which is a file that //:c makes") {
		t.Errorf("got %v", err)
	}
	if got := f.outputs(); got != nil {
		t.Errorf("outputs %q", got)
	}
	f.want("one of them alone", "", []string{"a"}, "//:b")
	f.declare("", `put(name = "a", outs = [".placed"])`+"\n"+`put(name = "b", outs = [".placed.new/x"])`)
	f.want("the record's own path", "the output path is taken", nil, "//...")
}

// TestUnwritable: where nothing can be written no build says that it did.
func TestUnwritable(t *testing.T) {
	targets := `[put(name = n, outs = ["sub/" + n]) for n in ["a", "b", "c"]]`
	for what, c := range map[string]struct {
		spoil   func(dir string) error
		message string
	}{
		"a file":    {func(dir string) error { return os.WriteFile(dir, nil, 0o666) }, "sbom-out: is a regular file, expected a folder"},
		"a link":    {func(dir string) error { return os.Symlink(t.TempDir(), dir) }, "sbom-out: is a symbolic link, expected a folder"},
		"a file in": {func(dir string) error { return errors.Join(os.Mkdir(dir, 0o777), os.WriteFile(dir+"/sub", nil, 0o666)) }, "sbom-out/sub: //:a: is a regular file, expected a folder"},
	} {
		f := outputsFixture(t, targets)
		if err := c.spoil(filepath.Join(f.root, "sbom-out")); err != nil {
			t.Fatal(err)
		}
		_, err := f.build("//...")
		if err == nil || !strings.Contains(err.Error(), c.message) || len(diag.Flatten(err)) != 1 {
			t.Errorf("%s: %v", what, err)
		}
		if err := os.RemoveAll(filepath.Join(f.root, "sbom-out")); err != nil {
			t.Fatal(err)
		}
		f.want(what+" removed", "", []string{"sub/a", "sub/b", "sub/c"}, "//...")
	}
	if os.Getuid() == 0 {
		return // may write everywhere
	}
	f := outputsFixture(t, targets)
	dir := filepath.Join(f.root, "sbom-out")
	if err := os.Mkdir(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	f.want("read-only", "permission denied", nil, "//...")
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	f.want("writable", "", []string{"sub/a", "sub/b", "sub/c"}, "//...")
}

// TestVanishingBlobs: actions that lose what the cache holds while the build runs, at any number of jobs. The
// build has all that was asked for in place, or says what it has not.
func TestVanishingBlobs(t *testing.T) {
	large := strings.Repeat("x", action.MaxInline+1)
	declare := func(round int) string {
		var b strings.Builder
		for i := range 12 {
			fmt.Fprintf(&b, "put(name = \"a%d\", outs = [\"a%d\"], text = \"%s%d\")\n", i, i, large, round%2*i)
			fmt.Fprintf(&b, "put(name = \"lose%d\", outs = [\"lose%d\"], text = \"%d\", lose = True, deps = [\":a%d\"])\n", i, i, round, i)
			fmt.Fprintf(&b, "put(name = \"b%d\", outs = [\"b%d\"], text = \"%d\", deps = [\":a%d\", \":lose%d\"])\n", i, i, round, i, (i+5)%12)
		}
		return b.String()
	}
	for _, jobs := range []int{1, 2, 8, 64} {
		f := outputsFixture(t, "")
		f.opt.Jobs = jobs
		for round := range 4 {
			f.opt.KeepGoing = round%2 == 1
			f.declare("", declare(round))
			if round == 2 { // all has to be restored
				if err := os.RemoveAll(filepath.Join(f.root, "sbom-out")); err != nil {
					t.Fatal(err)
				}
			}
			_, err := f.build("//...")
			got := f.outputs()
			if err == nil && len(got) != 36 {
				t.Errorf("jobs %d, round %d: no error, and %d of 36 outputs", jobs, round, len(got))
			}
			if err != nil && strings.Contains(err.Error(), "internal error") {
				t.Errorf("jobs %d, round %d: %v", jobs, round, err)
			}
			for _, name := range got {
				text := f.read(name)
				ok := strings.HasPrefix(text, large)
				if name[0] != 'a' {
					ok = ok && strings.HasSuffix(text, fmt.Sprint(round))
				}
				if !ok {
					t.Errorf("jobs %d, round %d: %s is of another build", jobs, round, name)
				}
			}
		}
	}
}

// TestLostErrors: errors that say nothing by themselves do not add up to nothing.
func TestLostErrors(t *testing.T) {
	f := outputsFixture(t, `put(name = "a", outs = ["a"])`)
	w, err := Open(context.Background(), f.opt)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	told := &diag.Error{Msg: "told"}
	for _, c := range []struct {
		errs diag.List
		want string
	}{
		{nil, ""},
		{diag.List{told}, "told"},
		{diag.List{told, &eval.NotStartedError{}}, "told"},
		{diag.List{&eval.NotStartedError{}}, "internal error: neither outputs nor an error came of //:x, //:y\n  hint: this is a bug in sbomctl; please report it"},
		{diag.List{diag.List{&eval.NotStartedError{}, &eval.NotStartedError{}}}, "internal error: neither outputs"},
		{diag.List{context.Canceled}, "context canceled"}, // an operation's own, and no interruption of the build
		{diag.List{errors.New("plain"), context.Canceled}, "plain\ncontext canceled"},
	} {
		got := ""
		if err := w.explain(c.errs, "//:x", "//:y"); err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%v: got %q, want %q", c.errs, got, c.want)
		}
	}
	if err := w.explain(diag.List{&eval.NotStartedError{}}); err == nil || !strings.Contains(err.Error(), "internal error") {
		t.Errorf("got %v", err)
	}
}

// TestAccount: a target of which nothing came is an error, and so is a failure without one.
func TestAccount(t *testing.T) {
	f := outputsFixture(t, `put(name = "a", outs = ["a"])`)
	w, err := Open(context.Background(), f.opt)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	account := func(keepGoing bool, fates map[string]fate, errs ...error) string {
		w.opt.KeepGoing = keepGoing
		b := &build{w: w, labels: slices.Sorted(maps.Keys(fates)), fates: fates, errs: errs}
		if err := b.account(); err != nil {
			return err.Error()
		}
		return ""
	}
	const internal = "internal error: neither outputs nor an error came of //:x"
	if got := account(false, map[string]fate{"//:x": built}); got != "" {
		t.Errorf("all is built: %q", got)
	}
	if got := account(false, map[string]fate{"//:x": open, "//:y": built}); !strings.HasPrefix(got, internal) {
		t.Errorf("lost: %q", got)
	}
	told := &diag.Error{Label: "//:y", Msg: "told"}
	if got := account(false, map[string]fate{"//:x": open, "//:y": failed}, told); got != "//:y: told" {
		t.Errorf("not started: %q", got)
	}
	if got := account(true, map[string]fate{"//:x": open, "//:y": failed}, told); !strings.Contains(got, "\n"+internal) {
		t.Errorf("lost, where nothing keeps a target from being built: %q", got)
	}
	w.tally.Handle(event.NodeFinished{Kind: kindAction, Name: "//:y Put", Outcome: event.Failed})
	if got := account(false, map[string]fate{"//:x": built}); !strings.HasPrefix(got, "internal error: no error was told of what failed: //:y Put") {
		t.Errorf("a failure without an error: %q", got)
	}
}

// TestOneCause: what is wrong in one place is told once, with all whom it concerns.
func TestOneCause(t *testing.T) {
	f := outputsFixture(t, `put(name = "a")`+"\n"+`put(name = "b", text = "")`+"\n"+`put(name = "c")`)
	w, err := Open(context.Background(), f.opt)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var errs diag.List
	for _, l := range []string{"//:a", "//:b", "//:c", "//:b"} {
		errs = append(errs, &diag.Error{Pos: diag.Pos{File: "f", Line: 1}, Label: l, Attr: "text", Msg: "is wrong", Hints: []string{"mend " + l}})
	}
	const want = `f:1: //:a: is wrong
  hint: //:a is declared at BUILD.star:2:1
  hint: mend //:a
  hint: the same is wrong with //:b (text at BUILD.star:3:17), //:c (declared at BUILD.star:4:1)`
	if err := w.explain(errs); err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
	// Two targets that have no place in common have two mistakes.
	err = w.explain(diag.List{&diag.Error{Label: "//:a", Msg: "is wrong"}, &diag.Error{Label: "//:b", Attr: "text", Msg: "is wrong"}})
	if want := "BUILD.star:2:1: //:a: is wrong\nBUILD.star:3:17: //:b: is wrong"; err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

// TestMeantPackage: a package that is named as if it were a target.
func TestMeantPackage(t *testing.T) {
	f := outputsFixture(t, `put(name = "a")`)
	f.declare("release", `put(name = "x")`)
	for pattern, want := range map[string]string{
		"//release":             "//release:all is all targets of the package",
		":release":              "//release is a package; //release:all is all of its targets",
		"release":               "//release is a package; //release:all is all of its targets",
		"//release:all-targets": "//release:all is all targets of the package",
		"//relase":              "//release:all is all targets of that package",
		"//relase:x":            "//release:all is all targets of that package",
		"relase":                "is //release:all meant, all targets of that package?",
	} {
		w, err := Open(context.Background(), f.opt)
		if err != nil {
			t.Fatal(err)
		}
		p, err := label.ParsePatterns([]string{pattern}, "")
		if err == nil {
			_, err = w.Build(p)
		}
		if err == nil || !strings.HasSuffix(err.Error(), "hint: "+want) {
			t.Errorf("%s: %v", pattern, err)
		}
		w.Close()
	}
}

// TestNoOpWritesNothing: neither outputs nor the record.
func TestNoOpWritesNothing(t *testing.T) {
	f := outputsFixture(t, `put(name = "a", outs = ["a"])`+"\n"+`put(name = "b", outs = ["b"])`)
	f.want("first", "", []string{"a", "b"}, "//...")
	stat := func() os.FileInfo {
		info, err := os.Lstat(filepath.Join(f.root, "sbom-out", ".placed"))
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	before, text := stat(), f.read(".placed")
	f.want("again", "", []string{"a", "b"}, "//...")
	f.want("one of them", "", []string{"a", "b"}, "//:a")
	if after := stat(); !os.SameFile(before, after) || !bytes.Equal([]byte(text), []byte(f.read(".placed"))) {
		t.Error("the record was written anew")
	}
}
