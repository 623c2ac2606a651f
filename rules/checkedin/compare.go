package checkedin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/sbomdiff"
)

// Bounds of what one finding names.
const (
	maxNamed  = 5  // files
	maxFields = 10 // fields of a package
	maxValue  = 120
)

// Package is what is known of a package of the built document beside what that says.
type Package struct {
	Label   string            // of the target that declares it
	Local   *files.Matcher    // its files that may differ from what was released; nil for none
	Patched []string          // files that patches change, as these name them: a path, or the end of one
	Present func(string) bool // whether a file is in the tree, be it excluded
}

// Compare returns what is to be said of the document at path in the tree (found) and the one that is built. packages are those of the latter, in its
// order. Positions are in the tree's terms.
func Compare(path string, found, built []byte, label string, packages []Package) ([]finding.Finding, error) {
	want, err := sbomdiff.Read("the SBOM that is built", built)
	if err != nil {
		return nil, err
	}
	if len(want.Packages) != len(packages) {
		return nil, fmt.Errorf("the document has %d packages, and %d are declared", len(want.Packages), len(packages))
	}
	c := &comparison{path: path, found: found, label: label, of: map[*sbomdiff.Package]Package{}}
	for i, p := range want.Packages {
		c.of[p] = packages[i]
	}
	if c.have, err = sbomdiff.Read(path, found); err != nil {
		for _, e := range diag.Flatten(err) {
			d := &diag.Error{Pos: diag.File(path), Msg: e.Error()}
			if of, ok := e.(*diag.Error); ok {
				d = of
			}
			c.stale(d.Pos, "cannot be compared with what is built: "+d.Msg, "", "")
		}
		return c.out, nil
	}
	c.report(sbomdiff.Compare(c.have, want))
	return c.out, nil
}

// Missing is the finding of a document that is not in the tree.
func Missing(path, label string) finding.Finding {
	return finding.Finding{Rule: StaleID, Severity: finding.Error, Attr: "checked_in", Msg: fmt.Sprintf("there is no %s in the tree", path), Declared: path, Fix: regen(label)}
}

// regen is the command that writes the document of a target.
func regen(label string) *finding.Fix { return &finding.Fix{Command: "sbomctl regen " + label} }

type comparison struct {
	path  string
	found []byte
	label string
	have  *sbomdiff.Document
	of    map[*sbomdiff.Package]Package
	out   []finding.Finding
}

// stale adds a finding. The values are those of what it is about in the first place.
func (c *comparison) stale(pos diag.Pos, msg, declared, found string, hints ...string) {
	c.out = append(c.out, finding.Finding{Rule: StaleID, Severity: finding.Error, Pos: pos, Msg: msg, Declared: declared, Found: found, Hints: hints, Fix: regen(c.label)})
}

// at is where the checked-in document says a value of a package.
func (c *comparison) at(p *sbomdiff.Package, value string) diag.Pos {
	return diag.At(c.path, c.found, c.have.Find(p, value))
}

func (c *comparison) report(d *sbomdiff.Diff) {
	switch d.How {
	case sbomdiff.Identical:
		return
	case sbomdiff.Formatting:
		c.stale(diag.File(c.path), "says what is built, but its white space is other than what is written", "", "")
		return
	case sbomdiff.Order:
		c.stale(diag.File(c.path), "says what is built, but in another order, or with other identifiers or spelling", "", "")
		return
	}
	for _, r := range d.Added {
		c.stale(diag.File(c.path), fmt.Sprintf("package %q %s is declared, but not in here", r.Name, r.Version), r.Version, "")
	}
	for _, r := range d.Removed {
		c.stale(c.at(r.Package, r.Name), fmt.Sprintf("package %q %s is in here, but not declared any more", r.Name, r.Version), "", r.Version)
	}
	for _, p := range d.Changed {
		c.changed(p)
	}
	var rest []string
	for _, f := range d.Document {
		rest = append(rest, said(f))
	}
	if d.Files.Len() > 0 {
		rest = append(rest, "files of no package: "+named(d.Files, "removed"))
	}
	if n := c.loose(d); n > 0 {
		rest = append(rest, fmt.Sprintf("%d relationships differ", n))
	}
	if len(rest) > 0 {
		c.stale(diag.File(c.path), "the document itself: "+rest[0], "", "", clipList(rest[1:])...)
	}
}

// loose counts the relationships that differ and do not follow from a package.
func (c *comparison) loose(d *sbomdiff.Diff) int {
	if len(d.Added)+len(d.Removed) > 0 {
		return 0
	}
	return len(d.Relationships.Added) + len(d.Relationships.Removed)
}

// changed reports a package of both documents: files that drifted apart from everything else.
func (c *comparison) changed(p sbomdiff.PackageDiff) {
	drifted, rest := sbomdiff.FileDiff{}, p.Files
	if !p.Bumped {
		drifted, rest = split(p.Files, c.of[p.After])
	}
	if drifted.Len() > 0 {
		c.drift(p, drifted)
	}
	var fields []sbomdiff.Change
	if p.Bumped {
		fields = append(fields, sbomdiff.Change{Field: "versionInfo", From: p.From, To: p.To})
	}
	fields = append(fields, p.Fields...)
	gone := "removed"
	if !p.Bumped {
		gone = "no longer declared"
	}
	var says []string
	for _, f := range fields {
		says = append(says, said(f))
	}
	if rest.Len() > 0 {
		says = append(says, "files: "+named(rest, gone))
	}
	if len(says) == 0 {
		return
	}
	first, pos := sbomdiff.Change{}, c.at(p.Before, "")
	if len(fields) > 0 {
		first = fields[0]
		pos = c.at(p.Before, first.From)
	}
	c.stale(pos, fmt.Sprintf("package %q: %s", p.Name, says[0]), first.To, first.From, clipList(says[1:])...)
}

// split takes out of f the files that drifted. One that is changed on purpose did not, nor one that is still in the tree: it is the package's no
// more because somebody said so.
func split(f sbomdiff.FileDiff, p Package) (drifted, rest sbomdiff.FileDiff) {
	local := func(path string) bool {
		if slices.ContainsFunc(p.Patched, func(name string) bool { return path == name || strings.HasSuffix(path, "/"+name) }) {
			return true
		}
		if p.Local == nil {
			return false
		}
		_, ok := p.Local.Match(path)
		return ok
	}
	sort := func(paths []string, declared func(string) bool) (drifted, rest []string) {
		for _, path := range paths {
			if declared(path) {
				rest = append(rest, path)
			} else {
				drifted = append(drifted, path)
			}
		}
		return drifted, rest
	}
	drifted.Added, rest.Added = sort(f.Added, local)
	drifted.Removed, rest.Removed = sort(f.Removed, func(path string) bool { return local(path) || p.Present != nil && p.Present(path) })
	for _, ch := range f.Changed {
		if local(ch.Path) {
			rest.Changed = append(rest.Changed, ch)
		} else {
			drifted.Changed = append(drifted.Changed, ch)
		}
	}
	return drifted, rest
}

// drift reports files that differ at one version, at the first of them that is there.
func (c *comparison) drift(p sbomdiff.PackageDiff, f sbomdiff.FileDiff) {
	label := c.of[p.After].Label
	var pos diag.Pos
	switch {
	case len(f.Changed) > 0:
		pos = diag.File(f.Changed[0].Path)
	case len(f.Added) > 0:
		pos = diag.File(f.Added[0])
	default:
		pos = c.at(p.Before, p.Name)
	}
	example := append(paths(f.Changed), f.Added...)
	example = append(example, f.Removed...)
	c.out = append(c.out, finding.Finding{
		Rule: DriftID, Severity: finding.Error, Label: label, Attr: "version", Pos: pos, Declared: p.To,
		Msg: fmt.Sprintf("files of package %q are not those of %s, and its version is still %s: %s", p.Name, c.path, quoted(p.To), named(f, "removed")),
		Hints: []string{
			fmt.Sprintf("if it is another version: sbomctl bump %s NEWVERSION", label),
			fmt.Sprintf("if it is a change of your own: local = [%s] in %s, or its patch in patches", quoted(example[0]), label),
			"then sbomctl regen " + c.label,
		},
	})
}

func paths(changes []sbomdiff.FileChange) []string {
	out := make([]string, len(changes))
	for i, ch := range changes {
		out[i] = ch.Path
	}
	return out
}

// named lists files by what became of them, the first few by name; gone is what became of those that are not there any more.
func named(f sbomdiff.FileDiff, gone string) string {
	var parts []string
	for _, of := range []struct {
		verb  string
		paths []string
	}{{"changed", paths(f.Changed)}, {"added", f.Added}, {gone, f.Removed}} {
		if len(of.paths) == 0 {
			continue
		}
		names := slices.Clone(of.paths[:min(len(of.paths), maxNamed)])
		text := strings.Join(names, ", ") + " " + of.verb
		if more := len(of.paths) - maxNamed; more > 0 {
			text = fmt.Sprintf("%s and %d more %s", strings.Join(names, ", "), more, of.verb)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// said says what the checked-in document has in a field, and what is declared.
func said(c sbomdiff.Change) string {
	switch {
	case c.From == "":
		return fmt.Sprintf("%s is not stated here, but %s is declared", c.Field, quoted(c.To))
	case c.To == "":
		return fmt.Sprintf("%s is %s here, but none is declared", c.Field, quoted(c.From))
	}
	return fmt.Sprintf("%s is %s here, but %s is declared", c.Field, quoted(c.From), quoted(c.To))
}

func quoted(s string) string {
	if len(s) > maxValue {
		s = strings.ToValidUTF8(s[:maxValue], "") + "..."
	}
	return `"` + s + `"`
}

func clipList(list []string) []string {
	if more := len(list) - maxFields; more > 0 {
		return append(slices.Clone(list[:maxFields]), fmt.Sprintf("and %d more differences", more))
	}
	return list
}
