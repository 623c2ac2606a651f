package vendor

import (
	"context"
	"encoding/json"

	"github.com/sbomctl/sbomctl/engine/action"
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

// Operation returns "vendor.compare": inputs "files" (the package's files in the tree), "upstream", "patches" (declared, in
// order) and "stray" (patch files in the tree); output "report", a list of FileResult as JSON. What is unexplained, and
// patches that do not apply, are findings.
func Operation() action.Operation {
	return action.Operation{Name: OperationName, Version: 1, Run: run}
}

func run(ctx context.Context, call action.Call) error {
	r, _, err := Of(ctx, call)
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
	w, err := call.Create("report")
	if err != nil {
		return err
	}
	if _, err := w.Write(append(b, '\n')); err != nil {
		return err
	}
	return w.Close()
}

// Of compares what a call of the operation is about.
func Of(ctx context.Context, call action.Call) (*Result, Params, error) {
	var p Params
	if err := call.Params(&p); err != nil {
		return nil, p, err
	}
	list := func(input string, max int64) []File {
		var out []File
		for _, f := range call.Files(input) {
			out = append(out, File{Path: f.Path, Digest: f.Digest, Read: func() ([]byte, error) { return call.Read(f, max) }})
		}
		return out
	}
	r, err := Compare(ctx, Input{
		Label: p.Label, Archive: p.Archive, Mapping: p.Mapping, Local: p.Local,
		Files: list("files", MaxFileBytes), Upstream: list("upstream", MaxFileBytes),
		Patches: list("patches", MaxPatchBytes), Stray: list("stray", MaxPatchBytes),
	})
	return r, p, err
}
