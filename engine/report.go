package engine

import (
	"context"
	"errors"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
)

// explain makes the errors of a build what a user is told: each once, cycles with the places
// where their targets are declared, and for what went wrong with a target, where that is.
func (w *Workspace) explain(errs diag.List) error {
	var out diag.List
	seen := map[string]bool{}
	add := func(err error) {
		if !seen[err.Error()] {
			seen[err.Error()] = true
			out = append(out, err)
		}
	}
	cancelled := false
	for _, err := range diag.Flatten(errs) {
		var cycle *eval.CycleError
		var men *mention
		var mis *missing
		var d *diag.Error
		switch {
		case errors.Is(err, eval.ErrNotStarted):
		case errors.Is(err, context.Canceled):
			cancelled = true
		case errors.As(err, &cycle):
			add(w.explainCycle(cycle))
		case errors.As(err, &men):
			add(w.explainMention(men))
		case errors.As(err, &mis):
			add(mis.text)
		case errors.As(err, &d):
			add(w.located(d))
		default:
			add(&diag.Error{Msg: err.Error(), Err: err})
		}
	}
	if cancelled {
		return context.Canceled
	}
	return out.Err()
}

// located adds where the target of d is declared.
func (w *Workspace) located(d *diag.Error) *diag.Error {
	site := w.site(d.Label)
	switch {
	case site == "" || strings.Contains(d.Error(), site):
		return d
	case d.Pos == "":
		e := *d
		e.Pos = site
		return &e
	}
	e := *d
	e.Hints = append([]string{d.Label + " is declared at " + site}, d.Hints...)
	return &e
}

// explainMention says that a label is missing at the attribute that names it.
func (w *Workspace) explainMention(m *mention) error {
	e := *m.err.text
	e.Label = m.from.String()
	e.Msg = "attribute \"" + m.attr + "\": " + e.Msg
	if o := w.session.Get([]eval.Key{packageKey(m.from.Pkg)})[0]; o.Err == nil {
		s := o.Object.(*star.Package).Site(m.from.Name)
		e.Pos = s.AttrPos(m.attr)
		e.Hints = append(e.Hints, s.Hints()...)
	}
	return &e
}

// site returns where a target is declared: "BUILD.star:12:1"; "" when that is not known.
func (w *Workspace) site(target string) string {
	l, err := label.ParseAbsolute(target)
	if err != nil || l.Repo != "" {
		return ""
	}
	o := w.session.Get([]eval.Key{packageKey(l.Pkg)})[0]
	if o.Err != nil {
		return ""
	}
	return o.Object.(*star.Package).Site(l.Name).Pos
}

// explainCycle names the cycle by its targets, or files, in order.
func (w *Workspace) explainCycle(c *eval.CycleError) error {
	var names []string
	for _, k := range c.Keys {
		switch k.Kind {
		case kindTarget, kindModule, kindClosure:
			names = append(names, k.Arg)
		case kindAction, kindValidation, kindSpec:
			owner, _ := splitAction(k.Arg)
			names = append(names, owner)
		}
	}
	// Several nodes of one target follow each other, and any node may be the first.
	var short []string
	for i, n := range names {
		if i == 0 || n != names[i-1] {
			short = append(short, n)
		}
	}
	if len(short) > 1 && short[0] == short[len(short)-1] {
		short = short[:len(short)-1]
	}
	if len(short) == 0 {
		return c
	}
	first := 0
	for i, n := range short {
		if n < short[first] {
			first = i
		}
	}
	short = append(short[first:], short[:first]...)
	d := &diag.Error{Msg: "dependency cycle: " + strings.Join(append(short, short[0]), " -> "), Err: c}
	for _, n := range short {
		if site := w.site(n); site != "" {
			d.Hints = append(d.Hints, n+" is declared at "+site)
		}
	}
	return d
}
