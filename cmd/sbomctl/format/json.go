package format

import (
	"encoding/json"
	"io"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// JSONSchema is the number that the object carries. It is raised when a field changes its meaning or goes away; new
// fields may appear without it.
const JSONSchema = 1

// JSON writes the report as one JSON object, indented, with a newline at its end:
//
//	schema     number, see JSONSchema
//	tool       {name, version}
//	findings   [{rule, severity ("error", "warning", "note"), message, label?, position?, path?, declaration?, attribute?,
//	           declared?, found?, hints?, fix?, waiver?, fingerprint}], in canonical order
//	summary    [{rule, errors, warnings, notes, waived}], sorted by rule; waived ones are counted as that only
//	unchecked  [{message, position?, label?, lines?, hints?}]: what could not be checked; lines are such as the end of a log
//
// A field marked ? is absent when there is nothing to say; the lists are always there. A position is {file, line?, column?}: the file
// relative to the workspace's root (absolute when it lies elsewhere, "archive.tgz!member" in an archive), lines and
// columns from 1, columns in bytes. "position" is in the file that is to blame, which "path" is in the tree that it belongs to, "declaration" where the target, or its attribute,
// is declared. "fix" is one of {command}, {attribute, value}, {attribute, remove}, {old, new}, which is an edit at "position";
// "edits" beside an edit, where it can be made, are [{file, start, end, new}] with byte offsets. "waiver" is {reason, until?}.
// "fingerprint" is equal for the same finding of another report, wherever its line is. Bytes that are not UTF-8 become U+FFFD.
//
// An audit has one field more, "audit": {level, auditedOn, images}, and images are [{label, repository, tag?, digest?, platforms?, origin?, tagDigest?,
// levels: [{level, name, verdict, text?, findings?, inconclusive?: [{kind, message, hints?}]}]}], all seven levels of each. A verdict is "proven",
// "finding", "waived", "inconclusive" or "not-tried"; "text" is what was looked at, or why nothing was, "findings" are their rules, and
// "tagDigest" is the digest that the tag had. From level 4 on, an image has attached?: [{subject, platform?, via, kind, artifactType?, predicateType?,
// manifest, digest, size, signedBy?, verified?, problem?}]; "signedBy" is who claims to have signed, "verified" are numbers of declared signers.
func JSON(w io.Writer, r *Report) error {
	doc := jsonReport{Schema: JSONSchema, Tool: jsonTool{"sbomctl", r.Version}, Findings: []jsonFinding{}, Summary: []jsonCount{}, Unchecked: []jsonError{}}
	prints := fingerprints(r.Findings)
	for i, f := range r.Findings {
		j := jsonFinding{Rule: f.Rule, Severity: f.Severity.String(), Message: f.Msg, Label: f.Label, Position: jsonPos(f.Pos), Path: f.InTree(), Declaration: jsonPos(f.Declaration),
			Attribute: f.Attr, Declared: f.Declared, Found: f.Finding.Found, Hints: f.Hints, Fingerprint: prints[i]}
		if x := f.Fix; x != nil {
			j.Fix = &jsonFix{Command: x.Command, Attribute: x.Attr, Remove: x.Remove}
			switch {
			case x.Attr != "" && !x.Remove:
				j.Fix.Value = &x.Value
			case x.Old != "":
				j.Fix.Old, j.Fix.New = &x.Old, &x.New
			}
			for _, e := range f.Edits {
				j.Fix.Edits = append(j.Fix.Edits, jsonEdit(e))
			}
		}
		if f.Waiver != nil {
			j.Waiver = &jsonWaiver{f.Waiver.Reason, f.Waiver.Until}
		}
		doc.Findings = append(doc.Findings, j)
	}
	for _, c := range r.Summary() {
		doc.Summary = append(doc.Summary, jsonCount(c))
	}
	for _, e := range r.Unchecked {
		doc.Unchecked = append(doc.Unchecked, jsonError{e.Msg, jsonPos(e.Pos), e.Label, e.Lines, e.Hints})
	}
	doc.Audit = jsonAuditOf(r.Audit)
	return encode(w, doc)
}

func encode(w io.Writer, doc any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}

func jsonPos(p diag.Pos) *jsonPosition {
	if p.IsZero() {
		return nil
	}
	return &jsonPosition{p.File, p.Line, p.Col}
}

type jsonReport struct {
	Schema    int           `json:"schema"`
	Tool      jsonTool      `json:"tool"`
	Findings  []jsonFinding `json:"findings"`
	Summary   []jsonCount   `json:"summary"`
	Unchecked []jsonError   `json:"unchecked"`
	Audit     *jsonAudit    `json:"audit,omitempty"`
}

type jsonTool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type jsonFinding struct {
	Rule        string        `json:"rule"`
	Severity    string        `json:"severity"`
	Message     string        `json:"message"`
	Label       string        `json:"label,omitempty"`
	Position    *jsonPosition `json:"position,omitempty"`
	Path        string        `json:"path,omitempty"`
	Declaration *jsonPosition `json:"declaration,omitempty"`
	Attribute   string        `json:"attribute,omitempty"`
	Declared    string        `json:"declared,omitempty"`
	Found       string        `json:"found,omitempty"`
	Hints       []string      `json:"hints,omitempty"`
	Fix         *jsonFix      `json:"fix,omitempty"`
	Waiver      *jsonWaiver   `json:"waiver,omitempty"`
	Fingerprint string        `json:"fingerprint"`
}

type jsonPosition struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

type jsonFix struct {
	Command   string     `json:"command,omitempty"`
	Attribute string     `json:"attribute,omitempty"`
	Value     *string    `json:"value,omitempty"`
	Remove    bool       `json:"remove,omitempty"`
	Old       *string    `json:"old,omitempty"`
	New       *string    `json:"new,omitempty"`
	Edits     []jsonEdit `json:"edits,omitempty"`
}

type jsonEdit struct {
	File  string `json:"file"`
	Start int    `json:"start"`
	End   int    `json:"end"`
	New   string `json:"new"`
}

type jsonWaiver struct {
	Reason string `json:"reason"`
	Until  string `json:"until,omitempty"`
}

type jsonCount struct {
	Rule     string `json:"rule"`
	Errors   int    `json:"errors"`
	Warnings int    `json:"warnings"`
	Notes    int    `json:"notes"`
	Waived   int    `json:"waived"`
}

type jsonError struct {
	Message  string        `json:"message"`
	Position *jsonPosition `json:"position,omitempty"`
	Label    string        `json:"label,omitempty"`
	Lines    []string      `json:"lines,omitempty"`
	Hints    []string      `json:"hints,omitempty"`
}
