package spdx

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/ident"
)

// release gathers what source and binary documents have in common: the product's package, the
// packages that it depends on, and wheels with what they vendor.
type release struct {
	*Document
	ids     *idMap
	product Package
	wheels  map[string]Metadata // packages of wheels by name: two wheels may vendor the same one
}

// newRelease begins a document in which the product depends on packages (which have identifiers).
func newRelease(product Product, a Artifact, sha256 string, ids *idMap, packages []Package) (*release, error) {
	doc, pkg, err := product.document(a, sha256)
	if err != nil {
		return nil, err
	}
	if !ids.reserve(pkg.ID, pkg.ID) {
		return nil, &diag.Error{Msg: fmt.Sprintf("two packages have the SPDX id %s: %q and the product %q",
			pkg.ID, describe(packages, pkg.ID), pkg.Name)}
	}
	r := &release{Document: doc, ids: ids, product: pkg, wheels: map[string]Metadata{}}
	for _, p := range packages {
		r.relate(pkg.ID, dependsOn, p.ID)
	}
	r.Packages = append(slices.Clone(packages), pkg)
	return r, nil
}

func (r *release) relate(element, typ, related string) {
	r.Relationships = append(r.Relationships, Relationship{Element: element, Type: typ, Related: related})
}

// addWheels adds each wheel, on which the product depends, and what it vendors, on which the wheel
// depends.
func (r *release) addWheels(wheels []Wheel) error {
	var errs diag.List
	for _, w := range wheels {
		id, err := r.addWheelPackage(w.Package)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		r.relate(r.product.ID, dependsOn, id)
		for _, m := range w.Vendored {
			dep, err := r.addWheelPackage(m)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			r.relate(id, dependsOn, dep)
		}
	}
	return errs.Err()
}

// addWheelPackage returns the identifier of m's package, which it adds unless another wheel has
// brought the very same one.
func (r *release) addWheelPackage(m Metadata) (string, error) {
	value := packagePrefix + m.Name
	if before, ok := r.wheels[value]; ok && reflect.DeepEqual(before, m) {
		return r.idOf(value), nil
	}
	p, err := m.pkg(ident.PURLOf)
	if err != nil {
		return "", err
	}
	added, err := withIDs(r.ids, []Package{p}, byName)
	if err != nil {
		id := ID(value)
		return "", &diag.Error{Label: m.Label, Msg: fmt.Sprintf("two packages have the SPDX id %s: %q and %q, which a wheel brings",
			id, describe(r.Packages, id), m.Name+" "+m.Version)}
	}
	r.wheels[value] = m
	r.Packages = append(r.Packages, added[0])
	return added[0].ID, nil
}

// idOf returns the identifier that value was given.
func (r *release) idOf(value string) string {
	id, _ := r.ids.assign(value)
	return id
}

// finish says what the document describes and who supplies everything in it, and normalises it.
func (r *release) finish() *Document {
	r.relate(documentID, describes, r.product.ID)
	for i := range r.Packages {
		p := &r.Packages[i]
		p.Supplier = cmp.Or(r.product.Supplier, p.Supplier)
	}
	r.Normalize()
	return r.Document
}

// BinaryInput is what the SBOM of a Windows or macOS artifact is made of.
type BinaryInput struct {
	Artifact Artifact
	SHA256   string // of the artifact
	Product  Product
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
	r, err := newRelease(in.Product, in.Artifact, in.SHA256, ids, append(packages, base...))
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
		}
	}
	return r.finish(), nil
}
