package spdx

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// The rules of what documents of the complete profile cannot say, because nobody declared it.
const (
	SupplierID = "supplier"
	CreatorID  = "creator"
	OwnID      = "own"

	UnknownSumID = "unknown-checksum"
)

// The findings of this file, described, and that of source archives without an SBOM of their own.
var (
	SupplierFinding = finding.Rule{
		ID: SupplierID, Severity: finding.Warning,
		Title: "packages whose supplier nobody declared",
		Help: `Who supplies a package is one of NTIA's minimum elements, and what a buyer asks for first. A document of the complete profile says of each package what its target declares
in ` + "`supplier`" + `, and ` + "`NOASSERTION`" + ` where it declares nothing: that the product's supplier shipped a copy does not make it the supplier of the original.

Declare ` + "`supplier = \"Organization: NAME\"`" + `: whoever the package was had from, which ` + "`download_url`" + ` mostly tells.`,
	}
	CreatorFinding = finding.Rule{
		ID: CreatorID, Severity: finding.Warning,
		Title: "a product that does not say with what its documents were made, or from where",
		Help: `A reader of a document wants to know which version of which tool made it, since another version may have written it otherwise: ` + "`creators`" + ` of a ` + "`product`" + ` names it as
` + "`Tool: NAME-VERSION`" + `. It is declared, never the running program's, so that the bytes do not depend on who builds.

A note says that ` + "`vcs_url`" + ` is not declared. Then package URLs that documents make up for vendored packages (` + "`pkg:generic/NAME@VERSION`" + `) name every copy of the package that there is,
and a VEX statement about this one speaks of all of them. A warning says that ` + "`license_list_version`" + ` is declared: the complete profile states the list that expressions are really checked against.`,
	}
	UnknownSumFinding = finding.Rule{
		ID: UnknownSumID, Severity: finding.Note,
		Title: "an artifact whose checksum nobody knows",
		Help: `An ` + "`artifact`" + ` with ` + "`sha256_unknown`" + ` has an SBOM that says which file it is of by its name alone, and why. Whoever holds the file cannot check that it is that one.

Give the file with ` + "`src`" + `, or its ` + "`sha256`" + ` as soon as somebody states it.`,
	}
	OwnFinding = finding.Rule{
		ID: OwnID, Severity: finding.Note,
		Title: "a source archive that carries no SBOM to be compared with",
		Help: `An archive that carries an SBOM of its own (` + "`own`" + ` of a ` + "`source_sbom`" + ` says where) must agree with what is declared. One that carries none agrees with anything: its SBOM is what
the declarations say, held against the files of the archive alone. ` + "`own = \"\"`" + ` says that this is meant.`,
	}
)

// maxUnknown bounds how many packages a finding names.
const maxUnknown = 8

// reportUnknown tells of each list which of its packages have no supplier. Documents of one product that have the same lists report the same,
// which is told once.
func reportUnknown(call action.Call, product Product, lists ...[]Metadata) {
	if product.Profile != Complete {
		return
	}
	for _, packages := range lists {
		var names []string
		for _, m := range packages {
			if m.Supplier == "" && !slices.Contains(names, m.Name) {
				names = append(names, m.Name)
			}
		}
		if len(names) == 0 {
			continue
		}
		text := strings.Join(names[:min(len(names), maxUnknown)], ", ")
		if more := len(names) - maxUnknown; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		call.Report(finding.Finding{Rule: SupplierID, Severity: finding.Warning, Label: product.Label, Msg: "no supplier is declared of " + text + ": documents say NOASSERTION",
			Hints: []string{`supplier = "Organization: NAME" says whom it was had from; supplier = "NOASSERTION" that nobody can tell`}})
	}
}

// ProductParams are what "spdx.product" looks at of a product. It is a validation; inputs "license:LABEL" are its
// licences' texts that are files, output "report" is empty.
type ProductParams struct {
	Creators           []string `json:"creators"`
	LicenseListVersion string   `json:"license_list_version"`
	Profile            Profile  `json:"profile"`
	Supplier           string   `json:"supplier"`
	VCSURL             string   `json:"vcs_url"`
	Evidence           bool     `json:"evidence"` // it has version_evidence

	Label       string       `json:"label,omitempty"` // with LicenseRefs
	LicenseRefs []LicenseRef `json:"license_refs,omitempty"`
}

var toolVersion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^Tool: \S.*[- ]v?[0-9][^\s-]*(-[0-9A-Za-z.+]+)*$`) })

// runProduct tells what a product does not say of its documents.
func runProduct(_ context.Context, call action.Call) error {
	var p ProductParams
	if err := call.Params(&p); err != nil {
		return err
	}
	// Documents would say so, too, but at their own targets.
	if err := new(licenses).add(call, p.Label, p.LicenseRefs); err != nil {
		return err
	}
	report := func(severity finding.Severity, attr, msg string, hints ...string) {
		call.Report(finding.Finding{Rule: CreatorID, Severity: severity, Attr: attr, Msg: msg, Hints: hints})
	}
	if !p.Evidence {
		call.Report(finding.Finding{Rule: VersionID, Severity: finding.Warning, Msg: "no version_evidence: nothing holds the versions that names of artifacts say against the tree",
			Hints: []string{`version_evidence = regex("FILE", r'VERSION = "(?P<version>[^"]+)"') says where the tree states the version`}})
	}
	if p.Profile == Complete {
		tools := 0
		for i, c := range p.Creators {
			if !strings.HasPrefix(c, "Tool: ") {
				continue
			}
			tools++
			if !toolVersion().MatchString(c) {
				report(finding.Warning, fmt.Sprintf("creators[%d]", i), fmt.Sprintf("%q has no version: which one made the documents?", c), fmt.Sprintf("write %q, with the version that is used", c+"-VERSION"))
			}
		}
		if tools == 0 {
			report(finding.Warning, "creators", "no tool is among the creators: what made the documents?", `add "Tool: NAME-VERSION"`)
		}
		if p.VCSURL == "" {
			report(finding.Note, "", "vcs_url is not declared: package URLs of packages that declare none are those of every copy", `vcs_url = "git+https://HOST/PATH@v{version}" says where these sources are`)
		}
		if p.Supplier == "" {
			call.Report(finding.Finding{Rule: SupplierID, Severity: finding.Warning, Msg: "no supplier is declared of the product: documents say NOASSERTION", Hints: []string{`set supplier = "Organization: NAME"`}})
		}
		if v := p.LicenseListVersion; v != "" && v != licenseList() {
			report(finding.Warning, "license_list_version", fmt.Sprintf("license_list_version is %q, and expressions are checked against version %s of the list, which is what documents state", v, licenseList()),
				`leave it out; it is for profile = "upstream"`)
		}
	}
	return action.WriteOutput(call, "report", nil)
}
