package spdx

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/github/go-spdx/v2/spdxexp/spdxlicenses"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/sbomctl/sbomctl/rules/ident"
)

// What the profile "complete" says that upstream's documents do not, each explained in docs/profiles.md.

// scope is what the parts of one product at one version have in common.
type scope struct {
	profile Profile
	vcsURL  string // git+https://HOST/PATH@TAG; "" is not known
}

// complete adds to p, which m.pkg returned, what the complete profile says of it. Where no package URL is declared it gets one of
// the type "generic", which no scanner takes for a package of a registry, within the product's sources: a statement about
// this copy then is about no other.
func (s scope) complete(p *Package, m Metadata) {
	if s.profile != Complete {
		return
	}
	p.Whole = true
	p.LicenseDeclared, p.Copyright, p.Homepage = orNoAssertion(m.LicenseDeclared), orNoAssertion(m.Copyright), m.Homepage
	p.Supplier = cmp.Or(p.Supplier, ident.NoAssertion)
	if m.SHA512 != "" && m.SHA512 != ident.NoAssertion {
		p.Checksums = append(p.Checksums, common.Checksum{Algorithm: common.SHA512, Value: m.SHA512})
	}
	s.references(p, m.CPEs)
}

// references completes the external references of p.
func (s scope) references(p *Package, cpes []string) {
	var refs []v2_3.PackageExternalReference
	add := func(r v2_3.PackageExternalReference) {
		if !slices.Contains(refs, r) {
			refs = append(refs, r)
		}
	}
	located := false
	for _, r := range p.Refs {
		if r.Category == categoryPackageManager {
			located = true
			r.Category = categoryPackageManagerHyphen
			if canonical, err := ident.CanonicalPURL(r.Locator); err == nil { // upstream's keep the underscores of vendor.txt
				r.Locator = canonical
			}
		}
		add(r)
	}
	for _, cpe := range cpes {
		add(cpeRef(cpe))
	}
	for _, r := range slices.Clone(refs) {
		if r.RefType == common.TypeSecurityCPE23Type {
			if cpe := ident.PrereleaseCPE(r.Locator); cpe != "" {
				add(cpeRef(cpe))
			}
		}
	}
	if !located {
		r := purlRef(ident.GenericPURL(p.Name, p.Version, s.vcsURL))
		r.Category = categoryPackageManagerHyphen
		add(r)
	}
	p.Refs = refs
}

// licenseList is the version of the licence list that expressions are checked against, as SPDX writes it: "3.29".
func licenseList() string {
	parts := strings.SplitN(spdxlicenses.LicenseListVersion(), ".", 3)
	return strings.Join(parts[:min(len(parts), 2)], ".")
}

// analysed says of each package whether its files are listed: those that have none have no verification code.
func (d *Document) analysed() {
	has := map[string]bool{}
	files := make(map[string]bool, len(d.Files))
	for i := range d.Files {
		files[d.Files[i].ID] = true
	}
	for _, r := range d.Relationships {
		if r.Type == contains && files[r.Related] {
			has[r.Element] = true
		}
	}
	for i := range d.Packages {
		p := &d.Packages[i]
		if p.FilesAnalyzed = has[p.ID]; !p.FilesAnalyzed {
			p.VerificationCode = ""
		}
	}
}

// generationContext is what a document was made from, in the words of CISA's types of SBOMs (SPDX 2.3.1, annex L.2.2): Source is one of them.
const generationContext = "Source: made from the source tree and from what is declared of it; no build was watched, and nothing was found in a binary."

// sayUnknown says of each package of which no dependency is listed that nobody knows them: a list that says nothing could be complete.
func (d *Document) sayUnknown() {
	known := map[string]bool{}
	for _, r := range d.Relationships {
		known[r.Element] = known[r.Element] || r.Type == dependsOn
	}
	for i := range d.Packages {
		if id := d.Packages[i].ID; !known[id] {
			d.Relationships = append(d.Relationships, Relationship{Element: id, Type: dependsOn, Related: ident.NoAssertion})
		}
	}
}

// nameContent makes the namespace one that no other content has: a digest of the document is its last segment.
func (d *Document) nameContent() error {
	h := sha256.New()
	if err := d.Write(h); err != nil {
		return err
	}
	d.Creation.Namespace += "/" + hex.EncodeToString(h.Sum(nil)[:16])
	return nil
}
