package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/rules/sbomdiff"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// diffFormats are how a comparison is printed.
var diffFormats = map[string]func(w io.Writer, d *sbomdiff.Diff) error{
	"text":     func(w io.Writer, d *sbomdiff.Diff) error { _, err := io.WriteString(w, d.Text()); return err },
	"markdown": func(w io.Writer, d *sbomdiff.Diff) error { _, err := io.WriteString(w, d.Markdown()); return err },
	"json": func(w io.Writer, d *sbomdiff.Diff) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(d)
	},
}

func (a *app) diffCommand() *cobra.Command {
	var format string
	var exitCode bool
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "compare two SBOMs by meaning",
		Long: `Says how two SBOMs differ: packages that came, went, or have another version; what else is said of
each; its files; relationships. Each is a file (SPDX 2.x in JSON, whoever made it) or a target, which
is built first. The order of lists, white space, identifiers and two spellings of one thing are
no difference.

The exit code is 0 when both say the same, and 3 when they do not, as with diff and cmp; with
--noexit_code it is 0 then as well. 1 is that they could not be compared.`,
		Example: "sbomctl diff old/Misc/sbom.spdx.json //:base_sbom\nsbomctl diff --format=markdown 3.13.4.spdx.json 3.13.5.spdx.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.enter(); err != nil {
				return err
			}
			if err := a.applyRC(cmd); err != nil {
				return err
			}
			a.ui.configure(a.flags.color, a.flags.curses, a.getenv)
			a.ui.verbose = a.flags.verbose
			return a.diff(args, format, exitCode)
		},
		ValidArgsFunction: a.completeLabelsAndFiles,
	}
	a.flags.workspaceFlags(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("override", a.completeOverride)
	words := []string{"text", "markdown", "json"}
	enumVar(cmd.Flags(), &format, "format", "text", words, "print it as `FORMAT`: text, markdown (for release notes), json (everything)")
	_ = cmd.RegisterFlagCompletionFunc("format", completeWords(words...))
	boolVar(cmd.Flags(), &exitCode, "exit_code", true, "exit with 3 when the two differ")
	return cmd
}

// completeLabelsAndFiles offers targets, and leaves files to the shell.
func (a *app) completeLabelsAndFiles(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if strings.HasPrefix(toComplete, "/") && !strings.HasPrefix(toComplete, "//") || strings.HasPrefix(toComplete, ".") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	labels, _ := a.completeLabels(cmd, args, toComplete)
	return labels, cobra.ShellCompDirectiveDefault
}

func (a *app) diff(args []string, format string, exitCode bool) error {
	if len(args) != 2 {
		return usage("diff takes two SBOMs, each a file or a target", "for example sbomctl diff Misc/sbom.spdx.json //:base_sbom")
	}
	paths := make([]string, 2) // of files to read
	targets := map[int]label.Label{}
	for i, arg := range args {
		if !strings.HasPrefix(arg, "//") && !strings.HasPrefix(arg, ":") {
			paths[i] = a.absolute(arg)
			continue
		}
		if a.root == "" {
			return usage(fmt.Sprintf("%s is a target, and there is no %s in %s or any folder above it", arg, workspaceFile, a.seen))
		}
		l, err := parseTarget(arg, a.cwdPkg)
		if err != nil {
			return err
		}
		targets[i] = l
	}
	if len(targets) > 0 {
		if err := a.buildForDiff(targets, paths); err != nil {
			return err
		}
	}
	docs := make([]*sbomdiff.Document, 2)
	for i, p := range paths {
		data, err := readSBOM(args[i], p)
		if err == nil {
			docs[i], err = sbomdiff.Read(args[i], data)
		}
		if err != nil {
			return err
		}
	}
	d := sbomdiff.Compare(docs[0], docs[1])
	err := diffFormats[format](a.stdout, d)
	if flushErr := a.stdout.Flush(); err == nil {
		err = flushErr
	}
	if err != nil {
		return writeError("standard output", err)
	}
	switch d.How {
	case sbomdiff.Identical:
		a.ui.note("the two are the same, byte for byte")
	case sbomdiff.Formatting:
		a.ui.note("the two say the same; they differ in white space")
	case sbomdiff.Order:
		a.ui.note("the two say the same; they differ in order, identifiers or spelling")
	default:
		if exitCode {
			return errFindings
		}
	}
	return nil
}

// buildForDiff builds targets, and fills in where the only output of each lies.
func (a *app) buildForDiff(targets map[int]label.Label, paths []string) error {
	events := event.NewStream(a.ui)
	o, err := a.options(events)
	if err != nil {
		return err
	}
	o.SkipValidation, o.AnalyseOnly = true, false // what the documents say is compared, whether it is right or not
	var patterns label.Patterns
	for i := range paths {
		if l, ok := targets[i]; ok {
			patterns = append(patterns, label.Pattern{Scope: label.One, Pkg: l.Pkg, Name: l.Name})
		}
	}
	outputs := map[label.Label][]string{}
	a.ui.start(events.Since)
	err = a.withWorkspace(o, func(_ context.Context, w workspace) error {
		built, err := w.Build(patterns)
		for _, out := range built {
			if l, err := label.ParseAbsolute(out.Label); err == nil {
				outputs[l] = append(outputs[l], out.Path)
			}
		}
		return err
	})
	a.ui.close()
	if err != nil {
		return err
	}
	for i, l := range targets {
		if n := len(outputs[l]); n != 1 {
			return &diag.Error{Label: l.String(), Msg: fmt.Sprintf("has %d outputs, expected one, an SBOM", n)}
		}
		paths[i] = filepath.Join(a.root, filepath.FromSlash(outputs[l][0]))
	}
	return nil
}

// readSBOM reads a file that a user named, if it is not too large.
func readSBOM(name, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		d := &diag.Error{Pos: diag.File(name), Msg: "cannot be read: " + osReason(err), Err: err}
		if errors.Is(err, os.ErrNotExist) && !strings.ContainsAny(name, `/\.`) {
			d.Hints = []string{fmt.Sprintf("a target is written :%s, or //PACKAGE:%s", name, name)}
		}
		return nil, d
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, spdx.MaxDocument+1)) // one more than Read takes
	if err != nil {
		return nil, &diag.Error{Pos: diag.File(name), Msg: "cannot be read: " + osReason(err), Err: err}
	}
	return data, nil
}
