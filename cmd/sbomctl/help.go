package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (a *app) helpCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "help [COMMAND|RULE]",
		Short:   "explain a command or a rule",
		Long:    "Explains a command and its flags, or a rule and its attributes. In a workspace its own rules too.",
		Example: "sbomctl help build\nsbomctl help vendored_package",
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
				return usage("help takes one command or rule")
			}
			for _, c := range root.Commands() {
				if c.Name() == args[0] {
					a.printHelp(c)
					return nil
				}
			}
			return a.ruleHelp(cmd, args[0])
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			a.undouble()
			docs, _ := a.ruleDocs(cmd)
			return completeWords(append(commandNames(cmd.Root()), ruleNames(docs)...)...)(cmd, args, prefix)
		},
	}
	boolVar(cmd.Flags(), &a.flags.markdown, "markdown", false, "print the reference of all embedded rules, in Markdown")
	return cmd
}

// ruleHelp prints the documentation of the rule of that name.
func (a *app) ruleHelp(cmd *cobra.Command, name string) error {
	docs, err := a.ruleDocs(cmd)
	for _, doc := range docs {
		if doc.Name == name {
			a.printRule(doc)
			return nil
		}
	}
	if err != nil {
		return err
	}
	names := append(commandNames(cmd.Root()), ruleNames(docs)...)
	return usage(`"`+name+`" is neither a command nor a rule`+diag.DidYouMean(name, names),
		"sbomctl help lists the commands", "rules: "+strings.Join(ruleNames(docs), ", "))
}

func ruleNames(docs []ruleDoc) []string {
	var names []string
	for _, d := range docs {
		names = append(names, d.Name)
	}
	return names
}

// ruleDocs returns the embedded rules and, in a workspace, those of its own sbom.star, which
// hide embedded ones of their name. The embedded ones are returned even beside an error of the
// workspace's own.
func (a *app) ruleDocs(cmd *cobra.Command) ([]ruleDoc, error) {
	docs, err := a.backend.RuleDocs(cmd.Context())
	if err != nil {
		return nil, err
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
	err = a.withWorkspace(o, func(ctx context.Context, w workspace) error {
		own, err := w.RuleDocs(ctx)
		embedded := docs
		docs = slices.Clone(own)
		for _, d := range embedded {
			if !slices.Contains(ruleNames(own), d.Name) {
				docs = append(docs, d)
			}
		}
		return err
	})
	return docs, err
}

// printRule prints a rule as "name(attributes)" with a paragraph for each attribute.
func (a *app) printRule(doc ruleDoc) {
	fmt.Fprintf(a.stdout, "%s\n", doc.Name)
	if doc.Doc != "" {
		fmt.Fprintf(a.stdout, "\n%s\n", strings.TrimSpace(doc.Doc))
	}
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
		if len(attr.Values) > 0 {
			note += ", one of " + strings.Join(attr.Values, ", ")
		}
		fmt.Fprintf(a.stdout, "  %s (%s)\n", attr.Name, note)
		for line := range strings.Lines(strings.TrimSpace(attr.Doc)) {
			if line = strings.TrimSpace(line); line != "" {
				fmt.Fprintf(a.stdout, "      %s\n", line)
			}
		}
	}
}

// printHelp prints what a command does and its flags.
func (a *app) printHelp(cmd *cobra.Command) {
	w := a.stdout
	if cmd == cmd.Root() {
		fmt.Fprint(w, "sbomctl builds Software Bills of Materials incrementally\n\nUsage: sbomctl COMMAND [FLAG...] [ARGUMENT...]\n\nCommands:\n")
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, c := range cmd.Commands() {
			if !c.Hidden {
				fmt.Fprintf(table, "  %s\t%s\n", c.Use, c.Short)
			}
		}
		table.Flush()
		printFlags(a, "Flags of every command", cmd.PersistentFlags())
		fmt.Fprint(w, "\nExit codes: 0 ok, 1 build failed, 2 usage, 8 interrupted\n")
		return
	}
	long := cmd.Long
	if long == "" {
		long = cmd.Short
	}
	fmt.Fprintf(w, "%s\n\nUsage: sbomctl %s [FLAG...]\n", long, cmd.Use)
	if cmd.Example != "" {
		fmt.Fprintf(w, "\nExamples:\n  %s\n", strings.ReplaceAll(cmd.Example, "\n", "\n  "))
	}
	printFlags(a, "Flags", cmd.LocalNonPersistentFlags())
	fmt.Fprint(w, "\nsbomctl help lists the flags of every command\n")
}

// printFlags prints a table of flags; "--[no]NAME" is a boolean one.
func printFlags(a *app, title string, fs *pflag.FlagSet) {
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	printed := false
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" || f.Name == "version" {
			return
		}
		if !printed {
			fmt.Fprintf(table, "\n%s:\n", title)
			printed = true
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
		fmt.Fprintf(table, "  %s\t%s\n", spelling, help)
	})
	table.Flush()
}
