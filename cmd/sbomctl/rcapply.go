package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// rcName is the name of an rc file at the workspace's root and in the home folder.
const rcName = ".sbomctlrc"

// applyRC sets the flags of cmd that the command line left alone from the rc files: the
// workspace's, the user's, then those of --sbomctlrc. Of two lines the later wins; a
// configuration's lines count as if they stood after all plain ones; the command line
// wins over every file. Values of a repeatable flag are all kept, the files' first.
func (a *app) applyRC(cmd *cobra.Command) error {
	lines, err := a.readRCFiles()
	r := rcApplier{cmd: cmd, root: a.root, lines: lines, lists: map[*pflag.Flag][]string{}}
	if err != nil {
		r.errs = append(r.errs, err)
	}
	r.checkCommands()
	r.apply("", nil)
	for _, config := range a.flags.configs {
		if err == nil { // else its lines may be among those that could not be read
			r.apply(config, nil)
		}
	}
	for flag, values := range r.lists {
		list := flag.Value.(*listValue)
		*list = append(values, *list...)
	}
	if err := r.errs.Err(); err != nil {
		return &usageError{err}
	}
	return nil
}

// readRCFiles returns the lines of all files, imports in their place.
func (a *app) readRCFiles() ([]rcLine, error) {
	var lines []rcLine
	var errs diag.List
	read := func(path string, optional bool) {
		more, err := a.readRC(path, diag.Pos{}, optional, nil)
		lines = append(lines, more...)
		if err != nil {
			errs = append(errs, err)
		}
	}
	if !a.flags.rc {
		return nil, nil
	}
	workspaceRC := ""
	if a.flags.workspaceRC && a.root != "" {
		workspaceRC = filepath.Join(a.root, rcName)
		read(workspaceRC, true)
	}
	if home := a.getenv("HOME"); a.flags.homeRC && home != "" {
		if path := filepath.Join(home, rcName); path != workspaceRC {
			read(path, true)
		}
	}
	for _, path := range a.flags.rcFiles {
		read(expandHome(path), false)
	}
	return lines, errs.Err()
}

// readRC reads one file and what it imports. from is the line that imports it, zero for none;
// above are the files that are being read, to find a circle.
func (a *app) readRC(path string, from diag.Pos, optional bool, above []string) ([]rcLine, error) {
	for _, other := range above {
		if other == path {
			return nil, &diag.Error{Pos: from, Msg: "the rc file " + a.shortPath(path) + " imports itself"}
		}
	}
	if len(above) >= maxRCDepth {
		return nil, &diag.Error{Pos: from, Msg: "rc files import each other too deeply"}
	}
	data, err := readBounded(path, maxRCBytes)
	if optional && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &diag.Error{Pos: from, Msg: "cannot read the rc file " + a.shortPath(path) + ": " + osReason(err), Err: err}
	}
	a.rcRead = append(a.rcRead, path)
	parsed, err := parseRC(a.shortPath(path), data)
	var errs diag.List
	if err != nil {
		errs = append(errs, err)
	}
	var lines []rcLine
	for _, line := range parsed {
		line.Dir = filepath.Dir(a.absolute(path))
		for i := range line.Args {
			line.Args[i] = a.expandWorkspace(line.Args[i])
		}
		if line.Import == "" {
			lines = append(lines, line)
			continue
		}
		if strings.Contains(line.Import, workspaceVariable) && a.root == "" {
			if !line.Try {
				errs = append(errs, &diag.Error{Pos: line.Pos, Msg: workspaceVariable + " means nothing outside of a workspace"})
			}
			continue
		}
		other := expandHome(a.expandWorkspace(line.Import))
		if !filepath.IsAbs(other) {
			other = filepath.Join(filepath.Dir(path), other)
		}
		more, err := a.readRC(filepath.Clean(other), line.Pos, line.Try, append(above, path))
		lines = append(lines, more...)
		if err != nil {
			errs = append(errs, err)
		}
	}
	return lines, errs.Err()
}

// readBounded reads a file of at most max bytes, and one byte more of a larger one.
func readBounded(path string, max int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, max+1))
}

// workspaceVariable stands for the workspace's root in rc files.
const workspaceVariable = "%workspace%"

func (a *app) expandWorkspace(s string) string {
	if a.root == "" {
		return s
	}
	return strings.ReplaceAll(s, workspaceVariable, a.root)
}

// shortPath is path as messages show it: relative to the workspace where it lies inside.
func (a *app) shortPath(path string) string {
	if a.root != "" {
		if rel, err := filepath.Rel(a.root, path); err == nil && filepath.IsLocal(rel) {
			return rel
		}
	}
	return path
}

// rcApplier sets flags from lines.
type rcApplier struct {
	cmd   *cobra.Command
	root  string // of the workspace
	lines []rcLine
	lists map[*pflag.Flag][]string // values of repeatable flags, in order
	errs  diag.List
}

func (r *rcApplier) fail(pos diag.Pos, d *diag.Error) {
	d.Pos, d.Hints = pos, nil
	r.errs = append(r.errs, d)
}

// checkCommands reports lines of commands that do not exist, which would be lost silently.
func (r *rcApplier) checkCommands() {
	names := append(commandNames(r.cmd.Root()), "common")
	for _, line := range r.lines {
		known := false
		for _, name := range names {
			known = known || name == line.Command
		}
		if !known {
			r.fail(line.Pos, &diag.Error{Msg: `unknown command "` + line.Command + `"` + diag.DidYouMean(line.Command, names)})
		}
	}
}

// apply sets the flags of the lines of one configuration; "" is the plain lines. within are
// the configurations whose lines ask for this one.
func (r *rcApplier) apply(config string, within []string) {
	found := false
	var names []string
	for _, line := range r.lines {
		if line.Config != "" {
			names = append(names, line.Config)
		}
		if line.Config != config {
			continue
		}
		found = true
		if line.Command == "common" || line.Command == r.cmd.Name() {
			r.line(line, append(within, config))
		}
	}
	if config != "" && !found {
		r.errs = append(r.errs, &diag.Error{Msg: `no rc file defines the configuration "` + config + `"` + diag.DidYouMean(config, names)})
	}
}

// line sets the flags of one line.
func (r *rcApplier) line(line rcLine, within []string) {
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	fs.SetNormalizeFunc(normalizeFlag)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	add := func(from *cobra.Command) { // a flag of another command is parsed too, to know its value
		from.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if fs.Lookup(f.Name) == nil && (f.Shorthand == "" || fs.ShorthandLookup(f.Shorthand) == nil) {
				fs.AddFlag(f)
			}
		})
	}
	fs.AddFlagSet(r.cmd.Flags())
	if line.Command == "common" {
		for _, other := range r.cmd.Root().Commands() {
			add(other)
		}
	}
	err := fs.ParseAll(line.Args, func(f *pflag.Flag, value string) error {
		if r.cmd.Flags().Lookup(f.Name) != f {
			return nil
		}
		return r.set(f, value, line, within)
	})
	switch {
	case errors.Is(err, pflag.ErrHelp):
		r.fail(line.Pos, &diag.Error{Msg: "--help is not a default"})
	case err != nil:
		r.fail(line.Pos, flagDiag(r.cmd, err))
	case fs.NArg() > 0:
		r.fail(line.Pos, &diag.Error{Msg: `only flags may stand here, not "` + fs.Arg(0) + `"`})
	}
}

// set sets one flag unless the command line did.
func (r *rcApplier) set(f *pflag.Flag, value string, line rcLine, within []string) error {
	pos := line.Pos
	switch f.Name {
	case "config":
		for _, other := range within {
			if other == value {
				r.fail(pos, &diag.Error{Msg: `the configuration "` + value + `" asks for itself`})
				return nil
			}
		}
		if len(within) > maxRCDepth {
			r.fail(pos, &diag.Error{Msg: "configurations ask for each other too deeply"})
			return nil
		}
		r.apply(value, within)
		return nil
	case directoryFlag, "sbomctlrc", "rc", "norc", "home_rc", "nohome_rc", "workspace_rc", "noworkspace_rc", "help":
		r.fail(pos, &diag.Error{Msg: dashes(f) + " belongs on the command line, not in an rc file"})
		return nil
	}
	switch _, isPath := f.Value.(*pathValue); {
	case value == "":
	case isPath || f.Name == "distdir" || f.Name == "oci_layout":
		value = pathIn(line.Dir, value)
	case f.Name == "override":
		override, err := parseOverride(value, r.packageOf(line.Dir))
		if err != nil {
			d, _ := diagnostic(err)
			r.fail(pos, d)
			return nil
		}
		value = override.Label.String() + "=" + pathIn(line.Dir, override.Path)
	}
	if _, ok := f.Value.(*listValue); ok {
		r.lists[f] = append(r.lists[f], value)
		return nil
	}
	target := f
	if n, ok := f.Value.(*negated); ok {
		target = n.of
	}
	if target.Changed {
		return nil
	}
	err := f.Value.Set(value)
	target.Changed = false // negated sets it; a later line may still change the value
	if err != nil {
		r.fail(pos, invalidValue(f, value, err))
	}
	return nil
}

// pathIn is a path that a file in dir names, absolute.
func pathIn(dir, path string) string {
	if path = expandHome(path); filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// packageOf is the package whose labels an rc file in dir means by ":name"; that of the root, when
// it lies outside the workspace.
func (r *rcApplier) packageOf(dir string) string {
	rel, err := filepath.Rel(r.root, dir)
	if err != nil || !filepath.IsLocal(rel) || rel == "." {
		return ""
	}
	return filepath.ToSlash(rel)
}
