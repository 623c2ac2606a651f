package engine

import (
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
)

// Below returns the targets that labels name and all targets below them, sorted, files left out. Those that can be analysed are returned beside an error.
func (w *Workspace) Below(labels []label.Label) ([]label.Label, error) {
	var errs diag.List
	var out []label.Label
	seen := map[label.Label]bool{}
	for next := labels; len(next) > 0; {
		var keys []eval.Key
		for _, l := range next {
			if !seen[l] {
				seen[l] = true
				keys = append(keys, targetKey(l.String()))
			}
		}
		next = nil
		for _, o := range w.session.Get(keys) {
			if o.Err != nil {
				errs = append(errs, o.Err)
				continue
			}
			t := o.Object.(*star.Target)
			if !t.IsFile() {
				out = append(out, t.Label)
			}
			next = append(next, t.Deps...)
		}
	}
	slices.SortFunc(out, func(a, b label.Label) int { return strings.Compare(a.String(), b.String()) })
	return out, w.explain(errs)
}
