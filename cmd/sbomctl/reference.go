package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules"
	"github.com/spf13/cobra"
)

// markdownHelp prints docs/rules.md: the reference of the embedded rules.
func (a *app) markdownHelp(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("help --markdown prints all rules, not just \"" + args[0] + "\"")
	}
	docs, err := embeddedDocs(cmd.Context())
	if err != nil {
		return err
	}
	writeReference(a.stdout, docs)
	return nil
}

// writeReference writes the reference of rules, functions and providers in Markdown.
func writeReference(w io.Writer, docs engine.Docs) {
	p := func(format string, args ...any) { fmt.Fprintf(w, format, args...) }
	p("<!-- Written by `sbomctl help --markdown` from the doc strings in rules/*.star. Edit those. -->\n")
	p("# Rule reference\n\n```python\nload(\"@sbomctl//:%s\", \"vendored_package\", ...)\n```\n\n", rules.Entry)
	p("`sbomctl help RULE` shows one of them in a terminal.\n")
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
	index("Provider")
	for _, d := range docs.Providers {
		entry(d.Name, d.Doc)
	}
	p("\nEvery rule has the attributes\n")
	attributes(w, docs.Rules[:min(1, len(docs.Rules))], isCommon)

	p("\n# Rules\n")
	for _, d := range docs.Rules {
		p("\n## %s\n\n%s\n", d.Name, strings.TrimSpace(d.Doc))
		attributes(w, []star.RuleDoc{d}, func(name string) bool { return !isCommon(name) })
	}
	p("\n# Functions\n")
	for _, d := range docs.Functions {
		doc, params := functionDoc(d)
		p("\n## %s\n\n```python\n%s\n```\n\n%s\n\n", d.Name, d.Signature, doc)
		for _, param := range params {
			p("- `%s`: %s\n", param.term, param.text)
		}
	}
	p("\n# Providers\n\nWhat a rule tells the rules above it. A rule of your own loads them from `@sbomctl//:providers.star`.\n")
	for _, d := range docs.Providers {
		p("\n## %s\n\n%s\n\n| field | |\n|---|---|\n", d.Name, strings.TrimSpace(d.Doc))
		for _, f := range d.Fields {
			p("| `%s` | %s |\n", f.Name, cell(f.Doc))
		}
	}
}

// isCommon reports whether every rule has the attribute.
func isCommon(attr string) bool { return attr == "name" || attr == "tags" || attr == "visibility" }

// attributes writes a table of the attributes that include wants.
func attributes(w io.Writer, rules []star.RuleDoc, include func(name string) bool) {
	fmt.Fprint(w, "\n| attribute | type | default | |\n|---|---|---|---|\n")
	for _, r := range rules {
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
