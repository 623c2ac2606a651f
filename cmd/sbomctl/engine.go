package main

import (
	"context"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/event"
)

// options is what the command line decides of a workspace.
type options struct {
	Root           string            // folder of sbom.star, absolute
	CacheDir       string            // --disk_cache, absolute; "" is the engine's default, in the user's cache folder
	OutDir         string            // folder of results, below Root
	Jobs           int               // at least 1
	KeepGoing      bool              // --keep_going
	DistDirs       []string          // --distdir, absolute
	Overrides      map[string]string // --override: label as written -> absolute path
	CwdPkg         string            // package that relative labels are relative to
	Env            map[string]string // declared build options: "source_date_epoch"
	RunValidations bool
	AnalyseOnly    bool // --nobuild: stop before any action
	ReadOnly       bool // only look, also while another command is at work; write nothing
	Events         *event.Stream
}

// output is one file of a requested target.
type output struct {
	Label string
	Path  string // slash-separated, relative to the workspace's root
}

// lockResult is what lock did.
type lockResult struct {
	Path    string   // of the lock file, slash-separated, relative to the workspace's root
	Written bool     // false: it had these bytes
	Changes []string // one line each: what differs from the file as it was
}

// ruleDoc and attrDoc are the documentation of a rule.
type ruleDoc struct {
	Name  string
	Doc   string
	Attrs []attrDoc // in declared order
}

type attrDoc struct {
	Name      string
	Type      string   // "string", "label list", ...
	Doc       string   // "" when it has none
	Default   string   // as Starlark writes it; "" when mandatory
	Mandatory bool     // must be given
	Values    []string // the allowed values; none when any is
}

// workspace is what the commands need of the engine.
type workspace interface {
	// Build brings the targets that patterns name up to date. What could be built of them is
	// returned even beside an error, which is a *diag.Error or a diag.List of them.
	Build(ctx context.Context, patterns []string) ([]output, error)
	// Complete returns the labels that a label or pattern starting with prefix may become,
	// written in prefix's own way (relative stays relative).
	Complete(ctx context.Context, prefix string) ([]string, error)
	// RuleDocs returns the documentation of the rules in the workspace's own sbom.star.
	RuleDocs(ctx context.Context) ([]ruleDoc, error)
	// Lock writes the lock file of one target from the package index at indexURL.
	Lock(ctx context.Context, target, indexURL string) (lockResult, error)
	Close()
}

// backend makes workspaces; tests have another.
type backend interface {
	Open(ctx context.Context, o options) (workspace, error)
	// RuleDocs returns the documentation of the embedded rules; it needs no workspace.
	RuleDocs(ctx context.Context) ([]ruleDoc, error)
	// Reference returns that and the documentation of what a workspace's own rules can load.
	Reference(ctx context.Context) (engine.Docs, error)
	// Clean removes the output folder, and with expunge the state that the cache folder keeps
	// for this one workspace. It reports whether there was an output folder.
	Clean(ctx context.Context, o options, expunge bool) (removed bool, err error)
}
