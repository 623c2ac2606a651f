package main

import (
	"context"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules"
	"github.com/sbomctl/sbomctl/rules/pin"
)

func (a *app) pinCommand() *cobra.Command {
	var tag string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "pin PATTERN...",
		Short: "write the digests that the tags of container images have now",
		Long: `Asks the registry of each container_image for the digest that its tag has now, and writes it into
BUILD.star and into the files that name the image: those of its references, and of each
container_references that lists it. All of that is one change: when something of it cannot be
written, nothing is. Images that are up to date are left as they are.

It says what moved, from what to what: that a tag names another image than it did is for a person to
look at before the change is committed. What lies in an archive, and what is written in pieces, it
leaves to a person, and says where.

A tag and a digest that a macro makes, or that are computed, are not edited.`,
		Example: "sbomctl pin //:cpython_autoconf\nsbomctl pin //:cpython_autoconf --tag 271\nsbomctl pin --dry_run //...",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.prepare(cmd); err != nil {
				return err
			}
			if len(args) == 0 {
				return usage("pin needs a target", "for example sbomctl pin //:cpython_autoconf")
			}
			patterns, err := a.parsePatterns(unshield(args))
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("tag") {
				if err := pin.CheckTag(tag); err != nil {
					return &usageError{err}
				}
			}
			return a.pin(patterns, tag, dryRun)
		},
		ValidArgsFunction: a.completeLabels,
	}
	a.flags.workspaceFlags(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("override", a.completeOverride)
	cmd.Flags().Var((*textValue)(&tag), "tag", "move the one image that is named to another `TAG`")
	boolVar(cmd.Flags(), &dryRun, "dry_run", false, "print the edits as a diff, and write nothing")
	return cmd
}

func (a *app) pin(patterns label.Patterns, tag string, dryRun bool) error {
	return a.live(nil, func(ctx context.Context, w workspace) error {
		result, err := w.Pin(ctx, patterns, tag)
		a.ui.close()
		if err != nil {
			return err
		}
		if err := a.change(w, result.Changes, dryRun); err != nil {
			return err
		}
		for _, line := range result.Lines {
			a.ui.note(line)
		}
		for _, line := range result.Notes {
			a.ui.warn("", line)
		}
		if len(result.Changes) > 0 && !dryRun {
			a.ui.note("next: sbomctl check //...")
		}
		return nil
	})
}

// Pin asks registries alone: what a folder or the cache has says nothing of where a tag points now.
func (w engineWorkspace) Pin(ctx context.Context, patterns label.Patterns, tag string) (rules.PinResult, error) {
	i, err := images(w.options)
	if err != nil {
		return rules.PinResult{}, err
	}
	defer i.Client.Close()
	return rules.Pin(ctx, w.Workspace, rules.PinRequest{Patterns: patterns, Tag: tag, Resolve: func(ctx context.Context, image pin.Image, tag string) (v1.Descriptor, error) {
		r, err := i.Client.Repository(image.Repository, image.Insecure)
		if err != nil {
			return v1.Descriptor{}, err
		}
		d, _, err := r.Resolve(ctx, tag)
		return d, oci.Diagnose(err)
	}})
}
