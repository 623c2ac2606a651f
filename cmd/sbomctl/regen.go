package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/rules"
)

func (a *app) regenCommand() *cobra.Command {
	var dryRun, acceptDrift bool
	cmd := &cobra.Command{
		Use:   "regen PATTERN...",
		Short: "write the files that are checked in",
		Long: `Builds what the targets have checked in (checked_in): the documents of base_sbom and
source_deps_sbom, and what commands make in containers (container_run, regen_configure). What is not
what is built is written into the tree: byte for byte, each file at once or not at all; a file keeps
whether it is executable. With --override=LABEL=DIR they are written into that folder. Targets that have
nothing checked in are passed over, unless they are named.

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
	completeRuntimes(cmd)
	boolVar(cmd.Flags(), &dryRun, "dry_run", false, "print the edits as a diff, and write nothing")
	boolVar(cmd.Flags(), &acceptDrift, "accept_drift", false, "write although files changed under the same version, because the document was wrong about them")
	return cmd
}

func (a *app) regen(patterns []string, dryRun, acceptDrift bool) error {
	alone := len(patterns) == 0
	if alone {
		patterns = []string{"//..."}
	}
	parsed, err := a.parsePatterns(patterns)
	if err != nil {
		return err
	}
	everything := func(o *options) { o.KeepGoing, o.SkipValidation, o.AnalyseOnly = true, false, false }
	return a.live(everything, func(_ context.Context, w workspace) error {
		if alone {
			all, err := w.CheckedIn(parsed)
			return joinErrors(whatToRegen(all), err)
		}
		r, err := w.Regen(parsed, acceptDrift)
		a.ui.close()
		for _, place := range r.UpToDate {
			a.ui.note(a.placeFromHere(place) + " is up to date")
		}
		return joinErrors(a.change(w, r.Changes, dryRun), err)
	})
}

// whatToRegen is the mistake of naming nothing, and what there is to name.
func whatToRegen(all []rules.CheckedIn) error {
	var hints []string
	for _, c := range all {
		hints = append(hints, "sbomctl regen "+c.Label.String()+" writes "+c.Path)
	}
	switch len(all) {
	case 0:
		hints = []string{rules.HasCheckedIn}
	case 1:
	default:
		hints = append(hints, "sbomctl regen //... writes all that are not what is built")
	}
	return usage("regen needs a target pattern", hints...)
}
