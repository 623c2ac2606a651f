package engine

import (
	"context"
	"testing"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/label"
)

// groupRules have a rule with one validation that always runs, and one in a group.
func groupRules() RuleSet {
	rule := finding.Rule{ID: "shaky", Severity: finding.Error, Title: "shakes", Group: "slow"}
	return RuleSet{
		Modules: map[string][]byte{"rules.star": []byte(`
def _wall(ctx):
    ctx.actions.validate("test.look", params = {"label": ctx.label.name}, mnemonic = "Look")
    ctx.actions.validate("test.shake", params = {"label": ctx.label.name}, mnemonic = "Shake", group = "slow")

wall = rule(implementation = _wall, attrs = {"deps": attr.label_list()})
`)},
		Findings: []finding.Rule{rule},
		Operations: []action.Operation{
			{Name: "test.look", Version: 1, Run: func(_ context.Context, c action.Call) error { return seal(c) }},
			{Name: "test.shake", Version: 1, Run: func(_ context.Context, c action.Call) error {
				c.Report(finding.Finding{Rule: rule.ID, Severity: rule.Severity, Msg: "it shakes"})
				return seal(c)
			}},
		},
	}
}

// seal writes the empty report of a validation.
func seal(c action.Call) error {
	w, err := c.Create("report")
	if err != nil {
		return err
	}
	return w.Close()
}

// TestGroups: a validation of a group runs when the group is asked for, of targets below too, and a waiver of what it finds is in
// use as long as nobody looked.
func TestGroups(t *testing.T) {
	f := newFixture(t, nil)
	f.opt.Rules = groupRules()
	f.write("BUILD.star", `load("@sbomctl//:rules.star", "wall")
wall(name = "a", deps = [":b"])
wall(name = "b", waivers = [waive("shaky", reason = "known")])
`)
	check := func(groups ...string) (Report, []string) {
		t.Helper()
		l := &ranListener{}
		f.opt.Events = event.NewStream(l)
		w, err := Open(context.Background(), f.opt)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		p, err := label.ParsePatterns([]string{"//..."}, "")
		if err != nil {
			t.Fatal(err)
		}
		r, err := w.Check(p, groups...)
		if err != nil {
			t.Fatal(err)
		}
		return r, l.names
	}
	f.mustRun([]string{"//:a Look", "//:b Look"}, "//...")
	r, ran := check()
	equal(t, "ran without", ran)
	equal(t, "found without", r.lines())
	r, ran = check("other")
	equal(t, "ran with another", ran)
	equal(t, "found with another", r.lines())
	if r, ran = check("slow"); len(ran) != 2 {
		t.Errorf("ran %q", ran)
	}
	equal(t, "found", r.lines(), "error //:a: it shakes", "error //:b: it shakes (waived: known)")
	r, ran = check()
	equal(t, "ran again", ran)
	equal(t, "found afterwards", r.lines())
	f.write("BUILD.star", "load(\"@sbomctl//:rules.star\", \"wall\")\nwall(name = \"a\", waivers = [waive(\"shaky\", path = \"x\", reason = \"old\")])\n")
	r, _ = check()
	equal(t, "unused, not looked at", r.lines())
	r, _ = check("slow")
	equal(t, "unused", r.lines(), "error //:a: it shakes", "warning //:a: waive(\"shaky\", path = \"x\") covers no finding any more")
}
