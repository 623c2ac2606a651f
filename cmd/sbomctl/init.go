package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/engine"
)

func (a *app) initCommand() *cobra.Command {
	dryRun := false
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "begin a workspace in a tree that has none",
		Long: `Writes sbom.star and a BUILD.star: the source tree, and a vendored_package for each library
that the tree's files tell of, by copyright and licence lines, licence files, and the files in
which projects state what they vendored (METADATA, moz.yaml, README.chromium, vendor.txt).

What a file states is filled in, with the name of the file. What none states is NOASSERTION.`,
		Example: "sbomctl init\nsbomctl init ../project --dry_run",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("init takes at most one folder")
			}
			if err := a.enter(); err != nil {
				return err
			}
			dir := a.cwd
			if len(args) == 1 {
				dir = a.absolute(args[0])
			}
			return a.init(cmd, dir, dryRun)
		},
	}
	a.flags.workspaceFlags(cmd.Flags())
	boolVar(cmd.Flags(), &dryRun, "dry_run", false, "print the files as a diff and write nothing")
	return cmd
}

// init begins a workspace in a folder that is in none.
func (a *app) init(cmd *cobra.Command, dir string, dryRun bool) error {
	shown := dir
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if info, err := os.Stat(dir); err != nil {
		return usage(`cannot find "` + shown + `": ` + osReason(err))
	} else if !info.IsDir() {
		return usage(`"` + shown + `" is no folder`)
	}
	if root := findRoot(dir); root != "" {
		return usage(`"`+shown+`" is in a workspace already: `+filepath.Join(root, workspaceFile), "sbomctl add declares a package in it")
	}
	if _, err := os.Lstat(filepath.Join(dir, engine.BuildFile)); err == nil {
		return usage(filepath.Join(shown, engine.BuildFile)+" is there already", "an empty "+workspaceFile+" beside it makes the folder a workspace")
	}
	a.root, a.cwdPkg = dir, ""
	if err := a.applyRC(cmd); err != nil {
		return err
	}
	a.ui.configure(a.flags.color, a.flags.curses, a.getenv)
	a.ui.verbose = a.flags.verbose
	return a.live(nil, func(_ context.Context, w workspace) error {
		result, err := w.Init()
		a.ui.close()
		if err != nil {
			return err
		}
		for _, n := range result.Notes {
			a.ui.note(n)
		}
		if err := a.change(w, result.Changes, dryRun); err != nil || dryRun {
			return err
		}
		switch result.Packages {
		case 0:
			a.ui.note("no file tells of third-party code; sbomctl add NAME declares a package")
		case 1:
			a.ui.note("1 package is declared; read BUILD.star, then sbomctl check //...")
		default:
			a.ui.note(fmt.Sprintf("%d packages are declared; read BUILD.star, then sbomctl check //...", result.Packages))
		}
		return nil
	})
}
