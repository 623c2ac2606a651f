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
		a.buildCommand(), a.checkTargetsCommand(), a.auditCommand(), a.queryCommand(), a.diffCommand(),
		a.initCommand(), a.importCommand(), a.addCommand(), a.bumpCommand(), a.pinCommand(), a.regenCommand(), a.fmtCommand(), a.lockCommand(), a.vendorDiffCommand(),
		a.cleanCommand(), a.versionCommand(), a.completionCommand(),
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
	a.ui.verbose = a.flags.verbose
	if a.root == "" {
		return usage("no "+workspaceFile+" in "+a.seen+" or any folder above it",
			"a workspace is a folder with a file "+workspaceFile+"; -C DIR runs in another folder")
	}
	return nil
}

// workspaceFile marks the root of a workspace.
const workspaceFile = "sbom.star"

// enter goes to the folder of -C and finds the workspace above it.
//
// A folder has a path without links, where ".." leads up, and the one by which the user came. The
// system resolves relative paths by the former: a workspace is looked for there first, and what is
// printed leads from there. A package that is a link out of its workspace is found by the latter.
func (a *app) enter() error {
	seen, err := os.Getwd()
	if err != nil {
		return usage("cannot find the working folder: " + osReason(err))
	}
	for _, dir := range a.flags.dirs {
		dir = expandHome(dir)
		if err := os.Chdir(dir); err != nil {
			return usage(`cannot run in "` + dir + `": ` + osReason(err))
		}
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(seen, dir)
		}
		if seen = dir; !isWorkingFolder(seen) {
			if seen, err = os.Getwd(); err != nil {
				return usage("cannot find the working folder: " + osReason(err))
			}
		}
	}
	a.seen, a.cwd = seen, seen
	if real, err := filepath.EvalSymlinks(seen); err == nil {
		a.cwd = real
	}
	for _, dir := range []string{a.cwd, seen} {
		root := findRoot(dir)
		if root == "" {
			continue
		}
		if rel, err := filepath.Rel(root, dir); err == nil && rel != "." {
			a.cwdPkg = filepath.ToSlash(rel)
		}
		if a.root, err = filepath.EvalSymlinks(root); err != nil {
			a.root = root
		}
		return nil
	}
	return nil
}

// isWorkingFolder reports whether path is a name of the working folder.
func isWorkingFolder(path string) bool {
	a, err := os.Stat(path)
	b, errHere := os.Stat(".")
	return err == nil && errHere == nil && os.SameFile(a, b)
}

// findRoot is the nearest folder at or above dir that a workspace file marks; "" when there is none.
func findRoot(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if engine.IsRoot(at) {
			return at
		}
		if at == filepath.Dir(at) {
			return ""
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
