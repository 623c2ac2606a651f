package engine

import (
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/label"
)

// Found is a finding in its workspace.
type Found struct {
	finding.Finding
	Declared diag.Pos // of the attribute, or else the target, that it is about; zero when it is about no target
}

// Check runs everything that Build runs for the patterns, the validations of the targets and of all targets below them
// included, and returns what was found, in canonical order. It writes no output. An error is what could
// not be checked; what could be is returned beside it.
func (w *Workspace) Check(patterns label.Patterns) ([]Found, error) {
	b, err := w.perform("check", patterns)
	var out []Found
	for _, f := range finding.Canonical(b.found) {
		_, pos := w.blamed(f.Diagnostic())
		out = append(out, Found{f, pos})
	}
	return out, err
}
