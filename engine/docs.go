package engine

import (
	"context"
	"slices"
	"sort"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
)

// Docs is the documentation of a set of rules, each list sorted by name.
type Docs struct {
	Rules     []star.RuleDoc
	Functions []star.FunctionDoc
	Providers []star.ProviderDoc
}

// EmbeddedDocs returns the documentation of the embedded rules and providers, and of the functions
// that the rule set's entry module hands on.
func EmbeddedDocs(ctx context.Context, rules RuleSet) (Docs, error) {
	modules := map[label.Label]*star.Module{}
	var load star.LoadFunc
	load = func(l label.Label) (*star.Module, error) {
		if m := modules[l]; m != nil {
			return m, nil
		}
		m, err := star.ExecModule(ctx, star.Source{Label: l, Bytes: rules.Modules[l.Path()]}, load)
		modules[l] = m
		return m, err
	}
	var docs Docs
	for _, name := range sortedNames(rules.Modules) {
		m, err := load(label.Label{Repo: label.Embedded, Name: name})
		if err != nil {
			return Docs{}, err
		}
		docs.Rules = append(docs.Rules, star.Docs(m)...)
		docs.Providers = append(docs.Providers, star.ProviderDocs(m)...)
		if name == rules.Entry {
			docs.Functions = star.FunctionDocs(m)
		}
	}
	sort.Slice(docs.Rules, func(i, j int) bool { return docs.Rules[i].Name < docs.Rules[j].Name })
	sort.Slice(docs.Functions, func(i, j int) bool { return docs.Functions[i].Name < docs.Functions[j].Name })
	sort.Slice(docs.Providers, func(i, j int) bool { return docs.Providers[i].Name < docs.Providers[j].Name })
	return docs, nil
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// RuleDocs returns the documentation of the rules in the workspace's own sbom.star.
func (w *Workspace) RuleDocs() ([]star.RuleDoc, error) {
	o := w.session.Get([]eval.Key{moduleKey(label.Label{Name: RootFile})})[0]
	if o.Err != nil {
		return nil, w.explain(diag.List{o.Err})
	}
	return star.Docs(o.Object.(*star.Module)), nil
}

// Complete returns the labels and patterns that prefix, typed in package cwd, may become,
// sorted and written in prefix's own way.
func (w *Workspace) Complete(prefix, cwd string) ([]string, error) {
	sign := ""
	if strings.HasPrefix(prefix, "-") {
		sign, prefix = "-", prefix[1:]
	}
	var out []string
	add := func(s string) {
		if strings.HasPrefix(s, prefix) {
			out = append(out, sign+s)
		}
	}
	pkg, _, colon := strings.Cut(strings.TrimPrefix(prefix, "//"), ":")
	if !strings.HasPrefix(prefix, "//") {
		pkg = cwd
		for _, name := range w.names(pkg) {
			add(":" + name)
			add(name)
		}
		add(":all")
		slices.Sort(out)
		return out, nil
	}
	if colon {
		for _, name := range w.names(pkg) {
			add("//" + pkg + ":" + name)
		}
		add("//" + pkg + ":all")
		slices.Sort(out)
		return out, nil
	}
	o := w.session.Get([]eval.Key{packagesKey("", nil)})[0]
	if o.Err != nil {
		return nil, w.explain(diag.List{o.Err})
	}
	for _, p := range o.Object.([]string) {
		add("//" + p + ":")
		add(strings.TrimSuffix("//"+p, "/") + "/...")
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// names returns the targets of a package; none when it does not load.
func (w *Workspace) names(pkg string) []string {
	o := w.session.Get([]eval.Key{packageKey(pkg)})[0]
	if o.Err != nil {
		return nil
	}
	var names []string
	for _, d := range o.Object.(*star.Package).Targets() {
		names = append(names, d.Label.Name)
	}
	return names
}
