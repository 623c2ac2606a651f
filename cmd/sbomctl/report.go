package main

import (
	"fmt"
	"io"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// report is what check hands to a format: all that it found, and what it could not look at.
type report struct {
	engine.Report
	unchecked error // a *diag.Error or a diag.List of them; nil when everything was checked
}

// reportFormats are the values of --format, and what writes each. What is written depends on the report alone.
var reportFormats = map[string]func(a *app, w io.Writer, r *report) error{
	"text": (*app).writeTextReport,
}

// count returns how many findings there are of each severity that count, and how many are waived.
func (r *report) count() (bySeverity map[finding.Severity]int, waived int) {
	bySeverity = map[finding.Severity]int{}
	for _, f := range r.Findings {
		if f.Waiver != nil {
			waived++
		} else {
			bySeverity[f.Severity]++
		}
	}
	return bySeverity, waived
}

func (a *app) writeTextReport(w io.Writer, r *report) error {
	for _, f := range r.Findings {
		if f.Waiver == nil {
			fmt.Fprintf(w, "%s: %s [%s]\n", f.Severity, f.Diagnostic(), f.Rule)
		}
	}
	return nil
}
