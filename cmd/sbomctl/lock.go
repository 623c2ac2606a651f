package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) lockCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lock TARGET",
		Short: "write a bundled wheel's lock file from the package index",
		Long: `Asks the package index for the URL and checksum of each dependency that the target's
wheel vendors, and writes them to the lock file that the target names. Says what changed,
and prints the path of the lock file. Only this command asks the index; build never does.`,
		Example: "sbomctl lock //:pip",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.prepare(cmd); err != nil {
				return err
			}
			if len(args) != 1 {
				return usage("lock takes one target", "for example sbomctl lock //:pip")
			}
			return a.lock(args[0])
		},
		ValidArgsFunction: a.completeOneLabel,
	}
	a.flags.workspaceFlags(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("override", a.completeOverride)
	a.flags.indexURL = "https://pypi.org"
	cmd.Flags().Var((*urlValue)(&a.flags.indexURL), "index_url", "base `URL` of the package index's JSON API")
	return cmd
}

func (a *app) lock(target string) error {
	l, err := parseTarget(target, a.cwdPkg)
	if err != nil {
		return err
	}
	return a.live(nil, func(ctx context.Context, w workspace) error {
		result, err := w.Lock(ctx, l, a.flags.indexURL)
		a.ui.close()
		if err != nil {
			return err
		}
		path := a.fromHere(result.Path)
		for _, change := range result.Changes {
			a.ui.note(change)
		}
		if result.Written {
			a.ui.note("wrote " + path)
		} else {
			a.ui.note(path + " is up to date")
		}
		fmt.Fprintln(a.stdout, path)
		return nil
	})
}
