package spdx

import (
	"context"

	"github.com/sbomctl/sbomctl/engine/action"
)

// VersionParams are the parameters of "spdx.version". Input: "patchlevel" (the tree's
// Include/patchlevel.h). Output: "report", empty: that it exists says that the versions agree.
type VersionParams struct {
	Artifact string `json:"artifact"` // file name
}

func runVersion(_ context.Context, call action.Call) error {
	var p VersionParams
	if err := call.Params(&p); err != nil {
		return err
	}
	a, err := ParseArtifact(p.Artifact)
	if err != nil {
		return err
	}
	if err := checkPatchlevel(call, a); err != nil {
		return err
	}
	return write(call, "report", nil)
}
