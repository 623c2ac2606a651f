package spdx

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// BinaryInput is what the SBOM of a binary artifact is made of: of an installer, a package, documentation.
type BinaryInput struct {
	Artifact Artifact
	Sums     Sums // of the artifact
	Product  Product
	Purpose  string // primaryPackagePurpose, which only the complete profile has; "" is APPLICATION
	Licenses []ExtractedLicense
	Deps     []Package // source dependencies and other packages that it contains
	Base     []Package // of the base SBOM, those that it contains
	Wheels   []Wheel

	left []absence // what is declared and not in it
}

// Binary returns the SBOM of a binary artifact. It names packages, not files: what was
// vendored as source is in it as compiled code. Packages of the base SBOM have their version in the
// identifier, because a source dep may be the same library.
func Binary(in BinaryInput) (*Document, error) {
	ids := newIDMap(0)
	packages, err := withIDs(ids, in.Deps, byName)
	if err != nil {
		return nil, err
	}
	base, err := withIDs(ids, in.Base, byNameAndVersion)
	if err != nil {
		return nil, err
	}
	if slices.Contains(noSoftware, in.Purpose) && in.Product.Profile == Complete {
		in.Product.CPE, in.Product.CPEs = "", nil
	}
	r, err := newRelease(in.Product, in.Artifact, in.Sums, ids, append(packages, base...))
	if err != nil {
		return nil, err
	}
	if err := r.addWheels(in.Wheels); err != nil {
		return nil, err
	}
	for i := range r.Packages {
		if p := &r.Packages[i]; p.Purpose == purposeSource {
			p.Purpose = purposeLibrary
			if in.Product.Profile == Complete && p.ID == r.product.ID {
				p.Purpose = cmp.Or(in.Purpose, purposeApplication)
			}
		}
	}
	r.Licenses = in.Licenses
	r.explain(in.left)
	return r.finish()
}

// noSoftware are the purposes of what has no vulnerabilities of its own, such as documentation: scanners would look the product's up by
// its CPE.
var noSoftware = []string{"ARCHIVE", "FILE", "OTHER"}

// explain says in the document's comment what is declared of the release and not in this artifact.
func (r *release) explain(left []absence) {
	if len(left) == 0 {
		return
	}
	lines := []string{"Not in " + r.product.FileName + ", though declared for the release:"}
	for _, l := range left {
		lines = append(lines, fmt.Sprintf("- %s: %s", strings.TrimSpace(l.name+" "+l.version), l.why))
	}
	if r.Comment != "" {
		lines = append([]string{r.Comment}, lines...)
	}
	r.Comment = strings.Join(lines, "\n")
}
