package checkedin

import (
	"context"
	"fmt"
	"slices"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/rules/spdx"
	"github.com/sbomctl/sbomctl/rules/vendor"
)

// OperationName is the operation that holds a document against what is built.
const OperationName = "spdx.checked_in"

// Names of its inputs.
const (
	InputBuilt = "document"   // what is built
	InputFound = "checked_in" // the file of the tree; none when there is no such file
)

// Params are the parameters of the operation.
type Params struct {
	Label    string          `json:"label"`
	Path     string          `json:"path"`
	Tree     string          `json:"tree"`
	Packages []PackageParams `json:"packages"`
}

// PackageParams is one package.
type PackageParams struct {
	Label string   `json:"label"`
	Local []string `json:"local"`
}

// Operation returns "spdx.checked_in". Besides the two documents it has an input "files:N" for the package number N, where that has files in a tree: those that
// its patterns select, excluded ones too; and "patches:N" and "tree_patches:N", the patches that were applied to them. Output "report" is empty: what is wrong are findings.
func Operation() action.Operation {
	return action.Operation{Name: OperationName, Version: 1, Run: run}
}

func run(_ context.Context, call action.Call) error {
	var p Params
	if err := call.Params(&p); err != nil {
		return err
	}
	if err := compare(call, p); err != nil {
		return err
	}
	return action.WriteOutput(call, "report", nil)
}

func compare(call action.Call, p Params) error {
	in := call.Files(InputFound)
	if len(in) == 0 {
		call.Report(Missing(p.Path, p.Label))
		return nil
	}
	built, err := Built(call)
	if err != nil {
		return err
	}
	if in[0].Digest.Size > spdx.MaxDocument {
		c := &comparison{path: p.Path, label: p.Label}
		c.stale(diag.File(p.Path), fmt.Sprintf("is larger than %d bytes", spdx.MaxDocument), "", "")
		call.Report(c.out[0])
		return nil
	}
	found, err := call.Read(in[0], spdx.MaxDocument)
	if err != nil {
		return err
	}
	packages := make([]Package, len(p.Packages))
	for i, of := range p.Packages {
		packages[i] = Package{Label: of.Label, Present: present(call.Files(fmt.Sprintf("files:%d", i)))}
		for _, f := range slices.Concat(call.Files(fmt.Sprintf("tree_patches:%d", i)), call.Files(fmt.Sprintf("patches:%d", i))) {
			if f.Digest.Size > vendor.MaxPatchBytes {
				continue // which the comparison with upstream reports, too
			}
			text, err := call.Read(f, vendor.MaxPatchBytes)
			if err != nil {
				return err
			}
			touched, err := vendor.Touched(text)
			if err != nil {
				continue // likewise
			}
			packages[i].Patched = append(packages[i].Patched, touched...)
		}
		if len(of.Local) > 0 {
			if packages[i].Local, err = files.Compile(of.Local, nil); err != nil {
				return err
			}
		}
	}
	findings, err := Compare(p.Path, found, built, p.Label, packages)
	if err != nil {
		return err
	}
	for _, f := range findings {
		call.Report(f)
	}
	return nil
}

// Built returns the document that is built.
func Built(call action.Call) ([]byte, error) {
	f, err := action.OnlyFile(call, InputBuilt)
	if err != nil {
		return nil, err
	}
	return call.Read(f, spdx.MaxDocument)
}

// present looks a path up among files.
func present(in []action.File) func(string) bool {
	paths := make(map[string]bool, len(in))
	for _, f := range in {
		paths[f.Path] = true
	}
	return func(path string) bool { return paths[path] }
}
