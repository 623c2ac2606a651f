package engine

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
)

// kindTarget is an analysed target: *star.Target; the argument is its label.
const kindTarget = "target"

func targetKey(l string) eval.Key { return eval.Key{Kind: kindTarget, Arg: l} }

func decodeTarget(value []byte) (any, error) { return star.DecodeTarget(value) }

// missing is the error of a label that names nothing.
type missing struct {
	label label.Label
	text  *diag.Error
}

func (m *missing) Error() string { return m.text.Error() }

// noPackage is the error of a package that is not there.
type noPackage struct {
	pkg  string
	text *diag.Error
}

func (n *noPackage) Error() string { return n.text.Error() }

func (n *noPackage) Unwrap() error { return n.text }

// mention says which attribute of which target names what was missing. Positions are added
// when the error is told (report.go): a node must not depend on them.
type mention struct {
	from label.Label
	dep  star.Dep
	err  *missing
}

func (m *mention) Error() string { return m.err.Error() }

// diagnostic is the error at the attribute, without its position.
func (m *mention) diagnostic() *diag.Error {
	e := *m.err.text
	e.Label, e.Attr = m.from.String(), m.dep.Place()
	e.Msg = fmt.Sprintf("attribute %q: %s", m.dep.Attr, e.Msg)
	return &e
}

// runTarget analyses a target. A label that names no target but a file of its package stands
// for the file.
func (w *Workspace) runTarget(c *eval.Context, arg string) (eval.Result, error) {
	l, err := label.ParseAbsolute(arg)
	if err != nil {
		return eval.Result{}, err
	}
	o, err := c.Get(declarationKey(arg))
	if err != nil {
		return eval.Result{}, err
	}
	decl := o.(*star.Declaration)
	if decl == nil {
		return w.sourceFile(c, l)
	}
	mod, err := decl.Module()
	if err != nil {
		return eval.Result{}, err
	}
	o, err = c.Get(moduleKey(mod))
	if err != nil {
		return eval.Result{}, err
	}
	rule := o.(*star.Module).Rule(decl.RuleName())
	deps := decl.Deps()
	keys := make([]eval.Key, len(deps))
	for i, d := range deps {
		keys[i] = targetKey(d.Label.String())
	}
	targets, err := c.All(keys)
	if err != nil {
		return eval.Result{}, mentioned(err, l, deps)
	}
	byLabel := make(map[label.Label]*star.Target, len(deps))
	for i, d := range deps {
		byLabel[d.Label] = targets[i].(*star.Target)
	}
	t, err := star.Analyse(c.Context(), star.AnalysisInput{
		Declaration: decl, Rule: rule, Deps: byLabel,
		Option:    func(name string) (string, error) { return w.option(c, name) },
		Checks:    w.opt.Rules.Checks,
		Texts:     w.opt.Rules.Texts,
		Operation: w.knownOperation,
		Site:      w.sites(c),
	})
	if err != nil {
		return eval.Result{}, err
	}
	return eval.Result{Value: t.Encode(), Object: t}, nil
}

// sites looks up where targets are declared, for errors: a target that fails has no trace, so
// that it looked at positions does no harm.
func (w *Workspace) sites(c *eval.Context) func(label.Label) star.Site {
	return func(l label.Label) star.Site {
		o, err := c.Get(packageKey(l.Pkg))
		if err != nil {
			return star.Site{}
		}
		return o.(*star.Package).Site(l.Name)
	}
}

// mentioned notes which attribute names a label that is missing.
func mentioned(err error, from label.Label, deps []star.Dep) error {
	var out diag.List
	for _, e := range diag.Flatten(err) {
		var m *missing
		var n *noPackage
		switch {
		case errors.As(e, &m):
			for _, d := range deps {
				if d.Label == m.label {
					e = &mention{from, d, m}
				}
			}
		case errors.As(e, &n):
			if i := slices.IndexFunc(deps, func(d star.Dep) bool { return d.Label.Pkg == n.pkg }); i >= 0 {
				e = &mention{from, deps[i], &missing{deps[i].Label, n.text}}
			}
		}
		out = append(out, e)
	}
	return out.Err()
}

// sourceFile is the target of a label that names a file.
func (w *Workspace) sourceFile(c *eval.Context, l label.Label) (eval.Result, error) {
	file := l.Path()
	if err := w.inThisWorkspace(c, path.Dir(file)); err != nil {
		return eval.Result{}, err
	}
	o, err := c.Get(dirKey(path.Dir(file)))
	if err != nil {
		return eval.Result{}, err
	}
	for _, e := range o.([]files.Entry) {
		if e.Name == path.Base(file) && (e.Kind == files.Regular || e.Kind == files.Symlink) {
			t := star.SourceFile(l)
			return eval.Result{Value: t.Encode(), Object: t}, nil
		}
	}
	o, err = c.Get(packageKey(l.Pkg))
	if err != nil {
		var d *diag.Error
		if errors.As(err, &d) {
			return eval.Result{}, &missing{l, d}
		}
		return eval.Result{}, err
	}
	text := o.(*star.Package).Missing(l.Name)
	if strings.ContainsAny(l.Name, "./") { // as in names of files
		text.Msg += fmt.Sprintf(", and there is no file %s", file)
		text.Hints = append(text.Hints, w.nearFiles(c, file)...)
	}
	return eval.Result{}, &missing{l, text}
}

// option returns what the user said of a build option; "" for nothing.
func (w *Workspace) option(c *eval.Context, name string) (string, error) {
	if !optionNames[name] {
		var known []string
		for n := range optionNames {
			known = append(known, n)
		}
		return "", &diag.Error{Msg: fmt.Sprintf("there is no build option %q%s", name, diag.DidYouMean(name, known))}
	}
	o, err := c.Get(optionKey(name))
	if err != nil {
		return "", err
	}
	return o.(Option).Value, nil
}

// optionNames are the build options that a rule may read.
var optionNames = map[string]bool{"source_date_epoch": true}

func (w *Workspace) knownOperation(name string) error {
	if _, ok := w.operations[name]; ok {
		return nil
	}
	var known []string
	for n := range w.operations {
		known = append(known, n)
	}
	return &diag.Error{Msg: fmt.Sprintf("there is no operation %q%s", name, diag.DidYouMean(name, known))}
}
