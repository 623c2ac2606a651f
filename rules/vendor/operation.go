package vendor

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
)

// Params are the parameters of the operation "vendor.compare".
type Params struct {
	Label   string            `json:"label"`   // of the package, for hints
	Archive bool              `json:"archive"` // the input "upstream" is every file of upstream's archive
	Mapping map[string]string `json:"mapping"` // prefix of upstream's paths -> prefix of the tree's
	Local   []string          `json:"local"`   // patterns of files that are the project's own
}

// OperationName is the operation's.
const OperationName = "vendor.compare"

// Operation returns "vendor.compare": inputs "files" (the package's files in the tree), "upstream", "tree_patches" and then "patches"
// (declared, in order) and "stray" (patch files in the tree); output "report", a list of FileResult as JSON. What is unexplained, and
// patches that do not apply, are findings.
func Operation() action.Operation {
	return action.Operation{Name: OperationName, Version: 3, Run: run}
}

func run(ctx context.Context, call action.Call) error {
	r, err := Of(ctx, call, "", false)
	if err != nil {
		return err
	}
	for _, f := range r.Findings {
		call.Report(f)
	}
	b, err := json.MarshalIndent(r.Files, "", "  ")
	if err != nil {
		return err
	}
	return action.WriteOutput(call, "report", append(b, '\n'))
}

// Of compares what a call of the operation is about, as if the patch file without, "" for none, were not declared. keep is
// Input.Keep.
func Of(ctx context.Context, call action.Call, without string, keep bool) (*Result, error) {
	var p Params
	if err := call.Params(&p); err != nil {
		return nil, err
	}
	list := func(input string, max int64) []File {
		out := make([]File, 0, len(call.Files(input)))
		for _, f := range call.Files(input) {
			out = append(out, File{Path: f.Path, Digest: f.Digest, Executable: f.Executable, Read: func() ([]byte, error) { return call.Read(f, max) }})
		}
		return out
	}
	treePatches := list("tree_patches", MaxPatchBytes)
	patches := append(treePatches, list("patches", MaxPatchBytes)...)
	for i, f := range patches {
		if without == "" || f.Path != without || i < len(treePatches) {
			continue
		}
		if i < len(patches)-1 {
			return nil, &diag.Error{Label: p.Label, Attr: fmt.Sprintf("patches[%d]", i-len(treePatches)),
				Msg:   fmt.Sprintf("%s cannot be written anew: %s is declared to apply on top of it", without, patches[i+1].Path),
				Hints: []string{"write another file, or declare this one last"}}
		}
		patches = patches[:i]
	}
	return Compare(ctx, Input{
		Label: p.Label, Archive: p.Archive, Mapping: p.Mapping, Local: p.Local,
		Files: list("files", MaxFileBytes), Upstream: list("upstream", MaxFileBytes),
		Patches: patches, TreePatches: len(treePatches), Keep: keep, Stray: list("stray", MaxPatchBytes),
	})
}
