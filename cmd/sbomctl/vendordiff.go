package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/rules"
	"github.com/sbomctl/sbomctl/rules/vendor"
)

func (a *app) vendorDiffCommand() *cobra.Command {
	var patch, format string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "vendor-diff TARGET",
		Short: "show how vendored code differs from upstream's",
		Long: `Compares the files of a vendored_package with upstream's archive and the declared patches,
prints the verdict of each file (identical, patched, local, unexplained), and how those differ
that nothing explains. --patch=FILE writes the patch that would explain them, on top of those
that are declared; a FILE that is declared itself, as the last one, is written anew. The exit code
is 0 when everything is explained, 3 when something is not, 1 when it cannot be told.`,
		Example: "sbomctl vendor-diff //:libb2\nsbomctl vendor-diff //:libb2 --patch=patches/libb2.patch",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.prepare(cmd); err != nil {
				return err
			}
			if len(args) != 1 {
				return usage("vendor-diff takes one target", "for example sbomctl vendor-diff //:libb2")
			}
			return a.vendorDiff(args[0], patch, format, dryRun)
		},
		ValidArgsFunction: a.completeOneLabel,
	}
	a.flags.workspaceFlags(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("override", a.completeOverride)
	cmd.Flags().Var((*pathValue)(&patch), "patch", "write to `FILE`, in the workspace, the patch that explains what is unexplained")
	enumVar(cmd.Flags(), &format, "format", "text", []string{"text", "json"}, "print the verdicts as `text` or json")
	boolVar(cmd.Flags(), &dryRun, "dry_run", false, "print what --patch would write, and write nothing")
	return cmd
}

func (a *app) vendorDiff(target, patch, format string, dryRun bool) error {
	l, err := parseTarget(target, a.cwdPkg)
	if err != nil {
		return err
	}
	o, err := a.options(event.NewStream(a.ui))
	if err != nil {
		return err
	}
	if patch != "" && format != "text" {
		return usage("--patch writes a patch, and --format="+format+" prints the verdicts: one at a time", "a second command takes no longer")
	}
	if patch == "" && dryRun {
		return usage("--dry_run prints what --patch would write, and there is no --patch")
	}
	if patch != "" {
		rel, err := filepath.Rel(a.root, a.absolute(patch))
		if err != nil || !filepath.IsLocal(rel) {
			return usage(`--patch "`+patch+`" is not in the workspace`, "a declared patch is a file of the workspace")
		}
		patch = filepath.ToSlash(rel)
	}
	return a.withWorkspace(o, func(ctx context.Context, w workspace) error {
		r, err := w.VendorDiff(ctx, l, patch)
		if err != nil {
			return err
		}
		switch {
		case dryRun && patch != "":
		case format == "json":
			if err := a.printVerdictsJSON(l, r); err != nil {
				return err
			}
		default:
			a.printVerdicts(r)
		}
		for _, f := range r.Findings {
			word, colour := "error:", red
			if f.Severity != finding.Error {
				word, colour = f.Severity.String()+":", yellow
			}
			f.Hints = nil // the difference is printed whole
			a.ui.diagnostic(colour, word, f.Diagnostic())
		}
		if patch != "" {
			if err := a.writePatch(w, l, patch, r, dryRun); err != nil {
				return err
			}
		}
		if !r.Explained() {
			return errFindings
		}
		return nil
	})
}

// printVerdicts prints a line for each file, and the differences below.
func (a *app) printVerdicts(r rules.VendorDiffResult) {
	for i := range r.Files {
		f := &r.Files[i]
		fmt.Fprintf(a.stdout, "%-11s %s", f.Verdict, event.Printable(f.Path))
		if f.Upstream != "" {
			fmt.Fprintf(a.stdout, " (%s)", event.Printable(f.Upstream))
		}
		for _, p := range f.Patches {
			fmt.Fprintf(a.stdout, " %s", event.Printable(p))
		}
		fmt.Fprintln(a.stdout)
	}
	for i := range r.Files {
		if d := r.Files[i].Diff(); d != "" {
			fmt.Fprintln(a.stdout)
			for line := range strings.Lines(d) {
				fmt.Fprintln(a.stdout, printableLine(strings.TrimSuffix(line, "\n")))
			}
		}
	}
}

// printableLine is a line of somebody else's code for a terminal: with its tabs, and without what would steer the terminal.
func printableLine(line string) string {
	parts := strings.Split(line, "\t")
	for i, p := range parts {
		parts[i] = event.Printable(p)
	}
	return strings.Join(parts, "\t")
}

// jsonVerdicts is what --format=json prints.
type jsonVerdicts struct {
	Target    string        `json:"target"`
	Upstream  bool          `json:"upstream"`  // the archive is declared
	Explained bool          `json:"explained"` // as the exit code says
	Files     []jsonVerdict `json:"files"`
	Findings  []jsonProblem `json:"findings"`
}

type jsonVerdict struct {
	vendor.FileResult
	Diff string `json:"diff,omitempty"`
}

type jsonProblem struct {
	Rule     string           `json:"rule"`
	Severity finding.Severity `json:"severity"`
	Pos      string           `json:"pos,omitempty"`
	Attr     string           `json:"attr,omitempty"`
	Msg      string           `json:"msg"`
}

func (a *app) printVerdictsJSON(l label.Label, r rules.VendorDiffResult) error {
	out := jsonVerdicts{l.String(), r.Archive, r.Explained(), []jsonVerdict{}, []jsonProblem{}}
	for i := range r.Files {
		out.Files = append(out.Files, jsonVerdict{r.Files[i], r.Files[i].Diff()})
	}
	for _, f := range finding.Canonical(slices.Clone(r.Findings)) {
		out.Findings = append(out.Findings, jsonProblem{f.Rule, f.Severity, f.Pos.String(), f.Attr, f.Msg})
	}
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

func (a *app) writePatch(w workspace, l label.Label, path string, r rules.VendorDiffResult, dryRun bool) error {
	for _, err := range r.Left {
		if d, ok := diagnostic(err); ok {
			a.ui.diagnostic(yellow, "warning:", d)
		}
	}
	if len(r.Patch) == 0 {
		a.ui.note("there is nothing for a patch to explain; " + a.fromHere(path) + " was not written")
		return nil
	}
	before, err := w.ReadSource(path)
	if err != nil {
		return err
	}
	if len(before) > 0 && !r.Declared(path) && !bytes.Equal(before, r.Patch) {
		return &diag.Error{Pos: diag.File(path), Msg: fmt.Sprintf("the file is there already, and is not declared as a patch of %s", l),
			Hints: []string{"name another file, or move this one away; a patch that is declared is written anew"}}
	}
	if bytes.Equal(before, r.Patch) {
		a.ui.note(a.fromHere(path) + " is up to date")
	} else if err := a.change(w, []engine.Change{{Path: path, Before: before, After: r.Patch}}, dryRun); err != nil {
		return err
	}
	if dryRun || r.Declared(path) {
		return nil
	}
	name, below := strings.CutPrefix(path, l.Pkg+"/")
	if l.Pkg == "" {
		name, below = path, true
	}
	if below {
		a.ui.note(fmt.Sprintf("declare it: patches = [%q] in %s", name, l))
	} else {
		a.ui.note(fmt.Sprintf("declare it in patches of %s, by its label", l))
	}
	return nil
}
