package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/label"
)

func (a *app) fmtCommand() *cobra.Command {
	var check, dryRun bool
	cmd := &cobra.Command{
		Use:   "fmt [FILE|FOLDER|PATTERN...]",
		Short: "format BUILD.star and .star files",
		Long: `Puts .star files into the one layout, which is buildifier's of .bzl files: four spaces, double quotes, a comma
after the last of several lines. Nothing is sorted, and what is written on one line or over several stays
so. Without an argument, all files below the working folder are formatted; files that git ignores and other
workspaces below are left alone. Prints the files that changed.`,
		Example: "sbomctl fmt\nsbomctl fmt --check //...",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.prepare(cmd); err != nil {
				return err
			}
			return a.format(unshield(args), check, dryRun)
		},
	}
	a.flags.workspaceFlags(cmd.Flags())
	boolVar(cmd.Flags(), &check, "check", false, "print the files that would change, write nothing, and exit with 3 when there are any")
	boolVar(cmd.Flags(), &dryRun, "dry_run", false, "print what would change as a diff, and write nothing")
	return cmd
}

// errUnformatted ends a command that found files to format; their names have been printed.
var errUnformatted = fmt.Errorf("files are not formatted: %w", errFindings)

func (a *app) format(args []string, check, dryRun bool) error {
	patterns, err := a.starlarkPatterns(args)
	if err != nil {
		return err
	}
	events := event.NewStream(a.ui)
	o, err := a.options(events)
	if err != nil {
		return err
	}
	changed := 0
	err = a.withWorkspace(o, func(_ context.Context, w workspace) error {
		files, err := w.StarlarkFiles(patterns)
		if err != nil {
			return err
		}
		changes, err := w.Format(files)
		changed = len(changes)
		switch {
		case check && !dryRun:
			for _, c := range changes {
				fmt.Fprintln(a.stdout, a.fromHere(c.Path))
			}
		default:
			if writeErr := a.change(w, changes, dryRun); writeErr != nil {
				a.ui.error(err)
				return writeErr
			}
		}
		if err == nil && len(changes) == 0 {
			a.ui.note(fmt.Sprintf("%s formatted already", countOf(len(files), "file is", "files are")))
		}
		return err
	})
	if err == nil && check && changed > 0 {
		a.ui.note(countOf(changed, "file is", "files are") + " not formatted")
		return errUnformatted
	}
	return err
}

// countOf is a number and what is counted.
func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// starlarkPatterns reads the arguments of fmt: files and folders of this machine, and target patterns.
func (a *app) starlarkPatterns(args []string) (label.Patterns, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	var out label.Patterns
	for _, arg := range args {
		info, err := os.Stat(expandHome(arg))
		if err != nil || strings.HasPrefix(arg, "//") {
			if !strings.Contains(arg, "//") && !strings.HasPrefix(strings.TrimPrefix(arg, "-"), ":") && !strings.HasSuffix(arg, "...") {
				return nil, usage(`cannot find "`+arg+`"`, "fmt takes files, folders and target patterns, such as //...")
			}
			both := []string{arg}
			if len(out) > 0 {
				both = []string{"//...", arg} // what a negative pattern takes away from has been parsed
			}
			patterns, err := a.parsePatterns(both)
			if err != nil {
				return nil, err
			}
			out = append(out, patterns[len(both)-1:]...)
			continue
		}
		path := a.absolute(arg)
		if real, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
			path = filepath.Join(real, filepath.Base(path))
		}
		rel, err := filepath.Rel(a.root, path)
		if err != nil || !filepath.IsLocal(rel) {
			return nil, usage(`"` + arg + `" is not in the workspace ` + a.root)
		}
		rel = filepath.ToSlash(rel)
		if info.IsDir() {
			out = append(out, label.Pattern{Scope: label.Subtree, Pkg: strings.TrimPrefix(rel, ".")})
			continue
		}
		if !strings.HasSuffix(rel, ".star") {
			return nil, usage(`"` + arg + `" is no .star file`)
		}
		out = append(out, label.Pattern{Scope: label.One, Name: rel})
	}
	return out, nil
}
