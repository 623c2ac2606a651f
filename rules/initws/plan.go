package initws

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/add"
	"github.com/sbomctl/sbomctl/rules/ident"
)

// Result is what is to be written, and what a person has to know of it.
type Result struct {
	Changes  []engine.Change
	Packages int
	Notes    []string // a line each
}

const rootText = `"""The macros and rules of this workspace. That this file is here marks the workspace's root.

A macro is a function that declares targets; a BUILD.star loads it with load("//:sbom.star", "NAME").
"""
`

// Plan works out the workspace of the folder that w is opened on; it writes nothing.
func Plan(w *engine.Workspace) (Result, error) {
	var out Result
	t, err := list(w)
	if err != nil {
		return out, err
	}
	all, notes := packages(t)
	var kept []*pkg
	for _, p := range all {
		if err := p.verify(w, t); err != nil {
			notes = append(notes, fmt.Sprintf("%s: not declared: %s", p.name, oneError(err)))
			continue
		}
		kept = append(kept, p)
	}
	out.Packages, out.Notes = len(kept), append(notes, t.odd...)
	for _, why := range slices.Sorted(maps.Keys(t.count)) {
		if n := t.count[why]; n > maxOdd {
			out.Notes = append(out.Notes, fmt.Sprintf("left out: %d in all that %s", n, strings.Replace(why, "has a name that is", "have names that are", 1)))
		}
	}
	out.Changes = []engine.Change{
		{Path: engine.RootFile, After: []byte(rootText)},
		{Path: engine.BuildFile, After: []byte(buildText(kept, unreadable(w, t)))},
	}
	return out, nil
}

// unreadable are the patterns of the links that keep the tree from being looked at as a whole.
func unreadable(w *engine.Workspace, t *tree) []string {
	if _, err := w.LookHere([]string{"**"}, nil, true); err == nil {
		return nil
	}
	var out []string
	for _, l := range t.links {
		out = append(out, pattern(l))
	}
	return out
}

// verify selects the package's files, as its build does. Links that cannot be selected are excluded.
func (p *pkg) verify(w *engine.Workspace, t *tree) error {
	call, err := w.LookHere(p.srcs, p.exclude, false)
	if err != nil && p.folder != "" {
		with := p.exclude
		for _, l := range t.links {
			if strings.HasPrefix(l, p.folder+"/") {
				with = append(with, pattern(l))
			}
		}
		if len(with) == len(p.exclude) {
			return err
		}
		if call, err = w.LookHere(p.srcs, with, false); err == nil {
			p.exclude = with
		}
	}
	if err != nil {
		return err
	}
	if len(call.Files(engine.LookInput)) == 0 {
		return &diag.Error{Msg: "all of its files are of other packages"}
	}
	return nil
}

func oneError(err error) string {
	all := diag.Flatten(err)
	if d, ok := all[0].(*diag.Error); ok {
		return d.Msg
	}
	return all[0].Error()
}

// buildText is the BUILD.star. The files of the tree that exclude names cannot be looked at.
func buildText(all []*pkg, exclude []string) string {
	var b strings.Builder
	b.WriteString(`"""Third-party code in this tree, as far as its files say.

Written by sbomctl init. Each comment names the file that says so. NOASSERTION is what no file states: fill it in, or leave it.
Code that is your own and only looks vendored is to be removed here.

    sbomctl build //...      the SBOMs, under sbom-out/
    sbomctl check //...      what is wrong with them
    sbomctl add NAME ...     declares a package
"""

`)
	names := []string{"source_tree"}
	if len(all) > 0 {
		names = append(names, "base_sbom", "inventory", "vendored_package")
	}
	if slices.ContainsFunc(all, func(p *pkg) bool { return len(p.rules) > 0 }) {
		names = append(names, "regex")
	}
	slices.Sort(names)
	b.WriteString("load(\"@sbomctl//:rules.star\"")
	for _, n := range names {
		b.WriteString(fmt.Sprintf(", %q", n))
	}
	b.WriteString(")\n\n")
	d := add.Declare("source_tree")
	d.String("name", "tree")
	d.String("path", ".")
	b.WriteString(d.Text())
	for _, p := range all {
		b.WriteString("\n" + p.text())
	}
	if len(all) > 0 {
		var labels []string
		for _, p := range all {
			labels = append(labels, ":"+p.name)
		}
		d := add.Declare("base_sbom", "The SBOM of all of them: sbom-out/base_sbom.spdx.json.")
		d.String("name", "base_sbom")
		d.Strings("packages", labels)
		b.WriteString("\n" + d.Text())
		d = add.Declare("inventory", "A table of all components; it finds code that looks vendored and that no package claims.")
		d.String("name", "inventory")
		d.Strings("documents", []string{":base_sbom"})
		d.Strings("exclude", exclude)
		b.WriteString("\n" + d.Text())
	}
	return b.String()
}

func (p *pkg) text() string {
	d := add.Declare("vendored_package", p.comments...)
	d.String("name", p.name)
	d.String("package_name", p.packageName)
	d.String("version", p.version, p.versionComment)
	why := p.licenseComment
	if p.license == ident.NoAssertion && why == "" {
		why = "no file states it"
	}
	d.String("license", p.license, why)
	d.String("download_url", p.url)
	d.String("cpe", p.cpe)
	d.String("purl", p.purl)
	d.String("tree", ":tree")
	d.Strings("srcs", p.srcs)
	d.Strings("exclude", p.exclude)
	d.Evidence(p.rules)
	return d.Text()
}
