package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/label"
)

// check opens the workspace, checks the patterns and closes it; it returns what was found and what was executed.
func (f *fixture) check(patterns ...string) (r Report, ran []string, err error) {
	f.t.Helper()
	l := &ranListener{}
	f.opt.Events = event.NewStream(l)
	if f.more != nil {
		f.opt.Events.Listen(f.more)
	}
	w, err := Open(context.Background(), f.opt)
	if err != nil {
		f.t.Fatal(err)
	}
	defer w.Close()
	p, err := label.ParsePatterns(patterns, "")
	if err != nil {
		f.t.Fatal(err)
	}
	r, err = w.Check(p)
	slices.Sort(l.names)
	return r, l.names, err
}

// lines are the findings of a report, each as it is told, waived ones marked.
func (r Report) lines() (all []string) {
	for _, f := range r.Findings {
		s := f.Severity.String() + " " + f.Finding.Diagnostic().Error()
		if f.Waiver != nil {
			s += " (waived: " + f.Waiver.Reason + ")"
		}
		all = append(all, s)
	}
	return all
}

// TestCheck: a second check runs nothing and says the same, however many things are done at once, and nothing is placed.
func TestCheck(t *testing.T) {
	f := lintFixture(t)
	f.write("tree/a", "warning: look out\nerror: wrong\nnote: fine")
	var first Report
	for i, jobs := range []int{4, 1, 64} {
		f.opt.Jobs = jobs
		r, ran, err := f.check("//...")
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = r
			equal(t, "found", r.lines(), "warning tree/a:1: //:a: look out", "error tree/a:2: //:a: wrong", "note tree/a:3: //:a: fine", "note tree/other:1: //:other: fine")
			if got := r.Findings[0]; got.Path != "a" || got.Declaration.String() != "BUILD.star:3:1" || !slices.Contains(got.Diagnostic().Hints, "//:a is declared at BUILD.star:3:1") {
				t.Errorf("got %+v", got)
			}
			continue
		}
		if len(ran) > 0 || !reflect.DeepEqual(r, first) {
			t.Errorf("with %d jobs: ran %q, found %q", jobs, ran, r.lines())
		}
	}
	if got := f.read("a.txt"); !strings.Contains(got, "no such file") {
		t.Errorf("an output was placed: %s", got)
	}
}

// waived returns a declaration of //:a with these waivers.
func waived(pkg string, of ...string) string {
	return "load(\"@sbomctl//:rules.star\", \"lint\")\npackage(waivers = [" + pkg + "])\nlint(name = \"a\", srcs = [\"a\"], waivers = [" + strings.Join(of, ", ") + "])\n"
}

// TestWaiverEdits: a waiver reaches nothing but what is told. Editing one evaluates the package, and runs no other node.
func TestWaiverEdits(t *testing.T) {
	f := lintFixture(t)
	f.write("tree/a", "error: wrong")
	kinds := map[string]bool{}
	f.more = listener(func(e event.Event) {
		if n, ok := e.(event.NodeFinished); ok {
			kinds[n.Kind] = true
		}
	})
	const found = "error tree/a:1: //:a: wrong"
	for i, c := range []struct {
		build string
		want  []string
	}{
		{waived(""), []string{found}},
		{waived("", `waive("lint", reason = "one")`), []string{found + " (waived: one)"}},
		{waived(`waive("lint", reason = "two")`), []string{found + " (waived: two)"}},
		{waived(`waive("lint", reason = "two")`, `waive("lint", reason = "three")`), []string{found + " (waived: three)"}},
		{waived("", `waive("lint", path = "a", reason = "four")`), []string{found + " (waived: four)"}},
		{waived("", `waive("lint", path = "b", reason = "five")`), []string{"warning //:a: waive(\"lint\", path = \"b\") covers no finding any more", found}},
	} {
		f.write("BUILD.star", c.build)
		clear(kinds)
		r, ran, err := f.check("//...")
		if err != nil {
			t.Fatal(err)
		}
		equal(t, c.build, r.lines(), c.want...)
		delete(kinds, kindPackages) // build makes the folder of outputs
		delete(kinds, kindText)
		delete(kinds, kindPackage)
		delete(kinds, kindPrints)
		delete(kinds, kindDeclaration)
		if i > 0 && (len(ran) > 0 || len(kinds) > 0) {
			t.Errorf("%s: ran %q, nodes of the kinds %v", c.build, ran, kinds)
		}
		if _, err := f.build("//..."); (err == nil) != strings.Contains(c.want[0], "waived: ") {
			t.Errorf("%s: build: %v", c.build, err)
		}
	}
}

// TestWaiverDates: the date is the caller's, and reaches no node.
func TestWaiverDates(t *testing.T) {
	f := lintFixture(t)
	f.write("tree/a", "error: wrong")
	f.write("BUILD.star", waived("", `waive("lint", reason = "r", until = "2027-03-01")`))
	const found, waived = "error tree/a:1: //:a: wrong", "error tree/a:1: //:a: wrong (waived: r)"
	const expired = `warning //:a: waive("lint") held until 2027-03-01, and waives nothing any more`
	for i, c := range []struct {
		today   string
		undated int
		want    []string
	}{
		{"", 1, []string{waived}},
		{"2027-03-01", 0, []string{waived}},
		{"2027-03-02", 0, []string{expired + "\n  hint: today is 2027-03-02, by --today or SOURCE_DATE_EPOCH; the reason was: r", found}},
		{"2026-12-31", 0, []string{waived}},
	} {
		f.opt.Today = c.today
		r, ran, err := f.check("//...")
		if err != nil || r.Undated != c.undated || r.Today != c.today || i > 0 && len(ran) > 0 {
			t.Errorf("%s: undated %d, ran %q, %v", c.today, r.Undated, ran, err)
		}
		equal(t, c.today, r.lines(), c.want...)
	}
}

// TestUnusedWaivers: that a waiver covers nothing is only said when everything was checked that it could cover.
func TestUnusedWaivers(t *testing.T) {
	f := lintFixture(t)
	f.write("BUILD.star", waived(`waive("lint", path = "gone", reason = "p")`, `waive("lint", path = "x", reason = "r")`)+"lint(name = \"b\", deps = [\":a\"])\n")
	f.write("sub/BUILD.star", "load(\"@sbomctl//:rules.star\", \"lint\")\nlint(name = \"c\", srcs = [\"other\"])\nlint(name = \"by_hand\", srcs = [\"other\"], tags = [\"manual\"])\n")
	unused := func(patterns ...string) (n int) {
		r, _, err := f.check(patterns...)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Findings {
			if f.Rule == WaiverRule.ID {
				n++
			}
		}
		return n
	}
	for patterns, want := range map[string]int{"//...": 2, "//:all": 0, "//:a": 0, "//:b": 0, "//:all //sub:all": 2, "//:all //sub:c": 2, "//... -//sub:c": 0} {
		if got := unused(strings.Fields(patterns)...); got != want {
			t.Errorf("%s: %d waivers are said to cover nothing, want %d", patterns, got, want)
		}
	}
	f.opt.SkipValidation = true
	if got := unused("//..."); got != 0 {
		t.Errorf("without validations: %d", got)
	}
	f.opt.SkipValidation, f.opt.KeepGoing = false, true
	f.write("tree/a", "fail: no good")
	r, _, err := f.check("//...")
	if err == nil || len(r.Findings) != 1 {
		t.Errorf("beside a failure: %q, %v", r.lines(), err)
	}
}

func TestWaiverPath(t *testing.T) {
	for _, bad := range []string{"*", "**", "**/*", "*/**", "?", "{a,**}", "[!a]/**", "**/**", "a[", "{"} {
		if waiverPath(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	for _, good := range []string{"a", "a/**", "**/*.c", "*.h", "**/x", "{a,b}/**", ".github/**"} {
		if err := waiverPath(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, c := range []struct {
		path string
		f    finding.Finding
		want bool
	}{
		{"Modules/_x/**", finding.Finding{Path: "Modules/_x/a/b.c"}, true},
		{"Modules/_x/**", finding.Finding{Path: "Modules/_y/b.c"}, false},
		{"Lib/*.whl", finding.Finding{Path: "Lib/pip.whl!pip/x.py"}, true},
		{"Lib/pip.whl!pip/*.py", finding.Finding{Path: "Lib/pip.whl!pip/x.py"}, true},
		{"a/*.h", finding.Finding{Declared: "a/*.h"}, true},
		{"a/[x", finding.Finding{Declared: "a/[x"}, true},
		{"a/**", finding.Finding{Declared: "a/x.h"}, true},
		{"b", finding.Finding{Declared: "a"}, false},
		{"b", finding.Finding{}, false},
	} {
		w := waiver{Waiver: &Waiver{Path: c.path}}
		c.f.Pos.File = c.f.Path
		if got := w.covers(&c.f); got != c.want {
			t.Errorf("%q covers %+v: %v", c.path, c.f, got)
		}
	}
}

// TestCheckIsBuild: over random workspaces and waivers, build tells and fails by what check reports and does not waive.
func TestCheckIsBuild(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 1))
	f := newFixture(t, nil)
	f.opt.Rules = lintRules()
	f.opt.KeepGoing = true
	severities := []string{"note", "warning", "error", "fail", "quiet"}
	for round := range 60 {
		f.opt.Jobs = 1 + r.IntN(8)
		var build strings.Builder
		build.WriteString("load(\"@sbomctl//:rules.star\", \"lint\")\n")
		n := 2 + r.IntN(6)
		for i := range n {
			var lines []string
			for range r.IntN(3) {
				lines = append(lines, fmt.Sprintf("%s: %d", severities[min(r.IntN(9), 4)], r.IntN(3)))
			}
			f.write(fmt.Sprintf("tree/f%d", i), strings.Join(lines, "\n"))
			var deps []string
			for d := range i {
				if r.IntN(3) == 0 {
					deps = append(deps, fmt.Sprintf("%q", fmt.Sprintf(":t%d", d)))
				}
			}
			waivers := ""
			if r.IntN(3) == 0 {
				waivers = fmt.Sprintf("waive(\"lint\", path = \"f%d\", reason = \"r\", until = \"2027-0%d-01\")", r.IntN(n), 1+r.IntN(4))
			}
			fmt.Fprintf(&build, "lint(name = \"t%d\", srcs = [\"f%d\"], deps = [%s], waivers = [%s], say = %q)\n", i, i, strings.Join(deps, ", "), waivers, []string{"", "hello"}[r.IntN(2)])
		}
		f.write("BUILD.star", build.String())
		f.opt.Today = []string{"", "2027-02-15"}[r.IntN(2)]
		patterns := []string{"//..."}
		if r.IntN(2) == 0 {
			patterns = []string{fmt.Sprintf("//:t%d", r.IntN(n)), fmt.Sprintf("//:t%d", r.IntN(n))}
		}

		report, _, checkErr := f.check(patterns...)
		var counting []string
		errorsFound := false
		for _, x := range report.Findings {
			if x.Waiver == nil {
				counting = append(counting, x.Severity.String()+" "+x.Finding.Diagnostic().Error())
				errorsFound = errorsFound || x.Severity == finding.Error
			}
		}
		waivedCount := 0
		f.more = listener(func(e event.Event) {
			if e, ok := e.(event.BuildFinished); ok {
				waivedCount = e.Waived
			}
		})
		said, ran, buildErr := f.said(patterns...)
		f.more = nil
		slices.Sort(counting)
		slices.Sort(said)
		if !slices.Equal(counting, said) || len(ran) > 0 && checkErr == nil || waivedCount != len(report.Findings)-len(counting) {
			t.Fatalf("round %d, %q:\n%s\ncheck %q\nbuild %q\nran %q, %d waived", round, patterns, build.String(), counting, said, ran, waivedCount)
		}
		if (buildErr != nil) != (checkErr != nil || errorsFound) || errors.Is(buildErr, context.Canceled) {
			t.Fatalf("round %d: check %v, build %v", round, checkErr, buildErr)
		}
	}
}
