package engine

import (
	"slices"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/label"
)

// Site returns where a target is declared; zero when that is not known.
func (w *Workspace) Site(label string) diag.Pos { return w.declared(label).Pos }

// Judge adds findings from outside of the graph to a report, of a command that asks what no node may: a network, a clock. Waivers hold for them as
// for all others. Their rules are of a group of their own (finding.Rule.Group), so that no check tells of their waivers that they cover
// nothing. Judge tells that of a waiver in one of the targets about, when settled says that all was looked at which a rule may find of the target.
func (w *Workspace) Judge(r Report, outside []finding.Finding, group string, about []label.Label, settled func(rule, label string) bool) Report {
	ws := w.newWaivers()
	asked := map[string]bool{}
	for _, l := range about {
		asked[l.String()] = true
		ws.load(l.Pkg)
	}
	ids, own := map[string]bool{}, map[string]bool{}
	for _, rule := range w.opt.Rules.Findings {
		ids[rule.ID], own[rule.ID] = true, rule.Group == group
	}
	found := slices.Clone(r.Findings)
	add := func(f Found) {
		if !slices.ContainsFunc(found, func(g Found) bool { return finding.Compare(f.Finding, g.Finding) == 0 }) {
			found = append(found, f)
		}
	}
	for _, f := range finding.Canonical(slices.Clone(outside)) {
		add(w.place(f, ws.find(&f)))
	}
	for _, v := range ws.all {
		switch {
		case v.used && ws.expired(v):
			add(w.place(v.expiredFinding(ws.today), nil))
		case !v.used && v.label != "" && own[v.Rule] && asked[v.label] && settled(v.Rule, v.label):
			add(w.place(v.unusedFinding(ids), nil))
		}
	}
	slices.SortStableFunc(found, func(a, b Found) int { return finding.Compare(a.Finding, b.Finding) })
	r.Findings = found
	return r
}
