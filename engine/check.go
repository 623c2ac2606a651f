package engine

import (
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/label"
)

// Report is what a check came to.
type Report struct {
	Findings []Found // in canonical order, those that are waived among them
	Today    string  // the date that waivers were held against, as "2027-03-01"; "" when none was given
	Undated  int     // waivers with a date that was held against nothing, for want of Today
}

// Found is a finding in its workspace.
type Found struct {
	finding.Finding
	Declaration diag.Pos // of the attribute, or else the target, that it is about; zero when it is about no target
	Waiver      *Waiver  // nil when the finding counts
}

// Waiver is a declaration that some findings do not count.
type Waiver struct {
	Rule   string
	Path   string // pattern of the paths that it is for; "" is any
	Reason string
	Until  string // the last day on which it holds, as "2027-03-01"; "" for good
	Pos    diag.Pos
}

// Check runs everything that Build runs for the patterns, the validations of the targets and of all targets below them
// included, and returns what was found. It writes no output. An error is what could
// not be checked; what could be is returned beside it.
func (w *Workspace) Check(patterns label.Patterns) (Report, error) {
	b, err := w.perform("check", patterns)
	var r Report
	for _, f := range finding.Canonical(b.found) {
		_, pos := w.blamed(f.Diagnostic())
		r.Findings = append(r.Findings, Found{Finding: f, Declaration: pos})
	}
	return r, err
}
