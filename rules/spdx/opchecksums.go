package spdx

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
)

// ChecksumsParams are the parameters of "spdx.checksums": input "files" (a file set), output
// "checksums". Files go by the text of the pattern that matched, then by path.
type ChecksumsParams struct {
	Patterns []string `json:"patterns"` // of the file set, in its order; [] keeps the file set's own order of patterns
}

func runChecksums(_ context.Context, call action.Call) error {
	var p ChecksumsParams
	if err := call.Params(&p); err != nil {
		return err
	}
	in := slices.Clone(call.Files("files"))
	if len(in) == 0 {
		return &diag.Error{Msg: "no file belongs to the package"}
	}
	for _, f := range in {
		if len(p.Patterns) > 0 && f.Pattern >= len(p.Patterns) {
			return fmt.Errorf("file %s was matched by pattern %d of %d", f.Path, f.Pattern, len(p.Patterns))
		}
	}
	slices.SortStableFunc(in, func(a, b action.File) int {
		if a.Pattern != b.Pattern && len(p.Patterns) > 0 {
			if c := strings.Compare(p.Patterns[a.Pattern], p.Patterns[b.Pattern]); c != 0 {
				return c
			}
		} else if a.Pattern != b.Pattern {
			return a.Pattern - b.Pattern
		}
		return strings.Compare(a.Path, b.Path)
	})
	files := make([]File, len(in))
	for i, f := range in {
		if err := checkPath(f.Path); err != nil {
			return err
		}
		s, err := sumsOf(f)
		if err != nil {
			return err
		}
		files[i] = File{Path: f.Path, SHA1: s.SHA1, SHA256: f.Digest.Hash}
		if s.Text != nil {
			files[i].SHA1, files[i].SHA256 = s.Text.SHA1, s.Text.SHA256
		}
	}
	return action.WriteOutput(call, outputChecksums, EncodeChecksums(files))
}
