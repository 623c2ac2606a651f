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

	told *diag.Error // see Diagnostic
}

// Diagnostic returns f in the shape of every message, as an error of a build is told: at its place, with hints that lead to the
// declaration, and through the macros that made it.
func (f Found) Diagnostic() *diag.Error {
	if f.told == nil {
		return f.Finding.Diagnostic()
	}
	return f.told
}

// place finds out where a finding is declared.
func (w *Workspace) place(f finding.Finding, by *Waiver) Found {
	d, site := f.Diagnostic(), w.declared(f.Label)
	_, pos := blamedAt(d, site)
	return Found{Finding: f, Declaration: pos, Waiver: by, told: locatedAt(d, site)}
}

// Check runs everything that Build runs for the patterns, the validations of the targets and of all targets below them
// included, and returns what was found. It writes no output. An error is what could
// not be checked; what could be is returned beside it. Validations of the named groups run as well; see
// star.Action.
func (w *Workspace) Check(patterns label.Patterns, groups ...string) (Report, error) {
	b, err := w.perform("check", patterns, groups)
	return Report{Findings: b.found, Today: w.opt.Today, Undated: b.undated}, err
}
