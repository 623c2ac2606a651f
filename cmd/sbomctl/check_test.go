package main

import (
	"testing"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/finding"
)

func finished() []event.Event { return []event.Event{event.BuildFinished{UpToDate: 7}} }

// TestCheckExit: 3 when something was found, 1 when something could not be checked, whatever was found.
func TestCheckExit(t *testing.T) {
	r := newRun(t, nil)
	of := func(severities ...finding.Severity) (rep engine.Report) {
		for _, s := range severities {
			rep.Findings = append(rep.Findings, engine.Found{Finding: finding.Finding{Rule: "r", Severity: s, Msg: "m"}})
		}
		return rep
	}
	waived := of(finding.Error)
	waived.Findings[0].Waiver = &engine.Waiver{Rule: "r", Reason: "why"}
	for _, c := range []struct {
		report engine.Report
		err    error
		args   []string
		want   int
	}{
		{of(), nil, nil, 0},
		{of(finding.Note, finding.Warning), nil, nil, 0},
		{of(finding.Note), nil, []string{"--warnings_as_errors"}, 0},
		{of(finding.Warning), nil, []string{"--warnings_as_errors"}, 3},
		{of(finding.Note, finding.Error), nil, nil, 3},
		{waived, nil, []string{"--warnings_as_errors"}, 0},
		{of(), &diag.Error{Msg: "no"}, nil, 1},
		{of(finding.Error), &diag.Error{Msg: "no"}, nil, 1},
	} {
		r.backend.report, r.backend.err = c.report, c.err
		if got := r.run(append([]string{"check", "//..."}, c.args...)...); got != c.want {
			t.Errorf("%v, %v %q: exit %d, want %d", c.report, c.err, c.args, got, c.want)
		}
	}
	if !r.backend.opened.KeepGoing {
		t.Error("check stops at the first thing that cannot be checked")
	}
}

// TestCheckText: what of a finding is printed, and that a hostile file moves no cursor.
func TestCheckText(t *testing.T) {
	r := newRun(t, nil)
	r.backend.checkEvents = finished()
	r.backend.report = engine.Report{Undated: 2, Findings: []engine.Found{
		{Finding: finding.Finding{Rule: "print", Severity: finding.Warning, Msg: "hello \x1b[2J"}},
		{Finding: finding.Finding{Rule: "evidence", Severity: finding.Error, Label: "//:a", Pos: diag.Pos{File: "tree/\x1bx.h", Line: 2, Col: 3}, Msg: "another version",
			Declared: "1\n", Found: "2", Hints: []string{"look"}, Fix: &finding.Fix{Command: "sbomctl bump //:a 2"}}},
		{Finding: finding.Finding{Rule: "evidence", Severity: finding.Note, Label: "//:a", Msg: `is "2", not "1"`, Declared: "1", Found: "2", Fix: &finding.Fix{Attr: "version", Value: "2"}}},
		{Finding: finding.Finding{Rule: "stale", Severity: finding.Error, Label: "//:a", Msg: "waived"}, Waiver: &engine.Waiver{Reason: "why"}},
		{Finding: finding.Finding{Rule: "url", Severity: finding.Warning, Label: "//:b", Pos: diag.File("x"), Msg: "not https", Fix: &finding.Fix{Old: "http:", New: "https:"}}},
		{Finding: finding.Finding{Rule: "unexplained", Severity: finding.Error, Label: "//:b", Msg: "differs", Found: "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n", Hints: []string{"--- a/x", "+++ b/x", "@@ -1 +1 @@", "-1", "+2"}}},
		{Finding: finding.Finding{Rule: "unmatched", Severity: finding.Error, Label: "//:b", Msg: "nothing", Fix: &finding.Fix{Attr: "exclude[2]", Remove: true}}},
	}}
	r.want(t, 3, `warning: hello \x1b[2J [print]

tree/\x1bx.h:2:3: error: //:a: another version [evidence]
    declared: 1\n
    found: 2
    hint: look
    fix: sbomctl bump //:a 2
note: //:a: is "2", not "1" [evidence]
    fix: version = "2"

x: warning: //:b: not https [url]
    fix: write "https:" instead of "http:"
error: //:b: differs [unexplained]
    hint: --- a/x
    hint: +++ b/x
    hint: @@ -1 +1 @@
    hint: -1
    hint: +2
error: //:b: nothing [unmatched]
    fix: remove exclude[2]

  errors  warnings  notes  waived  rule
       1         -      1       -  evidence
       -         1      -       -  print
       -         -      -       1  stale
       1         -      -       -  unexplained
       1         -      -       -  unmatched
       -         1      -       -  url
`, `sbomctl: 2 waivers with a date, and no date to hold against it: give --today=YYYY-MM-DD, or set SOURCE_DATE_EPOCH
sbomctl: 3 errors, 2 warnings, 1 note, 1 waived: 0 ran, 7 up to date, 0.00 s
`, "check", "//...")
}

// TestToday: --today counts before SOURCE_DATE_EPOCH, and without either there is no date.
func TestToday(t *testing.T) {
	r := newRun(t, nil)
	for _, c := range []struct{ epoch, flag, want string }{
		{"", "", ""}, {"0", "", "1970-01-01"}, {"1740830399", "", "2025-03-01"}, {"1740830399", "--today=2027-01-02", "2027-01-02"}, {"", "--today=2027-01-02", "2027-01-02"},
	} {
		r.env["SOURCE_DATE_EPOCH"] = c.epoch
		for _, verb := range []string{"check", "build"} {
			args := []string{verb, "//..."}
			if c.flag != "" {
				args = append(args, c.flag)
			}
			if code := r.run(args...); code != 0 || r.backend.opened.Today != c.want {
				t.Errorf("%q: exit %d, today is %q, want %q", args, code, r.backend.opened.Today, c.want)
			}
		}
	}
}

// TestBuildFindings: a build tells warnings, counts notes, and says how many findings are waived.
func TestBuildFindings(t *testing.T) {
	r := newRun(t, nil)
	note := event.Found{Finding: finding.Finding{Rule: "skew", Severity: finding.Note, Label: "//:a", Msg: "several versions"}}
	warning := event.Found{Finding: finding.Finding{Rule: "print", Severity: finding.Warning, Msg: "hello"}}
	r.backend.events = []event.Event{event.BuildStarted{Command: "build", Patterns: []string{"//:a", "//b/..."}}, note, warning, note, event.BuildFinished{UpToDate: 1, Waived: 1, Undated: 1}}
	const rest = `sbomctl: 1 finding waived
sbomctl: 1 waiver with a date, and no date to hold against it: give --today=YYYY-MM-DD, or set SOURCE_DATE_EPOCH
sbomctl: 0 ran, 1 up to date, 0.00 s
`
	r.want(t, 0, "", "sbomctl: warning: hello\nsbomctl: found 2 notes: sbomctl check //:a //b/...\n"+rest, "build", "//:a", "//b/...")
	r.want(t, 0, "", "sbomctl: note: //:a: several versions\nsbomctl: warning: hello\nsbomctl: note: //:a: several versions\n"+rest, "build", "-v", "//:a", "//b/...")
}
