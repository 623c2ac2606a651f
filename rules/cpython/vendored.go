package cpython

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/evidence"
	"github.com/sbomctl/sbomctl/rules/ident"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// maxStating bounds a file in which statements of a version are looked for.
const maxStating = 2 << 20

// maxEvidence bounds the evidence of one package.
const maxEvidence = 8

// vendored declares the packages of the base SBOM.
func (im *importer) vendored() error {
	g, err := readGenerator(im.files[generatorPath])
	if err != nil {
		return err
	}
	im.allow(g.licenses)
	known := map[string]packageFiles{}
	for _, p := range g.packages {
		known[p.name.text] = p
	}
	var all []packageFiles // of each package of the document
	var lists [][]string
	var listed []bool // whether the generator has it
	for i := range im.base.Packages {
		p, ok := known[im.base.Packages[i].Name]
		if !ok {
			p = im.unknown(i)
		}
		delete(known, p.name.text)
		patterns := make([]string, len(p.include))
		for n, include := range p.include {
			if patterns[n], err = globPattern(include); err != nil {
				return err
			}
		}
		all, lists, listed = append(all, p), append(lists, patterns), append(listed, ok)
	}
	for _, p := range g.packages {
		if _, left := known[p.name.text]; left {
			im.note("import", finding.Warning, p.name.pos, fmt.Sprintf("package %q has files here, but %s does not list it, so it is not declared", p.name.text, basePath),
				"sbomctl add declares it, with its version and origin")
		}
	}
	sets, err := im.find(lists, maxStating)
	if err != nil {
		return err
	}
	for i, p := range all {
		if len(sets[i]) == 0 {
			im.without(i)
			continue
		}
		if !listed[i] {
			im.note("import", finding.Warning, p.name.pos, fmt.Sprintf("%s says nothing of package %q; its files are declared one by one, as the document lists them", generatorPath, p.name.text))
		}
		im.packages = append(im.packages, im.vendoredPackage(i, p, lists[i], sets[i]))
	}
	return nil
}

// allow takes over the licences that the generator allows. An inventory has them one by one: an expression of allowed ones
// is allowed.
func (im *importer) allow(licenses []placed) {
	for _, l := range licenses {
		if err := ident.License(l.text); err != nil {
			im.note("license", finding.Warning, l.pos, "the licence is left out: "+message(err))
		} else if !strings.ContainsAny(l.text, " (") && !slices.Contains(im.licenses, l.text) {
			im.licenses = append(im.licenses, l.text)
		}
	}
	if len(im.licenses) > 0 {
		im.licenses = append(im.licenses, noAssertion)
	}
}

// message is what an error says, without its place and hints.
func message(err error) string {
	if d, ok := err.(*diag.Error); ok {
		return d.Msg
	}
	return err.Error()
}

// unknown is a package of the document that the generator has no files for: those that the document lists are its.
func (im *importer) unknown(i int) packageFiles {
	doc := im.base
	p := packageFiles{name: placed{doc.Packages[i].Name, doc.pos(i, doc.Packages[i].Name)}}
	contained := map[string]bool{}
	for _, r := range doc.Relationships {
		if r.Element == doc.Packages[i].ID && r.Type == "CONTAINS" {
			contained[r.Related] = true
		}
	}
	for _, f := range doc.Files {
		if contained[f.ID] {
			p.include = append(p.include, placed{literalPattern(f.Path), p.name.pos})
		}
	}
	return p
}

// without says that a package is left out, because no file of the tree is its. Then the document does not come out. The SBOMs of
// 3.12.2 have such packages: those that pip vendors inside of its wheel.
func (im *importer) without(i int) {
	im.left = append(im.left, im.base.Packages[i].Name)
	hints := []string{"what a wheel vendors, a bundled_wheel declares: sbomctl help bundled_wheel"}
	if len(im.left) > 1 {
		hints = nil
	}
	name := im.base.Packages[i].Name
	im.note("stale", finding.Error, im.base.pos(i, name), fmt.Sprintf("//:base_sbom does not come out as the document is: package %q has no file in the tree, and a base SBOM lists packages that have; it is not declared", name), hints...)
}

// globPattern is a pattern of Python's glob as one of a file set: braces have no meaning there.
func globPattern(glob placed) (string, error) {
	pattern := glob.text
	if !strings.Contains(pattern, "[{]") && !strings.Contains(pattern, "[}]") {
		pattern = strings.NewReplacer("{", "[{]", "}", "[}]").Replace(pattern)
	}
	if _, err := files.Compile([]string{pattern}, nil); err != nil {
		d := &diag.Error{Pos: glob.pos, Msg: err.Error()}
		if e, ok := err.(*diag.Error); ok {
			d.Msg, d.Hints = e.Msg, e.Hints
		}
		return "", d
	}
	return pattern, nil
}

// literalPattern is a pattern that matches one path.
func literalPattern(p string) string {
	return strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]", "{", "[{]", "}", "[}]").Replace(p)
}

// vendoredPackage declares one. files are those that its include patterns name.
func (im *importer) vendoredPackage(i int, p packageFiles, patterns []string, in []file) declaration {
	pkg := &im.base.Packages[i]
	name := unused(im.used, "", pkg.Name)
	label := "//:" + name
	im.origins[label] = origin{pkg.Name, im.base.pos(i, pkg.Name)}
	d := declaration{rule: "vendored_package", name: name}
	packageName := ""
	if name != pkg.Name {
		packageName = pkg.Name
	}
	d.common(pkg, packageName)
	d.attrs = append(d.attrs, attribute{"tree", quote(":" + treeLabel.Name)})

	matched := make([]bool, len(patterns))
	paths := make([]string, len(in))
	for n, f := range in {
		matched[f.pattern], paths[n] = true, f.path
	}
	var srcs []string
	for n, pattern := range patterns {
		// A pattern whose files an earlier one has matched counts as well.
		if set, err := files.Compile([]string{pattern}, nil); matched[n] || err == nil && slices.ContainsFunc(paths, func(path string) bool { _, ok := set.Match(path); return ok }) {
			srcs = append(srcs, pattern)
			continue
		}
		im.note("unmatched", finding.Warning, p.include[n].pos, fmt.Sprintf("include %q of package %q matches no file of the tree; it is left out", p.include[n].text, pkg.Name))
	}
	d.setList("srcs", quoted(srcs))
	d.setList("exclude", quoted(im.excludes(&d, p, paths)))
	stated := im.evidence(pkg, label, im.base, i, in)
	if len(stated) == 0 {
		im.note(evidence.RuleID, finding.Note, im.base.pos(i, pkg.Version), fmt.Sprintf("none of the files of %s states its version in a form that is known, so nothing holds the declaration against the tree", pkg.Name))
		im.found[len(im.found)-1].Label = label
	}
	d.setList("evidence", stated)
	return d
}

// excludes returns those that exclude something. An exclude of the generator is a path, not a pattern. One that excludes
// nothing is an error in a declaration, and one that was put right would make another document than the tree has.
func (im *importer) excludes(d *declaration, p packageFiles, paths []string) []string {
	var out []string
	for _, e := range p.exclude {
		if slices.Contains(paths, e.text) {
			out = append(out, literalPattern(e.text))
			continue
		}
		near := ""
		for _, candidate := range paths {
			if path.Base(candidate) == path.Base(e.text) {
				near = candidate
			}
		}
		if near == "" {
			near = diag.Nearest(e.text, paths)
		}
		msg := fmt.Sprintf("exclude %q of package %q excludes nothing", e.text, p.name.text)
		hint := "it is left out, because an exclude that matches nothing is an error in BUILD.star"
		if near != "" {
			msg += fmt.Sprintf("; did you mean %q?", near)
			hint = fmt.Sprintf("it is left out: %s lists %s as a file of %s, and so does //:base_sbom", basePath, near, p.name.text)
			d.comment = append(d.comment, fmt.Sprintf("generate_sbom.py excludes %s, which excludes nothing.", e.text), fmt.Sprintf("Perhaps %s is meant; the SBOM lists it.", near))
		} else {
			d.comment = append(d.comment, fmt.Sprintf("generate_sbom.py excludes %s, which excludes nothing.", e.text))
		}
		im.note("unmatched", finding.Warning, e.pos, msg, hint)
	}
	return out
}

// evidence returns what the package's files state of its version, and notes what contradicts the document.
func (im *importer) evidence(p *spdx.Package, label string, doc *spdxDocument, i int, in []file) []string {
	var all []evidence.Statement
	for _, f := range in {
		if f.content != nil {
			all = append(all, evidence.Statements(p.Name, f.path, f.content)...)
		}
	}
	declared := func(s *evidence.Statement) string {
		if s.Fact.Fact == "sha256" {
			return checksum(p, "SHA256")
		}
		return p.Version
	}
	certain := map[string]bool{} // versions that the package states of itself
	for _, s := range all {
		certain[s.Fact.Fact+s.Value] = certain[s.Fact.Fact+s.Value] || s.Own
	}
	var out []string
	for _, s := range all {
		want := declared(&s)
		switch {
		case !certain[s.Fact.Fact+s.Value]:
			continue // another's version, of a compiler or a format
		case s.Value != want && !strings.EqualFold(s.Value, want):
			im.contradiction(s.Fact, want, doc.pos(i, want), label)
		}
		if len(out) < maxEvidence {
			out = append(out, regexCall(s.Path, s.Pattern))
		}
	}
	return out
}

// plainVersion is a version that a shell takes as it is.
var plainVersion = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._+-]*$`)

// contradiction says that the tree states something else than the document.
func (im *importer) contradiction(f evidence.Fact, want string, at diag.Pos, label string) {
	says := fmt.Sprintf("but %s says %s", at, clip(want))
	if want == "" {
		says = "but " + at.String() + " states none"
	}
	var hints []string
	if last := len(im.found) - 1; last < 0 || im.found[last].Label != label {
		to := "VERSION"
		if f.Fact == "version" && plainVersion.MatchString(f.Value) {
			to = f.Value
		}
		hints = []string{"build writes the document as it is and fails on this, check finds it", "when the tree is right, sbomctl bump " + label + " " + to + " puts the declaration right"}
	}
	im.note(evidence.RuleID, finding.Warning, diag.Pos{File: f.Path, Line: f.Line, Col: f.Column}, fmt.Sprintf("the tree states %s %s here, %s", f.Fact, clip(f.Value), says), hints...)
	im.found[len(im.found)-1].Label = label
}

// regexCall is evidence as it is written.
func regexCall(path, pattern string) string {
	return "regex(" + quote(path) + ", " + quotePattern(pattern) + ")"
}
