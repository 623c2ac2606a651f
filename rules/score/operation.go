package score

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// FindingID is the rule of what "sbom.score" reports.
const FindingID = "incomplete-sbom"

// Finding describes it.
var Finding = finding.Rule{
	ID: FindingID, Severity: finding.Error,
	Title: "an SBOM that holds less of a standard's elements than it must",
	Help: `Who buys or uses software asks for an SBOM that is complete by a standard, and a value that nobody declared is missing in every document that lists the package. The attribute
` + "`minimum`" + ` of sbom_score says how many per cent of a standard's elements an SBOM must hold at least; one that holds less is an error, with each
element that is not held, the packages that lack it, and the attribute of the target that mends it. ` + "`NOASSERTION`" + ` is not held.

What NAME.score.md explains is the same at more length. How a score is calculated, and what each element is, is in docs/score.md. A waiver does not change the score.`,
}

// Params are the parameters of "sbom.score". Inputs: "document" (SPDX 2.3 JSON), "wheels" (outputs of "wheel.packages").
// Outputs: "page" (Markdown), "json".
type Params struct {
	Label    string     `json:"label"`             // of the SBOM, for what is said of it
	Formats  []string   `json:"formats"`           // that it is made in, beside SPDX 2.3 JSON
	Minimum  []Minimum  `json:"minimum,omitempty"` // in declared order
	Product  string     `json:"product"`           // target of the product; "" when there is none
	Packages []Declared `json:"packages"`          // what is declared of the components
	Wheels   []string   `json:"wheels"`            // targets of the input's wheels, in its order
}

// Minimum is what must be held of a standard.
type Minimum struct {
	Standard string `json:"standard"`
	Percent  int    `json:"percent"`
}

// maxWheel bounds the description of a wheel, in bytes.
const maxWheel = 1 << 20

// Operation returns "sbom.score".
func Operation() action.Operation {
	return action.Operation{Name: "sbom.score", Version: 2, Run: run}
}

func run(_ context.Context, call action.Call) error {
	var p Params
	if err := call.Params(&p); err != nil {
		return err
	}
	for i, m := range p.Minimum {
		if err := CheckStandard(m.Standard); err != nil {
			return err
		}
		if m.Percent < 0 || m.Percent > 100 {
			return &diag.Error{Attr: fmt.Sprintf("minimum[%d]", i), Msg: fmt.Sprintf("minimum of %s is %d, expected 0 to 100 per cent", m.Standard, m.Percent)}
		}
	}
	files := call.Files("document")
	if len(files) != 1 {
		return fmt.Errorf("the input document has %d files, not one", len(files))
	}
	data, err := call.Read(files[0], spdx.MaxDocument)
	if err != nil {
		return err
	}
	src := Source{Label: p.Label, Formats: p.Formats, Product: p.Product, Packages: p.Packages}
	if err := src.wheels(call, p.Wheels); err != nil {
		return err
	}
	r, err := Evaluate(data, src)
	if err != nil {
		return err
	}
	for i, m := range p.Minimum {
		if f := r.below(m, i); f != nil {
			call.Report(*f)
		}
	}
	if err := action.WriteOutput(call, "page", r.Page()); err != nil {
		return err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return err
	}
	return action.WriteOutput(call, "json", b.Bytes())
}

// wheels reads what the bundled wheels are, and what is vendored in them.
func (s *Source) wheels(call action.Call, labels []string) error {
	files := call.Files("wheels")
	if len(files) != len(labels) {
		return fmt.Errorf("there are %d wheels, but %d descriptions of wheels", len(labels), len(files))
	}
	for i, f := range files {
		data, err := call.Read(f, maxWheel)
		if err != nil {
			return err
		}
		w, err := spdx.ParseWheel(data)
		if err != nil {
			return err
		}
		s.Wheels = append(s.Wheels, Declared{w.Package.Name, w.Package.Version, labels[i]})
		for _, m := range w.Vendored {
			s.Vendored = append(s.Vendored, Declared{m.Name, m.Version, labels[i]})
		}
	}
	return nil
}

// below is the finding that a score is less than it must be; nil when it is not.
func (r *Report) below(m Minimum, index int) *finding.Finding {
	for _, s := range r.Standards {
		if s.ID != m.Standard || s.Score >= m.Percent {
			continue
		}
		f := &finding.Finding{Rule: FindingID, Severity: finding.Error, Attr: fmt.Sprintf("minimum[%d]", index),
			Msg: fmt.Sprintf("%s holds %d %% of %s, expected at least %d %% (%d of %d elements are held)", r.Document, s.Score, s.Title, m.Percent, s.Held, s.Counted)}
		if s.Blocked != "" {
			f.Msg = fmt.Sprintf("%s holds nothing of %s, expected at least %d %%: %s", r.Document, s.Title, m.Percent, s.Blocked)
		}
		for _, e := range s.Elements {
			if e.Status == StatusHeld || e.Status == StatusNotAsked || e.Status == StatusOutside {
				continue
			}
			text := e.Title + ": " + e.Status
			if of := e.of(false); of != "" {
				text = e.Title + ": " + of
			}
			if e.Mend != "" {
				text += ": " + e.Mend
			}
			f.Hints = append(f.Hints, text)
		}
		return f
	}
	return nil
}
