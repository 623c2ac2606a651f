package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
)

// Waivers are applied where findings are told, outside of the graph:
//
//	BUILD.star ──► package ──► declaration ──► target ──► action ──► findings ──┐
//	                  └────────────────────── waivers ─────────────────────────┴──► told, or waived
//
// So the graph stays hermetic. A finding is recorded and cached whether or not somebody waives it; a waiver is part of its package's
// value, and of no declaration, so an edit of one evaluates the BUILD.star and runs nothing else; and the date that waivers are
// held against (Options.Today, never the clock) is no input of any node. What is waived is a function of three things: the findings, the waivers
// that were declared, and that date.

// Waiver is a declaration that some findings do not count.
type Waiver = star.Waiver

// WaiverRule describes what the engine says of waivers.
var WaiverRule = finding.Rule{
	ID: "waiver", Severity: finding.Warning,
	Title: "a waiver covers no finding any more, or is past its date",
	Help: `A waiver (` + "`waivers = [waive(...)]`" + `) is for findings that are known and accepted. One that covers none hides the next one that comes, for
a reason that is not true any more; remove it. It is only told when all targets were asked for (` + "`sbomctl check //...`" + `), since
what is said of a target may come from one above it. It is an error where the waiver is for a rule that nobody knows, by a name near a known one's.

One past its date does not waive any more. Mend what it was for, or renew it: set ` + "`until`" + ` to another day, with a reason that is
true on it. The day is that of ` + "`--today`" + ` or of ` + "`SOURCE_DATE_EPOCH`" + `; without either no waiver is held against its date.`,
}

// waiver is one that may be for findings of this command.
type waiver struct {
	*Waiver
	pkg, label string // the package that declares it, and the target; "" when it is for all of the package
	attr       string // of the target: "waivers[1]"
	match      *files.Matcher
	used       bool
	elsewhere  string // path in its tree of a finding that its path is the place of in the workspace
}

// covers reports whether w is for f, apart from the date.
func (w *waiver) covers(f *finding.Finding) bool {
	if w.Rule != f.Rule {
		return false
	}
	if w.Path == "" {
		return true
	}
	path := f.InTree()
	if path == "" { // what it is about is a pattern, or a path that is nowhere
		return w.Path == f.Declared || w.matches(f.Declared)
	}
	outer, _, _ := strings.Cut(path, "!") // a member of an archive in the tree lies in that
	if w.matches(path) || w.matches(outer) {
		return true
	}
	if w.matches(f.Pos.File) {
		w.elsewhere = path
	}
	return false
}

func (w *waiver) matches(path string) bool {
	if w.match == nil {
		m, err := files.Compile([]string{w.Path}, nil)
		if err != nil {
			return false // which was said when it was declared
		}
		w.match = m
	}
	_, ok := w.match.Match(path)
	return ok
}

// waiverPath says what is wrong with the path of a waiver.
func waiverPath(pattern string) error {
	m, err := files.Compile([]string{pattern}, nil)
	if err != nil {
		return err
	}
	for _, nowhere := range []string{"\u2603", "\u2603/\u2603", "\u2603/\u2603/\u2603"} { // what matches these spells out no name
		if _, ok := m.Match(nowhere); ok {
			return &diag.Error{Msg: fmt.Sprintf("path %q would hide everything; name a folder or a file", pattern),
				Hints: []string{"without a path a waiver is for all that its rule finds about the target"}}
		}
	}
	return nil
}

// waivers are those of some packages.
type waivers struct {
	w     *Workspace
	today string               // "" when no date is held
	of    map[string][]*waiver // by label; those of a whole package by "//" and its name
	known map[string]bool      // packages that were looked at
	all   []*waiver
}

func (w *Workspace) newWaivers() *waivers {
	return &waivers{w: w, today: w.opt.Today, of: map[string][]*waiver{}, known: map[string]bool{}}
}

// add takes up the waivers of a package.
func (ws *waivers) add(p *star.Package) {
	if ws.known[p.Name()] {
		return
	}
	ws.known[p.Name()] = true
	if !p.HasWaivers() {
		return
	}
	for _, v := range p.Waivers() {
		ws.put("//"+p.Name(), &waiver{Waiver: &v, pkg: p.Name()})
	}
	for _, d := range p.Targets() {
		for i, v := range p.WaiversOf(d.Label.Name) {
			ws.put(d.Label.String(), &waiver{Waiver: &v, pkg: p.Name(), label: d.Label.String(), attr: fmt.Sprintf("waivers[%d]", i)})
		}
	}
}

// load takes up the waivers of a package that may not have been looked at.
func (ws *waivers) load(pkg string) {
	if ws.known[pkg] {
		return
	}
	if o := ws.w.session.Get([]eval.Key{packageKey(pkg)})[0]; o.Err == nil {
		ws.add(o.Object.(*star.Package))
	}
	ws.known[pkg] = true
}

func (ws *waivers) put(key string, w *waiver) {
	ws.of[key] = append(ws.of[key], w)
	ws.all = append(ws.all, w)
}

// find returns the waiver that f is waived by; nil for none. A target's own come before those of its package.
func (ws *waivers) find(f *finding.Finding) *Waiver {
	l, err := label.ParseAbsolute(f.Label)
	if err != nil || l.Repo != "" {
		return nil
	}
	ws.load(l.Pkg)
	var by *Waiver
	for _, key := range []string{f.Label, "//" + l.Pkg} {
		for _, w := range ws.of[key] {
			if !w.covers(f) {
				continue
			}
			w.used = true
			if by == nil && !ws.expired(w) {
				by = w.Waiver
			}
		}
	}
	return by
}

func (ws *waivers) expired(w *waiver) bool {
	return ws.today != "" && w.Until != "" && w.Until < ws.today
}

// judge says which findings count. asked reports whether a target was asked for, complete that all of the workspace's were, so
// that a waiver which covers nothing covers nothing indeed, unless its rule is of a group that is not among groups. The findings about waivers themselves are among those that are returned.
// undated is how many waivers have a date that was not held.
func (ws *waivers) judge(findings []finding.Finding, groups []string, asked func(label string) bool, complete func() bool) (found []Found, undated int) {
	ids := map[string]bool{PrintRule.ID: true}
	left := map[string]bool{} // rules of which nothing was looked for
	for _, r := range ws.w.opt.Rules.Findings {
		ids[r.ID] = true
		left[r.ID] = r.Group != "" && !slices.Contains(groups, r.Group)
	}
	for _, f := range finding.Canonical(findings) {
		ids[f.Rule] = true
		found = append(found, ws.w.place(f, ws.find(&f)))
	}
	for _, w := range ws.all {
		whole := w.label == "" && ws.wholeAsked(w.pkg, asked)
		switch {
		case ws.expired(w) && (w.used || whole || w.label != "" && asked(w.label)):
			found = append(found, ws.w.place(w.expiredFinding(ws.today), nil))
		case !w.used && !left[w.Rule] && (whole || w.label != "" && asked(w.label)) && complete():
			found = append(found, ws.w.place(w.unusedFinding(ids), nil))
		}
		if w.Until != "" && ws.today == "" {
			undated++
		}
	}
	slices.SortStableFunc(found, func(a, b Found) int { return finding.Compare(a.Finding, b.Finding) })
	return found, undated
}

// wholeAsked reports whether all targets of a package were asked for.
func (ws *waivers) wholeAsked(pkg string, asked func(label string) bool) bool {
	o := ws.w.session.Get([]eval.Key{packageKey(pkg)})[0]
	return o.Err == nil && !slices.ContainsFunc(o.Object.(*star.Package).Targets(), func(d *star.Declaration) bool { return !asked(d.Label.String()) })
}

func (w *waiver) finding(severity finding.Severity, msg string, hints ...string) finding.Finding {
	f := finding.Finding{Rule: WaiverRule.ID, Severity: severity, Label: w.label, Attr: w.attr, Msg: msg, Declared: w.String(), Hints: hints}
	if w.label == "" { // else it is where the attribute is
		f.Pos = w.Pos
	}
	return f
}

func (w *waiver) expiredFinding(today string) finding.Finding {
	return w.finding(WaiverRule.Severity, fmt.Sprintf("%s held until %s, and waives nothing any more", w, w.Until),
		fmt.Sprintf("today is %s, by --today or SOURCE_DATE_EPOCH; the reason was: %s", today, event.Printable(w.Reason)))
}

// unusedFinding is of a waiver that covers nothing; ids are the rules that are known.
func (w *waiver) unusedFinding(ids map[string]bool) finding.Finding {
	names := make([]string, 0, len(ids))
	for id := range ids {
		names = append(names, id)
	}
	near := diag.Nearest(w.Rule, names)
	switch {
	case ids[w.Rule]:
	case near != "":
		f := w.finding(finding.Error, fmt.Sprintf("%s covers nothing: nothing is found by a rule %q; did you mean %q?", w, w.Rule, near))
		return f
	default:
		return w.remove(w.finding(WaiverRule.Severity, fmt.Sprintf("%s covers no finding, and nothing is known of a rule %q", w, w.Rule)))
	}
	f := w.finding(WaiverRule.Severity, fmt.Sprintf("%s covers no finding any more", w))
	if w.elsewhere != "" {
		f.Hints = append(f.Hints, fmt.Sprintf("a path is as the tree calls it: %q", w.elsewhere))
		return f
	}
	return w.remove(f)
}

// remove gives f the fix that removes its waiver, where that is an element of an attribute.
func (w *waiver) remove(f finding.Finding) finding.Finding {
	if w.attr != "" {
		f.Fix = &finding.Fix{Attr: w.attr, Remove: true}
	}
	return f
}
