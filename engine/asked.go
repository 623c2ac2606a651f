package engine

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
)

// explainAsked tells that a target which the user asked for is not there. Where the words may mean a
// package, a hint has the pattern for all targets of that package.
func (w *Workspace) explainAsked(m *missing) *diag.Error {
	e := *m.text
	candidates := []string{path.Join(m.label.Pkg, m.label.Name)}
	if !strings.Contains(e.Msg, "did you mean") {
		candidates = append(candidates, m.label.Pkg)
	}
	for _, pkg := range candidates {
		o := w.session.Get([]eval.Key{packageKey(pkg)})[0]
		if o.Err == nil {
			e.Hints = append(slices.Clone(e.Hints), fmt.Sprintf("//%s:all names every target of that package", pkg))
			break
		}
	}
	return &e
}
