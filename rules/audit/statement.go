package audit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// The types of the statement, as in-toto names them.
const (
	statementType = "https://in-toto.io/Statement/v1"
	// predicateType is the page that describes the predicate.
	predicateType = "https://github.com/sbomctl/sbomctl/blob/main/docs/image-audit-v1.md"
)

// Statement is an in-toto statement of what an audit proved.
type Statement struct {
	Type          string    `json:"_type"`
	Subject       []Subject `json:"subject"` // sorted, each once
	PredicateType string    `json:"predicateType"`
	Predicate     Predicate `json:"predicate"`
}

// Subject is an image by digest.
type Subject struct {
	Name   string            `json:"name"`   // repository
	Digest map[string]string `json:"digest"` // "sha256": 64 hexadecimal digits
}

// Predicate is what was proven of the subjects.
type Predicate struct {
	Auditor   Tool          `json:"auditor"`
	AuditedOn string        `json:"auditedOn"` // RFC 3339, UTC
	Images    []ProvenImage `json:"images"`    // sorted by target
}

// Tool is a program.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// ProvenImage is what was proven of an image. What was not proven, for whatever reason, is not there.
type ProvenImage struct {
	Target     string        `json:"target"`
	Repository string        `json:"repository"`
	Tag        string        `json:"tag,omitempty"`
	Digest     string        `json:"digest"`
	Platforms  []string      `json:"platforms,omitempty"` // those that are declared
	Origin     string        `json:"origin,omitempty"`    // where the image was had
	Proven     []ProvenLevel `json:"proven"`              // by level
}

// ProvenLevel is a level that was proven.
type ProvenLevel struct {
	Level    int    `json:"level"`
	Name     string `json:"name"`
	Evidence string `json:"evidence"` // what was looked at
}

// State makes a statement of what was proven. nil is for nothing: no level of any pinned image.
func State(results []Result, version string, at time.Time) *Statement {
	s := &Statement{Type: statementType, PredicateType: predicateType,
		Predicate: Predicate{Auditor: Tool{"sbomctl", version}, AuditedOn: at.UTC().Format(time.RFC3339)}}
	for i := range results {
		r := &results[i]
		hex, ok := strings.CutPrefix(r.Image.Digest, "sha256:")
		if !ok {
			continue
		}
		p := ProvenImage{Target: r.Image.Label, Repository: r.Image.Repository, Tag: r.Image.Tag, Digest: r.Image.Digest, Platforms: r.Image.Platforms, Origin: r.Origin}
		for _, v := range r.Verdicts {
			if v.Outcome == Proven {
				p.Proven = append(p.Proven, ProvenLevel{v.Level, Names[v.Level], v.Text})
			}
		}
		if len(p.Proven) > 0 {
			s.Predicate.Images = append(s.Predicate.Images, p)
			s.Subject = append(s.Subject, Subject{r.Image.Repository, map[string]string{"sha256": hex}})
		}
	}
	if len(s.Subject) == 0 {
		return nil
	}
	slices.SortFunc(s.Predicate.Images, func(a, b ProvenImage) int { return strings.Compare(a.Target, b.Target) })
	order := func(a, b Subject) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Digest["sha256"], b.Digest["sha256"]))
	}
	slices.SortFunc(s.Subject, order)
	s.Subject = slices.CompactFunc(s.Subject, func(a, b Subject) bool { return order(a, b) == 0 })
	return s
}

// Encode returns the statement as JSON, in the order of its fields, indented.
func (s *Statement) Encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(s)
	return b.Bytes(), err
}
