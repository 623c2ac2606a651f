package spdx

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// WholeInput is what a whole document of packages is made of: of a base SBOM, of source dependencies, of one package.
type WholeInput struct {
	Name     string // what the document is called; the artifact's name in the namespace
	Product  Product
	Version  string    // of the product
	Alone    bool      // the document describes its one package, not the product
	Packages []Package // as Product.scope has them, without identifiers
	Files    [][]File  // of each package; nil: no files are listed
	Licenses []ExtractedLicense
	Overlap  func(first, second int, path string) // is told of a file of two packages; may be nil
}

// Whole returns a document that stands on its own: with a namespace, creators, and a root that it describes.
func Whole(in WholeInput) (*Document, error) {
	ids := newIDMap(len(in.Packages))
	packages, err := withIDs(ids, in.Packages, byName)
	if err != nil {
		return nil, err
	}
	a := Artifact{Name: in.Name, Version: in.Version, BaseVersion: baseVersion(in.Version)}
	var r *release
	if in.Alone {
		doc, _, err := in.Product.document(a, Sums{})
		if err != nil {
			return nil, err
		}
		r = &release{Document: doc, ids: ids, scope: in.Product.scope(a), product: packages[0]}
		r.product.Supplier = ""
		r.Packages = packages
		r.Creation.Name = packages[0].Name + " SBOM"
	} else {
		if r, err = newRelease(in.Product, a, Sums{}, ids, packages); err != nil {
			return nil, err
		}
		r.Creation.Name += " (" + path.Base(in.Name) + ")"
		if in.Files == nil { // what builds fetch: it is not in the product's sources, which is what this document describes
			r.Relationships = slices.DeleteFunc(r.Relationships, func(rel Relationship) bool { return rel.Type == contains })
		}
	}
	if err := r.addPackageFiles(packages, in); err != nil {
		return nil, err
	}
	r.Licenses = in.Licenses
	if in.Files != nil {
		r.setVerificationCodes()
		for i := range r.Packages {
			r.Packages[i].FilesAnalyzed = true
		}
	}
	return r.finish()
}

// addPackageFiles lists the files of each package. A file of two is listed once, and contained in both.
func (r *release) addPackageFiles(packages []Package, in WholeInput) error {
	type owned struct {
		id    string
		owner int
	}
	seen := map[string]owned{}
	r.Files = []File{}
	for i, files := range in.Files {
		for _, f := range files {
			if err := checkPath(f.Path); err != nil {
				return err
			}
			before, twice := seen[f.Path]
			switch {
			case twice && before.owner == i:
				return &diag.Error{Pos: diag.File(f.Path), Msg: fmt.Sprintf("file belongs to package %q twice", packages[i].Name)}
			case twice:
				f.ID = before.id
				if in.Overlap != nil {
					in.Overlap(before.owner, i, f.Path)
				}
			default:
				f.ID, _ = r.ids.assign(filePrefix + f.Path)
				seen[f.Path] = owned{f.ID, i}
				r.Files = append(r.Files, f)
			}
			r.relate(packages[i].ID, contains, f.ID)
		}
	}
	return nil
}

// baseVersion is a version without a pre-release's tail.
func baseVersion(version string) string {
	if i := strings.IndexFunc(version, func(c rune) bool { return c != '.' && (c < '0' || c > '9') }); i > 0 {
		return strings.TrimRight(version[:i], ".")
	}
	return version
}
