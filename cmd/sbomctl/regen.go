package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/engine/event"
)

func (a *app) regenCommand() *cobra.Command {
	var dryRun, acceptDrift bool
	cmd := &cobra.Command{
		Use:   "regen PATTERN...",
		Short: "write the SBOMs that are checked in",
		Long: `Builds the documents that the targets have checked in (checked_in = "Misc/sbom.spdx.json"), and
writes those into the tree that are not what is built: byte for byte, each at once or not at all. With
--override=LABEL=DIR they are written into that folder. Targets without such a document are passed
over, unless they are named.

It does not write a document of which check finds an error besides: what is wrong would be taken for
the truth from then on. Files of a vendored package that changed under the same version are such an
error, too (drift): bump the version, or declare the change.`,
		Example: "sbomctl regen //:base_sbom\nsbomctl regen --dry_run //...\nsbomctl regen --override=//:cpython=../cpython //...",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.prepare(cmd); err != nil {
				return err
			}
			return a.regen(unshield(args), dryRun, acceptDrift)
		},
		ValidArgsFunction: a.completeLabels,
	}
	a.flags.workspaceFlags(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("override", a.completeOverride)
	boolVar(cmd.Flags(), &dryRun, "dry_run", false, "print the edits as a diff, and write nothing")
	boolVar(cmd.Flags(), &acceptDrift, "accept_drift", false, "write although files changed under the same version, because the document was wrong about them")
	return cmd
}

func (a *app) regen(patterns []string, dryRun, acceptDrift bool) error {
	if len(patterns) == 0 {
		return usage("regen needs a target pattern", "sbomctl regen //... writes every SBOM that is checked in and not what is built")
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
	o.KeepGoing, o.SkipValidation, o.AnalyseOnly = true, false, false
	a.ui.start(events.Since)
	err = a.withWorkspace(o, func(_ context.Context, w workspace) error {
		r, err := w.Regen(parsed, acceptDrift)
		a.ui.close()
		for _, place := range r.UpToDate {
			a.ui.note(a.placeFromHere(place) + " is up to date")
		}
		return joinErrors(a.change(w, r.Changes, dryRun), err)
	})
	a.ui.close()
	return err
}
