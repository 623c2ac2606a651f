package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
)

// Docs is the documentation of a set of rules, each list sorted by name.
type Docs struct {
	Rules     []star.RuleDoc
	Functions []star.FunctionDoc
	Providers []star.ProviderDoc
	Findings  []finding.Rule // what findings mean, by their rule ids
	Libraries []LibraryDoc   // modules for subjects of their own
}

// LibraryDoc is a module beside the one that has everything else.
type LibraryDoc struct {
	Module    string // "@sbomctl//:cpython.star"
	Doc       string
	Functions []star.FunctionDoc // sorted by name
}

// EmbeddedDocs returns the documentation of the embedded rules and providers, of the functions
// that the rule set's entry module hands on and its libraries define, and of the findings of its operations.
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
			docs.Functions = append(docs.Functions, star.FunctionDocs(m)...)
		}
		if slices.Contains(rules.Libraries, name) {
			module := label.Label{Repo: label.Embedded, Name: name}.String()
			docs.Libraries = append(docs.Libraries, LibraryDoc{module, m.Doc(), star.FunctionDocs(m)})
		}
	}
	for _, l := range docs.Libraries { // what the entry module hands on of one is the library's
		docs.Functions = slices.DeleteFunc(docs.Functions, func(f star.FunctionDoc) bool { return slices.Contains(l.Functions, f) })
	}
	docs.Findings = slices.Clone(rules.Findings)
	docs.sort()
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

// Docs returns the documentation of what the workspace's own sbom.star defines.
func (w *Workspace) Docs() (Docs, error) {
	o := w.session.Get([]eval.Key{moduleKey(label.Label{Name: RootFile})})[0]
	if o.Err != nil {
		return Docs{}, w.explain(diag.List{o.Err})
	}
	m := o.Object.(*star.Module)
	docs := Docs{Rules: star.Docs(m), Functions: star.FunctionDocs(m), Providers: star.ProviderDocs(m), Findings: star.FindingRules(m)}
	docs.sort()
	return docs, nil
}

// AllFunctions returns those that have no module named, and those of the libraries.
func (d Docs) AllFunctions() []star.FunctionDoc {
	out := slices.Clone(d.Functions)
	for _, l := range d.Libraries {
		out = append(out, l.Functions...)
	}
	return out
}

func (d *Docs) sort() {
	for _, l := range d.Libraries {
		slices.SortFunc(l.Functions, func(a, b star.FunctionDoc) int { return strings.Compare(a.Name, b.Name) })
	}
	slices.SortFunc(d.Rules, func(a, b star.RuleDoc) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(d.Functions, func(a, b star.FunctionDoc) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(d.Findings, func(a, b finding.Rule) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(d.Providers, func(a, b star.ProviderDoc) int { return strings.Compare(a.Name, b.Name) })
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
