package spdx

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// release gathers what source and binary documents have in common: the product's package, the
// packages that it depends on, and wheels with what they vendor.
type release struct {
	*Document
	ids     *idMap
	scope   scope
	product Package
	wheels  []wheelPackage // of all wheels: two may vendor the same one
}

// newRelease begins a document in which the product depends on packages (which have identifiers).
func newRelease(product Product, a Artifact, sums Sums, ids *idMap, packages []Package) (*release, error) {
	doc, pkg, err := product.document(a, sums)
	if err != nil {
		return nil, err
	}
	if !ids.reserve(pkg.ID, pkg.ID) {
		return nil, &diag.Error{Msg: fmt.Sprintf("two packages have the SPDX id %s: %q and the product %q",
			pkg.ID, describe(packages, pkg.ID), pkg.Name)}
	}
	r := &release{Document: doc, ids: ids, scope: product.scope(a), product: pkg}
	for _, p := range packages {
		r.include(pkg.ID, p.ID)
	}
	r.Packages = append(slices.Clone(packages), pkg)
	return r, nil
}

// include relates a package to one that is part of it. That it needs it is all that upstream's documents say.
func (r *release) include(whole, part string) {
	r.relate(whole, dependsOn, part)
	if r.scope.profile == Complete {
		r.relate(whole, contains, part)
	}
}

func (r *release) relate(element, typ, related string) {
	r.Relationships = append(r.Relationships, Relationship{Element: element, Type: typ, Related: related})
}

// finish says what the document describes and who supplies everything in it, and normalises it.
func (r *release) finish() (*Document, error) {
	r.relate(documentID, describes, r.product.ID)
	if r.scope.profile == Complete {
		r.analysed()
		r.elements()
		r.Normalize()
		return r.Document, r.nameContent()
	}
	for i := range r.Packages {
		p := &r.Packages[i]
		p.Supplier = cmp.Or(r.product.Supplier, p.Supplier)
	}
	r.Normalize()
	return r.Document, nil
}

// BinaryInput is what the SBOM of a Windows or macOS artifact is made of.
type BinaryInput struct {
	Artifact Artifact
	SHA256   string // of the artifact
	SHA512   string // likewise; "" is not known
	Product  Product
	Licenses []ExtractedLicense
	Deps     []Package // of the platform's source-deps SBOM
	Base     []Package // of the base SBOM
	Wheels   []Wheel   // left out of the embeddable distribution
}

// Binary returns the SBOM of a Windows or macOS artifact. It names packages, not files: what was
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
	r, err := newRelease(in.Product, in.Artifact, Sums{in.SHA256, in.SHA512}, ids, append(packages, base...))
	if err != nil {
		return nil, err
	}
	if !in.Artifact.Embedded {
		if err := r.addWheels(in.Wheels); err != nil {
			return nil, err
		}
	}
	for i := range r.Packages {
		if p := &r.Packages[i]; p.Purpose == purposeSource {
			p.Purpose = purposeLibrary
			if in.Product.Profile == Complete && p.ID == r.product.ID {
				p.Purpose = purposeApplication
			}
		}
	}
	r.Licenses = in.Licenses
	return r.finish()
}
