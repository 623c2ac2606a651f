package spdx

import (
	"context"
	"errors"
	"fmt"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// SupersededID is the rule of what is found of an SBOM that lies in a tree or archive.
const SupersededID = "superseded-sbom"

// SupersededFinding describes it.
var SupersededFinding = finding.Rule{
	ID: SupersededID, Severity: finding.Warning,
	Title: "an SBOM that lies in a tree or archive is wrong about a package, as declared",
	Help: `An archive that is released cannot be mended. Where its own SBOM is wrong, ` + "`superseded`" + ` says so, with the fields that it is wrong in, or what it says there, and why the declaration is right. A
warning repeats that in each build, and documents say it to their readers.

Any other difference is an error (own-differs), and so is an entry whose difference is gone: else the entry for the last release's mistake would hide this one's. The error has the entry to paste, for when the SBOM in the tree is wrong; more often
it is the declaration that was forgotten.`,
}

// OwnDiffersID is the rule of what is not, or no more, superseded.
const OwnDiffersID = "own-differs"

// OwnDiffersFinding describes it.
var OwnDiffersFinding = finding.Rule{
	ID: OwnDiffersID, Severity: finding.Error,
	Title: "an SBOM that lies in a tree says something else than is built, and nothing declares why",
	Help: "`own` of a source_deps_sbom is compared with what is built. A difference that `superseded` does not name is an error, and so is an entry whose difference is gone.\n\n" +
		"Where the declaration is wrong, correct it. Where the SBOM in the tree is, and cannot be mended, the hint has the entry to paste into `superseded`.",
}

func reportSuperseded(call action.Call, notes []Note) {
	for _, n := range notes {
		call.Report(finding.Finding{Rule: SupersededID, Severity: finding.Warning, Attr: "superseded", Msg: n.Msg, Hints: n.Detail})
	}
}

// OwnParams are the parameters of "spdx.own". Inputs: "own" (the SBOM that lies in the tree; none when there is no such file), "document" (the
// one that is built). Output: "report", empty. Where they differ, and superseded does not say so, is a finding.
type OwnParams struct {
	Label      string       `json:"label"` // the target, for messages
	Own        string       `json:"own"`   // path of the former
	Tree       string       `json:"tree"`  // that it lies in
	Superseded []Superseded `json:"superseded"`
}

func runOwn(_ context.Context, call action.Call) error {
	var p OwnParams
	if err := call.Params(&p); err != nil {
		return err
	}
	report := func(err error) {
		for _, e := range diag.Flatten(err) {
			f := finding.Finding{Rule: OwnDiffersID, Severity: finding.Error, Msg: e.Error()}
			if d := (*diag.Error)(nil); errors.As(e, &d) {
				f.Pos, f.Attr, f.Msg, f.Hints = d.Pos, d.Attr, d.Msg, d.Hints
			}
			call.Report(f)
		}
	}
	if len(call.Files("own")) == 0 {
		report(&diag.Error{Attr: "own", Msg: fmt.Sprintf("%s is compared with what is built, but %s has no such file", p.Own, p.Tree)})
		return write(call, "report", nil)
	}
	own, err := readDocument(call, "own", p.Own)
	if err != nil {
		report(err)
		return write(call, "report", nil)
	}
	built, err := readDocument(call, "document", p.Label)
	if err != nil {
		return err
	}
	of := OwnSBOM{Path: p.Own, Of: p.Tree, Built: p.Label, On: p.Label, Entries: p.Superseded}
	superseded, err := Supersede(CompareBase(own, built), of)
	if err != nil {
		report(err)
	}
	var notes []Note
	for _, s := range superseded {
		notes = append(notes, s.notice(of))
	}
	reportSuperseded(call, notes)
	return write(call, "report", nil)
}
