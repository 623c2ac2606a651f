package spdx

import (
	"context"
	"fmt"
	"strings"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// ValidID is the rule of what "spdx.valid" reports.
const ValidID = "spdx"

// ValidFinding describes it.
var ValidFinding = finding.Rule{
	ID: ValidID, Severity: finding.Error,
	Title: "a document that is not valid SPDX 2.3, or misses a minimum element",
	Help: `A document that is published is read by programs that nobody here knows. It must be valid by the JSON schema of SPDX 2.3 and by what the specification says of single values;
each identifier must stand for one element, and every relationship be between elements that are there; a ` + "`LicenseRef-`" + ` must come with its text. What is not is an error.

A warning says that the document lacks one of NTIA's minimum elements: of each package supplier and version, of the document what it describes. Its reader can do
with it, but a buyer may not take it. ` + "`NOASSERTION`" + ` is a supplier: it says that one looked.

What a document says comes from the declarations: mend those. Fragments that are checked in (` + "`Misc/sbom.spdx.json`" + `) are no whole documents, and are not looked at.`,
}

// maxValidFindings bounds the findings of one document, maxLacking how many packages one names.
const (
	maxValidFindings = 20
	maxLacking       = 5
)

// ValidParams are the parameters of "spdx.valid": input "document" (one file), output "report", empty.
type ValidParams struct {
	Path string `json:"path"` // of the document where it is a source file, for positions; "" for one that is built
}

func runValid(_ context.Context, call action.Call) error {
	var p ValidParams
	if err := call.Params(&p); err != nil {
		return err
	}
	f, err := action.OnlyFile(call, outputDocument)
	if err != nil {
		return err
	}
	if f.Digest.Size > MaxDocument {
		return &diag.Error{Pos: diag.File(p.Path), Msg: fmt.Sprintf("the document is larger than %d bytes", MaxDocument)}
	}
	doc, err := call.Read(f, MaxDocument)
	if err != nil {
		return err
	}
	for _, f := range validFindings(p.Path, doc) {
		call.Report(f)
	}
	return action.WriteOutput(call, "report", nil)
}

// validFindings turns the problems of a document into findings: those of form one by one, what packages lack together.
func validFindings(path string, doc []byte) (out []finding.Finding) {
	pos := func(p Problem) diag.Pos {
		if path == "" {
			return diag.Pos{}
		}
		return diag.At(path, doc, p.Offset)
	}
	lacking := map[string][]Problem{} // by what a package lacks
	var kinds []string
	errors := 0
	for _, p := range Validate(doc) {
		if p.lacks != "" {
			if lacking[p.lacks] == nil {
				kinds = append(kinds, p.lacks)
			}
			lacking[p.lacks] = append(lacking[p.lacks], p)
			continue
		}
		severity := finding.Error
		if p.Minimum {
			severity = finding.Warning
		} else if errors++; errors > maxValidFindings {
			continue
		}
		msg := p.Msg
		if p.Path != "" {
			msg = p.Path + " " + msg
		} else if !p.Minimum {
			msg = "the document " + msg
		}
		out = append(out, finding.Finding{Rule: ValidID, Severity: severity, Pos: pos(p), Msg: msg})
	}
	if more := errors - maxValidFindings; more > 0 {
		out = append(out, finding.Finding{Rule: ValidID, Severity: finding.Error, Pos: diag.Pos{File: path}, Msg: fmt.Sprintf("%d more problems of this document", more)})
	}
	for _, what := range kinds {
		list := lacking[what]
		var names []string
		for _, p := range list[:min(len(list), maxLacking)] {
			names = append(names, fmt.Sprintf("%.80q", p.of))
		}
		text := strings.Join(names, ", ")
		if more := len(list) - maxLacking; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		severity := finding.Warning
		if path == "" && what == "versionInfo" { // in a document that is built the target itself says so: version = ""
			severity = finding.Note
		}
		out = append(out, finding.Finding{Rule: ValidID, Severity: severity, Pos: pos(list[0]), Msg: fmt.Sprintf("no %s of %s: one of NTIA's minimum elements", what, text)})
	}
	return out
}
