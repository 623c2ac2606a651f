package pin

import (
	"context"
	"fmt"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// Operations returns the operations of this package: OperationName with the parameters of an Image, and GroupOperationName with those
// of a Group. Input "files": the files that name images. Output "report", empty.
func Operations() []action.Operation {
	return []action.Operation{
		{Name: OperationName, Version: 1, Run: runImage},
		{Name: GroupOperationName, Version: 1, Run: runGroup},
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
	return write(call)
}

func runGroup(ctx context.Context, call action.Call) error {
	var g Group
	if err := call.Params(&g); err != nil {
		return err
	}
	return write(call)
}

func write(call action.Call) error {
	w, err := call.Create("report")
	if err != nil {
		return err
	}
	return w.Close()
}
