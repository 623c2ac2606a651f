package star

import (
	"fmt"
	"strings"
	"time"

	"go.starlark.net/starlark"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Waiver says that findings of one rule do not count, and why. It is attached to a target (waivers = [waive(...)]) or to a
// package (package(waivers = [...])).
//
// A Package knows its waivers beside its declarations, never in them: no rule sees one, none is part of what a node's
// value depends on but the package's own, and so editing one runs no action.
type Waiver struct {
	Rule   string   // id of the rule whose findings it is for
	Path   string   // pattern of the paths that it is for, as the tree calls them; "" is any
	Reason string   //
	Until  string   // the last day on which it holds, as "2027-03-01"; "" is for good
	Pos    diag.Pos // of the call of waive
}

// String returns the waiver as it is written, without its reason.
func (w *Waiver) String() string {
	s := fmt.Sprintf("waive(%q", w.Rule)
	if w.Path != "" {
		s += fmt.Sprintf(", path = %q", w.Path)
	}
	return s + ")"
}

// Type implements starlark.Value.
func (*Waiver) Type() string { return "waiver" }

// Freeze implements starlark.Value: a waiver never changes.
func (*Waiver) Freeze() {}

// Truth implements starlark.Value.
func (*Waiver) Truth() starlark.Bool { return true }

// Hash implements starlark.Value.
func (*Waiver) Hash() (uint32, error) { return 0, faultf("unhashable type: waiver") }

// makeWaiver is the builtin waive(rule, path = "", reason, until = "").
func makeWaiver(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	w := &Waiver{Pos: callerPos(t)}
	if len(args) > 1 {
		return nil, faultf(`waive: only the rule comes without a name: waive("unclaimed", path = "...", reason = "...")`)
	}
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "rule", &w.Rule, "path?", &w.Path, "reason?", &w.Reason, "until?", &w.Until); err != nil {
		return nil, err
	}
	if err := charge(t, dictSteps); err != nil {
		return nil, err
	}
	switch {
	case strings.ContainsAny(w.Rule, "*?[]{}"):
		return nil, faultf("waive: %q would hide everything; a waiver is for the findings of one rule, by its id", w.Rule)
	case w.Rule == "" || strings.ContainsFunc(w.Rule, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, faultf("waive: %q is not the id of a rule, such as \"unclaimed\"", w.Rule)
	case w.Rule == "waiver":
		return nil, faultf("waive: what is said of waivers cannot be waived; mend the waiver that it is said of")
	case strings.TrimSpace(w.Reason) == "":
		return nil, &fault{msg: fmt.Sprintf("%s needs a reason", w), hints: []string{`add reason = "why these findings do not count"`}}
	}
	if w.Until != "" {
		if _, err := time.Parse(time.DateOnly, w.Until); err != nil {
			return nil, faultf("waive: until = %q is not a date, such as \"2027-03-01\"", w.Until)
		}
	}
	return w, nil
}

// waivers returns a list of waivers as its elements; attr is what an error blames.
func (p *packageState) waivers(v starlark.Value, attr string) ([]Waiver, error) {
	list, ok := v.(*starlark.List)
	if !ok {
		return nil, at(attr, faultf("expected a list of waive(...), got %s", article(v.Type())))
	}
	if list.Len() > maxWaivers {
		return nil, at(attr, faultf("more than %d waivers", maxWaivers))
	}
	var out []Waiver
	for i := range list.Len() {
		w, ok := list.Index(i).(*Waiver)
		if !ok {
			return nil, at(place(attr, i), faultf("expected waive(...), got %s", article(list.Index(i).Type())))
		}
		if w.Path != "" {
			err := checkPattern(w.Path)
			if err == nil && p.in.WaiverPath != nil {
				err = p.in.WaiverPath(w.Path)
			}
			if err != nil {
				return nil, at(place(attr, i), prefix("waive: ", err))
			}
		}
		p.bytes += len(w.Rule) + len(w.Path) + len(w.Reason) + len(w.Until) + len(w.Pos.File)
		out = append(out, *w)
	}
	return out, nil
}

// Waivers returns those of the package, which are for all its targets.
func (p *Package) Waivers() []Waiver { return p.waivers }

// WaiversOf returns those of one target, without the package's.
func (p *Package) WaiversOf(target string) []Waiver { return p.waiversOf[target] }

// HasWaivers reports whether the package or a target of it has any.
func (p *Package) HasWaivers() bool { return len(p.waivers) > 0 || len(p.waiversOf) > 0 }

func (e *encoder) waivers(list []Waiver) {
	e.uint(uint64(len(list)))
	for _, w := range list {
		for _, s := range []string{w.Rule, w.Path, w.Reason, w.Until, w.Pos.File} {
			e.string(s)
		}
		e.pos(callPos{int32(w.Pos.Line), int32(w.Pos.Col)})
	}
}

func (d *decoder) waivers() []Waiver {
	n := d.count(7)
	if n == 0 {
		return nil
	}
	out := make([]Waiver, n)
	for i := range out {
		out[i] = Waiver{Rule: d.string(), Path: d.string(), Reason: d.string(), Until: d.string(), Pos: d.framePos()}
	}
	return out
}
