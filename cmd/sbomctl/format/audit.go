package format

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/attached"
	"github.com/sbomctl/sbomctl/rules/audit"
)

// Audit is what an audit says beside its findings: of each image what was proven, and what could not be found out.
type Audit struct {
	Level  int // the last one that was asked for
	On     time.Time
	Images []audit.Result
	Site   func(label string) diag.Pos // where a target is declared
}

// Inconclusive is something that an audit could not find out about an image.
type Inconclusive struct {
	Label  string
	Site   diag.Pos // where the image is declared
	Levels []int    // that it leaves open
	audit.Unknown
}

// Found reports whether something was found that is wrong with an image, and is not waived.
func (a *Audit) Found() bool {
	return slices.ContainsFunc(a.Images, func(r audit.Result) bool {
		return slices.ContainsFunc(r.Verdicts[:], func(v audit.Verdict) bool { return v.Outcome == audit.Found })
	})
}

// Inconclusive returns what could not be found out, by image; what leaves several levels open for one reason is told once.
func (a *Audit) Inconclusive() []Inconclusive {
	var out []Inconclusive
	for i := range a.Images {
		r := &a.Images[i]
		begin := len(out)
		for l, v := range r.Verdicts {
			for _, u := range v.Unknown {
				same := slices.IndexFunc(out[begin:], func(o Inconclusive) bool { return o.Kind == u.Kind && o.Why == u.Why })
				if same >= 0 {
					out[begin+same].Levels = append(out[begin+same].Levels, l)
					continue
				}
				out = append(out, Inconclusive{Label: r.Image.Label, Site: a.Site(r.Image.Label), Levels: []int{l}, Unknown: u})
			}
		}
	}
	return out
}

// Instead returns what was looked at for a level of an image that is inconclusive; "" for nothing.
func (a *Audit) Instead(label string, level int) string {
	for i := range a.Images {
		if v := a.Images[i].Verdicts[level]; a.Images[i].Image.Label == label && v.Outcome == audit.Inconclusive {
			return v.Text
		}
	}
	return ""
}

// Text says what is inconclusive and why, without the target.
func (i *Inconclusive) Text() string {
	var names []string
	for _, l := range i.Levels {
		names = append(names, audit.Names[l])
	}
	return fmt.Sprintf("inconclusive (%s): %s", strings.Join(names, ", "), i.What+" "+i.Why)
}

// Skipped is what an audit did not look at although it was asked to.
func (a *Audit) Skipped() (out []Inconclusive) {
	for i := range a.Images {
		r := &a.Images[i]
		begin := len(out)
		for l, v := range r.Verdicts[:a.Level+1] {
			if v.Outcome != audit.NotTried {
				continue
			}
			same := slices.IndexFunc(out[begin:], func(o Inconclusive) bool { return o.Why == v.Text })
			if same >= 0 {
				out[begin+same].Levels = append(out[begin+same].Levels, l)
				continue
			}
			out = append(out, Inconclusive{Label: r.Image.Label, Site: a.Site(r.Image.Label), Levels: []int{l}, Unknown: audit.Unknown{Why: v.Text}})
		}
	}
	return out
}

// jsonAudit is the part of the JSON object that only an audit has.
type jsonAudit struct {
	Level     int           `json:"level"`
	AuditedOn string        `json:"auditedOn"`
	Images    []jsonAudited `json:"images"`
}

type jsonAudited struct {
	Label      string                `json:"label"`
	Repository string                `json:"repository"`
	Tag        string                `json:"tag,omitempty"`
	Digest     string                `json:"digest,omitempty"`
	Platforms  []string              `json:"platforms,omitempty"`
	Origin     string                `json:"origin,omitempty"`
	TagDigest  string                `json:"tagDigest,omitempty"`
	Levels     []jsonVerdict         `json:"levels"`
	Attached   []attached.Attachment `json:"attached,omitempty"`
}

type jsonVerdict struct {
	Level        int           `json:"level"`
	Name         string        `json:"name"`
	Verdict      audit.Outcome `json:"verdict"`
	Text         string        `json:"text,omitempty"`
	Findings     []string      `json:"findings,omitempty"`
	Inconclusive []jsonUnknown `json:"inconclusive,omitempty"`
}

type jsonUnknown struct {
	Kind    string   `json:"kind"`
	Message string   `json:"message"`
	Hints   []string `json:"hints,omitempty"`
}

func jsonAuditOf(a *Audit) *jsonAudit {
	if a == nil {
		return nil
	}
	out := &jsonAudit{Level: a.Level, AuditedOn: a.On.UTC().Format(time.RFC3339), Images: []jsonAudited{}}
	for i := range a.Images {
		r := &a.Images[i]
		im := jsonAudited{r.Image.Label, r.Image.Repository, r.Image.Tag, r.Image.Digest, r.Image.Platforms, r.Origin, r.Tag, nil, r.Attachments}
		for l, v := range r.Verdicts {
			j := jsonVerdict{Level: l, Name: audit.Names[l], Verdict: v.Outcome, Text: v.Text, Findings: rulesOf(v.Against)}
			for _, u := range v.Unknown {
				j.Inconclusive = append(j.Inconclusive, jsonUnknown{string(u.Kind), u.What + " " + u.Why, u.Hints})
			}
			im.Levels = append(im.Levels, j)
		}
		out.Images = append(out.Images, im)
	}
	return out
}

// History writes where tags pointed as one JSON object:
//
//	schema   number, see JSONSchema
//	tool     {name, version}
//	history  [{image, tag, seen?, first, last, pinned}]: by image and tag, in the order of time. From first to last, all audits saw the tag have the digest
//	         "seen", or saw no such tag when that is absent; "pinned" says that it was the declared one
func History(w io.Writer, version string, all [][]audit.Stretch) error {
	doc := struct {
		Schema  int             `json:"schema"`
		Tool    jsonTool        `json:"tool"`
		History []audit.Stretch `json:"history"`
	}{JSONSchema, jsonTool{"sbomctl", version}, slices.Concat(all...)}
	if doc.History == nil {
		doc.History = []audit.Stretch{}
	}
	return encode(w, doc)
}

// rulesOf are the rules of findings, each once, sorted.
func rulesOf(findings []finding.Finding) []string {
	var out []string
	for _, f := range findings {
		out = append(out, f.Rule)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
