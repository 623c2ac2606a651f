package add

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
)

// findTree finds the tree that the package's files, or its evidence, lie in.
func (a *adder) findTree() error {
	trees := a.of(treeRule)
	if a.r.Tree != "" {
		l, err := label.Parse(a.r.Tree, "", a.r.Here)
		if err != nil {
			return flagged("tree", err)
		}
		var names []string
		for _, t := range trees {
			if t.Label == l {
				a.tree = t
				return nil
			}
			names = append(names, t.Label.String())
		}
		return &diag.Error{Msg: fmt.Sprintf("--tree: there is no source_tree %s%s", l, diag.DidYouMean(l.String(), names))}
	}
	switch {
	case len(trees) == 1:
		a.tree = trees[0]
		return nil
	case len(a.r.Srcs) == 0:
		if len(trees) > 1 {
			a.note("evidence: none; there are %d source trees, and --tree names the one to look into", len(trees))
		}
		return nil
	case len(trees) == 0:
		return &diag.Error{Msg: "the workspace has no source_tree for --srcs to lie in", Hints: []string{`declare one, such as source_tree(name = "tree", path = "."), or run sbomctl init in a new workspace`}}
	}
	var hints []string
	for _, t := range trees {
		hints = append(hints, "--tree="+t.Label.String())
	}
	return &diag.Error{Msg: fmt.Sprintf("the workspace has %d source trees; which one has the files?", len(trees)), Hints: hints}
}

// findList finds the one SBOM that lists packages like this one; nil where there is none, or several, which is noted.
func (a *adder) findList() *engine.SitedDeclaration {
	rule, attr := baseRule, "packages"
	if len(a.r.Srcs) == 0 {
		rule, attr = depsRule, "deps"
	}
	var fit []*engine.SitedDeclaration
	all := a.of(rule)
	for _, d := range all {
		if a.listsAlike(d.Labels(attr)) {
			fit = append(fit, d)
		}
	}
	if len(fit) == 0 && len(all) == 1 && (len(all[0].Labels(attr)) == 0 || rule == depsRule && !strings.Contains(a.r.Name, "/")) {
		fit = all
	}
	switch len(fit) {
	case 1:
		return fit[0]
	case 0:
		a.note("no %s lists packages like this one: it is in no SBOM but its own until one lists it", rule)
	default:
		var names []string
		for _, d := range fit {
			names = append(names, d.Label.String())
		}
		a.note("it is listed nowhere: %s could list it; add it to %s of one", strings.Join(names, " and "), attr)
	}
	return nil
}

// listsAlike reports whether packages are of the same tree, or the same platform (the folder of their names).
func (a *adder) listsAlike(packages []label.Label) bool {
	return slices.ContainsFunc(packages, func(l label.Label) bool {
		if len(a.r.Srcs) == 0 {
			return path.Dir(l.Name) == path.Dir(a.r.Name)
		}
		for _, d := range a.all {
			if d.Label == l {
				return slices.Contains(d.Labels("tree"), a.tree.Label)
			}
		}
		return false
	})
}

// pkg is where to declare it.
func (a *adder) pkg(list *engine.SitedDeclaration) string {
	switch {
	case a.r.Package != nil:
		return *a.r.Package
	case list != nil:
		return list.Label.Pkg
	case a.tree != nil:
		return a.tree.Label.Pkg
	}
	return a.r.Here
}

// free makes sure that there is no such target.
func (a *adder) free() error {
	for _, d := range a.all {
		if d.Label == a.out.Label {
			return &diag.Error{Pos: d.Site.Pos, Label: d.Label.String(), Msg: fmt.Sprintf("is declared already, as a %s", d.RuleName()),
				Hints: []string{fmt.Sprintf("sbomctl bump %s %s moves it to another version", d.Label, a.version)}}
		}
	}
	return nil
}

// file is the BUILD.star that gets the declaration.
func (a *adder) file() string { return path.Join(a.out.Label.Pkg, engine.BuildFile) }

// inPackage makes sure that there is a BUILD.star, before anything is downloaded.
func (a *adder) inPackage() error {
	if _, err := os.Stat(filepath.Join(a.w.Root(), filepath.FromSlash(a.file()))); err != nil {
		return &diag.Error{Msg: fmt.Sprintf("there is no package //%s: no file %s", a.out.Label.Pkg, a.file()), Hints: []string{"an empty " + a.file() + " makes the folder a package"}}
	}
	return nil
}

// calledAlike refuses a name that documents have for another package of the same list: it would be there twice.
func (a *adder) calledAlike(list *engine.SitedDeclaration) error {
	if list == nil {
		return nil
	}
	listed := append(list.Labels("packages"), list.Labels("deps")...)
	for _, d := range a.all {
		if !slices.Contains(listed, d.Label) {
			continue
		}
		if name := cmp.Or(d.Text("package_name"), path.Base(d.Label.Name)); name == a.base {
			return &diag.Error{Pos: d.Site.Pos, Label: d.Label.String(), Msg: fmt.Sprintf("is called %s too, and %s lists it; a document has each name once", name, list.Label),
				Hints: []string{"give it another name, or declare it by hand with a package_name"}}
		}
	}
	return nil
}

// relative is a label as the package pkg writes it.
func relative(l label.Label, pkg string) string {
	if l.Pkg == pkg && l.Repo == "" {
		return ":" + l.Name
	}
	return l.String()
}
