package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/cpython"
)

func (a *app) importCommand() *cobra.Command {
	var output string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "import TREE",
		Short: "make a workspace of an existing CPython tree",
		Long: `Reads a CPython tree, a folder or an archive: its SBOMs (Misc/sbom.spdx.json and
Misc/externals.spdx.json) and the scripts that belong to them, as text, without running
them. Writes sbom.star and BUILD.star, whose //:base_sbom and //:source_deps_sbom are the
tree's own documents byte for byte, and says where the tree contradicts them, what is not
pinned, and what was left out. Files that are there are never replaced.

The workspace is the tree itself, unless --output names another folder. The exit code is 3
when a document cannot be declared as it is in the tree: then the files are written, and
each difference is said.`,
		Example: "sbomctl import ~/cpython\nsbomctl import Python-3.13.5.tar.xz --output=sboms",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.enter(); err != nil {
				return err
			}
			if err := a.applyRC(cmd); err != nil {
				return err
			}
			a.ui.configure(a.flags.color, a.flags.curses, a.getenv)
			if len(args) != 1 {
				return usage("import takes one tree", "for example sbomctl import ~/cpython")
			}
			return a.importTree(args[0], output, dryRun)
		},
	}
	cmd.Flags().Var((*pathValue)(&output), "output", "make `DIR` the workspace instead of the tree")
	boolVar(cmd.Flags(), &dryRun, "dry_run", false, "print what would be written, as a diff, and write nothing")
	cmd.Flags().Var((*pathValue)(&a.flags.diskCache), "disk_cache", "keep the cache in `DIR` instead of the user's cache folder")
	return cmd
}

func (a *app) importTree(tree, output string, dryRun bool) error {
	o := cpython.Options{Tree: a.absolute(tree)}
	info, err := os.Stat(o.Tree)
	if err != nil {
		return usage(`cannot find the tree "` + tree + `": ` + osReason(err))
	}
	switch {
	case output != "":
		o.Dir = a.absolute(output)
	case info.IsDir():
		o.Dir = o.Tree
	default:
		return usage("an archive is imported into a folder: --output=DIR names it")
	}
	a.flags.jobs = 0
	events := event.NewStream(a.ui)
	a.flags.runValidations, a.flags.build = true, true
	opt, err := a.options(events)
	if err != nil {
		return err
	}
	ctx, stop := a.interruptible(context.Background(), signals())
	defer stop()
	r, err := a.backend.Import(ctx, opt, o)
	if err != nil {
		return ending(ctx, a.placedFromHere(err))
	}
	bad := false
	for _, f := range r.Findings {
		switch f.Severity {
		case finding.Error:
			bad = true
			a.ui.error(f.Diagnostic())
		case finding.Warning:
			a.ui.diagnostic(yellow, "warning:", f.Diagnostic())
		default:
			a.ui.diagnostic(cyan, "note:", f.Diagnostic())
		}
	}
	if !dryRun {
		if err := os.MkdirAll(o.Dir, 0o777); err != nil {
			return writeError(output, err)
		}
	}
	a.root, opt.Root = o.Dir, o.Dir
	if dryRun {
		err = a.change(nil, r.Changes, true)
	} else {
		err = a.withWorkspace(opt, func(_ context.Context, w workspace) error { return a.change(w, r.Changes, false) })
	}
	if err != nil {
		return err
	}
	a.ui.note("declared " + counted(r.Vendored, "vendored package", "vendored packages") + ", " +
		counted(r.Windows, "source dependency of Windows", "source dependencies of Windows") + " and " + strconv.Itoa(r.MacOS) + " of macOS")
	for _, d := range r.Documents {
		a.ui.note(d + " comes out as it is in the tree, byte for byte")
	}
	if !dryRun {
		a.ui.note("run " + strings.Join(append([]string{"sbomctl"}, a.inFolder(o.Dir)...), " ") + "check //...")
	}
	if bad {
		return errFindings
	}
	return nil
}

// placedFromHere makes absolute places in an error relative to the working folder, where they lie below it.
func (a *app) placedFromHere(err error) error {
	var out diag.List
	for _, e := range diag.Flatten(err) {
		if d, ok := e.(*diag.Error); ok && filepath.IsAbs(d.Pos.File) {
			if rel, err := filepath.Rel(a.cwd, d.Pos.File); err == nil && filepath.IsLocal(rel) {
				c := *d
				c.Pos.File = rel
				e = &c
			}
		}
		out = append(out, e)
	}
	return out.Err()
}

// inFolder are the words of a command line that run it in a folder; none for the working folder.
func (a *app) inFolder(dir string) []string {
	rel, err := filepath.Rel(a.cwd, dir)
	if err != nil {
		rel = dir
	}
	if rel == "." {
		return []string{""}
	}
	return []string{"-C", rel, ""}
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
