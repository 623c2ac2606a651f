package add

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/evidence"
	"github.com/sbomctl/sbomctl/rules/ident"
	"github.com/sbomctl/sbomctl/rules/license"
)

// declare writes the declaration.
func (a *adder) declare(got archived, sources []Source) (*Declaration, error) {
	rules, err := a.evidence(got.sha256, sources)
	if err != nil {
		return nil, err
	}
	a.strangers(got.names)
	licence, comment := a.license(got, sources)
	purl := a.purl()
	rule := vendoredRule
	if len(a.r.Srcs) == 0 {
		rule = depRule
	}
	d := Declare(rule)
	d.String("name", a.r.Name)
	d.String("version", a.version)
	d.String("license", licence, comment...)
	d.String("originator", a.r.Originator)
	d.String("download_url", Template(a.r.URL, a.version))
	d.String("sha256", got.sha256)
	d.String("cpe", a.cpe())
	d.String("purl", purl)
	if a.tree != nil && (len(a.r.Srcs) > 0 || len(rules) > 0) {
		d.String("tree", relative(a.tree.Label, a.out.Label.Pkg))
	}
	d.Strings("srcs", a.r.Srcs)
	d.Strings("exclude", a.r.Exclude)
	d.Evidence(rules)
	return d, nil
}

// strangers tells of files among srcs that the archive has none of that name of: they may be the tree's own.
func (a *adder) strangers(names map[string]bool) {
	if names == nil {
		return
	}
	var own []string
	for _, f := range a.claimed {
		if !names[path.Base(f.Path)] {
			own = append(own, f.Path)
		}
	}
	switch {
	case len(own) == 0:
	case len(own) == len(a.claimed):
		a.note("srcs: the archive has no file that is named like any of the %d; is it the right one?", len(own))
	default:
		a.note("srcs: the archive has no file named like %s%s; what is the tree's own is left out with --exclude", strings.Join(own[:min(len(own), maxNamed)], ", "), more(len(own)-maxNamed))
	}
}

// evidence finds what the tree states, and refuses a version that it contradicts.
func (a *adder) evidence(sha256 string, sources []Source) ([]evidence.Rule, error) {
	if a.r.NoEvidence {
		a.note("evidence: none was looked for; nothing will hold the version against the tree")
		return nil, nil
	}
	if a.tree == nil {
		return nil, nil
	}
	found := FindEvidence(sources, Wanted{Name: a.base, Version: a.version, SHA256: sha256, Elsewhere: len(a.r.Srcs) == 0})
	if len(found.Contrary) > 0 {
		c := found.Contrary[0]
		e := &diag.Error{Pos: diag.Pos{File: c.Path, Line: c.Line, Col: 1}, Msg: fmt.Sprintf("the tree states version %s here, not %s", c.Version, a.version),
			Hints: []string{fmt.Sprintf("if the tree is right, add it with --version=%s and the archive of that version", c.Version), "if this is the version of something else, --noevidence adds it without a look at the tree"}}
		for i, o := range found.Contrary[1:] {
			if i == 3 {
				break
			}
			e.Hints = append([]string{fmt.Sprintf("%s:%d states %s too", o.Path, o.Line, o.Version)}, e.Hints...)
		}
		return nil, e
	}
	for _, r := range found.Rules {
		a.note("evidence: %s states it: %s", r.Path, r.Pattern)
	}
	if len(found.Rules) == 0 {
		a.note("evidence: no file that was looked at states %s; nothing will hold the version against the tree", a.version)
	}
	return found.Rules, nil
}

// license proposes the licence, and the comment that stands behind it.
func (a *adder) license(got archived, sources []Source) (expression string, comment []string) {
	tags := map[string][]string{}
	texts := slices.Clone(got.licenses)
	inTree := len(a.r.Srcs) > 0
	mine := map[string]bool{}
	for _, f := range a.claimed {
		mine[f.Path] = true
	}
	n := 0
	for _, s := range sources {
		if !inTree || !mine[s.Path] {
			continue
		}
		n++
		if base := path.Base(s.Path); license.IsFile(base) {
			if len(got.licenses) == 0 {
				texts = append(texts, license.File{Path: s.Path, Content: s.Content})
			}
			continue
		}
		tags[s.Path] = license.Tags(s.Content)
	}
	byTags := license.FromTags(tags, len(tags))
	if a.r.License != "" {
		return a.r.License, nil
	}
	p := license.Propose(texts)
	if len(texts) == 0 && byTags.Expression != ident.NoAssertion {
		p = byTags
	}
	for _, n := range p.Notes {
		a.note("license: %s", n)
	}
	if p.Expression == ident.NoAssertion {
		a.note("license: NOASSERTION: %s", p.Why)
		for _, c := range p.Choices {
			a.note("license: --license=%q says that it is so", c)
		}
		comment = []string{p.Why}
	} else {
		a.note("license: %s: %s", p.Expression, p.Why)
	}
	for _, n := range byTags.Notes {
		a.note("license: %s", n)
	}
	return p.Expression, comment
}

func (a *adder) cpe() string {
	if a.r.CPE != "" {
		return Template(a.r.CPE, a.version)
	}
	guess := ""
	if g := guessCPE(a.url); g != "" {
		guess = "; a guess that is not written: " + g
	}
	a.note("cpe: none; scanners find the vulnerabilities of a library by it. https://nvd.nist.gov/products/cpe/search knows the name, --cpe=VENDOR:PRODUCT states it%s", guess)
	return ""
}

func (a *adder) purl() string {
	if a.r.PURL != "" {
		return Template(a.r.PURL, a.version)
	}
	purl, why := proposePURL(a.base, a.version, a.url)
	if purl != "" {
		a.note("purl: %s (%s)", purl, why)
	}
	return purl
}
