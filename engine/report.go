package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
)

// explain makes the errors of a build what a user is told: each once, cycles with the places
// where their targets are declared, and for what went wrong with a target, where that is. What is wrong
// with a file is told for the first target that reads it, and the others are counted.
func (w *Workspace) explain(errs diag.List) error {
	var out diag.List
	seen := map[string]bool{}
	add := func(err error) {
		if !seen[err.Error()] {
			seen[err.Error()] = true
			out = append(out, err)
		}
	}
	files := map[string]*diag.Error{} // by position and message, of an error that is not about the target's own declaration
	others := map[*diag.Error]int{}
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
			add(w.explainAsked(mis))
		case errors.As(err, &d):
			first := files[d.Pos.String()+"\x00"+d.Msg]
			if d.Pos.IsZero() || first == nil {
				e := w.located(d)
				add(e)
				files[d.Pos.String()+"\x00"+d.Msg] = e
			} else if first.Label != d.Label {
				others[first]++
			}
		default:
			add(&diag.Error{Msg: err.Error(), Err: err})
		}
	}
	if cancelled {
		return context.Canceled
	}
	for i, err := range out {
		if d, ok := err.(*diag.Error); ok && others[d] > 0 {
			e := *d
			more := "another target has this error"
			if n := others[d]; n > 1 {
				more = fmt.Sprintf("%d more targets have this error", n)
			}
			e.Hints = append(slices.Clone(e.Hints), more)
			out[i] = &e
		}
	}
	return out.Err()
}

// located adds where the target of d is declared, or the attribute that is to blame, unless d is about a
// line of that very file.
func (w *Workspace) located(d *diag.Error) *diag.Error {
	site, decl := w.declared(d.Label)
	if site.Pos.IsZero() {
		return d
	}
	attr := d.Attr
	if attr == "" && d.Value != "" {
		attr = decl.AttrHolding(d.Value)
	}
	e := *d
	pos := site.AttrPos(attr)
	switch {
	case d.Pos.IsZero():
		e.Pos = pos
		e.Hints = append(site.Hints(), d.Hints...)
	case strings.Contains(d.Error(), pos.String()) || d.Pos.File == pos.File:
		return d
	case pos != site.Pos:
		e.Hints = append([]string{fmt.Sprintf("%s declares %s at %s", d.Label, attr, pos)}, d.Hints...)
	default:
		e.Hints = append([]string{fmt.Sprintf("%s is declared at %s", d.Label, pos)}, append(site.Hints(), d.Hints...)...)
	}
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

// declared returns where a target is declared, and what of it; the zero Site when that is not known.
func (w *Workspace) declared(target string) (star.Site, *star.Declaration) {
	l, err := label.ParseAbsolute(target)
	if err != nil || l.Repo != "" {
		return star.Site{}, nil
	}
	o := w.session.Get([]eval.Key{packageKey(l.Pkg)})[0]
	if o.Err != nil {
		return star.Site{}, nil
	}
	p := o.Object.(*star.Package)
	return p.Site(l.Name), p.Target(l.Name)
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
	for i, n := range short {
		site, link := w.link(n, short[(i+1)%len(short)])
		if i == 0 {
			d.Pos = site
		}
		if link != "" {
			d.Hints = append(d.Hints, link)
		}
	}
	return d
}

// link says where a target or module of a cycle is declared and where it names the next one. pos is
// the latter, as far as that is known.
func (w *Workspace) link(from, to string) (pos diag.Pos, text string) {
	l, err := label.ParseAbsolute(from)
	if err != nil || l.Repo != "" {
		return diag.Pos{}, ""
	}
	if o := w.session.Get([]eval.Key{packageKey(l.Pkg)})[0]; o.Err == nil {
		p := o.Object.(*star.Package)
		if d := p.Target(l.Name); d != nil {
			s := p.Site(l.Name)
			for _, dep := range d.Deps() {
				if dep.Label.String() == to {
					pos := s.AttrPos(dep.Attr)
					return pos, fmt.Sprintf("%s is declared at %s and names %s in %q at %s", from, s.Pos, to, dep.Attr, pos)
				}
			}
			return s.Pos, fmt.Sprintf("%s is declared at %s", from, s.Pos)
		}
	}
	o := w.session.Get([]eval.Key{textKey(l.Path())})[0]
	if o.Err != nil {
		return diag.Pos{}, ""
	}
	for _, ld := range star.Loads(&star.Source{Label: l, Bytes: o.Object.(Text).Bytes}) {
		if ld.Label.String() == to {
			return ld.Pos, fmt.Sprintf("%s loads %s at %s", from, to, ld.Pos)
		}
	}
	return diag.Pos{}, ""
}
