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

// explain turns the errors of a build into what a user is told. Each cause is told once: for the first target
// that it concerns, with the others named in hints. Errors about a target get the place where it is declared.
// An interrupted build is context.Canceled and nothing else. lost are targets of which neither outputs nor an
// error came. The error is nil only when errs is empty.
func (w *Workspace) explain(errs diag.List, lost ...string) error {
	var told diag.List
	var first []*diag.Error // of told, as they were before they were placed
	also := map[int][]*diag.Error{}
	seen := map[cause]int{}
	var stopped diag.List // what kept others from being started
	for _, err := range diag.Flatten(errs) {
		var idle *eval.NotStartedError
		switch {
		case errors.As(err, &idle):
			stopped = append(stopped, idle.Because)
			continue
		case errors.Is(err, context.Canceled) && w.ctx.Err() != nil:
			return context.Canceled
		}
		d := w.diagnostic(err)
		if i, known := seen[causeOf(d)]; known {
			also[i] = append(also[i], d)
			continue
		}
		seen[causeOf(d)] = len(told)
		told, first = append(told, w.located(d)), append(first, d)
	}
	for i, others := range also {
		if hint := w.alsoHint(first[i], others); hint != "" {
			e := *told[i].(*diag.Error)
			e.Hints = append(slices.Clone(e.Hints), hint)
			told[i] = &e
		}
	}
	switch {
	case len(told) == 0 && len(stopped) > 0: // it failed earlier, or where nobody asked for it any more
		return w.explain(stopped, lost...)
	case len(told) == 0 && len(errs) > 0:
		return lostError(lost)
	}
	return told.Err()
}

// diagnostic is err in the shape in which a user is told of it.
func (w *Workspace) diagnostic(err error) *diag.Error {
	var cycle *eval.CycleError
	var men *mention
	var mis *missing
	var d *diag.Error
	switch {
	case errors.As(err, &cycle):
		return w.explainCycle(cycle)
	case errors.As(err, &men):
		return men.diagnostic()
	case errors.As(err, &mis):
		return mis.text
	case errors.As(err, &d):
		return d
	}
	return &diag.Error{Msg: err.Error(), Err: err}
}

// cause is what makes two errors the same one: what is wrong with a place in a file has one cause, whichever
// targets read it. Without a place the target is to blame.
type cause struct {
	pos        diag.Pos
	label, msg string
}

func causeOf(d *diag.Error) cause {
	if d.Pos.IsZero() {
		return cause{label: d.Label, msg: d.Msg}
	}
	return cause{pos: d.Pos, msg: d.Msg}
}

// alsoHint names the other targets that an error concerns, and where each would be mended when that is somewhere
// else.
func (w *Workspace) alsoHint(first *diag.Error, others []*diag.Error) string {
	_, place := w.blamed(first)
	var names []string
	seen := map[string]bool{first.Label: true, "": true}
	for _, d := range others {
		if seen[d.Label] {
			continue
		}
		seen[d.Label] = true
		name := d.Label
		if attr, pos := w.blamed(d); pos != place {
			if attr == "" {
				attr = "declared"
			}
			name += fmt.Sprintf(" (%s at %s)", attr, pos)
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return ""
	}
	return "the same is wrong with " + several(names)
}

// blamed is the attribute of its target that an error is about, and where it is; "" and where the target is declared,
// when it is none that is written in a BUILD.star.
func (w *Workspace) blamed(d *diag.Error) (attr string, pos diag.Pos) {
	return blamedAt(d, w.declared(d.Label))
}

func blamedAt(d *diag.Error, site star.Site) (attr string, pos diag.Pos) {
	attr = d.Attr
	if pos = site.AttrPos(attr); pos == site.Pos {
		attr = ""
	}
	return attr, pos
}

// located is d at its place. This is the one function that gives an error, or a finding of any severity, its place: the
// declaration or the attribute that is to blame, and the macros that made it. An error that has a place
// already, in another file, gets a hint that leads to the declaration.
func (w *Workspace) located(d *diag.Error) *diag.Error { return locatedAt(d, w.declared(d.Label)) }

func locatedAt(d *diag.Error, site star.Site) *diag.Error {
	attr, pos := blamedAt(d, site)
	if pos.IsZero() || d.Pos.File == pos.File || slices.ContainsFunc(d.Hints, func(h string) bool { return strings.Contains(h, pos.String()) }) {
		return d
	}
	e := *d
	switch {
	case d.Pos.IsZero():
		e.Pos = pos
		e.Hints = site.Hints()
	case attr != "":
		e.Hints = []string{fmt.Sprintf("%s declares %s at %s", d.Label, attr, pos)}
	default:
		e.Hints = append([]string{fmt.Sprintf("%s is declared at %s", d.Label, pos)}, site.Hints()...)
	}
	e.Hints = append(e.Hints, d.Hints...)
	return &e
}

// Located gives an error of a target its place, for commands that find errors outside a build.
func (w *Workspace) Located(d *diag.Error) error { return w.located(d) }

// declared returns where a target is declared; the zero Site when that is not known.
func (w *Workspace) declared(target string) star.Site {
	l, err := label.ParseAbsolute(target)
	if err != nil || l.Repo != "" {
		return star.Site{}
	}
	o := w.session.Get([]eval.Key{packageKey(l.Pkg)})[0]
	if o.Err != nil {
		return star.Site{}
	}
	p := o.Object.(*star.Package)
	return p.Site(l.Name)
}

// explainCycle names the cycle by its targets, or files, in order.
func (w *Workspace) explainCycle(c *eval.CycleError) *diag.Error {
	var names []string
	for _, k := range c.Keys {
		switch k.Kind {
		case kindTarget, kindModule, kindClosure:
			names = append(names, k.Arg)
		case kindAction, kindValidation, kindOutputs, kindDefinition:
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
		return &diag.Error{Msg: c.Error(), Err: c}
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
					pos := s.AttrPos(dep.Place())
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
