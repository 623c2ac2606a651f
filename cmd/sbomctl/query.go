package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/query"
)

const queryLanguage = `Answers a question about the graph of targets, in Bazel's query language. It loads and
analyses, and builds nothing; it does not wait for a build that is at work.

  //pkg:name  //pkg:all  //pkg/...      what a pattern names
  deps(x)  deps(x, depth)               x and what it depends on
  rdeps(u, x)  rdeps(u, x, depth)       what, of all below u, depends on x
  somepath(a, b)  allpaths(a, b)        a path from a to b; all paths
  kind(re, x)  filter(re, x)            of x those of such a kind; of such a label
  attr(name, re, x)                     of x those with such an attribute
  labels(name, x)                       what that attribute of x names
  siblings(x)  buildfiles(x)            all targets, all Starlark files of its packages
  some(x)  some(x, n)                   any n of x
  owner(path)                           the targets whose src or srcs claim a file of a tree
  set(a b)  let v = x in $v  (x)        sets of words, variables
  x + y  x - y  x ^ y                   union, except, intersect

Words with other characters than letters, digits and */@.-_:$~[] are quoted.`

func (a *app) queryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "query EXPR",
		Short:   "ask the graph of targets",
		Long:    queryLanguage,
		Example: "sbomctl query 'rdeps(//..., //:expat)'\nsbomctl query 'owner(Modules/expat/expat.h)'\nsbomctl query --output=graph 'deps(//release:all)' | dot -Tsvg",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.prepare(cmd); err != nil {
				return err
			}
			return a.query(unshield(args))
		},
		ValidArgsFunction: a.completeLabels,
	}
	a.flags.workspaceFlags(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("override", a.completeOverride)
	formats, orders := queryFormats(), []string{"auto", "deps", "full", "no"}
	enumVar(cmd.Flags(), &a.flags.output, "output", "label", formats, "print each target as `FORMAT`: "+strings.Join(formats, ", "))
	enumVar(cmd.Flags(), &a.flags.orderOutput, "order_output", "auto", orders,
		"`ORDER` of the targets: by label (auto, no), or who depends before what it depends on (deps, full)")
	boolVarP(cmd.Flags(), &a.flags.keepGoing, "keep_going", "k", false, "print what can be loaded, although something cannot")
	_ = cmd.RegisterFlagCompletionFunc("output", completeWords(formats...))
	_ = cmd.RegisterFlagCompletionFunc("order_output", completeWords(orders...))
	return cmd
}

func (a *app) query(args []string) error {
	if len(args) != 1 {
		msg := "query needs an expression"
		if len(args) > 1 {
			msg = "query takes one expression; quote it, so that the shell leaves it whole"
		}
		return usage(msg,
			"sbomctl query //... lists all targets",
			"sbomctl query 'deps(//release:all)' what the release is made of",
			"sbomctl query 'rdeps(//..., //:expat)' what a package goes into",
			"sbomctl query 'owner(Modules/expat/expat.h)' which target claims a file",
			"sbomctl help query has the language")
	}
	x, err := query.Parse(args[0], a.cwdPkg)
	if err != nil {
		return &usageError{err}
	}
	order := query.Auto
	switch a.flags.orderOutput {
	case "deps", "full":
		order = query.Deps
	case "no":
		order = query.None
	}
	o, err := a.options(event.NewStream(a.ui))
	if err != nil {
		return err
	}
	o.ReadOnly, o.KeepGoing = true, a.flags.keepGoing
	return a.withWorkspace(o, func(_ context.Context, w workspace) error {
		r, err := w.Query(x, order)
		if r == nil {
			return err
		}
		p := &queryPrinter{w: w, out: a.stdout}
		if printErr := p.print(a.flags.output, r); err == nil {
			err = printErr
		}
		if err == nil && len(r.Targets) == 0 {
			a.ui.note("nothing matches")
		}
		return err
	})
}

// querier is what a printer needs of a workspace.
type querier interface {
	Declaration(t *query.Target) engine.Declaration
}
