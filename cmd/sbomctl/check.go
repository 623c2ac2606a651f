package main

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/label"
)

func (a *app) checkTargetsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check PATTERN...",
		Short: "run every check of targets and of all below them",
		Long: `Runs every check of the targets that the patterns name, and of all targets below them, and
prints what was found, and how much of it by rule. It writes no output. The exit code is 0 when
nothing was found but notes and warnings, 3 when there are errors, and 1 when not everything could
be checked, whatever was found.

--format=sarif is for code-scanning pages, github for the log of a workflow, json for programs. Standard
output is then that document alone.

--fix makes every fix that is an edit, of a declaration or of a file in the workspace, checks again, and
reports what is left; the exit code is that of what is left. Fixes that contradict each other, of what
is computed or made by a macro, and of files that may not be written are not made, and it says so.

What a waiver covers (waivers = [waive(...)]) is counted only. That a waiver covers nothing any
more is said when the whole workspace is checked: sbomctl check //...`,
		Example: "sbomctl check //...\nsbomctl check --fix --dry_run //...\nsbomctl check --format=sarif //... >sbomctl.sarif",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.prepare(cmd); err != nil {
				return err
			}
			return a.checkTargets(unshield(args))
		},
		ValidArgsFunction: a.completeLabels,
	}
	a.flags.workspaceFlags(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("override", a.completeOverride)
	completeRuntimes(cmd)
	a.flags.checkFlags(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("format", completeWords(slices.Sorted(maps.Keys(reportFormats))...))
	return cmd
}

// checkOnce opens the workspace and checks it.
func (a *app) checkOnce(patterns label.Patterns) (*report, error) {
	r := &report{}
	events := event.NewStream(a.ui)
	o, err := a.options(events)
	if err != nil {
		return r, err
	}
	o.KeepGoing = true // what one thing is about does not depend on another
	a.ui.start(events.Since)
	err = a.withWorkspace(o, func(_ context.Context, w workspace) error {
		r.Report, r.unchecked = w.Check(patterns)
		if a.flags.fix || a.flags.format == "json" || a.flags.format == "sarif" {
			r.fixes = w.Fixes(r.Findings)
		}
		if a.flags.fix && !a.flags.fixDryRun {
			var err error
			if r.fixed, err = w.Apply(r.fixes.Changes); err != nil {
				r.unwritten = err
				return err
			}
		}
		if docs, err := w.Docs(); err == nil && a.flags.format == "sarif" { // else it is among what could not be checked
			r.own = docs.Findings
		}
		return r.unchecked
	})
	a.ui.close()
	return r, err
}

// errFindings ends a command that found something; it has been said already.
var errFindings = errors.New("something was found")

func (a *app) checkTargets(patterns []string) error {
	if len(patterns) == 0 {
		return usage("check needs a target pattern", "sbomctl check //... checks everything")
	}
	parsed, err := a.parsePatterns(patterns)
	if err != nil {
		return err
	}
	if err := a.fixFlags(); err != nil {
		return err
	}
	r, err := a.checkOnce(parsed)
	if a.flags.fix && r.fixes != nil {
		if a.flags.fixDryRun {
			return a.previewFixes(r, err)
		}
		r, err = a.checkAndFix(parsed, r, err)
	}
	if errors.Is(err, errInterrupted) {
		return err
	}
	if err != nil && (r.unchecked == nil || r.unwritten != nil) { // the workspace could not be opened, or a file not be written
		return err
	}
	writeErr := reportFormats[a.flags.format](a, a.stdout, r)
	if flushErr := a.stdout.Flush(); writeErr == nil {
		writeErr = flushErr
	}
	if writeErr != nil {
		err = joinErrors(err, writeError("standard output", writeErr))
	}
	a.ui.error(err)
	c := r.count()
	a.ui.checked(c, r.Undated, r.unchecked != nil)
	switch {
	case err != nil:
		return said(err)
	case c.errors > 0 || a.flags.warningsAsErrors && c.warnings > 0:
		return errFindings
	}
	return nil
}
