package engine

import (
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
)

// Matching returns the labels that patterns name, sorted, as Build understands them: a label that stands there by itself need not be that of a
// target. What can be found is returned beside an error.
func (w *Workspace) Matching(patterns label.Patterns) ([]label.Label, error) {
	if err := w.checkOverrides(); err != nil {
		return nil, err
	}
	b := &build{w: w, patterns: patterns, packages: map[string]*star.Package{}, broken: map[string]bool{}, fates: map[string]fate{}}
	b.choose()
	labels := make([]label.Label, 0, len(b.labels))
	for _, name := range b.labels {
		l, err := label.ParseAbsolute(name)
		if err != nil {
			return nil, err
		}
		labels = append(labels, l)
	}
	return labels, w.explain(b.errs)
}
