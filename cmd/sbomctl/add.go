package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/rules/add"
)

func (a *app) addCommand() *cobra.Command {
	var r add.Request
	var srcs, exclude listValue
	var pkg string
	dryRun, look := false, true
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "declare a third-party package",
		Long: `Writes the declaration of a third-party package into a BUILD.star. With --srcs it is a
vendored_package, whose files lie in a tree; without, a source_dep, such as windows/xz.

The archive is downloaded, or taken from --archive: its checksum is computed, and its licence
files are read. The tree is searched for places that state this very version; those become
evidence. What nobody states is left out or NOASSERTION, and said. A version that the tree or
the archive contradicts is refused.`,
		Example: `sbomctl add expat --version=2.7.1 --srcs='Modules/expat/**' \
  --url=https://github.com/libexpat/libexpat/releases/download/R_2_7_1/expat-2.7.1.tar.gz`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.prepare(cmd); err != nil {
				return err
			}
			if len(args) != 1 {
				return usage("add takes one name", "for example sbomctl add expat --version=2.7.1 --url=URL --srcs='Modules/expat/**'")
			}
			if r.Version == "" {
				return usage("add needs the version", "--version=VERSION, as its project writes it")
			}
			r.Srcs, r.Exclude, r.NoEvidence, r.Here = srcs, exclude, !look, a.cwdPkg
			if cmd.Flags().Changed("package") {
				p, err := a.packageOf(pkg)
				if err != nil {
					return err
				}
				r.Package = &p
			}
			var err error
			if r.Name, err = a.newName(args[0], &r.Package); err != nil {
				return err
			}
			if r.Archive != "" {
				r.Archive = a.absolute(r.Archive)
			}
			return a.add(r, dryRun)
		},
	}
	f := cmd.Flags()
	a.flags.workspaceFlags(f)
	_ = cmd.RegisterFlagCompletionFunc("override", a.completeOverride)
	f.StringVar(&r.Version, "version", "", "`VERSION`, as its project writes it")
	f.StringVar(&r.URL, "url", "", "`URL` of the archive that the files are from; {version} stands for the version")
	f.Var((*pathValue)(&r.Archive), "archive", "take the archive from `FILE` instead of downloading it")
	f.StringVar(&r.SHA256, "sha256", "", "checksum that the archive must have, in `HEX`")
	f.Var(&srcs, "srcs", "`PATTERN` of the package's files in the tree, such as Modules/expat/**; repeatable")
	f.Var(&exclude, "exclude", "`PATTERN` of files among them that are not the package's; repeatable")
	f.StringVar(&r.Tree, "tree", "", "`LABEL` of the source_tree; default: the only one")
	f.StringVar(&pkg, "package", "", "declare it in this `PACKAGE`; default: where the SBOM that lists such packages is declared")
	f.StringVar(&r.License, "license", "", "SPDX licence `EXPRESSION`; default: what the archive's licence files state")
	f.StringVar(&r.CPE, "cpe", "", "`VENDOR:PRODUCT`, or a whole CPE 2.3 name")
	f.StringVar(&r.PURL, "purl", "", "package `URL`; default: what the URL states")
	f.StringVar(&r.Originator, "originator", "", "\"Organization: `NAME`\" or \"Person: NAME\"")
	boolVar(f, &look, "evidence", true, "look for places in the tree that state the version")
	boolVar(f, &dryRun, "dry_run", false, "print the change as a diff and write nothing")
	return cmd
}

// newName reads the name of a target that is to be declared; //pkg:name names the package too.
func (a *app) newName(arg string, pkg **string) (string, error) {
	if !strings.Contains(arg, ":") {
		return arg, nil
	}
	l, err := parseTarget(arg, a.cwdPkg)
	if err != nil {
		return "", err
	}
	if *pkg == nil {
		*pkg = &l.Pkg
	}
	return l.Name, nil
}

// packageOf reads a package as //pkg, or as a folder relative to the working folder's package.
func (a *app) packageOf(arg string) (string, error) {
	if !strings.HasPrefix(arg, "//") && a.cwdPkg != "" {
		arg = a.cwdPkg + "/" + arg
	}
	p := strings.Trim(arg, "/")
	if p == "" || p == "." {
		return "", nil
	}
	if _, err := label.Parse("//"+p+":x", "", ""); err != nil {
		return "", usage(`--package "`+arg+`" is no package`, "such as //third_party, or // for the workspace's root")
	}
	return p, nil
}

func (a *app) add(r add.Request, dryRun bool) error {
	return a.live(nil, func(ctx context.Context, w workspace) error {
		result, err := w.Add(ctx, r)
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
		a.ui.note(nextAfterEdit)
		return nil
	})
}
