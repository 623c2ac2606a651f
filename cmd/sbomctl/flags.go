package main

import (
	"errors"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// flagValues are the values of all flags, after the rc files were applied.
type flagValues struct {
	// Of every command.
	dirs                    listValue
	rc, homeRC, workspaceRC bool
	rcFiles, configs        listValue
	color, curses           string

	// Of the commands that open the workspace.
	jobs      int
	keepGoing bool
	diskCache string
	distDirs  listValue
	layouts   listValue
	offline   bool
	overrides listValue
	container containerValues
	verbose   bool

	// Of build.
	explain, profile, eventJSON string
	runValidations              bool
	build                       bool

	// Of the commands that tell findings.
	today string

	// Of check.
	format           string
	warningsAsErrors bool
	fix, fixDryRun   bool

	// Of query.
	output, orderOutput string

	// Of one command each.
	indexURL    string
	expunge     bool
	jsonOut     bool
	markdown    bool
	showVersion bool
}

const directoryFlag = "directory"

// normalizeName makes "-" and "_" the same in flag names, and "--no-name" the same as
// "--noname"; "_" and "noname" are the spellings that are shown, as Bazel's.
func normalizeName(name string) string {
	name = strings.ReplaceAll(name, "-", "_")
	if rest, ok := strings.CutPrefix(name, "no_"); ok {
		return "no" + rest
	}
	return name
}

func normalizeFlag(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	return pflag.NormalizedName(normalizeName(name))
}

// globalFlags registers the flags of every command.
func (v *flagValues) globalFlags(fs *pflag.FlagSet) {
	fs.VarP(&v.dirs, directoryFlag, "C", "run as if started in `DIR`; a second one is relative to the first")
	enumVar(fs, &v.color, "color", "auto", []string{"auto", "yes", "no"}, "colour the messages; auto: on a terminal, unless NO_COLOR is set")
	enumVar(fs, &v.curses, "curses", "auto", []string{"auto", "yes", "no"}, "show live progress by moving the cursor; auto: on a terminal")
	boolVar(fs, &v.rc, "rc", true, "read .sbomctlrc files")
	boolVar(fs, &v.workspaceRC, "workspace_rc", true, "read .sbomctlrc at the workspace's root")
	boolVar(fs, &v.homeRC, "home_rc", true, "read .sbomctlrc in the home folder")
	fs.Var(&v.rcFiles, "sbomctlrc", "read this rc `FILE` too, after the others; repeatable")
	fs.Var(&v.configs, "config", "add the rc files' lines COMMAND:`NAME`; repeatable")
}

// workspaceFlags registers the flags of the commands that open the workspace.
func (v *flagValues) workspaceFlags(fs *pflag.FlagSet) {
	v.jobs = runtime.GOMAXPROCS(0)
	fs.VarP((*jobsValue)(&v.jobs), "jobs", "j", "run at most `N` actions at once; auto: one a processor")
	fs.Var((*pathValue)(&v.diskCache), "disk_cache", "keep the cache in `DIR` instead of the user's cache folder")
	fs.Var(&v.distDirs, "distdir", "look in `DIR` for files to fetch, before the network; repeatable")
	fs.Var(&v.layouts, "oci_layout", "look in `DIR`, an OCI image layout, for container images, before registries; repeatable")
	boolVar(fs, &v.offline, "offline", false, "ask nothing of the network: files come from --distdir, images from --oci_layout, both from the cache")
	boolVarP(fs, &v.verbose, "verbose", "v", false, "say of each action what became of it, also of those that ran for the first time")
	fs.Var(&v.overrides, "override", "take a tree from another folder or archive: `LABEL=PATH`; repeatable")
	v.container.register(fs)
}

// buildFlags registers the flags of build.
func (v *flagValues) buildFlags(fs *pflag.FlagSet) {
	v.findingFlags(fs)
	boolVarP(fs, &v.keepGoing, "keep_going", "k", false, "after an error, build what does not depend on it")
	boolVar(fs, &v.build, "build", true, "run actions; --nobuild stops after loading and analysis")
	boolVar(fs, &v.runValidations, "run_validations", true, "fail when evidence contradicts a declaration")
	fs.Var((*pathValue)(&v.explain), "explain", "write to `FILE` why each node ran")
	fs.Var((*pathValue)(&v.profile), "profile", "write to `FILE` a Chrome trace, for ui.perfetto.dev")
	fs.Var((*pathValue)(&v.eventJSON), "build_event_json_file", "write to `FILE` the build's events, one JSON object a line")
}

// findingFlags registers the flags of the commands that tell findings.
func (v *flagValues) findingFlags(fs *pflag.FlagSet) {
	fs.Var((*dateValue)(&v.today), "today", "hold the dates of waivers against this `DATE`, as 2027-03-01; else against SOURCE_DATE_EPOCH, and without it against none")
}

// dateValue is a day as "2027-03-01".
type dateValue string

func (d *dateValue) Set(s string) error {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return errors.New("expected a date such as 2027-03-01")
	}
	*d = dateValue(s)
	return nil
}
func (d *dateValue) String() string { return string(*d) }
func (*dateValue) Type() string     { return "date" }

// checkFlags registers the flags of check.
func (v *flagValues) checkFlags(fs *pflag.FlagSet) {
	v.findingFlags(fs)
	enumVar(fs, &v.format, "format", "text", slices.Sorted(maps.Keys(reportFormats)), "how to print what was found")
	boolVar(fs, &v.warningsAsErrors, "warnings_as_errors", false, "fail when there are warnings, too")
	boolVar(fs, &v.fix, "fix", false, "make the fixes that are edits, and report what is left")
	boolVar(fs, &v.fixDryRun, "dry_run", false, "with --fix: print what it would change, as a diff, and write nothing")
}

// boolValue is a flag with the spellings of truth that Bazel knows.
type boolValue bool

var errNotBool = errors.New("expected yes or no")

func parseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "1", "yes", "t", "y":
		return true, nil
	case "false", "0", "no", "f", "n":
		return false, nil
	}
	return false, errNotBool
}

func (b *boolValue) Set(s string) (err error) {
	v, err := parseBool(s)
	if err == nil {
		*b = boolValue(v)
	}
	return err
}
func (b *boolValue) String() string { return strconv.FormatBool(bool(*b)) }
func (*boolValue) Type() string     { return "bool" }

// negated is --noNAME for a boolean flag --NAME.
type negated struct{ of *pflag.Flag }

func (n *negated) Set(s string) error {
	v, err := parseBool(s)
	if err != nil {
		return err
	}
	n.of.Changed = true
	return n.of.Value.Set(strconv.FormatBool(!v))
}
func (n *negated) String() string { return "false" }
func (*negated) Type() string     { return "bool" }

func boolVar(fs *pflag.FlagSet, p *bool, name string, value bool, help string) {
	boolVarP(fs, p, name, "", value, help)
}

func boolVarP(fs *pflag.FlagSet, p *bool, name, short string, value bool, help string) {
	*p = value
	flag := fs.VarPF((*boolValue)(p), name, short, help)
	flag.NoOptDefVal = "true"
	no := fs.VarPF(&negated{flag}, "no"+name, "", "turn --"+name+" off")
	no.NoOptDefVal = "true"
	no.Hidden = true
}

// listValue is a repeatable flag.
type listValue []string

func (l *listValue) Set(s string) error { *l = append(*l, s); return nil }
func (l *listValue) String() string     { return strings.Join(*l, " ") }

// Type says "Array" so that shell completion offers the flag again.
func (*listValue) Type() string { return "stringArray" }

// pathValue is a file or folder of this machine; "~/" is the home folder, which a shell does
// not replace after "=".
type pathValue string

func (p *pathValue) Set(s string) error {
	if s == "" {
		return errors.New("expected a path")
	}
	*p = pathValue(expandHome(s))
	return nil
}
func (p *pathValue) String() string { return string(*p) }
func (*pathValue) Type() string     { return "path" }

func expandHome(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return path
}

// jobsValue is the number of workers.
type jobsValue int

// maxJobs is Bazel's bound too; more workers only cost memory.
const maxJobs = 5000

func (j *jobsValue) Set(s string) error {
	n, err := strconv.Atoi(s)
	if s == "auto" {
		n, err = runtime.GOMAXPROCS(0), nil
	}
	if err != nil || n < 1 || n > maxJobs {
		return errors.New("expected auto or a number from 1 to " + strconv.Itoa(maxJobs))
	}
	*j = jobsValue(n)
	return nil
}
func (j *jobsValue) String() string { return "auto" }
func (*jobsValue) Type() string     { return "number" }

// enumValue is one of a few words.
type enumValue struct {
	p     *string
	words []string
}

func (e *enumValue) Set(s string) error {
	for _, w := range e.words {
		if s == w {
			*e.p = s
			return nil
		}
	}
	return errors.New("expected " + strings.Join(e.words[:len(e.words)-1], ", ") + " or " + e.words[len(e.words)-1] +
		diag.DidYouMean(s, e.words))
}
func (e *enumValue) String() string { return *e.p }
func (*enumValue) Type() string     { return "word" }

func enumVar(fs *pflag.FlagSet, p *string, name, value string, words []string, help string) {
	*p = value
	flag := fs.VarPF(&enumValue{p, words}, name, "", help)
	flag.DefValue = value
}

// urlValue is the base URL of a web service.
type urlValue string

func (u *urlValue) Set(s string) error {
	parsed, err := url.Parse(s)
	if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
		return errors.New("expected a URL that starts with https:// or http://")
	}
	*u = urlValue(strings.TrimRight(s, "/"))
	return nil
}
func (u *urlValue) String() string { return string(*u) }
func (*urlValue) Type() string     { return "URL" }
