package rules

import (
	"context"
	"errors"
	"slices"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/rules/vendor"
)

// VendorDiffResult is how a vendored package differs from what upstream released.
type VendorDiffResult struct {
	*vendor.Result
	Archive bool    // upstream's archive is declared
	Patch   []byte  // that would explain what is unexplained; empty when there is nothing
	Left    []error // what it would not explain, and why

	declared []string // paths of the declared patches
}

// Declared reports whether a file of the workspace is declared as a patch.
func (r VendorDiffResult) Declared(path string) bool { return slices.Contains(r.declared, path) }

// VendorDiff compares the files of a vendored_package with upstream, as if the patch file without, a path in the workspace or "",
// were not declared: that is the one to be written anew.
func VendorDiff(ctx context.Context, w *engine.Workspace, target label.Label, without string) (VendorDiffResult, error) {
	call, err := w.Inspect(target, vendor.OperationName)
	if err != nil && !errors.Is(err, engine.ErrNoOperation) {
		return VendorDiffResult{}, err
	}
	var p vendor.Params
	if err == nil {
		err = call.Params(&p)
	}
	if err != nil || !p.Archive && len(call.Files("patches"))+len(call.Files("tree_patches")) == 0 {
		return VendorDiffResult{}, w.Located(&diag.Error{Label: target.String(), Msg: "there is nothing to compare with: it declares neither upstream nor patches",
			Hints: []string{"a vendored_package with upstream = \":ARCHIVE\", an http_file, can be compared"}})
	}
	if without != "" && !p.Archive {
		return VendorDiffResult{}, w.Located(&diag.Error{Label: target.String(), Msg: "no patch can be written without upstream's archive",
			Hints: []string{"declare it: upstream = \":ARCHIVE\", an http_file"}})
	}
	r, err := vendor.Of(ctx, call, without, true)
	if d := (*diag.Error)(nil); errors.As(err, &d) {
		return VendorDiffResult{}, w.Located(d)
	}
	if err != nil {
		return VendorDiffResult{}, err
	}
	out := VendorDiffResult{Result: r, Archive: p.Archive}
	for _, f := range call.Files("patches") {
		out.declared = append(out.declared, f.Path)
	}
	if p.Archive {
		out.Patch, out.Left = vendor.Explaining(r)
	}
	return out, nil
}
