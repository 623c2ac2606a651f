package spdx

import (
	"context"
	"fmt"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/rules/evidence"
)

// WholeParams are the parameters of "spdx.whole". Inputs: "checksums" (the list of each package, in the same order; none: no files are
// listed), "vendored" (outputs of "vendor.compare"), "evidence" (the files of the tree that rules name), "license:LABEL" (the files of that
// target's LicenseRefs). Output: "document".
type WholeParams struct {
	Name     string     `json:"name"` // of the document
	Product  Product    `json:"product"`
	Alone    bool       `json:"alone"`    // the document describes its one package, not the product
	Packages []Metadata `json:"packages"` // in any order

	Rules []evidence.Rule `json:"rules"` // where the tree states the product's version; none: it is not known
}

func runWhole(ctx context.Context, call action.Call) error {
	var p WholeParams
	if err := call.Params(&p); err != nil {
		return err
	}
	if p.Alone && len(p.Packages) != 1 {
		return fmt.Errorf("a document of one package has %d", len(p.Packages))
	}
	in := WholeInput{Name: p.Name, Product: p.Product, Alone: p.Alone}
	var err error
	if in.Version, err = versionOfTree(ctx, call, p.Product.Label, p.Rules); err != nil {
		return err
	}
	scope := p.Product.scope(Artifact{Name: p.Name, Version: in.Version, BaseVersion: baseVersion(in.Version)})
	if in.Packages, err = packagesOf(p.Packages, scope); err != nil {
		return err
	}
	lists := call.Files("checksums")
	if len(lists) > 0 && len(lists) != len(p.Packages) {
		return fmt.Errorf("there are %d packages, but %d lists of checksums", len(p.Packages), len(lists))
	}
	comments, err := fileComments(call)
	if err != nil {
		return err
	}
	for _, f := range lists {
		files, err := filesOfList(call, f, comments)
		if err != nil {
			return err
		}
		in.Files = append(in.Files, files)
	}
	product := &p.Product
	if p.Alone {
		product = nil
	}
	if in.Licenses, err = licensesOf(call, product, p.Packages); err != nil {
		return err
	}
	var shared overlaps
	in.Overlap = shared.add
	doc, err := Whole(in)
	if err != nil {
		return err
	}
	shared.report(call, p.Packages)
	reportIdentifiers(call, p.Packages)
	reportUnknown(call, p.Product, p.Packages)
	return writeDocument(call, doc)
}
