package spdx

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/spdx/tools-golang/spdx/v2/common"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/ident"
)

// Product is what every document of a release says of the product itself and of the document's
// making. In CPE, PURL and DownloadURL, {version}, {base_version} and {artifact} are replaced.
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
}

// Profile is how documents are written.
type Profile string

// The profiles. Upstream gives the bytes of CPython's own scripts; Complete is what scanners, auditors and validators want.
const (
	Complete Profile = "complete"
	Upstream Profile = "upstream"
)

var licenseListVersion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\d+\.\d+(\.\d+)?$`) })

// document returns a release document with its creation information, and the package of the
// product, whose checksum is the artifact's.
func (p Product) document(a Artifact, sha256 string) (*Document, Package, error) {
	var errs diag.List
	check := func(field string, err error) {
		if err != nil {
			errs = append(errs, prefix(err, p.Label, "for "+a.Name+": "+field))
		}
	}
	fill := strings.NewReplacer("{version}", a.Version, "{base_version}", a.BaseVersion, "{artifact}", a.Name)
	pkg := Package{
		ID: ID(packagePrefix + strings.ToLower(p.Name)), Name: p.Name, Version: a.Version, License: orNoAssertion(p.License),
		Originator: p.Originator, Supplier: p.Supplier, DownloadURL: fill.Replace(p.DownloadURL), FileName: a.Name, Purpose: purposeSource,
		Checksums: []common.Checksum{{Algorithm: common.SHA256, Value: sha256}},
	}
	check("name", checkWord(p.Name))
	check("license", ident.License(pkg.License))
	check("download_url", checkFilled(pkg.DownloadURL, ident.URL))
	check("created", ident.Created(p.Created))
	for _, agent := range []struct{ field, value string }{{"originator", p.Originator}, {"supplier", p.Supplier}} {
		if agent.value != "" {
			check(agent.field, ident.Agent(agent.value))
		}
	}
	if len(p.Creators) == 0 {
		check("creators", &diag.Error{Msg: "is empty; SPDX wants one at least"})
	}
	for _, c := range p.Creators {
		check("creators", ident.Creator(c))
	}
	if p.LicenseListVersion != "" && !licenseListVersion().MatchString(p.LicenseListVersion) {
		check("license_list_version", &diag.Error{Msg: fmt.Sprintf("%.80q is not a version such as \"3.22\"", p.LicenseListVersion)})
	}
	if p.CPE != "" {
		cpe := fill.Replace(p.CPE)
		check("cpe", checkFilled(cpe, func(s string) error { return ident.CPEOf(s, a.Version) }))
		pkg.Refs = append(pkg.Refs, cpeRef(cpe))
	}
	if p.PURL != "" {
		purl := fill.Replace(p.PURL)
		check("purl", checkFilled(purl, func(s string) error { return ident.PURL(s, a.Version) }))
		pkg.Refs = append(pkg.Refs, purlRef(purl))
	}
	if err := ident.Checksum("SHA256", sha256); err != nil {
		errs = append(errs, prefix(err, "", "artifact "+a.Name))
	}
	return &Document{Creation: &Creation{
		Name: p.Name + " SBOM", Namespace: pkg.DownloadURL + ".spdx.json",
		Created: p.Created, Creators: append([]string(nil), p.Creators...), LicenseListVersion: p.LicenseListVersion,
	}}, pkg, errs.Err()
}

var placeholder = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{[A-Za-z_]*\}`) })

// checkFilled reports a placeholder that no one replaced, and otherwise what check says.
func checkFilled(s string, check func(string) error) error {
	if left := placeholder().FindString(s); left != "" {
		return &diag.Error{Msg: left + " is not a placeholder; there are {version}, {base_version} and {artifact}"}
	}
	return check(s)
}
