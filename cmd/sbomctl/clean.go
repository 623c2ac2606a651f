package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/engine/event"
)

func (a *app) cleanCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "remove the outputs of this workspace",
		Long: `Removes sbom-out/. With --expunge also what the cache folder remembers of this
workspace, so that the next build looks at everything anew, and the container images that
are unpacked there, unless another command uses them. Results of actions and the images
themselves, which workspaces share, stay. Waits for a command that is at work in this workspace.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.prepare(cmd); err != nil {
				return err
			}
			if len(args) > 0 {
				return usage(`clean takes no targets, not "` + args[0] + `"`)
			}
			return a.clean()
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().Var((*pathValue)(&a.flags.diskCache), "disk_cache", "the cache is in `DIR` instead of the user's cache folder")
	boolVar(cmd.Flags(), &a.flags.expunge, "expunge", false, "forget the workspace's state too")
	return cmd
}

func (a *app) clean() error {
	a.flags.jobs = 1
	o, err := a.options(event.NewStream(a.ui))
	if err != nil {
		return err
	}
	ctx, stop := a.interruptible(context.Background(), signals())
	defer stop()
	removed, err := a.backend.Clean(ctx, o, a.flags.expunge)
	if err != nil {
		return ending(ctx, err)
	}
	if removed {
		a.ui.note("removed " + outDirName)
	} else {
		a.ui.note("there is no " + outDirName)
	}
	if a.flags.expunge {
		a.ui.note("removed the workspace's state")
	}
	return nil
}
