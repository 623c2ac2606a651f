package engine

import (
	"errors"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/star"
)

// patternError is what is wrong with a pattern of a file set. Targets may share the set, so the error names its
// node, and who asked for it knows from which attribute the pattern is.
type patternError struct {
	set string // argument of the fileset node
	files.Unmatched
}

func (e *patternError) Error() string { return e.Unmatched.Error.Error() }
func (e *patternError) Unwrap() error { return e.Unmatched.Error }

// atPatterns gives the errors of patterns of the action's file sets the attributes that the patterns come from.
func (s *definition) atPatterns(err error) error {
	var out diag.List
	for _, e := range diag.Flatten(err) {
		var bad *patternError
		if errors.As(e, &bad) {
			d := *bad.Unmatched.Error
			d.Attr = s.patternPlace(bad)
			e = &d
		}
		out = append(out, e)
	}
	return out.Err()
}

func (s *definition) patternPlace(bad *patternError) string {
	for _, in := range s.Inputs {
		for _, f := range in.Files {
			if f.Set == nil || fileSetKey(*f.Set).Arg != bad.set {
				continue
			}
			if bad.Exclude {
				return star.PatternPlace(f.ExcludeAttr, bad.Index)
			}
			return star.PatternPlace(f.IncludeAttr, bad.Index)
		}
	}
	return ""
}
