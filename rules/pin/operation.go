package pin

import (
	"context"
	"errors"
	"fmt"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// InputFiles is the input of the operations: what names images.
const InputFiles = "files"

// Operations returns the operations of this package: OperationName with the parameters of an Image, and GroupOperationName with those
// of a Group. Input "files": the files that name images. Output "report", empty.
func Operations() []action.Operation {
	return []action.Operation{
		{Name: OperationName, Version: 2, Run: runImage},
		{Name: GroupOperationName, Version: 2, Run: runGroup},
	}
}

func runImage(ctx context.Context, call action.Call) error {
	var i Image
	if err := call.Params(&i); err != nil {
		return err
	}
	if i.Digest == "" {
		call.Report(finding.Finding{Rule: NotPinnedID, Severity: finding.Warning, Attr: "digest",
			Msg: fmt.Sprintf("%s is declared without a digest, so the tag %s may be another image tomorrow", i, i.Tag),
			Fix: &finding.Fix{Command: "sbomctl pin " + i.Label}})
	}
	return run(ctx, call, newJudge([]GroupImage{{i.Label, i.Repository, i.Tag, i.Digest, i.Role}}, ""))
}

func runGroup(ctx context.Context, call action.Call) error {
	var g Group
	if err := call.Params(&g); err != nil {
		return err
	}
	return run(ctx, call, newJudge(g.Images, g.Label))
}

func run(ctx context.Context, call action.Call, j *judge) error {
	for _, f := range call.Files(InputFiles) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.Digest.Size > MaxFileBytes {
			call.Report(unread(f.Path, &diag.Error{Pos: diag.File(f.Path), Msg: fmt.Sprintf("the file has %d bytes, at most %d are read", f.Digest.Size, MaxFileBytes)}))
			continue
		}
		src, err := call.Read(f, MaxFileBytes)
		if err != nil {
			return err
		}
		if isBinary(f.Path, src) {
			continue // a pattern such as "Tools/**" takes pictures and archives, too
		}
		if err := diag.CheckText(f.Path, src); err != nil {
			call.Report(unread(f.Path, err))
			continue
		}
		for _, found := range j.file(scan(f.Path, src)) {
			call.Report(found)
		}
	}
	w, err := call.Create("report")
	if err != nil {
		return err
	}
	return w.Close()
}

// unread is the finding of a file of which nothing can be said.
func unread(path string, err error) finding.Finding {
	f := finding.Finding{Rule: UnresolvedID, Severity: finding.Warning, Pos: diag.File(path), Msg: err.Error()}
	if d := (*diag.Error)(nil); errors.As(err, &d) {
		f.Pos, f.Msg = d.Pos, d.Msg
	}
	f.Msg = "which images the file names cannot be told: " + f.Msg
	return f
}
