package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/query"
	"github.com/sbomctl/sbomctl/engine/star"
)

// Query answers a query over the declared targets, and analyses those that owner(...) asks of. It runs no action.
// With Options.KeepGoing the result is of what can be loaded, beside the error.
func (w *Workspace) Query(x *query.Expr, order query.Order) (*query.Result, error) {
	r, err := x.Eval(w.ctx, &graph{w: w, targets: map[label.Label]*query.Target{}, rules: map[string]*star.Rule{}}, order, w.opt.KeepGoing)
	if err != nil {
		err = w.explain(diag.Flatten(err))
	}
	return r, err
}

// Declaration is what a BUILD.star says of a target of a query's result.
type Declaration struct {
	Site  star.Site
	Rule  string          // "vendored_package"; "" for a file
	Attrs []star.Attr     // that are given, sorted by name
	JSON  json.RawMessage // the same as an object
	Deps  []label.Label   // each once, sorted
}

// Declaration returns what is declared of t; nothing for a file.
func (w *Workspace) Declaration(t *query.Target) Declaration {
	d, _ := t.Data.(*star.Declaration)
	if d == nil {
		return Declaration{}
	}
	out := Declaration{Site: w.declared(t.Label.String()), Rule: d.RuleName(), Attrs: d.Attrs(), JSON: d.AttrsJSON()}
	for _, dep := range d.Deps() {
		out.Deps = append(out.Deps, dep.Label)
	}
	slices.SortFunc(out.Deps, label.Label.Compare)
	out.Deps = slices.Compact(out.Deps)
	return out
}

// graph is the workspace as a query sees it. The Data of a target is its *star.Declaration, nil for a file.
type graph struct {
	w       *Workspace
	targets map[label.Label]*query.Target
	rules   map[string]*star.Rule // by identity
}

func (g *graph) get(k eval.Key) (any, error) {
	o := g.w.session.Get([]eval.Key{k})[0]
	return o.Object, o.Err
}

func (g *graph) target(l label.Label, kind string, d *star.Declaration) *query.Target {
	t := g.targets[l]
	if t == nil {
		t = &query.Target{Label: l, Kind: kind, Data: d}
		g.targets[l] = t
	}
	return t
}

func (g *graph) declared(d *star.Declaration) *query.Target {
	if t := g.targets[d.Label]; t != nil {
		return t
	}
	return g.target(d.Label, d.RuleName()+" rule", d)
}

const sourceFile = "source file"

// find returns the target of a label, or the file that it names.
func (g *graph) find(l label.Label) (*query.Target, error) {
	if t := g.targets[l]; t != nil {
		return t, nil
	}
	if o, err := g.get(packageKey(l.Pkg)); err == nil {
		if d := o.(*star.Package).Target(l.Name); d != nil {
			return g.declared(d), nil
		}
	}
	if _, err := g.get(targetKey(l.String())); err != nil {
		return nil, err
	}
	return g.target(l, sourceFile, nil), nil
}

// Match implements query.Graph.
func (g *graph) Match(p label.Pattern) ([]*query.Target, error) {
	if p.Scope == label.One {
		t, err := g.find(p.Label())
		if err != nil {
			return nil, g.w.explain(diag.List{g.w.meantPackage(p.Label().String(), err)})
		}
		return []*query.Target{t}, nil
	}
	packages := []string{p.Pkg}
	if p.Scope == label.Subtree {
		o, err := g.get(packagesKey(p.Pkg, nil))
		if err != nil {
			return nil, err
		}
		if packages = o.([]string); len(packages) == 0 {
			return nil, noPackageBelow(p)
		}
	}
	return g.all(packages)
}

// all returns the targets of packages. Those that can be loaded are returned beside an error.
func (g *graph) all(packages []string) (targets []*query.Target, err error) {
	keys := make([]eval.Key, len(packages))
	for i, p := range packages {
		keys[i] = packageKey(p)
	}
	var errs diag.List
	for _, o := range g.w.session.Get(keys) {
		var none *noPackage
		switch {
		case errors.As(o.Err, &none): // the expression names it
			errs = append(errs, none.text)
			continue
		case o.Err != nil:
			errs = append(errs, o.Err)
			continue
		}
		for _, d := range o.Object.(*star.Package).Targets() {
			targets = append(targets, g.declared(d))
		}
	}
	return targets, errs.Err()
}

// Deps implements query.Graph.
func (g *graph) Deps(t *query.Target) ([]*query.Target, error) {
	return g.named(t, func(star.Dep) bool { return true })
}

// Labels implements query.Graph.
func (g *graph) Labels(t *query.Target, attr string) ([]*query.Target, error) {
	return g.named(t, func(d star.Dep) bool { return d.Attr == attr })
}

// named returns what those attributes name, each once.
func (g *graph) named(t *query.Target, of func(star.Dep) bool) (out []*query.Target, err error) {
	decl, _ := t.Data.(*star.Declaration)
	if decl == nil {
		return nil, nil
	}
	var errs diag.List
	for _, dep := range decl.Deps() {
		if !of(dep) {
			continue
		}
		d, err := g.find(dep.Label)
		if err != nil {
			errs = append(errs, mentioned(err, decl.Label, []star.Dep{dep}))
			continue
		}
		if !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out, errs.Err()
}

// Attr implements query.Graph.
func (g *graph) Attr(t *query.Target, name string) (string, bool, error) {
	decl, _ := t.Data.(*star.Declaration)
	if decl == nil {
		return "", false, nil
	}
	rule, err := g.rule(decl)
	if err != nil {
		return "", false, err
	}
	value, ok := decl.AttrText(rule, name)
	return value, ok, nil
}

// rule returns the rule of a declaration.
func (g *graph) rule(d *star.Declaration) (*star.Rule, error) {
	if r := g.rules[d.Rule]; r != nil {
		return r, nil
	}
	mod, err := d.Module()
	if err != nil {
		return nil, err
	}
	o, err := g.get(moduleKey(mod))
	if err != nil {
		return nil, err
	}
	r := o.(*star.Module).Rule(d.RuleName())
	g.rules[d.Rule] = r
	return r, nil
}

// Siblings implements query.Graph.
func (g *graph) Siblings(t *query.Target) ([]*query.Target, error) {
	return g.all([]string{t.Label.Pkg})
}

// BuildFiles implements query.Graph.
func (g *graph) BuildFiles(t *query.Target) ([]*query.Target, error) {
	var out []*query.Target
	seen := map[label.Label]bool{}
	next := []label.Label{{Pkg: t.Label.Pkg, Name: BuildFile}}
	for len(next) > 0 {
		l := next[0]
		next = next[1:]
		if seen[l] {
			continue
		}
		seen[l] = true
		o, err := g.get(textKey(l.Path()))
		if err != nil {
			return nil, err
		}
		if o.(Text).Kind != files.Regular {
			if _, err := g.get(packageKey(l.Pkg)); err != nil {
				return nil, err // which says it better
			}
			continue
		}
		out = append(out, g.target(l, sourceFile, nil))
		for _, ld := range star.Loads(&star.Source{Label: l, Bytes: o.(Text).Bytes}) {
			if ld.Label.Repo == "" { // the others are part of the program
				next = append(next, ld.Label)
			}
		}
	}
	return out, nil
}

// Owners implements query.Graph. A target claims a file when its attribute src or srcs selects it: by a pattern over a
// tree, or as a label. The path is that in the tree, or that in the workspace.
func (g *graph) Owners(file string) ([]*query.Target, error) {
	file = filepath.ToSlash(file)
	if !path.IsAbs(file) {
		file = path.Clean(file)
	}
	if file == "." {
		return nil, &diag.Error{Msg: "owner wants the path of a file, in a tree or in the workspace"}
	}
	o, err := g.get(packagesKey("", nil))
	if err != nil {
		return nil, err
	}
	targets, err := g.all(o.([]string))
	errs := diag.Flatten(err)
	targets = slices.DeleteFunc(targets, func(t *query.Target) bool { return !g.hasSrcs(t) })
	x := &owners{graph: g, file: file, trees: map[string]string{}}
	keys := make([]eval.Key, len(targets))
	for i, t := range targets {
		keys[i] = targetKey(t.Label.String())
	}
	var out []*query.Target
	for i, o := range g.w.session.Get(keys) {
		if o.Err != nil {
			errs = append(errs, o.Err)
			continue
		}
		claims, err := x.claims(targets[i], o.Object.(*star.Target))
		if err != nil {
			errs = append(errs, err)
		}
		if claims {
			out = append(out, targets[i])
		}
	}
	if err := diag.List(errs).Err(); err != nil {
		return out, err
	}
	if len(out) == 0 && !x.found {
		o, err := g.get(kindKey(strings.TrimPrefix(file, g.w.prefix)))
		if err == nil && o.(files.Kind) == files.Absent {
			return nil, &diag.Error{Msg: fmt.Sprintf("there is no file %q, in no tree and not in the workspace", file)}
		}
	}
	return out, nil
}

// owners is one question of Owners.
type owners struct {
	*graph
	file  string
	trees map[string]string // a tree (its treeRef as JSON) -> what the file is called there, "" when it is not there
	found bool              // in some tree
}

// claims reports whether a target claims the file.
func (x *owners) claims(t *query.Target, analysed *star.Target) (bool, error) {
	for _, d := range t.Data.(*star.Declaration).Deps() {
		if isSrcs(d.Attr) && d.Label.Path() == strings.TrimPrefix(x.file, x.w.prefix) {
			return true, nil
		}
	}
	for _, a := range analysed.Actions() {
		for _, in := range a.Inputs {
			for _, r := range in.Refs {
				if r.FileSet == nil || a.Validation || !isSrcs(star.PatternPlace(r.FileSet.IncludeAttr, 0)) {
					continue
				}
				m, err := files.Compile(r.FileSet.Include, r.FileSet.Exclude)
				if err != nil {
					return false, err
				}
				name, err := x.in(r.FileSet.Tree)
				if err != nil {
					return false, err
				}
				if _, ok := m.Match(name); ok {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// hasSrcs reports whether a target may claim files at all.
func (g *graph) hasSrcs(t *query.Target) bool {
	decl := t.Data.(*star.Declaration)
	rule, err := g.rule(decl)
	if err != nil {
		return true // its analysis will say it
	}
	return rule.HasAttr("src") || rule.HasAttr("srcs")
}

// isSrcs reports whether an attribute, or an element of one, says what is a target's own.
func isSrcs(attr string) bool {
	attr, _, _ = strings.Cut(attr, "[")
	return attr == "src" || attr == "srcs"
}

// in returns what the file is called in a tree, "" when the tree has no such file.
func (x *owners) in(tree star.Tree) (string, error) {
	ref, err := x.w.treeRef(x.get, tree)
	if err != nil {
		return "", err
	}
	key := mustJSON(ref)
	if name, known := x.trees[key]; known {
		return name, nil
	}
	names := []string{x.file}
	if ref.Path != "" {
		root := path.Clean(strings.TrimPrefix(x.w.path(ref.Path), x.w.prefix))
		if rest, ok := strings.CutPrefix(strings.TrimPrefix(x.file, x.w.prefix), root+"/"); ok {
			names = []string{rest, x.file}
		}
	}
	for _, name := range names {
		if !filepath.IsLocal(name) {
			continue
		}
		there, err := x.has(ref, name)
		if err != nil {
			return "", err
		}
		if there {
			x.trees[key], x.found = name, true
			return name, nil
		}
	}
	x.trees[key] = ""
	return "", nil
}

// has reports whether a tree has a file.
func (x *owners) has(tree treeRef, name string) (bool, error) {
	// No character of a name is special but to patterns, in which "?" is any.
	literal := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`*?[]{}\`, r) {
			return '?'
		}
		return r
	}, name)
	o, err := x.get(fileSetKey(fileSetSpec{Tree: tree, Include: []string{literal}, Loose: true}))
	if err != nil {
		if archive, kindErr := x.archive(tree); kindErr != nil || !archive {
			return false, err
		}
		return false, &diag.Error{Msg: fmt.Sprintf("the tree %s is an archive that no build has read yet", tree), Err: err,
			Hints: []string{"owner(...) reads no archive itself; build what reads it first"}}
	}
	return slices.ContainsFunc(o.(*fileSet).Entries, func(e fileSetEntry) bool { return e.Path == name }), nil
}

func (x *owners) archive(tree treeRef) (bool, error) {
	if tree.Action != "" {
		return true, nil
	}
	o, err := x.get(kindKey(tree.Path))
	return err == nil && o.(files.Kind) == files.Regular, err
}
