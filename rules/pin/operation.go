package pin

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

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
		{Name: OperationName, Version: 3, Run: runImage},
		{Name: GroupOperationName, Version: 3, Run: runGroup},
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
	if i.Tag == "" {
		call.Report(finding.Finding{Rule: NotPinnedID, Severity: finding.Warning, Attr: "tag",
			Msg:   fmt.Sprintf("%s is declared without the tag that it was pinned as, so nobody can say which version it is, or whether the tag moved", i),
			Hints: []string{"sbomctl pin " + i.Label + " --tag TAG writes both"}})
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

// run holds each file against the declared images. Files know nothing of each other, and to scan them is most of the work: as many as there are
// processors are scanned at once. What is found is reported in the order of the files.
func run(ctx context.Context, call action.Call, j *judge) error {
	files := call.Files(InputFiles)
	found, panics := make([][]finding.Finding, len(files)), make([]any, len(files))
	var scans sync.WaitGroup
	defer scans.Wait()
	places := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.Digest.Size > MaxFileBytes {
			found[i] = unread(f.Path, &diag.Error{Pos: diag.File(f.Path), Msg: fmt.Sprintf("the file has %d bytes, at most %d are read", f.Digest.Size, MaxFileBytes)})
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
			found[i] = unread(f.Path, err)
			continue
		}
		places <- struct{}{}
		scans.Go(func() {
			defer func() {
				panics[i] = recover()
				<-places
			}()
			found[i] = j.file(scan(f.Path, src))
		})
	}
	scans.Wait()
	for _, p := range panics {
		if p != nil {
			panic(p) // here the engine makes an error of it
		}
	}
	for _, f := range slices.Concat(found...) {
		call.Report(f)
	}
	return action.WriteOutput(call, "report", nil)
}

// unread is the finding of a file of which nothing can be said.
func unread(path string, err error) []finding.Finding {
	f := finding.Finding{Rule: UnresolvedID, Severity: finding.Warning, Pos: diag.File(path), Msg: err.Error()}
	if d := (*diag.Error)(nil); errors.As(err, &d) {
		f.Pos, f.Msg = d.Pos, d.Msg
	}
	f.Msg = "which images the file names cannot be told: " + f.Msg
	return []finding.Finding{f}
}
