package spdx

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/spdx/tools-golang/spdx/v2/common"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/ident"
	"github.com/sbomctl/sbomctl/rules/version"
)

// Product is what every document of a release says of the product itself and of the document's
// making. In CPE, CPEs, PURL, VCSURL and DownloadURL, {artifact} and the groups of its name are replaced.
type Product struct {
	Label              string   `json:"label,omitempty"` // the declaring target, for messages only
	Name               string   `json:"name"`            // "CPython"; its identifier is made of the lower-case name
	License            string   `json:"license"`         // SPDX licence expression
	Originator         string   `json:"originator"`
	Supplier           string   `json:"supplier"` // of the product and of everything that is shipped in it
	CPE                string   `json:"cpe"`
	PURL               string   `json:"purl"`
	DownloadURL        string   `json:"download_url"`         // the document's namespace is this and ".spdx.json"
	Creators           []string `json:"creators"`             // "Tool: NAME", ...
	Created            string   `json:"created"`              // "YYYY-MM-DDThh:mm:ssZ"
	LicenseListVersion string   `json:"license_list_version"` // "3.22"
	Profile            Profile  `json:"profile"`
	Naming             Naming   `json:"naming"`

	// What only the complete profile holds.
	LicenseDeclared string       `json:"license_declared,omitempty"`
	LicenseRefs     []LicenseRef `json:"license_refs,omitempty"`
	Copyright       string       `json:"copyright,omitempty"`
	Homepage        string       `json:"homepage,omitempty"`
	CPEs            []string     `json:"cpes,omitempty"`
	VCSURL          string       `json:"vcs_url,omitempty"` // the sources, git+https://HOST/PATH@TAG
}

// Profile is how documents are written.
type Profile string

// The profiles. Upstream gives the bytes of CPython's own scripts; Complete is what scanners, auditors and validators want.
const (
	Complete Profile = "complete"
	Upstream Profile = "upstream"
)

var licenseListVersion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\d+\.\d+(\.\d+)?$`) })

// scope is what the parts of an artifact's version of the product have in common.
func (p Product) scope(a Artifact) scope {
	return scope{profile: p.Profile, vcsURL: p.fill(a).Replace(p.VCSURL)}
}

// filler fills the groups of an artifact's name into texts.
type filler struct {
	values map[string]string
	quote  func(string) string // nil: as they are
}

// Replace returns text with what its placeholders stand for; one that cannot be filled is as it is, and checkFilled says why.
func (f filler) Replace(text string) string {
	out, err := version.Fill(text, f.values, f.quote)
	if err != nil {
		return text
	}
	return out
}

// fill replaces what an artifact's name says.
func (p Product) fill(a Artifact) filler { return filler{values: p.values(a)} }

// fillCPE does so in a CPE, in which some characters must be quoted.
func (p Product) fillCPE(a Artifact) filler { return filler{p.values(a), ident.QuoteCPE} }

// values are what placeholders stand for.
func (p Product) values(a Artifact) map[string]string {
	values := map[string]string{}
	for _, g := range p.Naming.groups() {
		values[g] = a.Groups[g]
	}
	values[groupArtifact], values[groupVersion], values[groupBase] = a.Name, a.Version, a.BaseVersion
	return values
}

// Sums are the checksums of an artifact, lower-case hexadecimal.
type Sums struct {
	SHA256, SHA512 string // SHA512 is "" where nobody knows it
	Unknown        string // why nobody knows SHA256, where that is so
	URL            string // where the artifact is published; "" is where the product says
}

// document returns a release document with its creation information, and the package of the
// product, whose checksums are the artifact's. Without checksums there is no artifact: the package is the product's sources.
func (p Product) document(a Artifact, sums Sums) (*Document, Package, error) {
	var errs diag.List
	check := func(field string, err error) {
		if err != nil {
			errs = append(errs, atAttr(prefix(err, p.Label, "for "+a.Name+": "+field), field))
		}
	}
	fill := p.fill(a)
	m := Metadata{Label: p.Label, Name: p.Name, Version: a.Version, License: p.License, LicenseDeclared: p.LicenseDeclared, LicenseRefs: p.LicenseRefs,
		Copyright: p.Copyright, Originator: p.Originator, Supplier: p.Supplier, Homepage: p.Homepage, DownloadURL: fill.Replace(p.DownloadURL),
		SHA512: sums.SHA512, CPE: p.fillCPE(a).Replace(p.CPE), PURL: withoutEmptyQualifiers(fill.Replace(p.PURL)), Comment: p.comment(a, sums)}
	if p.Profile == Complete {
		for _, word := range p.Naming.buildWords(a) {
			m.Name += "-" + word
		}
	}
	for _, cpe := range p.CPEs {
		m.CPEs = append(m.CPEs, p.fillCPE(a).Replace(cpe))
	}
	scope := p.scope(a)
	for _, f := range []struct {
		field string
		value *string
	}{{"download_url", &m.DownloadURL}, {"cpe", &m.CPE}, {"purl", &m.PURL}, {"vcs_url", &scope.vcsURL}} {
		if err := p.checkFilled(*f.value, a); err != nil {
			check(f.field, err)
			*f.value = "" // nothing else is known of it
		}
	}
	if a.Version == "" {
		if t := p.versioned(); t != "" {
			return nil, Package{}, &diag.Error{Label: p.Label, Msg: fmt.Sprintf("for %s: %s stands for the product's version, and nothing states it", a.Name, t),
				Hints: []string{"version_evidence of the product says where its tree does"}}
		}
	}
	if scope.vcsURL != "" {
		check("vcs_url", ident.VCS(scope.vcsURL))
	}
	if strings.Contains(m.DownloadURL, "#") {
		check("download_url", &diag.Error{Msg: "has a \"#\", and the document's namespace, which is made of it, may have none"})
	}
	check("created", ident.Created(p.Created))
	if len(p.Creators) == 0 {
		check("creators", &diag.Error{Msg: "is empty; SPDX wants one at least"})
	}
	for _, c := range p.Creators {
		check("creators", ident.Creator(c))
	}
	if p.LicenseListVersion != "" && !licenseListVersion().MatchString(p.LicenseListVersion) {
		check("license_list_version", &diag.Error{Msg: fmt.Sprintf("%.80q is not a version such as \"3.22\"", p.LicenseListVersion)})
	}
	pkg, err := m.pkg(ident.PURL)
	if err != nil {
		errs = append(errs, err)
	}
	namespace := pkg.DownloadURL + ".spdx.json"
	pkg.ID = ID(packagePrefix + strings.ToLower(p.Name))
	if sums == (Sums{}) {
		pkg.DownloadURL = orNoAssertion(scope.vcsURL)
	} else {
		pkg.FileName = a.Name
		if sums.URL != "" {
			pkg.DownloadURL = sums.URL
			if sums.URL != ident.NoAssertion {
				check("urls", ident.URL(sums.URL))
			}
		}
	}
	if sums.SHA256 != "" {
		pkg.Checksums = []common.Checksum{{Algorithm: common.SHA256, Value: sums.SHA256}}
		if err := ident.Checksum("SHA256", sums.SHA256); err != nil {
			errs = append(errs, prefix(err, "", "artifact "+a.Name))
		}
	}
	scope.complete(&pkg, m)
	return &Document{Creation: &Creation{
		Name: m.Name + " SBOM", Namespace: namespace,
		Created: p.Created, Creators: append([]string(nil), p.Creators...), LicenseListVersion: p.listVersion(),
	}}, pkg, errs.Err()
}

// listVersion is that of the list in use; upstream's documents state what is declared.
func (p Product) listVersion() string {
	if p.Profile == Complete {
		return licenseList()
	}
	return p.LicenseListVersion
}

// checkFilled reports a placeholder that nothing stands for, and a URL of another version than the artifact's.
func (p Product) checkFilled(s string, a Artifact) error {
	if strings.ContainsAny(s, "{}") {
		_, err := version.Fill(s, p.values(a), nil)
		return err
	}
	if !strings.Contains(s, "://") || a.Version == "" {
		return nil
	}
	// What the artifact's own name says, its naming has read.
	if others := version.Others(strings.ReplaceAll(s, a.Name, ""), a.Version); len(others) > 0 {
		return &diag.Error{Msg: fmt.Sprintf("%q is in the URL %s, and the artifact is of %s", others[0], s, a.Version),
			Hints: []string{"write {version} or {base_version} for it, which move with the artifact"}}
	}
	return nil
}

// versioned is a placeholder of p that stands for the version, "" when it has none.
func (p Product) versioned() string {
	for _, text := range append([]string{p.DownloadURL, p.CPE, p.PURL, p.VCSURL}, p.CPEs...) {
		for _, name := range []string{groupVersion, groupBase} {
			if strings.Contains(text, "{"+name+"}") || strings.Contains(text, "{"+name+":") {
				return "{" + name + "}"
			}
		}
	}
	return ""
}

// withoutEmptyQualifiers returns a package URL without the qualifiers that say nothing: groups that a name did not have.
func withoutEmptyQualifiers(purl string) string {
	head, tail, ok := strings.Cut(purl, "?")
	if !ok {
		return purl
	}
	qualifiers, subpath, hasSubpath := strings.Cut(tail, "#")
	kept := slices.DeleteFunc(strings.Split(qualifiers, "&"), func(q string) bool { return strings.HasSuffix(q, "=") })
	if len(kept) > 0 {
		head += "?" + strings.Join(kept, "&")
	}
	if hasSubpath {
		head += "#" + subpath
	}
	return head
}

// comment says what a reader must know of the artifact: which build of the product it is, and that its checksum is not known.
func (p Product) comment(a Artifact, sums Sums) string {
	var lines []string
	if words := p.Naming.buildWords(a); len(words) > 0 && p.Profile == Complete {
		lines = append(lines, fmt.Sprintf("%s is the %s build of %s.", a.Name, strings.Join(words, ", "), p.Name))
	}
	if sums.Unknown != "" {
		lines = append(lines, fmt.Sprintf("The checksum of %s is not known: %s", a.Name, sums.Unknown))
	}
	return strings.Join(lines, "\n")
}
