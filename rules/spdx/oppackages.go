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

// runBase is "spdx.base": input "checksums" (the list of each package, in the same order), output "document".
func runBase(_ context.Context, call action.Call) error {
	var p PackagesParams
	if err := call.Params(&p); err != nil {
		return err
	}
	packages, err := packagesOf(p.Packages)
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
	var shared overlaps
	err = WriteBase(out, packages, func(i int) ([]File, error) {
		data, err := call.Read(lists[i], maxChecksums)
		if err != nil {
			return nil, err
		}
		list, err := ParseChecksums(data)
		for k := range list {
			list[k].Comment = comments[list[k].Path]
		}
		return list, err
	}, shared.add)
	if err != nil {
		return err
	}
	shared.report(call, p.Packages)
	reportIdentifiers(call, p.Packages)
	return out.Close()
}

// runDeps is "spdx.deps": no input, output "document".
func runDeps(_ context.Context, call action.Call) error {
	var p PackagesParams
	if err := call.Params(&p); err != nil {
		return err
	}
	packages, err := packagesOf(p.Packages)
	if err != nil {
		return err
	}
	doc, err := Deps(packages)
	if err != nil {
		return err
	}
	reportIdentifiers(call, p.Packages)
	return writeDocument(call, doc)
}
