package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules"
)

func (a *app) helpCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "help [COMMAND|NAME]",
		Short: "explain a command, a rule, or another name of a BUILD.star",
		Long: `Explains a command and its flags, or what can be written in a BUILD.star or *.star file: a rule, a function,
a provider, an operation, and what a finding of check means. In a workspace what its own sbom.star defines, too.`,
		Example: "sbomctl help build\nsbomctl help vendored_package\nsbomctl help ctx.actions.run\nsbomctl help evidence",
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			if a.flags.markdown {
				return a.markdownHelp(cmd, args)
			}
			switch len(args) {
			case 0:
				a.printHelp(root)
				return nil
			case 1:
			default:
				return usage("help takes one command or name")
			}
			for _, c := range root.Commands() {
				if c.Name() == args[0] {
					a.printHelp(c)
					return nil
				}
			}
			return a.topicHelp(cmd, args[0])
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			a.undouble()
			docs, _ := a.docs(cmd)
			return completeWords(append(commandNames(cmd.Root()), topicNames(docs)...)...)(cmd, args, prefix)
		},
	}
	boolVar(cmd.Flags(), &a.flags.markdown, "markdown", false, "print the reference of all embedded rules, in Markdown; with the argument findings, that of all findings")
	return cmd
}

// topicHelp prints the documentation of what has that name.
func (a *app) topicHelp(cmd *cobra.Command, name string) error {
	docs, err := a.docs(cmd)
	if a.printTopic(docs, name) {
		return nil
	}
	if err != nil {
		return err
	}
	names := append(commandNames(cmd.Root()), topicNames(docs)...)
	return usage(`"`+name+`" is neither a command nor a name that is documented`+diag.DidYouMean(name, names), "sbomctl help lists them")
}

// topicNames are the names that help explains, beside commands.
func topicNames(docs reference) []string {
	var names []string
	for _, d := range docs.Rules {
		names = append(names, d.Name)
	}
	for _, d := range slices.Concat(docs.AllFunctions(), docs.Builtins) {
		names = append(names, d.Name)
	}
	for _, d := range slices.Concat(docs.Providers, docs.Types) {
		names = append(names, d.Name)
	}
	for _, d := range docs.Operations {
		names = append(names, d.Name)
	}
	for _, d := range docs.Findings {
		names = append(names, d.ID)
	}
	return names
}

// docs returns the documentation of the embedded rules and, in a workspace, of its own sbom.star, whose
// names hide embedded ones. The embedded ones are returned even beside an error of the workspace's own.
func (a *app) docs(cmd *cobra.Command) (reference, error) {
	docs, err := embeddedDocs(cmd.Context())
	if err != nil {
		return docs, err
	}
	if err := a.enter(); err != nil || a.root == "" {
		return docs, err
	}
	a.flags.jobs = 1
	o, err := a.options(nil)
	if err != nil {
		return docs, err
	}
	o.ReadOnly = true
	err = a.withWorkspace(o, func(_ context.Context, w workspace) error {
		own, err := w.Docs()
		if err != nil {
			return err
		}
		hidden := topicNames(reference{Docs: own})
		docs.Rules = append(own.Rules, slices.DeleteFunc(docs.Rules, func(d star.RuleDoc) bool { return slices.Contains(hidden, d.Name) })...)
		docs.Functions = append(own.Functions, slices.DeleteFunc(docs.Functions, func(d star.FunctionDoc) bool { return slices.Contains(hidden, d.Name) })...)
		docs.Findings = append(own.Findings, slices.DeleteFunc(docs.Findings, func(d finding.Rule) bool { return slices.Contains(hidden, d.ID) })...)
		docs.Providers = append(own.Providers, slices.DeleteFunc(docs.Providers, func(d star.ProviderDoc) bool { return slices.Contains(hidden, d.Name) })...)
		return nil
	})
	return docs, err
}

// printTopic prints the entry of that name and reports whether there is one.
func (a *app) printTopic(docs reference, name string) bool {
	for _, d := range docs.Rules {
		if d.Name == name {
			a.printRule(d)
			return true
		}
	}
	for _, d := range slices.Concat(docs.AllFunctions(), docs.Builtins) {
		if d.Name == name {
			a.printFunction(d)
			return true
		}
	}
	for _, d := range slices.Concat(docs.Providers, docs.Types) {
		if d.Name == name {
			a.printProvider(d)
			return true
		}
	}
	for _, d := range docs.Operations {
		if d.Name == name {
			a.printOperation(d)
			return true
		}
	}
	for _, d := range docs.Findings {
		if d.ID == name {
			a.printFinding(d)
			return true
		}
	}
	return a.printGroup(docs, name)
}

// text prints Markdown as plain text.
func (a *app) text(md, indent string) { writeText(a.stdout, md, indent, a.columns()) }

// entry prints a part of something: its name with a note, and below it what it is.
func (a *app) entry(name, note, doc string) {
	if note != "" {
		note = " (" + note + ")"
	}
	writeWrapped(a.stdout, name+note, "  ", "      ", a.columns())
	if doc != "" {
		a.text(doc, "      ")
	}
}

// heading prints the name of something and its documentation.
func (a *app) heading(name, doc string) {
	writeWrapped(a.stdout, name, "", "    ", a.columns())
	if doc != "" {
		fmt.Fprintln(a.stdout)
		a.text(doc, "")
	}
}

// printRule prints a rule with a paragraph for each attribute.
func (a *app) printRule(doc star.RuleDoc) {
	a.heading(doc.Name, doc.Doc)
	for i, attr := range doc.Attrs {
		if i == 0 {
			fmt.Fprint(a.stdout, "\nAttributes:\n")
		}
		note := attr.Type
		if attr.Mandatory {
			note += ", mandatory"
		} else if attr.Default != "" {
			note += ", default " + attr.Default
		}
		a.entry(attr.Name, note, attrText(attr))
	}
}

// printFunction prints a function with a paragraph for each parameter.
func (a *app) printFunction(doc star.FunctionDoc) {
	text, params := functionDoc(doc)
	// Lines are broken between parameters only.
	writeWords(a.stdout, strings.Split(strings.ReplaceAll(doc.Signature, ", ", ",\n"), "\n"), "", "    ", a.columns())
	fmt.Fprintln(a.stdout)
	a.text(text, "")
	for i, p := range params {
		if i == 0 {
			fmt.Fprint(a.stdout, "\nParameters:\n")
		}
		a.entry(p.term, "", p.text)
	}
}

// printProvider prints a provider with a paragraph for each field.
func (a *app) printProvider(doc star.ProviderDoc) {
	a.heading(doc.Name, doc.Doc)
	for i, f := range doc.Fields {
		if i == 0 {
			fmt.Fprint(a.stdout, "\nFields:\n")
		}
		a.entry(f.Name, "", f.Doc)
	}
}

// printOperation prints an operation with a paragraph for each parameter, input and output.
func (a *app) printOperation(doc rules.OperationDoc) {
	a.heading(doc.Name, doc.Doc)
	for i, p := range doc.Params {
		if i == 0 {
			fmt.Fprint(a.stdout, "\nParameters:\n")
		}
		a.entry(p.Name, paramNote(p), p.Doc)
	}
	for _, files := range []struct {
		title string
		docs  []star.FieldDoc
	}{{"Inputs", doc.Inputs}, {"Outputs", doc.Outputs}} {
		for i, f := range files.docs {
			if i == 0 {
				fmt.Fprintf(a.stdout, "\n%s:\n", files.title)
			}
			a.entry(f.Name, "", f.Doc)
		}
	}
}

// printGroup prints the entries below a name that stands for several: attr, ctx.actions, ctx.check.
func (a *app) printGroup(docs reference, name string) bool {
	var rows []definition
	for _, d := range docs.Builtins {
		if strings.HasPrefix(d.Name, name+".") {
			rows = append(rows, definition{d.Name, firstSentence(d.Doc)})
		}
	}
	if name == "ctx.check" {
		for _, c := range docs.Checks {
			rows = append(rows, definition{"ctx.check." + c.Name, c.Doc})
		}
	}
	if name == "ctx.text" {
		for _, c := range docs.Texts {
			rows = append(rows, definition{"ctx.text." + c.Name, c.Doc})
		}
	}
	writeDefinitions(a.stdout, rows, a.columns())
	return len(rows) > 0
}

// printHelp prints what a command does and its flags; for the root, the commands and what else help explains.
func (a *app) printHelp(cmd *cobra.Command) {
	w := a.stdout
	if cmd == cmd.Root() {
		fmt.Fprint(w, "sbomctl builds Software Bills of Materials incrementally\n\nUsage: sbomctl COMMAND [FLAG...] [ARGUMENT...]\n\nCommands:\n")
		var rows []definition
		for _, c := range cmd.Commands() {
			if !c.Hidden {
				rows = append(rows, definition{c.Use, c.Short})
			}
		}
		writeDefinitions(w, rows, a.columns())
		a.printFlags("Flags of every command", cmd.PersistentFlags())
		a.printTopics(cmd)
		fmt.Fprint(w, "\nExit codes: 0 ok, 1 build failed, 2 usage, 3 findings, 8 interrupted\n")
		return
	}
	long := cmd.Long
	if long == "" {
		long = cmd.Short
	}
	a.text(long, "")
	fmt.Fprintf(w, "\nUsage: sbomctl %s [FLAG...]\n", cmd.Use)
	if cmd.Example != "" {
		fmt.Fprintf(w, "\nExamples:\n  %s\n", strings.ReplaceAll(cmd.Example, "\n", "\n  "))
	}
	a.printFlags("Flags", cmd.LocalNonPersistentFlags())
	fmt.Fprint(w, "\nsbomctl help lists the flags of every command\n")
}

// printTopics lists the rules, and names what else help explains.
func (a *app) printTopics(cmd *cobra.Command) {
	docs, err := embeddedDocs(cmd.Context())
	if err != nil {
		return // help of the commands is worth more than a complaint
	}
	var rows []definition
	for _, d := range docs.Rules {
		rows = append(rows, definition{d.Name, firstSentence(d.Doc)})
	}
	fmt.Fprint(a.stdout, "\nRules, which BUILD.star loads from @sbomctl//:rules.star:\n")
	writeDefinitions(a.stdout, rows, a.columns())
	named := func(title string, names []string) {
		fmt.Fprintf(a.stdout, "\n%s:\n", title)
		writeWrapped(a.stdout, strings.Join(names, ", "), "  ", "  ", a.columns())
	}
	named("Functions and providers", topicNames(reference{Docs: engine.Docs{Functions: docs.Functions, Providers: docs.Providers}}))
	for _, l := range docs.Libraries {
		named("Functions of "+l.Module, topicNames(reference{Docs: engine.Docs{Functions: l.Functions}}))
	}
	named("For rules of your own", topicNames(reference{Builtins: docs.Builtins, Types: docs.Types}))
	named("Operations", topicNames(reference{Operations: docs.Operations}))
	named("What check and audit find", topicNames(reference{Docs: engine.Docs{Findings: docs.Findings}}))
	fmt.Fprint(a.stdout, "\nsbomctl help NAME explains each of these\n")
}

// printFlags prints a table of flags; "--[no]NAME" is a boolean one.
func (a *app) printFlags(title string, fs *pflag.FlagSet) {
	var rows []definition
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" || f.Name == "version" {
			return
		}
		value, help := pflag.UnquoteUsage(f)
		spelling := "--" + f.Name
		switch {
		case f.Name == directoryFlag:
			spelling = "-C " + value
		case f.NoOptDefVal != "":
			spelling = "--[no]" + f.Name
		case value != "":
			spelling += "=" + value
		}
		if f.Shorthand != "" && f.Name != directoryFlag {
			spelling = "-" + f.Shorthand + ", " + spelling
		}
		if e, ok := f.Value.(*enumValue); ok {
			spelling = "--" + f.Name + "=" + strings.Join(e.words, "|")
		}
		if f.NoOptDefVal != "" && f.DefValue == "true" {
			help += " (default yes)"
		} else if _, ok := f.Value.(*urlValue); ok {
			help += " (default " + f.DefValue + ")"
		}
		rows = append(rows, definition{spelling, help})
	})
	if len(rows) > 0 {
		fmt.Fprintf(a.stdout, "\n%s:\n", title)
		writeDefinitions(a.stdout, rows, a.columns())
	}
}
