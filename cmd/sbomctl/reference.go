package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules"
)

// reference is everything that a BUILD.star or .star file can name.
type reference struct {
	engine.Docs                      // rules, functions and providers in Starlark
	Builtins    []star.FunctionDoc   // what every file has
	Types       []star.ProviderDoc   // what an implementation meets
	Checks      []star.FieldDoc      // kinds of ctx.check
	Texts       []star.FieldDoc      // kinds of ctx.text
	Operations  []rules.OperationDoc // what ctx.actions.run applies
}

// embeddedDocs is the reference of the program, which needs no workspace.
func embeddedDocs(ctx context.Context) (reference, error) {
	docs, err := engine.EmbeddedDocs(ctx, rules.Set(nil))
	return reference{docs, star.BuiltinFunctions(), star.BuiltinTypes(), rules.Checks(), rules.Texts(), rules.Operations()}, err
}

// markdownHelp prints docs/rules.md: the reference of the embedded rules.
func (a *app) markdownHelp(cmd *cobra.Command, args []string) error {
	findings := len(args) == 1 && args[0] == "findings"
	if len(args) > 0 && !findings {
		return usage("help --markdown prints all rules, not just \"" + args[0] + "\"")
	}
	docs, err := embeddedDocs(cmd.Context())
	if err != nil {
		return err
	}
	if findings {
		writeFindings(a.stdout, docs.Findings)
		return nil
	}
	writeReference(a.stdout, docs)
	return nil
}

// writeReference writes the reference in Markdown.
func writeReference(w io.Writer, docs reference) {
	p := func(format string, args ...any) { fmt.Fprintf(w, format, args...) }
	p("<!-- Written by `sbomctl help --markdown` from the doc strings in rules/*.star, rules/opdocs.go and engine/star/builtindocs.go. Edit those. -->\n")
	p("# Rule reference\n\n```python\nload(\"@sbomctl//:%s\", \"vendored_package\", ...)\n```\n\n", rules.Entry)
	p("`sbomctl help NAME` shows one entry in a terminal. Below the rules is what a [rule of your own](#rules-of-your-own) is written with.\n")
	index := func(title string) { p("\n| %s | |\n|---|---|\n", title) }
	entry := func(name, doc string) {
		p("| [%s](#%s) | %s |\n", name, strings.ToLower(name), cell(firstSentence(doc)))
	}
	index("Rule")
	for _, d := range docs.Rules {
		entry(d.Name, d.Doc)
	}
	index("Function")
	for _, d := range docs.Functions {
		entry(d.Name, d.Doc)
	}
	for _, l := range docs.Libraries {
		index("Function of " + l.Module)
		for _, d := range l.Functions {
			entry(d.Name, d.Doc)
		}
	}
	index("Provider")
	for _, d := range docs.Providers {
		entry(d.Name, d.Doc)
	}
	index("Built in")
	for _, d := range docs.Builtins {
		p("| [%s](#%s) | %s |\n", d.Name, anchor(d.Name), cell(firstSentence(d.Doc)))
	}
	for _, d := range docs.Types {
		entry(d.Name, d.Doc)
	}
	index("Operation")
	for _, d := range docs.Operations {
		p("| [%s](#%s) | %s |\n", d.Name, anchor(d.Name), cell(firstSentence(d.Doc)))
	}
	p("\nEvery rule has the attributes\n")
	attributes(w, docs.Rules[:min(1, len(docs.Rules))], isCommon)

	p("\n# Rules\n")
	for _, d := range docs.Rules {
		p("\n## %s\n\n%s\n", d.Name, strings.TrimSpace(d.Doc))
		attributes(w, []star.RuleDoc{d}, func(name string) bool { return !isCommon(name) })
	}
	p("\n# Functions\n")
	function := func(d star.FunctionDoc) {
		doc, params := functionDoc(d)
		p("\n## %s\n\n```python\n%s\n```\n\n%s\n", d.Name, d.Signature, doc)
		for i, param := range params {
			if i == 0 {
				p("\n")
			}
			p("- `%s`: %s\n", param.term, param.text)
		}
	}
	for _, d := range docs.Functions {
		function(d)
	}
	for _, l := range docs.Libraries {
		p("\n# %s\n\n%s\n", l.Module, strings.TrimSpace(l.Doc))
		for _, d := range l.Functions {
			function(d)
		}
	}
	p("\n# Providers\n\nWhat a rule tells the rules above it. A rule of your own loads them from `@sbomctl//:providers.star`.\n")
	provider := func(d star.ProviderDoc) {
		p("\n## %s\n\n%s\n\n| field | |\n|---|---|\n", d.Name, strings.TrimSpace(d.Doc))
		for _, f := range d.Fields {
			p("| `%s` | %s |\n", f.Name, cell(f.Doc))
		}
	}
	for _, d := range docs.Providers {
		provider(d)
	}

	p("\n# Rules of your own\n\nWhat is written in sbom.star, or a .star file that is loaded from there, and for macros in BUILD.star: [Starlark](https://github.com/bazelbuild/starlark/blob/master/spec.md), and these names.\n")
	for _, d := range docs.Builtins {
		function(d)
	}
	for _, d := range docs.Types {
		provider(d)
	}
	p("\n## Checks\n\n`ctx.check.KIND(value, \"attribute\")` with one of\n\n| kind | what is valid |\n|---|---|\n")
	for _, c := range docs.Checks {
		p("| `%s` | %s |\n", c.Name, cell(c.Doc))
	}
	p("\n## Texts\n\n`ctx.text.KIND(value, \"attribute\")` with one of\n\n| kind | what it makes |\n|---|---|\n")
	for _, c := range docs.Texts {
		p("| `%s` | %s |\n", c.Name, cell(c.Doc))
	}
	p("\n# Operations\n\nWhat [ctx.actions.run](#ctxactionsrun) and [ctx.actions.validate](#ctxactionsvalidate) apply to files. A parameter must be given unless it is optional.\n")
	for _, d := range docs.Operations {
		p("\n## %s\n\n%s\n\n| | | |\n|---|---|---|\n", d.Name, d.Doc)
		for _, param := range d.Params {
			p("| parameter `%s` | %s | %s |\n", param.Name, paramNote(param), cell(param.Doc))
		}
		for _, f := range d.Inputs {
			p("| input `%s` | | %s |\n", f.Name, cell(f.Doc))
		}
		for _, f := range d.Outputs {
			p("| output `%s` | | %s |\n", f.Name, cell(f.Doc))
		}
	}
}

// anchor is the address of a heading in a page, as GitHub makes it.
func anchor(heading string) string {
	return strings.ToLower(strings.NewReplacer(".", "", " ", "-").Replace(heading))
}

// paramNote is the type of an operation's parameter, and whether it may be left out.
func paramNote(p rules.ParamDoc) string {
	if p.Optional {
		return p.Type + ", optional"
	}
	return p.Type
}

// isCommon reports whether every rule has the attribute.
func isCommon(attr string) bool {
	return attr == "name" || attr == "tags" || attr == "visibility" || attr == "waivers"
}

// attributes writes a table of the attributes that include wants.
func attributes(w io.Writer, docs []star.RuleDoc, include func(name string) bool) {
	fmt.Fprint(w, "\n| attribute | type | default | |\n|---|---|---|---|\n")
	for _, r := range docs {
		for _, a := range r.Attrs {
			if !include(a.Name) {
				continue
			}
			fallback := "**mandatory**"
			if !a.Mandatory {
				fallback = "`" + a.Default + "`"
			}
			fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", a.Name, strings.ReplaceAll(a.Type, "_", " "), fallback, cell(attrText(a)))
		}
	}
}

// attrText is what the reference says of an attribute.
func attrText(a star.AttrDoc) string {
	doc := a.Doc
	if len(a.Values) > 0 {
		doc += " One of " + strings.Join(a.Values, ", ") + "."
	}
	if len(a.Providers) > 0 {
		doc += " Takes targets with " + strings.Join(a.Providers, ", or ") + "."
	}
	return strings.TrimSpace(doc)
}

// functionDoc divides a function's doc string into what it does and its parameters, which stand after
// "Args:", a line each.
func functionDoc(d star.FunctionDoc) (doc string, params []definition) {
	doc, args, _ := strings.Cut(strings.TrimSpace(d.Doc), "\n\nArgs:\n")
	for line := range strings.Lines(args) {
		name, text, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if n := len(params); !ok && n > 0 {
			params[n-1].text += " " + name
		} else {
			params = append(params, definition{name, text})
		}
	}
	return doc, params
}

// cell is text in a cell of a table: on one line, where "|" ends nothing. A backslash before
// "|" is right within a code span too (GitHub Flavored Markdown, tables).
func cell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", "\\|")
}

// firstSentence is the part of a doc string that stands for it in a list.
func firstSentence(doc string) string {
	doc, _, _ = strings.Cut(strings.TrimSpace(doc), "\n\n")
	doc = strings.Join(strings.Fields(doc), " ")
	if first, _, ok := strings.Cut(doc, ". "); ok {
		return first
	}
	return strings.TrimSuffix(doc, ".")
}
