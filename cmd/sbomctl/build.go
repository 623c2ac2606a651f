package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
)

func (a *app) buildCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "build PATTERN...",
		Short: "bring targets up to date",
		Long: `Brings the targets that the patterns name up to date. Their outputs lie under
sbom-out/, and their paths are printed to standard output, one a line. Standard error
says of each action that ran because something changed what that was.

Patterns: //pkg:name  :name  //pkg:all  //pkg/...  //...  and -PATTERN to leave targets out.`,
		Example: "sbomctl build //release:all\nsbomctl build //... -//release:all",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.prepare(cmd); err != nil {
				return err
			}
			return a.build(unshield(args))
		},
		ValidArgsFunction: a.completeLabels,
	}
	a.flags.workspaceFlags(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("override", a.completeOverride)
	completeRuntimes(cmd)
	a.flags.buildFlags(cmd.Flags())
	return cmd
}

func (a *app) build(patterns []string) error {
	if len(patterns) == 0 {
		return usage("build needs a target pattern", "sbomctl build //... builds everything")
	}
	parsed, err := a.parsePatterns(patterns)
	if err != nil {
		return err
	}
	events := event.NewStream(a.ui)
	o, err := a.options(events)
	if err != nil {
		return err
	}
	records, err := a.openRecords(o)
	if err != nil {
		return err
	}
	for _, r := range records {
		events.Listen(r.listener)
	}
	a.ui.start(events.Since)
	var outputs []engine.Output
	err = a.withWorkspace(o, func(_ context.Context, w workspace) error {
		var err error
		outputs, err = w.Build(parsed)
		return err
	})
	a.ui.close()
	err = joinErrors(err, records.close())
	for _, o := range outputs {
		fmt.Fprintln(a.stdout, a.fromHere(o.Path))
	}
	if flushErr := a.stdout.Flush(); flushErr != nil {
		err = joinErrors(err, writeError("standard output", flushErr))
	}
	a.ui.error(err)
	a.ui.summary()
	return said(err)
}

// joinErrors reports both; the class of the first decides on the exit code.
func joinErrors(err, other error) error {
	switch {
	case err == nil:
		return other
	case other == nil:
		return err
	}
	return diag.List{err, other}
}

// saidError is an error that was shown and only carries the exit code.
type saidError struct{ error }

func (e saidError) Unwrap() error { return e.error }

func said(err error) error {
	if err == nil {
		return nil
	}
	return saidError{err}
}
