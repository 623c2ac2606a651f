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
		r.Creation.Comment = generationContext
		r.analysed()
		r.sayUnknown()
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
