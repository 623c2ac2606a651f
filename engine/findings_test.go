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
	"github.com/sbomctl/sbomctl/engine/finding"
)

// lintRules have an operation that looks at each line of its inputs. Its output is only how many files it read, so
// what it finds may change while that does not.
func lintRules() RuleSet {
	lint := action.Operation{Name: "test.lint", Version: 1, Run: func(_ context.Context, c action.Call) error {
		for _, f := range c.Files("in") {
			b, err := c.Read(f, 1<<20)
			if err != nil {
				return err
			}
			for i, line := range strings.Split(string(b), "\n") {
				word, msg, _ := strings.Cut(line, ": ")
				severity := map[string]finding.Severity{"note": finding.Note, "warning": finding.Warning, "error": finding.Error}[word]
				switch {
				case word == "fail":
					return &diag.Error{Msg: msg}
				case severity != 0:
					c.Report(finding.Finding{Rule: "lint", Severity: severity, Pos: diag.Pos{File: f.Path, Line: i + 1}, Msg: msg})
				}
			}
		}
		w, err := c.Create("out")
		if err != nil {
			return err
		}
		if _, err := w.Write([]byte{byte('0' + len(c.Files("in")))}); err != nil {
			return err
		}
		return w.Close()
	}}
	return RuleSet{Operations: []action.Operation{lint}, Modules: map[string][]byte{"rules.star": []byte(`
def _lint(ctx):
    out = ctx.actions.declare_output(ctx.label.name + ".txt")
    files = [f for d in ctx.attr.deps for f in d.files]
    if ctx.attr.srcs:
        files = files + [ctx.actions.fileset(ctx.actions.tree(path = "tree"), ctx.attr.srcs)]
    ctx.actions.run("test.lint", inputs = {"in": files}, outputs = {"out": out}, mnemonic = "Lint")
    if ctx.attr.say:
        print(ctx.attr.say)
    return [DefaultInfo(files = [out])]

lint = rule(implementation = _lint, attrs = {
    "deps": attr.label_list(allow_files = True),
    "srcs": attr.string_list(),
    "say": attr.string(),
})
`)}}
}

const lintBuild = `
load("@sbomctl//:rules.star", "lint")
lint(name = "a", srcs = ["a"])
lint(name = "b", deps = [":a"])
lint(name = "c", deps = [":b"])
lint(name = "other", srcs = ["other"])
`

func lintFixture(t *testing.T) *fixture {
	f := newFixture(t, map[string]string{"BUILD.star": lintBuild, "tree/a": "warning: look out", "tree/other": "note: fine"})
	f.opt.Rules = lintRules()
	return f
}

// said builds, and returns the findings that were told, in order, each as "severity position: label: message".
func (f *fixture) said(patterns ...string) (said, ran []string, err error) {
	f.t.Helper()
	l := listener(func(e event.Event) {
		if e, ok := e.(event.Found); ok {
			said = append(said, e.Severity.String()+" "+e.Diagnostic().Error())
		}
	})
	f.listeners = []event.Listener{l}
	ran, err = f.build(patterns...)
	return said, ran, err
}

type listener func(event.Event)

func (l listener) Handle(e event.Event) { l(e) }

func equal(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// TestFindingsTold: a finding is told by every build that its action belongs to, and by no other.
func TestFindingsTold(t *testing.T) {
	f := lintFixture(t)
	const a, other = "warning tree/a:1: //:a: look out", "note tree/other:1: //:other: fine"
	for _, c := range []struct {
		patterns []string
		said     []string
		ran      int
	}{
		{[]string{"//:c"}, []string{a}, 3},
		{[]string{"//:c"}, []string{a}, 0},
		{[]string{"//:b"}, []string{a}, 0},
		{[]string{"//:other"}, []string{other}, 1},
		{[]string{"//..."}, []string{a, other}, 0},
	} {
		said, ran, err := f.said(c.patterns...)
		if err != nil || len(ran) != c.ran {
			t.Errorf("%q: ran %q, %v", c.patterns, ran, err)
		}
		equal(t, strings.Join(c.patterns, " "), said, c.said...)
	}
	// The action cache has them, too, for another workspace with the same inputs under another label.
	g := newFixture(t, map[string]string{"tree/a": "warning: look out",
		"BUILD.star": "load(\"@sbomctl//:rules.star\", \"lint\")\nlint(name = \"mine\", srcs = [\"a\"])\n"})
	g.opt.Rules, g.opt.CacheDir = lintRules(), f.opt.CacheDir
	said, ran, err := g.said("//:mine")
	if err != nil || len(ran) != 0 {
		t.Errorf("ran %q, %v", ran, err)
	}
	equal(t, "elsewhere", said, "warning tree/a:1: //:mine: look out")
}

// TestFindingChangesAlone: a finding that changes beside equal outputs runs no consumer again.
func TestFindingChangesAlone(t *testing.T) {
	f := lintFixture(t)
	if _, _, err := f.said("//:c"); err != nil {
		t.Fatal(err)
	}
	f.write("tree/a", "\nwarning: another thing")
	looked := 0
	f.more = listener(func(e event.Event) {
		if n, ok := e.(event.NodeFinished); ok && n.Key != "" {
			looked++
		}
	})
	said, ran, err := f.said("//:c")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "ran", ran, "//:a Lint")
	equal(t, "said", said, "warning tree/a:2: //:a: another thing")
	if looked != 1 {
		t.Errorf("%d actions were looked at", looked)
	}
}

// TestErrorFinding: a finding that is an error fails the build beside all its outputs, each time.
func TestErrorFinding(t *testing.T) {
	f := lintFixture(t)
	f.write("tree/a", "error: wrong\nwarning: look out")
	for i := range 2 {
		said, ran, err := f.said("//:c")
		if err == nil || !strings.HasPrefix(err.Error(), "tree/a:1: //:a: wrong\n") || !strings.Contains(err.Error(), "//:a is declared at BUILD.star:3:1") {
			t.Errorf("got %v", err)
		}
		equal(t, "said", said, "error tree/a:1: //:a: wrong", "warning tree/a:2: //:a: look out")
		if i == 1 && len(ran) > 0 {
			t.Errorf("ran %q", ran)
		}
		if got := f.read("c.txt"); got != "1" {
			t.Errorf("output: %s", got)
		}
		if err := os.RemoveAll(filepath.Join(f.root, "sbom-out")); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFindingsBesideFailures: what was found below an action that fails, or beside it, is told all the same.
func TestFindingsBesideFailures(t *testing.T) {
	f := lintFixture(t)
	f.write("BUILD.star", lintBuild+`
lint(name = "d", deps = [":c"], srcs = ["d"])
lint(name = "e", deps = [":d"])
lint(name = "cyclic", deps = [":cycle"])
lint(name = "cycle", deps = [":cyclic"])
`)
	f.write("tree/d", "fail: no good")
	f.opt.KeepGoing = true
	for range 2 {
		said, _, err := f.said("//...")
		if err == nil || !strings.Contains(err.Error(), "no good") || !strings.Contains(err.Error(), "cycle") {
			t.Errorf("got %v", err)
		}
		equal(t, "said", said, "warning tree/a:1: //:a: look out", "note tree/other:1: //:other: fine")
	}
	f.opt.KeepGoing = false
	said, _, err := f.said("//:e")
	if err == nil {
		t.Error("no error")
	}
	equal(t, "said", said, "warning tree/a:1: //:a: look out")
}

// TestPrints: what Starlark prints is told whenever the package, or a target above it, is asked for.
func TestPrints(t *testing.T) {
	f := lintFixture(t)
	f.write("macros.star", "print(\"a module\")\ndef m():\n    print(\"a macro\")\n")
	f.write("sub/BUILD.star", `
load("@sbomctl//:rules.star", "lint")
load("//:macros.star", "m")
m()
lint(name = "x", srcs = ["other"], say = "a rule")
lint(name = "y", srcs = ["other"])
`)
	f.write("BUILD.star", lintBuild+`lint(name = "above", deps = ["//sub:x"])`)
	const note = "note tree/other:1: //sub:x: fine"
	for range 2 {
		said, _, err := f.said("//:above")
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(said)
		equal(t, "//:above", said, note, "warning @sbomctl//:rules.star:9:14: a rule", "warning macros.star:1:6: a module", "warning macros.star:3:10: a macro")
		if said, _, err = f.said("//sub:y"); err != nil {
			t.Fatal(err)
		}
		slices.Sort(said)
		equal(t, "//sub:y", said, "note tree/other:1: //sub:y: fine", "warning macros.star:1:6: a module", "warning macros.star:3:10: a macro")
	}
	said, _, err := f.said("//:a")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "//:a", said, "warning tree/a:1: //:a: look out")
}
