package reproduce

import (
	"context"
	"fmt"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// CheckedInName is the operation that holds what a command makes against what is committed.
const CheckedInName = "container.checked_in"

// Params are the parameters of both operations.
type Params struct {
	Label string   `json:"label"`
	Image string   `json:"image"` // label of the container_image
	Paths []string `json:"paths"` // of the outputs, in the order of the inputs
}

// Committed is the name of the input with the committed file number i; it has no file where there is none.
func Committed(i int) string { return fmt.Sprintf("committed:%d", i) }

// Made is the name of the input with the output number i.
func Made(i int) string { return fmt.Sprintf("made:%d", i) }

const inputPackages = "packages"

// MaxFile bounds a file that is compared, in bytes.
const MaxFile = 256 << 20

// Operations returns the operations of this package.
func Operations() []action.Operation {
	return []action.Operation{
		{Name: CheckedInName, Version: 1, Run: validation(checkedIn)},
		{Name: CompareName, Version: 1, Run: validation(compare)},
	}
}

// validation is an operation that reports findings, and whose output is empty.
func validation(check func(action.Call, Params) error) func(context.Context, action.Call) error {
	return func(_ context.Context, call action.Call) error {
		var p Params
		if err := call.Params(&p); err != nil {
			return err
		}
		if err := check(call, p); err != nil {
			return err
		}
		return action.WriteOutput(call, "report", nil)
	}
}

func checkedIn(call action.Call, p Params) error {
	var image *installed
	for i, path := range p.Paths {
		made, err := action.OnlyFile(call, Made(i))
		if err != nil {
			return err
		}
		f := finding.Finding{Rule: DiffersID, Severity: finding.Error, Pos: diag.File(path), Fix: &finding.Fix{Command: "sbomctl regen " + p.Label}}
		in := call.Files(Committed(i))
		if len(in) == 0 {
			f.Pos, f.Declared = diag.Pos{}, path
			f.Msg = path + " is not in the tree, and the command makes it"
			call.Report(f)
			continue
		}
		if in[0].Digest == made.Digest {
			continue
		}
		want, err := call.Read(in[0], MaxFile)
		if err != nil {
			return err
		}
		got, err := call.Read(made, MaxFile)
		if err != nil {
			return err
		}
		if image == nil {
			if image, err = readInstalled(call); err != nil {
				return err
			}
		}
		d := differ("a/"+path, "b/"+path, want, got)
		f.Pos.Line = d.line
		f.Msg = fmt.Sprintf("%s is not what the command makes: %s", path, d.summary())
		f.Found = d.head(maxFound)
		f.Hints = append(d.lines(maxHints), explain(path, want, got, d, image)...)
		call.Report(f)
	}
	return nil
}

// readInstalled reads the image's package database, if the action has it.
func readInstalled(call action.Call) (*installed, error) {
	if len(call.Files(inputPackages)) == 0 {
		return &installed{}, nil
	}
	f, err := action.OnlyFile(call, inputPackages)
	if err != nil {
		return nil, err
	}
	if f.Digest.Size > maxDatabase {
		return &installed{}, nil // no package manager has one
	}
	b, err := call.Read(f, maxDatabase)
	if err != nil {
		return nil, err
	}
	return parsePackages(b), nil
}
