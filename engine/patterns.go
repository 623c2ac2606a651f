package engine

import (
	"errors"
	"fmt"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/star"
)

// patternError is what is wrong with an include pattern of a file set. Targets may share the set, so the error names its
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
			return star.PatternPlace(f.IncludeAttr, bad.Index)
		}
	}
	return ""
}

// UnmatchedRule describes what the engine says of file sets.
var UnmatchedRule = finding.Rule{
	ID: "unmatched", Severity: finding.Error,
	Title: "an exclude pattern leaves nothing out",
	Help: `A target names files by patterns and leaves some out with ` + "`exclude`" + `. A pattern there that matches none of the files says that the
tree is not as whoever wrote it believed: the file was renamed or removed, or the pattern is misspelt, and the file that was to be
left out is claimed.

Correct the pattern, or remove it. A pattern in ` + "`srcs`" + ` that matches nothing fails the build instead: files are missing then.`,
}

// unmatched are the engine's own findings of the file sets that the inputs of an action are; objects are those of its inputs' nodes, in order.
func unmatched(inputs []inputRef, objects []any) (found []finding.Finding) {
	for _, in := range inputs {
		for _, f := range in.Files {
			if set, ok := objects[0].(*fileSet); ok {
				for _, u := range set.Unmatched {
					found = append(found, unmatchedFinding(f, u))
				}
				found = append(found, set.leftOut(f.Set.Tree)...)
			}
			objects = objects[1:]
		}
	}
	return found
}

// unmatchedFinding is what there is to say of an exclude pattern of f that matches nothing.
func unmatchedFinding(f fileRef, u files.Unmatched) finding.Finding {
	out := finding.Finding{Rule: UnmatchedRule.ID, Severity: UnmatchedRule.Severity, Attr: star.PatternPlace(f.ExcludeAttr, u.Index),
		Msg: event.Printable(u.Error.Msg), Declared: event.Printable(u.Pattern)}
	if out.Attr != "" && event.Printable(u.Near) == u.Near { // else no program can write it
		out.Fix = &finding.Fix{Attr: out.Attr, Value: u.Near, Remove: u.Near == ""}
	}
	return out
}

// LeftOutRule describes what the engine says of members that a file set passes over.
var LeftOutRule = finding.Rule{
	ID: "left-out", Severity: finding.Warning,
	Title: "a member of a tree is left out",
	Help: `A FIFO, a socket or a device has no content that a release could hold. Where a pattern matches one, or all members of a tree are listed, it is left
out, and this says so. Remove it from the tree, exclude it, or have git ignore it.

What looks at a tree that nobody chose file by file, such as an inventory, or upstream's archive that a package is compared with, also passes over what
cannot be read as a file: links that lead to none, names that are not UTF-8, encrypted members. That is a note.`,
}

// maxLeftOut is how many members of one set are told by name.
const maxLeftOut = 20

// leftOut are the findings of what the set, which is one of t, passes over.
func (s *fileSet) leftOut(t treeRef) (found []finding.Finding) {
	told := map[bool]int{}
	total := map[bool]int{}
	for _, l := range s.LeftOut {
		total[l.Special]++
	}
	for _, l := range s.LeftOut {
		f := finding.Finding{Rule: LeftOutRule.ID, Severity: LeftOutRule.Severity, Msg: event.Printable(l.Why) + ", which is left out"}
		if !l.Special {
			f.Severity, f.Msg = finding.Note, "is left out: "+event.Printable(l.Why)
		}
		f.Pos.File = event.Printable(s.place(l.Path))
		n := told[l.Special]
		told[l.Special]++
		if more := total[l.Special] - maxLeftOut; n == maxLeftOut && more > 1 {
			f.Pos.File, f.Msg = event.Printable(t.String()), fmt.Sprintf("%d more members like that are left out", more)
		} else if n > maxLeftOut {
			continue
		}
		found = append(found, f)
	}
	return found
}
