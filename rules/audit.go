package rules

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/audit"
	"github.com/sbomctl/sbomctl/rules/pin"
	"github.com/sbomctl/sbomctl/rules/registry"
	"github.com/sbomctl/sbomctl/rules/reproduce"
)

// AuditResult is what came of an audit.
type AuditResult struct {
	engine.Report
	Images []audit.Result // sorted by label
}

// AuditRequest says how to audit.
type AuditRequest struct {
	Level  int    // the last one that is wanted
	Rehash bool   // download what was hashed before, too
	Root   string // of the workspace
	Warn   func(message string)
	Watch  func(image *pin.Image, done bool) // told when an image is begun and when it is done, concurrently
	Now    time.Time                         // certificates of signatures have to be valid now, where nobody says when they were used
}

// AuditedImages returns the repositories of the container images among the targets that patterns name and all below them, each once.
func AuditedImages(w *engine.Workspace, patterns label.Patterns) ([]string, error) {
	s, errs := auditScope(w, patterns, audit.References)
	var out []string
	for _, im := range s.images {
		out = append(out, im.Repository)
	}
	slices.Sort(out)
	return slices.Compact(out), errs.Err()
}

// commandLevel is a level of commands in containers, which a validation of the targets that run them does.
type commandLevel struct {
	operation string   // the validation
	rules     []string // of what it finds
	nobody    string   // why nothing is known when none of the targets has it
}

var commandLevels = map[int]commandLevel{
	audit.Deterministic: {reproduce.CompareName, []string{reproduce.NondeterministicID, reproduce.LeftoverID, reproduce.PerturbedID},
		"none of the targets runs a command in it without a network (container_run)"},
	audit.Outputs: {reproduce.CheckedInName, []string{reproduce.DiffersID},
		"none of the targets makes in it what is checked in (container_run, checked_in)"},
}

// commandLevelOf returns the level that a rule is of; 0 for none of these.
func commandLevelOf(rule string) int {
	for l, c := range commandLevels {
		if slices.Contains(c.rules, rule) {
			return l
		}
	}
	return 0
}

// Audit audits the container images among the targets that patterns name and all below them. Levels 0, 5 and 6 are validations of the graph,
// which run as in a check; the others ask where images are had from. What could be audited is returned beside an error, which says what could not.
func Audit(ctx context.Context, w *engine.Workspace, images *registry.Images, patterns label.Patterns, req AuditRequest) (AuditResult, error) {
	origins := &audit.Origins{Images: images, Root: req.Root}
	a := &audit.Auditor{Level: req.Level, Open: origins.Open, Kept: images.Store, Rehash: req.Rehash, Now: req.Now, Warn: req.Warn, Watch: req.Watch}
	var r AuditResult
	s, errs := auditScope(w, patterns, a.Level)
	if len(s.images) == 0 {
		return r, errs.Err()
	}
	results, err := a.Audit(ctx, s.images)
	if err != nil {
		return r, err
	}
	var groups []string
	if a.Level >= audit.Deterministic {
		groups = append(groups, reproduce.Group)
	}
	checked, err := w.Check(s.toCheck(), groups...)
	checked.Findings = slices.DeleteFunc(checked.Findings, func(f engine.Found) bool { return commandLevelOf(f.Rule) > a.Level })
	failed := diag.Flatten(err)
	for i := range results {
		s.fromGraph(&results[i], a.Level, checked.Findings, failed)
	}
	for _, err := range failed {
		if e := (*oci.Error)(nil); !errors.As(err, &e) || !e.Kind.Inconclusive() { // else it is an image that could not be had
			errs = append(errs, err)
		}
	}
	r.Images = results
	r.Report = w.Judge(checked, outside(results), audit.Group, s.audited(), settled(results))
	for i := range results {
		waive(&results[i], r.Findings)
	}
	return r, errs.Err()
}

// scope is what an audit is about.
type scope struct {
	images []pin.Image
	groups map[string]pin.Group             // by label: files that name several images
	users  map[int]map[string][]label.Label // by level and image: the targets that run a command in it, which is validated
	labels map[string]label.Label           // of all these
}

// auditScope finds the images that the patterns mean, and the targets whose validations speak of them.
func auditScope(w *engine.Workspace, patterns label.Patterns, level int) (*scope, diag.List) {
	s := &scope{groups: map[string]pin.Group{}, users: map[int]map[string][]label.Label{}, labels: map[string]label.Label{}}
	var errs diag.List
	note := func(err error) {
		if err != nil {
			errs = append(errs, diag.Flatten(err)...)
		}
	}
	named, err := w.Matching(patterns)
	note(err)
	all, err := w.Below(named)
	note(err)
	for _, l := range all {
		var im pin.Image
		if has, err := w.Params(l, pin.OperationName, &im); has && err == nil {
			im.Label = l.String()
			s.images = append(s.images, im)
			s.labels[im.Label] = l
		}
		var g pin.Group
		if has, err := w.Params(l, pin.GroupOperationName, &g); has && err == nil {
			s.groups[l.String()], s.labels[l.String()] = g, l
		}
	}
	for at := audit.Deterministic; at <= level; at++ {
		s.users[at] = map[string][]label.Label{}
		for _, l := range all {
			var p reproduce.Params
			if has, err := w.Params(l, commandLevels[at].operation, &p); has && err == nil {
				s.users[at][p.Image] = append(s.users[at][p.Image], l)
				s.labels[l.String()] = l
			}
		}
	}
	return s, errs
}

// toCheck are patterns of all targets whose validations speak of the images.
func (s *scope) toCheck() label.Patterns {
	var out label.Patterns
	for _, l := range s.labels {
		out = append(out, label.Pattern{Scope: label.One, Pkg: l.Pkg, Name: l.Name})
	}
	slices.SortFunc(out, func(a, b label.Pattern) int { return strings.Compare(a.String(), b.String()) })
	return out
}

// audited are the labels of the images.
func (s *scope) audited() (out []label.Label) {
	for _, im := range s.images {
		out = append(out, s.labels[im.Label])
	}
	return out
}

// fromGraph fills in the levels that are validations: 0, and from 5 on those of the commands that run in the image.
func (s *scope) fromGraph(r *audit.Result, level int, found []engine.Found, failed []error) {
	references := audit.Verdict{Level: audit.References, Outcome: audit.Proven, Text: "the files that name the image agree"}
	if len(r.Image.References) == 0 {
		references.Text = "a digest is declared; no file is that names the image (references)"
	}
	for _, f := range found {
		if f.Label == r.Image.Label && commandLevelOf(f.Rule) == 0 && f.Rule != engine.WaiverRule.ID || s.inGroup(f.Finding, &r.Image) {
			references.Against = append(references.Against, f.Finding)
		}
	}
	broken := func(v *audit.Verdict, labels ...string) {
		for _, err := range failed {
			var d *diag.Error
			if !errors.As(err, &d) || !slices.Contains(labels, d.Label) {
				continue
			}
			if e := (*oci.Error)(nil); errors.As(err, &e) && e.Kind.Inconclusive() {
				v.Unknown = append(v.Unknown, audit.Unknown{Kind: e.Kind, What: d.Label + ":", Why: d.Msg, Hints: d.Hints})
				continue
			}
			v.Outcome, v.Text = audit.NotTried, "it could not be checked: "+d.Label
		}
	}
	broken(&references, append(s.groupsOf(&r.Image), r.Image.Label)...)
	r.Verdicts[audit.References] = references.Settled()
	for l := audit.Deterministic; l <= level; l++ {
		var users, unchanged []string
		for _, u := range s.users[l][r.Image.Label] {
			users = append(users, u.String())
		}
		v := audit.Verdict{Level: l, Outcome: audit.Proven, Text: "by " + strings.Join(users, ", ")}
		if len(users) == 0 {
			v.Outcome, v.Text = audit.NotTried, commandLevels[l].nobody
		}
		for _, f := range found {
			if !slices.Contains(users, f.Label) || commandLevelOf(f.Rule) != l {
				continue
			}
			v.Against = append(v.Against, f.Finding)
			if what := reproduce.Unchanged(f.Finding); what != "" { // a statement promises no more than was tried
				unchanged = append(unchanged, what)
			}
		}
		if len(unchanged) > 0 {
			slices.Sort(unchanged)
			v.Text += "; under the same " + strings.Join(slices.Compact(unchanged), " and ") + " both times"
		}
		broken(&v, users...)
		r.Verdicts[l] = v.Settled()
	}
}

// groupsOf are the labels of the container_references that list an image.
func (s *scope) groupsOf(im *pin.Image) (labels []string) {
	for l, g := range s.groups {
		if slices.ContainsFunc(g.Images, func(i pin.GroupImage) bool { return i.Label == im.Label }) {
			labels = append(labels, l)
		}
	}
	slices.Sort(labels)
	return labels
}

// inGroup reports whether a finding in files that name several images is about this one. That a file cannot be read is about each.
func (s *scope) inGroup(f finding.Finding, im *pin.Image) bool {
	if !slices.Contains(s.groupsOf(im), f.Label) {
		return false
	}
	return f.Rule == pin.UnresolvedID && f.Severity != finding.Note || pin.Names(f.Declared, im.Repository) || pin.Names(f.Found, im.Repository)
}

// outside are the findings that no validation made.
func outside(results []audit.Result) (all []finding.Finding) {
	for _, r := range results {
		for _, v := range r.Verdicts[audit.Resolves : audit.Attached+1] {
			all = append(all, v.Against...)
		}
	}
	return all
}

// settled reports whether all was looked at that a rule of an audit may find of an image.
func settled(results []audit.Result) func(rule, label string) bool {
	byLabel := map[string]*audit.Result{}
	for i := range results {
		byLabel[results[i].Image.Label] = &results[i]
	}
	return func(rule, label string) bool {
		r := byLabel[label]
		return r != nil && !slices.ContainsFunc(audit.LevelsOf(rule), func(l int) bool {
			v := &r.Verdicts[l]
			return v.Outcome == audit.NotTried || len(v.Unknown) > 0
		})
	}
}

// waive tells of the levels of an image whether what was found there is waived.
func waive(r *audit.Result, found []engine.Found) {
	counts := func(f finding.Finding) bool {
		i := slices.IndexFunc(found, func(g engine.Found) bool { return finding.Compare(f, g.Finding) == 0 })
		return f.Severity != finding.Note && (i < 0 || found[i].Waiver == nil)
	}
	for l := range r.Verdicts {
		v := &r.Verdicts[l]
		if v.Outcome != audit.Found || slices.ContainsFunc(v.Against, counts) {
			continue
		}
		v.Outcome = audit.Waived
		if len(v.Unknown) > 0 {
			v.Outcome = audit.Inconclusive
		}
	}
}
