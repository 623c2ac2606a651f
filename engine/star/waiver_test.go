package star

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/sbomctl/sbomctl/engine/label"
)

// TestWaivers: a package knows its waivers and those of its targets, and no declaration or target depends on one.
func TestWaivers(t *testing.T) {
	build := func(pkg, of string) *world {
		return newWorld(map[string]string{":rules.star": rulesStar,
			":more.star":  "ours = [waive(\"print\", reason = \"of a module\")]\n",
			":BUILD.star": loadRules + "load(\"//:more.star\", \"ours\")\npackage(waivers = " + pkg + ")\nthing(name = \"a\", version = \"1\", waivers = " + of + ")\nmacro(name = \"m\", version = \"1\")\n"})
	}
	w := build(`[waive("drift", path = "a/**", reason = "r", until = "2027-03-01")]`, `ours + [waive("evidence", reason = "s")]`)
	p := must[*Package](t)(w.pkg(""))
	again := must[*Package](t)(DecodePackage(p.Encode()))
	if !bytes.Equal(again.Encode(), p.Encode()) {
		t.Error("the package does not survive encoding")
	}
	for _, p := range []*Package{p, again} {
		if got := fmt.Sprintf("%+v", p.Waivers()); got != `[{Rule:drift Path:a/** Reason:r Until:2027-03-01 Pos:BUILD.star:3:25}]` {
			t.Errorf("of the package: %s", got)
		}
		if got := fmt.Sprintf("%+v", p.WaiversOf("a")); got != `[{Rule:print Path: Reason:of a module Until: Pos:more.star:1:14} {Rule:evidence Path: Reason:s Until: Pos:BUILD.star:4:57}]` {
			t.Errorf("of a: %s", got)
		}
		if got := p.WaiversOf("m"); got != nil || !p.HasWaivers() {
			t.Errorf("of m: %+v, %v", got, p.HasWaivers())
		}
	}

	without := build("[]", "[]")
	q := must[*Package](t)(without.pkg(""))
	if q.HasWaivers() || bytes.Equal(q.Encode(), p.Encode()) {
		t.Error("there are no waivers")
	}
	if !bytes.Equal(p.Target("a").Encode(), q.Target("a").Encode()) {
		t.Error("a waiver is part of a declaration")
	}
	if x, y := must[*Target](t)(w.analyse(label.Label{Name: "a"})), must[*Target](t)(without.analyse(label.Label{Name: "a"})); !bytes.Equal(x.Encode(), y.Encode()) {
		t.Error("a waiver is part of a target")
	}
}
