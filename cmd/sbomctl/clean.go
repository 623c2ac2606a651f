package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/spf13/cobra"
)

func (a *app) cleanCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "remove the outputs of this workspace",
		Long: `Removes sbom-out/. With --expunge also what the cache folder remembers of this
workspace, so that the next build looks at everything anew. Results of actions, which
workspaces share, stay.`,
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
	o, err := a.options(nil)
	if err != nil {
		return err
	}
	dir := filepath.Join(o.Root, o.OutDir)
	_, statErr := os.Lstat(dir)
	// A symbolic link is removed itself, not what it points to.
	if err := os.RemoveAll(dir); err != nil {
		return &diag.Error{Msg: "cannot remove " + outDirName + ": " + osReason(err), Err: err}
	}
	if errors.Is(statErr, fs.ErrNotExist) {
		a.ui.note("there is no " + outDirName)
	} else {
		a.ui.note("removed " + outDirName)
	}
	if !a.flags.expunge {
		return nil
	}
	if err := a.backend.Expunge(o); err != nil {
		return err
	}
	a.ui.note("removed the workspace's state")
	return nil
}
