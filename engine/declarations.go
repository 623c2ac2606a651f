package engine

import (
	"bytes"
	"context"
	"slices"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
)

// What commands that edit declarations ask of a workspace.

// Declared returns where a target is declared, and the name of its rule.
func (w *Workspace) Declared(l label.Label) (site star.Site, rule string, err error) {
	o := w.session.Get([]eval.Key{targetKey(l.String())})[0]
	if o.Err != nil {
		return star.Site{}, "", w.explain(diag.List{w.meantPackage(l.String(), o.Err)})
	}
	return w.declared(l.String()), o.Object.(*star.Target).RuleName, nil
}

// Params decodes the parameters of the target's action with an operation into v, a pointer to a struct. It reports
// whether there is such an action.
func (w *Workspace) Params(l label.Label, operation string, v any) (bool, error) {
	o := w.session.Get([]eval.Key{targetKey(l.String())})[0]
	if o.Err != nil {
		return false, w.explain(diag.List{o.Err})
	}
	for _, a := range o.Object.(*star.Target).Actions() {
		if a.Operation == operation {
			return true, (&action.Spec{Params: a.Params}).DecodeParams(v)
		}
	}
	return false, nil
}

// Targets returns all targets of the workspace, sorted, also those with the tag "manual".
func (w *Workspace) Targets() ([]label.Label, error) {
	o := w.session.Get([]eval.Key{packagesKey("", nil)})[0]
	if o.Err != nil {
		return nil, w.explain(diag.List{o.Err})
	}
	var keys []eval.Key
	for _, p := range o.Object.([]string) {
		keys = append(keys, packageKey(p))
	}
	var out []label.Label
	var errs diag.List
	for _, o := range w.session.Get(keys) {
		if o.Err != nil {
			errs = append(errs, o.Err)
			continue
		}
		for _, d := range o.Object.(*star.Package).Targets() {
			out = append(out, d.Label)
		}
	}
	slices.SortFunc(out, label.Label.Compare)
	return out, w.explain(errs)
}

// Differing returns the targets of a package whose declarations are others in v, a view of the same workspace.
func (w *Workspace) Differing(v *Workspace, pkg string) ([]label.Label, error) {
	load := func(w *Workspace) (*star.Package, error) {
		o := w.session.Get([]eval.Key{packageKey(pkg)})[0]
		if o.Err != nil {
			return nil, w.explain(diag.List{o.Err})
		}
		return o.Object.(*star.Package), nil
	}
	a, err := load(w)
	if err != nil {
		return nil, err
	}
	b, err := load(v)
	if err != nil {
		return nil, err
	}
	var out []label.Label
	for _, d := range a.Targets() {
		if e := b.Target(d.Label.Name); e == nil || !bytes.Equal(d.Encode(), e.Encode()) {
			out = append(out, d.Label)
		}
	}
	for _, d := range b.Targets() {
		if a.Target(d.Label.Name) == nil {
			out = append(out, d.Label)
		}
	}
	return out, nil
}

// Preview returns the workspace as it would be after the changes, to load and analyse it; it can build nothing. Nothing is written, and
// nothing of it is remembered. Close it.
func (w *Workspace) Preview(ctx context.Context, changes []Change) (*Workspace, error) {
	opt := w.opt
	opt.ReadOnly, opt.Events = true, nil
	v := &Workspace{ctx: ctx, opt: opt, reader: w.reader, prefix: w.prefix, operations: w.operations, store: w.store, exec: w.exec,
		runner: w.runner, program: w.program, tally: &tally{}, overlay: map[string][]byte{}}
	for _, c := range changes {
		v.overlay[c.Path] = c.After
	}
	var err error
	if v.eval, err = eval.Open(v.kinds(), eval.Options{ReadOnly: true, Jobs: opt.Jobs}); err != nil {
		return nil, err
	}
	v.session = v.eval.NewSession(ctx, opt.Events)
	return v, nil
}

// overlaid is the value of a text that a preview changes.
func (w *Workspace) overlaid(arg string) ([]byte, bool) {
	b, ok := w.overlay[arg]
	if !ok {
		return nil, false
	}
	return append([]byte{byte(files.Regular)}, b...), true
}
