package spdx

import (
	"context"
	"fmt"

	"github.com/sbomctl/sbomctl/engine/action"
)

// PackagesParams are the parameters of "spdx.base" and "spdx.deps".
type PackagesParams struct {
	Packages []Metadata `json:"packages"` // in the document's order
}

// runBase is "spdx.base": input "checksums" (the list of each package, in the same order) and
// "license:LABEL" (the files of that target's LicenseRefs), output "document".
func runBase(_ context.Context, call action.Call) error {
	var p PackagesParams
	if err := call.Params(&p); err != nil {
		return err
	}
	packages, err := fragmentOf(p.Packages)
	if err != nil {
		return err
	}
	lists := call.Files("checksums")
	if len(lists) != len(packages) {
		return fmt.Errorf("there are %d packages, but %d lists of checksums", len(packages), len(lists))
	}
	out, err := call.Create(outputDocument)
	if err != nil {
		return err
	}
	comments, err := fileComments(call)
	if err != nil {
		return err
	}
	licenses, err := licensesOf(call, nil, p.Packages)
	if err != nil {
		return err
	}
	var shared overlaps
	err = WriteBase(out, packages, licenses, func(i int) ([]File, error) { return filesOfList(call, lists[i], comments) }, shared.add)
	if err != nil {
		return err
	}
	shared.report(call, p.Packages)
	reportIdentifiers(call, p.Packages)
	return out.Close()
}

// fragmentOf is what a fragment says of packages: what those that CPython checks in do.
func fragmentOf(declared []Metadata) ([]Package, error) {
	packages, err := packagesOf(declared, scope{})
	for i := range packages {
		packages[i].Supplier, packages[i].Comment = "", ""
	}
	return packages, err
}

// filesOfList reads an output of "spdx.checksums".
func filesOfList(call action.Call, f action.File, comments map[string]string) ([]File, error) {
	data, err := call.Read(f, maxChecksums)
	if err != nil {
		return nil, err
	}
	list, err := ParseChecksums(data)
	for k := range list {
		list[k].Comment = comments[list[k].Path]
	}
	return list, err
}

// runDeps is "spdx.deps": input "license:LABEL", output "document".
func runDeps(_ context.Context, call action.Call) error {
	var p PackagesParams
	if err := call.Params(&p); err != nil {
		return err
	}
	packages, err := fragmentOf(p.Packages)
	if err != nil {
		return err
	}
	doc, err := Deps(packages)
	if err != nil {
		return err
	}
	if doc.Licenses, err = licensesOf(call, nil, p.Packages); err != nil {
		return err
	}
	reportIdentifiers(call, p.Packages)
	return writeDocument(call, doc)
}
