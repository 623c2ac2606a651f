package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/label"
)

// TestJudge: waivers hold for findings from outside of the graph, and are without use only where all was looked at.
func TestJudge(t *testing.T) {
	f := newFixture(t, nil)
	f.opt.Rules = groupRules()
	f.opt.Today = "2027-03-02"
	f.write("BUILD.star", `load("@sbomctl//:rules.star", "wall")
wall(name = "a", waivers = [waive("shaky", reason = "known")])
wall(name = "b")
wall(name = "late", waivers = [waive("shaky", reason = "for now", until = "2027-03-01")])
wall(name = "clean", waivers = [waive("shaky", reason = "known")])
wall(name = "open", waivers = [waive("shaky", reason = "known"), waive("look", reason = "of another group")])
`)
	w := f.open()
	shaky := func(name string) finding.Finding {
		return finding.Finding{Rule: "shaky", Severity: finding.Error, Label: "//:" + name, Msg: "it shakes"}
	}
	before := Report{Findings: []Found{{Finding: finding.Finding{Rule: "look", Severity: finding.Note, Label: "//:b", Msg: "seen"}}}}
	var about []label.Label
	for _, name := range []string{"a", "b", "late", "clean", "open"} {
		about = append(about, label.Label{Name: name})
	}
	outside := []finding.Finding{shaky("late"), shaky("b"), shaky("a")}
	settled := func(_, l string) bool { return l != "//:open" }
	got := w.Judge(before, outside, "slow", about, settled)
	want := []string{
		`//:a shaky waived`, `//:b look`, `//:b shaky`,
		`//:clean waiver waive("shaky") covers no finding any more`,
		`//:late shaky`, `//:late waiver waive("shaky") held until 2027-03-01, and waives nothing any more`,
	}
	var lines []string
	for _, f := range got.Findings {
		s := f.Label + " " + f.Rule
		if f.Rule == WaiverRule.ID {
			s += " " + f.Msg
		}
		if f.Waiver != nil {
			s += " waived"
		}
		if f.Rule != "look" && f.Declaration.Line == 0 {
			t.Errorf("%s is nowhere", s)
		}
		lines = append(lines, s)
	}
	slices.Sort(lines)
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if len(outside) != 3 || outside[0].Label != "//:late" {
		t.Error("the argument was reordered")
	}
	if again := w.Judge(got, outside, "slow", about, settled); len(again.Findings) != len(got.Findings) {
		t.Errorf("what was judged before is there twice: %d findings", len(again.Findings))
	}
	if got := w.Judge(Report{}, nil, "other", about, settled); len(got.Findings) != 0 {
		t.Errorf("another group's waivers: %+v", got.Findings)
	}
	if pos := w.Site("//:b"); pos.Line != 3 {
		t.Errorf("//:b is declared at %s", pos)
	}
}

// TestBelow: a target and all below it, each once; what cannot be analysed hides nothing else.
func TestBelow(t *testing.T) {
	f := newFixture(t, nil)
	f.opt.Rules = groupRules()
	f.opt.KeepGoing = true
	f.write("BUILD.star", `load("@sbomctl//:rules.star", "wall")
wall(name = "top", deps = [":left", ":right", "//sub:x"])
wall(name = "left", deps = [":low"])
wall(name = "right", deps = [":low", ":gone"])
wall(name = "low")
wall(name = "other")
`)
	f.write("sub/BUILD.star", "load(\"@sbomctl//:rules.star\", \"wall\")\nwall(name = \"x\")\n")
	w := f.open()
	names := func(of ...string) (string, error) {
		var labels []label.Label
		for _, n := range of {
			labels = append(labels, label.Label{Name: n})
		}
		below, err := w.Below(labels)
		var out []string
		for _, l := range below {
			out = append(out, l.String())
		}
		return strings.Join(out, " "), err
	}
	if got, err := names("left", "low"); got != "//:left //:low" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	got, err := names("top", "left")
	if err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("a target that is not there: %v", err)
	}
	if !strings.Contains(got, "//:left //:low") {
		t.Errorf("beside the error: %s", got)
	}
	if got, err := names(); got != "" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}
