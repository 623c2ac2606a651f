package engine

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/outdir"
	"github.com/sbomctl/sbomctl/engine/star"
)

// Build brings the targets that patterns name up to date and places their outputs. What could
// be built is placed and returned even beside an error. The validations of the targets, and of all targets
// below them, run too; an output whose validation fails is placed nevertheless, and the build fails.
//
// When Build returns no error, every target that was asked for has its outputs in place.
func (w *Workspace) Build(patterns label.Patterns) ([]Output, error) {
	b, err := w.perform("build", patterns, nil)
	return b.outputs, err
}

// perform is a command that builds: "build", or "check", which collects the findings and places nothing.
func (w *Workspace) perform(command string, patterns label.Patterns, groups []string) (*build, error) {
	names := make([]string, len(patterns))
	for i, p := range patterns {
		names[i] = p.String()
	}
	b := &build{w: w, check: command == "check", patterns: patterns, groups: groups, packages: map[string]*star.Package{}, broken: map[string]bool{}, fates: map[string]fate{},
		analysed: map[string]bool{}, waiting: map[string]bool{}, spoilt: map[string]bool{}, unmade: map[string]bool{}, dismissed: map[string]bool{}}
	if err := w.checkOverrides(); err != nil {
		return b, err // no build was begun
	}
	w.said.Clear()
	w.checks = b.check
	w.opt.Events.Emit(event.BuildStarted{Command: command, Patterns: names})
	err := b.run()
	fin := event.BuildFinished{Elapsed: w.opt.Events.Since(), Err: err, Interrupted: errors.Is(err, context.Canceled)}
	fin.Ran, fin.Cached, fin.Failed = w.tally.counts()
	fin.Waived, fin.Undated = b.waived, b.undated
	fin.UpToDate = w.session.UpToDate(kindAction) + w.session.UpToDate(kindValidation) + w.session.UpToDate(kindIndex)
	w.opt.Events.Emit(fin)
	return b, err
}

// build is one call of Build. Its steps follow each other: choose, analyse, make, place, account. An error in one
// of the first three ends what comes before placing, unless the user wants to keep going.
type build struct {
	w        *Workspace
	check    bool // collect the findings, and place nothing
	patterns label.Patterns
	groups   []string // of validations that run, too
	folder   *outdir.Folder
	errs     diag.List
	packages map[string]*star.Package // that the patterns speak of, as far as they could be loaded
	broken   map[string]bool          // and those that could not
	labels   []string                 // the targets that were asked for, sorted
	fates    map[string]fate          // of labels
	analysed map[string]bool          // those of labels that could be
	outputs  []Output
	found    []Found // what was found, when checking; as it was told
	undated  int     // waivers with a date that was not held
	waived   int     // findings that do not count

	subtrees []subtree

	// Of files in the output folder, by their paths relative to it:
	waiting   map[string]bool // nobody began to make it, since something else had failed
	spoilt    map[string]bool // it could not be made, or not be placed
	unmade    map[string]bool // it lies there from an earlier build, and a target failed to make it
	dismissed map[string]bool // it lay there from an earlier build, and was removed if it could be
}

// fate is what became of a target that was asked for.
type fate uint8

const (
	open   fate = iota // nothing: the build ended before
	failed             // it could not be analysed, or not all of its outputs could be made and placed
	built              // its outputs are in place, or it has none
)

func (b *build) run() (err error) {
	if !b.w.opt.AnalyseOnly && !b.check {
		var warning string
		if b.folder, warning, err = outdir.Open(b.w.opt.Root, b.w.opt.OutDir); err != nil {
			return err
		}
		if warning != "" {
			b.w.warn(warning)
		}
	}
	b.choose()
	var validations []string
	if b.goOn() {
		validations = b.analyse()
	}
	if b.w.opt.AnalyseOnly {
		return b.w.explain(b.errs)
	}
	var found []finding.Finding
	if b.goOn() {
		found = b.make(validations)
	}
	b.judge(found)
	if !b.check {
		b.place()
	}
	return b.account()
}

// judge tells what counts of what was found, or keeps it when a report is asked for.
func (b *build) judge(findings []finding.Finding) {
	if b.check {
		b.w.said.Range(func(_, f any) bool {
			findings = append(findings, f.(finding.Finding))
			return true
		})
	}
	ws := b.w.newWaivers()
	for _, p := range b.packages {
		ws.add(p)
	}
	slices.SortFunc(ws.all, func(x, y *waiver) int { return strings.Compare(x.Pos.String(), y.Pos.String()) })
	sound := len(b.errs) == 0 && !b.w.opt.SkipValidation
	complete := sync.OnceValue(func() bool { return sound && b.everything() })
	b.found, b.undated = ws.judge(findings, b.groups, func(l string) bool { _, ok := b.fates[l]; return ok }, complete)
	for _, f := range b.found {
		switch {
		case f.Waiver != nil:
			b.waived++
		case !b.check:
			b.errs = append(b.errs, b.w.say(f)...)
		}
	}
}

// everything reports whether all targets of the workspace were asked for, but for those that no wildcard means.
func (b *build) everything() bool {
	o := b.w.session.Get([]eval.Key{packagesKey("", nil)})[0]
	if o.Err != nil {
		return false
	}
	for _, pkg := range o.Object.([]string) {
		p := b.packages[pkg]
		if p == nil {
			return false
		}
		for _, d := range p.Targets() {
			if _, ok := b.fates[d.Label.String()]; !ok && !slices.Contains(d.Tags(), "manual") {
				return false
			}
		}
	}
	return true
}

func (b *build) goOn() bool { return len(b.errs) == 0 || b.w.opt.KeepGoing }

// analyse analyses the targets and all below them. It returns the arguments of the validation nodes of all
// that could be analysed, sorted.
func (b *build) analyse() []string {
	keys := make([]eval.Key, len(b.labels))
	for i, l := range b.labels {
		keys[i] = closureKey(l)
	}
	validations := map[string]bool{}
	for i, o := range b.w.session.Get(keys) {
		if o.Err != nil {
			b.fail(b.labels[i], b.w.meantPackage(b.labels[i], o.Err))
			continue
		}
		b.analysed[b.labels[i]] = true
		all := o.Object.(*closure)
		b.errs = append(b.errs, b.w.tell(all.prints)...)
		for _, v := range all.validations {
			if v.group == "" || slices.Contains(b.groups, v.group) {
				validations[v.arg] = true
			}
		}
	}
	return sortedNames(validations)
}

// fail notes the error of a target that was asked for.
func (b *build) fail(l string, err error) {
	b.errs = append(b.errs, err)
	if !notRun(err) {
		b.fates[l] = failed
	}
}

// notRun reports whether an error says no more than that a node was not run, for the fault of another.
func notRun(err error) bool {
	for _, e := range diag.Flatten(err) {
		if !errors.As(e, new(*eval.NotStartedError)) && !errors.Is(e, context.Canceled) {
			return false
		}
	}
	return true
}

// make makes the outputs of the targets that could be analysed, and runs validations. It returns what was found.
func (b *build) make(validations []string) []finding.Finding {
	var analysed []string
	var keys []eval.Key
	for _, l := range b.labels {
		if b.analysed[l] {
			analysed = append(analysed, l)
			keys = append(keys, requestKey(l))
		}
	}
	if !b.w.opt.SkipValidation {
		for _, v := range validations {
			keys = append(keys, eval.Key{Kind: kindValidation, Arg: v})
		}
	}
	var found []finding.Finding
	var more []eval.Key // nodes whose findings are to be asked for
	for i, o := range b.w.session.Get(keys) {
		switch {
		case i >= len(analysed):
			if o.Err != nil {
				b.errs = append(b.errs, o.Err)
			}
			more = append(more, keys[i])
		case o.Err != nil:
			b.fail(analysed[i], o.Err)
			b.salvage(analysed[i])
			more = append(more, keys[i])
		default:
			b.fates[analysed[i]] = built
			r := o.Object.(*request)
			found = append(found, r.findings...)
			for _, f := range r.files {
				b.outputs = append(b.outputs, b.output(analysed[i], f))
			}
		}
	}
	return append(found, b.w.findings(more)...)
}

func (b *build) output(l string, r requested) Output {
	return Output{Label: l, Path: path.Join(b.w.opt.OutDir, r.Path), Digest: r.Digest,
		name: r.Path, producer: eval.Key{Kind: kindAction, Arg: r.Producer}, executable: r.Executable}
}

// salvage finds out which outputs of a target were made, although not all could be.
func (b *build) salvage(l string) {
	o := b.w.session.Get([]eval.Key{targetKey(l)})[0]
	if o.Err != nil {
		return
	}
	for _, f := range o.Object.(*star.Target).Files() {
		ref := b.w.fileRef(f)
		if ref.Action == "" {
			continue
		}
		o := b.w.session.Get([]eval.Key{ref.key()})[0]
		switch {
		case o.Err == nil:
			if out, err := ref.of(o.Object.([]action.Output)); err == nil {
				b.outputs = append(b.outputs, b.output(l, requested{ref.Name, out.Digest, ref.Action, out.Executable}))
			}
		case notRun(o.Err) && !b.w.opt.KeepGoing:
			b.waiting[ref.Name] = true
		default:
			b.spoilt[ref.Name] = true
		}
	}
}

// account sums up the errors. That nothing is said of a target which was not built is itself an error.
func (b *build) account() error {
	var lost []string
	for _, l := range b.labels {
		if b.fates[l] == open {
			lost = append(lost, l)
		}
	}
	if b.w.opt.KeepGoing && len(lost) > 0 && b.w.ctx.Err() == nil {
		b.errs = append(b.errs, lostError(lost)) // nothing stopped the build
	}
	if err := b.w.explain(b.errs, lost...); err != nil {
		return err
	}
	if len(lost) > 0 {
		return lostError(lost)
	}
	if names := b.w.tally.failures(); len(names) > 0 {
		return internalError("no error was told of what failed: " + several(names))
	}
	return nil
}

// lostError is the error of targets that were asked for and of which neither outputs nor an error came.
func lostError(labels []string) error {
	if len(labels) == 0 {
		return internalError("something was not run, and no reason was told")
	}
	return internalError("neither outputs nor an error came of " + several(labels))
}

func internalError(msg string) error {
	return &diag.Error{Msg: "internal error: " + msg, Hints: []string{"this is a bug in sbomctl; please report it"}}
}

func (w *Workspace) warn(message string) { w.opt.Events.Emit(event.Warning{Message: message}) }

// several is a list of names for a message, the first few of them and how many there are more.
func several(names []string) string {
	const most = 5
	if more := len(names) - most; more > 1 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}
