package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine/diag"
)

// The exit codes, which are Bazel's where Bazel has them.
const (
	exitOK          = 0
	exitBuildFailed = 1
	exitUsage       = 2
	exitFindings    = 3
	exitUnknown     = 4 // of audit: nothing was found, and not all could be found out
	exitInterrupted = 8
)

// usageError is a mistake on the command line, in an rc file or in the environment.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// usage returns a usage error with the given message and hints.
func usage(msg string, hints ...string) error {
	return &usageError{&diag.Error{Msg: msg, Hints: hints}}
}

// errInterrupted ends a command that the user stopped; it has been said already.
var errInterrupted = errors.New("interrupted")

// exitCode maps the class of an error to the process's exit code.
func exitCode(err error) int {
	var u *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.As(err, &u):
		return exitUsage
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.Is(err, errInconclusive):
		return exitUnknown
	}
	return exitBuildFailed
}

// ending turns the error of an engine's call into the command's: a cancelled context means
// that the user interrupted it, whatever else came of that.
func ending(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// writeError says that a file which is not part of the build could not be written.
func writeError(what string, err error) error {
	return &diag.Error{Msg: "cannot write " + what + ": " + osReason(err), Err: err}
}

// osReason is the operating system's reason as text.
func osReason(err error) string { return osfile.Reason(err).Error() }

// unknownCommand says that name is none, and which one was meant.
func unknownCommand(root *cobra.Command, name string) error {
	return usage(`unknown command "`+name+`"`+diag.DidYouMean(name, commandNames(root)), "sbomctl help lists the commands")
}

func commandNames(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return names
}

// flagError puts what the flag parser found into our words.
func flagError(cmd *cobra.Command, err error) error {
	if u := (*usageError)(nil); errors.As(err, &u) {
		return err
	}
	return &usageError{flagDiag(cmd, err)}
}

func flagDiag(cmd *cobra.Command, err error) *diag.Error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	var syntax *pflag.InvalidSyntaxError
	d := &diag.Error{Msg: err.Error(), Err: err}
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			d.Msg = "unknown flag -" + name
			break
		}
		d.Msg = "unknown flag --" + name
		if owner := flagOwner(cmd.Root(), normalizeName(name)); owner != "" {
			d.Msg += "; it is a flag of " + owner
		} else if near := diag.Nearest(normalizeName(name), flagNames(cmd)); near != "" {
			d.Msg += `; did you mean "--` + near + `"?`
		}
	case errors.As(err, &missing):
		d.Msg = "flag " + dashes(missing.GetFlag()) + " needs a value: " + missing.GetFlag().Value.Type()
	case errors.As(err, &invalid):
		d.Msg = invalidValue(invalid.GetFlag(), invalid.GetValue(), invalid.Unwrap()).Msg
	case errors.As(err, &syntax):
		d.Msg = `bad flag syntax "` + syntax.GetSpecifiedFlag() + `"`
	}
	d.Hints = []string{"sbomctl help " + cmd.Name() + " lists the flags"}
	if cmd == cmd.Root() {
		d.Hints = []string{"sbomctl help lists the commands, sbomctl help COMMAND its flags"}
	}
	return d
}

// invalidValue says what a flag's value should have been; cause is the error of its Set.
func invalidValue(f *pflag.Flag, value string, cause error) *diag.Error {
	return &diag.Error{Msg: `invalid value "` + value + `" for ` + dashes(f) + ": " + cause.Error(), Err: cause}
}

// dashes is a flag as it is typed.
func dashes(f *pflag.Flag) string {
	if f.Name == directoryFlag {
		return "-C"
	}
	return "--" + f.Name
}

// flagNames are the flags that cmd takes, with the negative forms.
func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// flagOwner is the first command, by name, that has a flag of that name; "" when none has.
func flagOwner(root *cobra.Command, name string) string {
	for _, c := range root.Commands() {
		if c.LocalFlags().Lookup(name) != nil {
			return c.Name()
		}
	}
	return ""
}
