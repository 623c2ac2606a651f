package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/engine"
)

// rootCommand returns the tree of commands. It is made anew for each invocation; that takes
// tens of microseconds.
func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "sbomctl",
		Short: "builds Software Bills of Materials incrementally",
		Args:  cobra.ArbitraryArgs, // an unknown command is reported by checkCommand
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.flags.showVersion {
				return a.version()
			}
			a.printHelp(cmd)
			return nil
		},
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetGlobalNormalizationFunc(normalizeFlag)
	a.flags.globalFlags(root.PersistentFlags())
	root.Flags().BoolVar(&a.flags.showVersion, "version", false, "print the version")
	root.AddCommand(
		a.buildCommand(), a.lockCommand(), a.cleanCommand(), a.versionCommand(), a.completionCommand(),
	)
	help := a.helpCommand()
	root.SetHelpCommand(help)
	root.AddCommand(help)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { a.printHelp(cmd) })
	root.SetFlagErrorFunc(flagError)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	_ = root.RegisterFlagCompletionFunc("color", completeWords("auto", "yes", "no"))
	_ = root.RegisterFlagCompletionFunc("curses", completeWords("auto", "yes", "no"))
	_ = root.MarkPersistentFlagDirname(directoryFlag)
	return root
}

// prepare does what every command that works in a workspace does first: change folder, find
// the workspace, apply the rc files, and set the terminal up.
func (a *app) prepare(cmd *cobra.Command) error {
	if err := a.enter(); err != nil {
		return err
	}
	if err := a.applyRC(cmd); err != nil {
		return err
	}
	a.ui.configure(a.flags.color, a.flags.curses, a.getenv)
	if a.root == "" {
		dir, _ := os.Getwd()
		return usage("no "+workspaceFile+" in "+dir+" or any folder above it",
			"a workspace is a folder with a file "+workspaceFile+"; -C DIR runs in another folder")
	}
	return nil
}

// workspaceFile marks the root of a workspace.
const workspaceFile = "sbom.star"

// enter goes to the folder of -C and finds the workspace above it.
func (a *app) enter() error {
	for _, dir := range a.flags.dirs {
		if err := os.Chdir(expandHome(dir)); err != nil {
			return usage(`cannot run in "` + dir + `": ` + osReason(err))
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		return usage("cannot find the working folder: " + osReason(err))
	}
	for at := dir; ; at = filepath.Dir(at) {
		if engine.IsRoot(at) {
			a.root = at
			if rel, err := filepath.Rel(at, dir); err == nil && rel != "." {
				a.cwdPkg = filepath.ToSlash(rel)
			}
			return nil
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}

// stripRootFlags returns args without the flags before the command and their values.
func stripRootFlags(root *cobra.Command, args []string) []string {
	for len(args) > 0 {
		arg := args[0]
		if arg == "--" {
			return args[1:]
		}
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			return args
		}
		args = args[1:]
		name, _, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		flag := root.Flags().Lookup(name)
		if flag == nil {
			flag = root.PersistentFlags().Lookup(name)
		}
		if !strings.HasPrefix(arg, "--") {
			hasValue = len(arg) > 2
			flag = root.PersistentFlags().ShorthandLookup(arg[1:2])
		}
		if flag == nil {
			return nil // an unknown flag: the flag parser says so
		}
		if !hasValue && flag.NoOptDefVal == "" && len(args) > 0 {
			args = args[1:]
		}
	}
	return args
}
