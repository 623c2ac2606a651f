package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/rules"
)

func (a *app) bumpCommand() *cobra.Command {
	var r rules.BumpRequest
	var archive, sha256, url string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "bump TARGET VERSION",
		Short: "move a package to another version",
		Long: `Edits the declaration of a package: the version, and every place where it is written in download_url, cpe and purl, also
in the forms of tags (R_2_7_1, 3490100); and the checksum of what download_url names, which it takes from --archive or
--sha256, from evidence in the tree, or else by downloading the file. Nothing else of BUILD.star changes.

When evidence says that the tree has another version, bump says where and writes nothing: update the files
in the tree first, then the declaration. What it cannot know, a licence for one, it says.`,
		Example: "sbomctl bump //:expat 2.8.2\nsbomctl bump //:windows/openssl 3.0.17 --archive=openssl-3.0.17.tar.gz\nsbomctl bump //:openssl 3.0.17 --everywhere",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.prepare(cmd); err != nil {
				return err
			}
			if len(args) != 2 {
				return usage("bump takes a target and a version", "for example sbomctl bump //:expat 2.8.2")
			}
			l, err := parseTarget(args[0], a.cwdPkg)
			if err != nil {
				return err
			}
			r.Target, r.Version, r.SHA256, r.URL = l, args[1], strings.ToLower(sha256), url
			if archive != "" {
				r.Archive = a.absolute(archive)
			}
			if err := r.Check(); err != nil {
				return &usageError{err}
			}
			r.Tell = a.ui.note
			return a.bump(r, dryRun)
		},
		ValidArgsFunction: a.completeOneLabel,
	}
	a.flags.workspaceFlags(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("override", a.completeOverride)
	cmd.Flags().Var((*pathValue)(&archive), "archive", "compute the checksum of `FILE`, which is what download_url names")
	cmd.Flags().Var((*textValue)(&sha256), "sha256", "take this checksum, `HEX`, of what download_url names")
	cmd.Flags().Var((*textValue)(&url), "url", "make download_url this `URL`")
	boolVar(cmd.Flags(), &r.Everywhere, "everywhere", false, "move every package of that name, whatever platform it is of")
	boolVar(cmd.Flags(), &dryRun, "dry_run", false, "print the edit as a diff, and write nothing")
	return cmd
}

// textValue is a flag's value as it is written.
type textValue string

func (t *textValue) Set(s string) error { *t = textValue(s); return nil }
func (t *textValue) String() string     { return string(*t) }
func (*textValue) Type() string         { return "text" }

func (a *app) bump(r rules.BumpRequest, dryRun bool) error {
	return a.live(nil, func(ctx context.Context, w workspace) error {
		result, err := w.Bump(ctx, r)
		a.ui.close()
		if err != nil {
			return err
		}
		if err := a.change(w, result.Changes, dryRun); err != nil {
			return err
		}
		for _, line := range append(result.Edits, result.Notes...) {
			a.ui.note(line)
		}
		if len(result.Changes) > 0 && !dryRun {
			a.ui.note(nextAfterEdit)
		}
		return nil
	})
}
