package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sbomctl/sbomctl/cmd/sbomctl/format"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/rules"
)

// check --fix makes the fixes while the workspace is open for the check that found them, and checks again: what was mended
// is not found any more, and what a fix brought to light is. It goes on until a check has no fix to make, so that a second
// check --fix has nothing to do.

// maxFixRounds bounds how often what fixes bring to light is fixed, too: fixes that undo each other would go on for ever.
const maxFixRounds = 10

func (a *app) fixFlags() error {
	switch {
	case a.flags.fixDryRun && !a.flags.fix:
		return usage("--dry_run is for --fix", "sbomctl check --fix --dry_run prints what would be changed")
	case a.flags.fixDryRun && a.flags.format != "text":
		return usage("--dry_run prints a diff, not --format=" + a.flags.format)
	}
	return nil
}

// checkAndFix goes on after the first check, whose fixes were made.
func (a *app) checkAndFix(patterns label.Patterns, r *report, err error) (*report, error) {
	for round := 1; ; round++ {
		for _, c := range r.fixed {
			a.ui.note("fixed " + a.fromHere(c.Path))
		}
		switch {
		case len(r.fixed) == 0 || r.unwritten != nil:
			a.refusedFixes(r)
			return r, err
		case round == maxFixRounds:
			a.ui.warn("", fmt.Sprintf("after %d rounds there are still fixes to make: do some undo others?", maxFixRounds))
			return r, err
		}
		r, err = a.checkOnce(patterns)
	}
}

// refusedFixes says which fixes cannot be made, and why.
func (a *app) refusedFixes(r *report) {
	for i, d := range r.fixes.Refused {
		if d == nil {
			continue
		}
		said := *d
		said.Msg = fmt.Sprintf("%s [%s] is not fixed: %s", fixText(r.Findings[i].Fix), r.Findings[i].Rule, d.Msg)
		if said.Label == "" {
			said.Label = r.Findings[i].Label
		}
		a.ui.diagnostic(yellow, "warning:", &said)
	}
}

// previewFixes prints what the fixes would change, and ends as the check would after them, as far as that can be told
// without making them.
func (a *app) previewFixes(r *report, err error) error {
	for _, c := range r.fixes.Changes {
		fmt.Fprint(a.stdout, changeDiff(c))
	}
	if flushErr := a.stdout.Flush(); flushErr != nil {
		err = joinErrors(err, writeError("standard output", flushErr))
	}
	a.refusedFixes(r)
	a.ui.error(err)
	var left counts
	for i, f := range r.Findings {
		if r.fixes.Edits[i] == nil {
			left.add(f)
		}
	}
	a.ui.checked(left, r.Undated, r.unchecked != nil)
	switch {
	case err != nil:
		return said(err)
	case left.errors > 0 || a.flags.warningsAsErrors && left.warnings > 0:
		return errFindings
	}
	return nil
}

// writer makes a format for programs one for the command line.
func writer(write func(io.Writer, *format.Report) error) func(*app, io.Writer, *report) error {
	return func(a *app, w io.Writer, r *report) error {
		out := format.Report{Version: readVersion().Version, Rules: rules.Set(nil).Findings, OwnRules: r.own, Prefix: a.inRepository(), Source: a.source, Audit: r.audit}
		for i, f := range r.Findings {
			found := format.Finding{Found: f}
			if r.fixes != nil {
				found.Edits = r.fixes.Edits[i]
			}
			out.Findings = append(out.Findings, found)
		}
		for _, err := range diag.Flatten(r.unchecked) {
			d, ok := diagnostic(err)
			if !ok {
				d = &diag.Error{Msg: event.Printable(err.Error())}
			}
			out.Unchecked = append(out.Unchecked, d)
		}
		return write(w, &out)
	}
}

// inRepository is the path of the workspace in the repository that it is part of; "" when it is its root, or there is none.
// Code-scanning pages and annotations know files by their paths in the repository.
func (a *app) inRepository() string {
	for at := a.root; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			if rel, err := filepath.Rel(at, a.root); err == nil && rel != "." {
				return filepath.ToSlash(rel)
			}
			return ""
		}
		if at == filepath.Dir(at) {
			return ""
		}
	}
}

// maxSource bounds a file that places are looked up in, in bytes.
const maxSource = 64 << 20

// source is a file that findings are in; nil when it cannot be read.
func (a *app) source(file string) []byte {
	path := filepath.FromSlash(file)
	if !filepath.IsAbs(path) {
		path = filepath.Join(a.root, path)
	}
	fi, err := os.Stat(path)
	if err != nil || !fi.Mode().IsRegular() || fi.Size() > maxSource {
		return nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	if content == nil {
		content = []byte{} // it is there, and empty
	}
	return content
}
