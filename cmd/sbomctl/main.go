// Command sbomctl builds Software Bills of Materials as targets of an incremental build graph.
//
// This package is the thin outside of the engine: it turns arguments and .sbomctlrc files
// into options, calls the engine, and renders what comes back. One file holds one command;
// what the user sees is decided in ui.go (lines) and progress.go (the live part).
// The engine's events reach the outside only through listeners: the terminal's is here,
// those of --explain, --profile and --build_event_json_file are in engine/event.
package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

func main() {
	tuneCollector()
	a := &app{stdout: bufio.NewWriter(os.Stdout), stderr: os.Stderr, getenv: os.Getenv, backend: engineBackend{}, width: terminalWidth(os.Stdout)}
	os.Exit(a.run(os.Args[1:]))
}

// app is one invocation: the world it sees, and the values of its flags.
type app struct {
	stdout  *bufio.Writer // data; flushed at the end, when a failure to write is an error
	stderr  io.Writer     // everything else, through ui
	getenv  func(string) string
	backend backend
	width   int // columns of the terminal that stdout is; 0 when it is none

	ui     *ui // set by prepare; before that, messages are uncoloured
	flags  flagValues
	root   string   // the workspace's root, without links; "" when there is none
	cwd    string   // the working folder, without links
	seen   string   // the working folder as the user came to it
	rcRead []string // the rc files that were read
	cwdPkg string   // the package path of the working folder; "" at the root
}

// run executes one command line and returns the process's exit code.
func (a *app) run(args []string) int {
	a.ui = newUI(a.stderr)
	a.ui.configure("auto", "no", a.getenv) // until the flags are known
	root := a.rootCommand()
	args = shieldPatterns(args)
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		prepareCompletion(root, args[len(args)-1])
	}
	root.SetArgs(args)
	err := a.checkCommand(root, args)
	if err == nil {
		err = root.ExecuteContext(context.Background())
	}
	if flushErr := a.stdout.Flush(); err == nil && flushErr != nil {
		err = writeError("standard output", flushErr)
	}
	a.ui.error(err)
	a.ui.close()
	return exitCode(err)
}

// checkCommand reports an unknown command before its flags are looked at: the flags of a
// misspelt command are unknown too, and would hide the real mistake.
func (a *app) checkCommand(root *cobra.Command, args []string) error {
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		return nil
	}
	cmd, rest, err := root.Find(args)
	if err != nil || cmd != root {
		return nil // reported by cobra's own run of the same search
	}
	rest = stripRootFlags(root, rest)
	if len(rest) == 0 {
		return nil
	}
	return unknownCommand(root, rest[0])
}

// shield marks an argument that starts with "-" but is a negative target pattern. No
// argument of a process can hold a NUL byte of its own.
const shield = "\x00"

// shieldPatterns hides negative patterns (-//pkg:name, -:name) from the flag parser, which
// would take them for short flags; Bazel wants a "--" before them, which works as well.
func shieldPatterns(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		if strings.HasPrefix(arg, "-//") || strings.HasPrefix(arg, "-:") || strings.HasPrefix(arg, "-@") {
			arg = shield + arg
		}
		out[i] = arg
	}
	return out
}

// unshield undoes shieldPatterns.
func unshield(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		out[i] = strings.TrimPrefix(arg, shield)
	}
	return out
}
