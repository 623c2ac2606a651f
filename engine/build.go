package engine

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"sort"
	"sync"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
)

// Build brings the targets that patterns name up to date and places their outputs. What could
// be built is placed and returned even beside an error. Validations of the targets and of all
// below them run beside the build; that one fails keeps no output back.
func (w *Workspace) Build(patterns label.Patterns) ([]Output, error) {
	names := make([]string, len(patterns))
	for i, p := range patterns {
		names[i] = p.String()
	}
	w.opt.Events.Emit(event.BuildStarted{Command: "build", Patterns: names})
	outputs, err := w.build(patterns)
	fin := event.BuildFinished{Elapsed: w.opt.Events.Since(), Err: err, Interrupted: errors.Is(err, context.Canceled)}
	fin.Ran, fin.Cached, fin.Failed = w.tally.counts()
	fin.UpToDate = w.session.UpToDate(kindAction) + w.session.UpToDate(kindValidation) + w.session.UpToDate(kindIndex)
	w.opt.Events.Emit(fin)
	return outputs, err
}

func (w *Workspace) build(patterns label.Patterns) ([]Output, error) {
	if err := w.checkOverrides(); err != nil {
		return nil, err
	}
	labels, errs, err := w.targets(patterns)
	switch {
	case err != nil:
		return nil, err
	case len(errs) > 0 && !w.opt.KeepGoing:
		return nil, w.explain(errs)
	case len(labels) == 0 && len(errs) == 0:
		return nil, &diag.Error{Msg: "the patterns name no target"}
	}
	var keys []eval.Key
	for _, l := range labels {
		keys = append(keys, closureKey(l))
	}
	validations := map[string]bool{}
	analysed := labels[:0:0]
	for i, o := range w.session.Get(keys) {
		if o.Err != nil {
			errs = append(errs, o.Err)
			continue
		}
		analysed = append(analysed, labels[i])
		for _, v := range o.Object.([]string) {
			validations[v] = true
		}
	}
	if len(errs) > 0 && !w.opt.KeepGoing || w.opt.AnalyseOnly {
		return nil, w.explain(errs)
	}
	keys = keys[:0]
	for _, l := range analysed {
		keys = append(keys, requestKey(l))
	}
	if !w.opt.SkipValidation {
		sorted := make([]string, 0, len(validations))
		for v := range validations {
			sorted = append(sorted, v)
		}
		sort.Strings(sorted)
		for _, v := range sorted {
			keys = append(keys, eval.Key{Kind: kindValidation, Arg: v})
		}
	}
	var outputs []Output
	for i, o := range w.session.Get(keys) {
		switch {
		case o.Err != nil:
			errs = append(errs, o.Err)
		case i < len(analysed):
			for _, r := range o.Object.([]requested) {
				outputs = append(outputs, Output{
					Label: analysed[i], Path: path.Join(w.opt.OutDir, r.Path), Digest: r.Digest,
					producer: eval.Key{Kind: kindAction, Arg: r.Producer},
				})
			}
		}
	}
	outputs, clashes := distinct(outputs)
	errs = append(errs, clashes...)
	if err := w.placeAll(outputs); err != nil {
		errs = append(errs, err)
	}
	return outputs, w.explain(errs)
}

// checkOverrides reports an override of a target that is not there, which would silently do nothing.
func (w *Workspace) checkOverrides() error {
	var errs diag.List
	for _, override := range w.opt.Overrides {
		l := override.Label
		o := w.session.Get([]eval.Key{packageKey(l.Pkg)})[0]
		if o.Err != nil {
			errs = append(errs, o.Err)
		} else if p := o.Object.(*star.Package); p.Target(l.Name) == nil {
			e := p.Missing(l.Name)
			e.Msg = "--override: " + e.Msg
			errs = append(errs, e)
		}
	}
	return w.explain(errs)
}

// distinct drops outputs that several targets share, and reports a path that two actions claim, or that one
// claims as a file and another as a folder.
func distinct(outputs []Output) ([]Output, diag.List) {
	var errs diag.List
	seen := map[string]Output{}
	kept := outputs[:0]
	for _, o := range outputs {
		before, taken := seen[o.Path]
		switch {
		case !taken:
			seen[o.Path] = o
			kept = append(kept, o)
		case before.producer != o.producer:
			a, _ := splitAction(before.producer.Arg)
			b, _ := splitAction(o.producer.Arg)
			errs = append(errs, &diag.Error{Pos: diag.File(o.Path), Label: b, Msg: fmt.Sprintf("the output path is claimed twice: by %s and by %s", a, b),
				Hints: []string{"rename one of the targets"}})
		}
	}
	// A file cannot be a folder as well.
	apart := kept[:0:0]
	for _, o := range kept {
		above, file := Output{}, false
		for dir := path.Dir(o.Path); dir != "." && !file; dir = path.Dir(dir) {
			above, file = seen[dir]
		}
		if !file {
			apart = append(apart, o)
			continue
		}
		a, _ := splitAction(above.producer.Arg)
		b, _ := splitAction(o.producer.Arg)
		errs = append(errs, &diag.Error{Pos: diag.File(o.Path), Label: b, Msg: fmt.Sprintf("the output path lies below %s, which is a file that %s makes", above.Path, a),
			Hints: []string{"rename one of the targets"}})
	}
	return apart, errs
}

// targets returns the canonical labels of the targets that patterns name, sorted, and the errors of
// the packages that cannot be loaded.
func (w *Workspace) targets(patterns label.Patterns) (labels []string, errs diag.List, err error) {
	packages, err := w.packagesOf(patterns)
	if err != nil {
		return nil, nil, err
	}
	found := map[string]bool{}
	for _, p := range patterns {
		if p.Scope == label.One && !p.Negative && patterns.Matches(p.Label()) {
			found[p.Label().String()] = true
		}
	}
	keys := make([]eval.Key, len(packages))
	for i, p := range packages {
		keys[i] = packageKey(p)
	}
	for _, o := range w.session.Get(keys) {
		if o.Err != nil {
			errs = append(errs, o.Err)
			continue
		}
		for _, d := range o.Object.(*star.Package).Targets() {
			if patterns.Matches(d.Label) && !slices.Contains(d.Tags(), "manual") {
				found[d.Label.String()] = true
			}
		}
	}
	out := make([]string, 0, len(found))
	for l := range found {
		out = append(out, l)
	}
	sort.Strings(out)
	return out, errs, nil
}

// packagesOf returns the packages of which patterns may mean several targets.
func (w *Workspace) packagesOf(patterns label.Patterns) ([]string, error) {
	var packages []string
	for _, p := range patterns {
		switch {
		case p.Negative:
		case p.Scope == label.Package:
			packages = append(packages, p.Pkg)
		case p.Scope == label.Subtree:
			o := w.session.Get([]eval.Key{{Kind: kindPackages, Arg: p.Pkg}})[0]
			if o.Err != nil {
				return nil, w.explain(diag.List{o.Err})
			}
			below := o.Object.([]string)
			if len(below) == 0 {
				return nil, &diag.Error{Msg: fmt.Sprintf("pattern %s names no target: there is no %s at or below %q", p, BuildFile, "//"+p.Pkg)}
			}
			packages = append(packages, below...)
		}
	}
	slices.Sort(packages)
	return slices.Compact(packages), nil
}

// tally counts the actions of a build; it is a listener of the stream.
type tally struct {
	mu                  sync.Mutex
	ran, cached, failed int
}

// Handle implements event.Listener.
func (t *tally) Handle(e event.Event) {
	f, ok := e.(event.NodeFinished)
	if !ok || f.Kind != kindAction && f.Kind != kindValidation && f.Kind != kindIndex {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch f.Outcome {
	case event.Ran:
		t.ran++
	case event.Cached:
		t.cached++
	case event.Failed:
		t.failed++
	}
}

func (t *tally) counts() (ran, cached, failed int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ran, t.cached, t.failed
}
