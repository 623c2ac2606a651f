package rules

import (
	"context"
	"errors"

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
}

// VendorDiff compares the files of a vendored_package with upstream.
func VendorDiff(ctx context.Context, w *engine.Workspace, target label.Label) (VendorDiffResult, error) {
	call, err := w.Inspect(target, vendor.OperationName)
	if err != nil && !errors.Is(err, engine.ErrNoOperation) {
		return VendorDiffResult{}, err
	}
	if err != nil || len(call.Files("files")) == 0 {
		return VendorDiffResult{}, w.Located(&diag.Error{Label: target.String(), Msg: "there is nothing to compare with: it declares neither upstream nor patches",
			Hints: []string{"a vendored_package with upstream = \":ARCHIVE\", an http_file, can be compared"}})
	}
	r, p, err := vendor.Of(ctx, call)
	if err != nil {
		return VendorDiffResult{}, err
	}
	out := VendorDiffResult{Result: r, Archive: p.Archive}
	if p.Archive {
		out.Patch, out.Left = vendor.Explaining(r, p.Mapping)
	}
	return out, nil
}
