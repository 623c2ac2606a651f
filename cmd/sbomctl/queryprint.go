package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/query"
	"github.com/sbomctl/sbomctl/engine/star"
)

// queryPrinter prints the answer to a query, in one of the formats of Bazel's --output.
type queryPrinter struct {
	w   querier
	out io.Writer
}

var queryPrinters = map[string]func(*queryPrinter, *query.Result) error{
	"label": func(p *queryPrinter, r *query.Result) error {
		return p.lines(r, func(t *query.Target) string { return t.Label.String() })
	},
	"label_kind": func(p *queryPrinter, r *query.Result) error {
		return p.lines(r, func(t *query.Target) string { return t.Kind + " " + t.Label.String() })
	},
	"location": func(p *queryPrinter, r *query.Result) error {
		return p.lines(r, func(t *query.Target) string { return p.location(t) + ": " + t.Kind + " " + t.Label.String() })
	},
	"build": (*queryPrinter).build,
	"json":  (*queryPrinter).json,
	"graph": (*queryPrinter).dot,
}

func queryFormats() []string {
	var names []string
	for n := range queryPrinters {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func (p *queryPrinter) print(format string, r *query.Result) error {
	return queryPrinters[format](p, r)
}

func (p *queryPrinter) lines(r *query.Result, line func(*query.Target) string) error {
	for _, t := range r.Targets {
		if _, err := fmt.Fprintln(p.out, line(t)); err != nil {
			return writeError("standard output", err)
		}
	}
	return nil
}

// location is where a target is declared; that of a file is its beginning.
func (p *queryPrinter) location(t *query.Target) string {
	if pos := p.w.Declaration(t).Site.Pos; !pos.IsZero() {
		return pos.String()
	}
	return diag.Pos{File: t.Label.Path(), Line: 1, Col: 1}.String()
}

// build prints the declarations as they would be without macros. Files have none.
func (p *queryPrinter) build(r *query.Result) error {
	first := true
	for _, t := range r.Targets {
		d := p.w.Declaration(t)
		if d.Rule == "" {
			continue
		}
		if !first {
			fmt.Fprintln(p.out)
		}
		first = false
		fmt.Fprintf(p.out, "# %s\n", d.Site.Pos)
		for _, hint := range d.Site.Hints() {
			fmt.Fprintf(p.out, "# %s\n", hint)
		}
		fmt.Fprintf(p.out, "%s(\n    name = %s,\n", d.Rule, strconv.Quote(t.Label.Name))
		for _, at := range d.Attrs {
			fmt.Fprintf(p.out, "    %s = %s,\n", at.Name, at.Value)
		}
		if _, err := fmt.Fprintln(p.out, ")"); err != nil {
			return writeError("standard output", err)
		}
	}
	return nil
}

// queryTarget is a target in JSON: an object a line, in the order of the result.
type queryTarget struct {
	Label      string          `json:"label"`
	Kind       string          `json:"kind"`           // "vendored_package rule", "source file"
	Rule       string          `json:"rule,omitempty"` // and the rest: not of files
	Location   string          `json:"location"`       // "BUILD.star:54:1"
	Macros     []string        `json:"macros,omitempty"`
	Attributes json.RawMessage `json:"attributes,omitempty"` // that are given
	Deps       []string        `json:"deps,omitempty"`       // direct ones, sorted
}

func (p *queryPrinter) json(r *query.Result) error {
	e := json.NewEncoder(p.out)
	e.SetEscapeHTML(false)
	for _, t := range r.Targets {
		d := p.w.Declaration(t)
		q := queryTarget{Label: t.Label.String(), Kind: t.Kind, Rule: d.Rule, Location: p.location(t), Attributes: d.JSON}
		q.Macros = macroNames(d.Site.Macros)
		for _, l := range d.Deps {
			q.Deps = append(q.Deps, l.String())
		}
		if err := e.Encode(q); err != nil {
			return writeError("standard output", err)
		}
	}
	return nil
}

// macroNames are the macros between BUILD.star and the rule, outermost first: "windows_dep at sbom.star:30:5".
func macroNames(frames []star.Frame) []string {
	var out []string
	for _, f := range frames {
		out = append(out, f.Name+" at "+f.Pos.String())
	}
	return out
}

// dot prints a graph in the language of Graphviz.
func (p *queryPrinter) dot(r *query.Result) error {
	edges, err := r.AllEdges()
	if err != nil {
		return err
	}
	quote := func(l label.Label) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(l.String()) + `"`
	}
	fmt.Fprintln(p.out, "digraph sbomctl {\n  node [shape=box];")
	for _, t := range r.Targets {
		fmt.Fprintf(p.out, "  %s\n", quote(t.Label))
	}
	for _, e := range edges {
		fmt.Fprintf(p.out, "  %s -> %s\n", quote(e.From.Label), quote(e.To.Label))
	}
	if _, err := fmt.Fprintln(p.out, "}"); err != nil {
		return writeError("standard output", err)
	}
	return nil
}
