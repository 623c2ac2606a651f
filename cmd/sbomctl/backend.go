package main

import (
	"cmp"
	"context"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/container"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/query"
	"github.com/sbomctl/sbomctl/engine/rootfs"
	"github.com/sbomctl/sbomctl/rules"
	"github.com/sbomctl/sbomctl/rules/add"
	"github.com/sbomctl/sbomctl/rules/cpython"
	"github.com/sbomctl/sbomctl/rules/fetch"
	"github.com/sbomctl/sbomctl/rules/initws"
)

// options is what the command line decides of a workspace. The backend adds the rules.
type options struct {
	engine.Options
	DistDirs   []string // --distdir, absolute
	OCILayouts []string // --oci_layout, absolute
	Offline    bool     // nothing is asked of the network
	Container  containerValues
}

// workspace is what the commands need of a workspace.
type workspace interface {
	// Build brings the targets that patterns name up to date. What could be built of them is
	// returned even beside an error, which is a *diag.Error or a diag.List of them.
	Build(patterns label.Patterns) ([]engine.Output, error)
	// Check runs every check of the targets and of all below them, those of the named groups too, and returns what was found, even beside an error.
	Check(patterns label.Patterns, groups ...string) (engine.Report, error)
	// Audit audits the container images among the targets and below them, as rules.Audit does.
	Audit(ctx context.Context, patterns label.Patterns, r rules.AuditRequest) (rules.AuditResult, error)
	// Images returns the repositories of the container images among the targets and below them.
	Images(patterns label.Patterns) ([]string, error)
	// Site returns where a target is declared; zero when that is not known.
	Site(label string) diag.Pos
	// Query answers a query; with KeepGoing the result is of what can be loaded, beside the error.
	Query(x *query.Expr, order query.Order) (*query.Result, error)
	// Declaration returns what is declared of a target of a query's result.
	Declaration(t *query.Target) engine.Declaration
	// VendorDiff compares the files of a vendored package with upstream's, as if one patch were not declared.
	VendorDiff(ctx context.Context, target label.Label, without string) (rules.VendorDiffResult, error)
	// ReadSource returns one of the user's own files, nil when there is none.
	ReadSource(path string) ([]byte, error)
	// Fixes works out the edits that mend findings.
	Fixes(findings []engine.Found) *engine.Fixes
	// Apply makes changes of the user's own files; it returns those that were made.
	Apply(changes []engine.Change) ([]engine.Change, error)
	// StarlarkFiles returns the .star files that patterns speak of.
	StarlarkFiles(patterns label.Patterns) ([]string, error)
	// Format returns the changes that format .star files, even beside an error.
	Format(names []string) ([]engine.Change, error)
	// Bump works out the changes that move targets to a version.
	Bump(ctx context.Context, r rules.BumpRequest) (rules.BumpResult, error)
	// Pin works out the changes that write the digests of tags, as rules.Pin does.
	Pin(ctx context.Context, patterns label.Patterns, tag string) (rules.PinResult, error)
	// CheckedIn returns the files that are checked in for the targets, as rules.CheckedInFiles does.
	CheckedIn(patterns label.Patterns) ([]rules.CheckedIn, error)
	// Regen works out how the documents that are checked in have to change, as rules.Regen does.
	Regen(patterns label.Patterns, acceptDrift bool) (rules.RegenResult, error)
	// Complete returns the labels that a label or pattern starting with prefix may become, typed
	// in package cwd and written in prefix's own way (relative stays relative).
	Complete(prefix, cwd string) ([]string, error)
	// Docs returns the documentation of what the workspace's own sbom.star defines.
	Docs() (engine.Docs, error)
	// Lock writes the lock file of one target from the package index at indexURL.
	Lock(ctx context.Context, target label.Label, indexURL string) (rules.LockResult, error)
	// Add works out the declaration of a package; it writes nothing.
	Add(ctx context.Context, r add.Request) (add.Result, error)
	// Init works out a workspace for the folder, which has none; it writes nothing.
	Init() (initws.Result, error)
	Close()
}

// backend makes workspaces; tests have another.
type backend interface {
	Open(ctx context.Context, o options) (workspace, error)
	// Clean removes the outputs, and with expunge what the cache folder keeps of this one workspace. It reports
	// whether there were outputs.
	Clean(ctx context.Context, o options, expunge bool) (bool, error)
	// Import works out a workspace for an existing CPython tree. It writes nothing.
	Import(ctx context.Context, o options, in cpython.Options) (*cpython.Result, error)
}

// engineBackend opens workspaces with the engine and the embedded rules.
type engineBackend struct{}

func (engineBackend) Open(ctx context.Context, o options) (workspace, error) {
	dir, err := cacheFolder(o)
	if err != nil {
		return nil, err
	}
	o.CacheDir = dir
	fetcher := &fetch.Fetcher{Distdirs: o.DistDirs, Note: func(m string) { o.Events.Emit(event.Warning{Message: m}) }}
	if o.Offline {
		fetcher.Client = fetch.Offline
	}
	o.Rules = rules.Set(fetcher)
	o.Commands = runner(o)
	w, err := engine.Open(ctx, o.Options)
	if err != nil {
		return nil, err
	}
	return engineWorkspace{w, fetcher, o}, nil
}

func (engineBackend) Clean(ctx context.Context, o options, expunge bool) (bool, error) {
	dir, err := cacheFolder(o)
	if err != nil {
		return false, err
	}
	o.CacheDir = dir
	removed, err := engine.Clean(ctx, o.Options, expunge)
	if err == nil && expunge {
		err = cmp.Or((&rootfs.Store{Dir: cache.RootsDir(dir)}).Clear(ctx), container.Clear(dir))
	}
	return removed, err
}

func (engineBackend) Import(ctx context.Context, o options, in cpython.Options) (*cpython.Result, error) {
	dir, err := cacheFolder(o)
	if err != nil {
		return nil, err
	}
	o.CacheDir = dir
	o.Rules = rules.Set(&fetch.Fetcher{})
	return cpython.Import(ctx, o.Options, in)
}

func cacheFolder(o options) (string, error) {
	if o.CacheDir != "" {
		return o.CacheDir, nil
	}
	dir, err := cache.DefaultDir()
	if err != nil {
		return "", &diag.Error{Msg: "there is no folder for the cache: " + err.Error(), Hints: []string{"--disk_cache=DIR names one"}}
	}
	return dir, nil
}

// engineWorkspace adds to the engine's workspace what the rules do with one.
type engineWorkspace struct {
	*engine.Workspace
	fetcher *fetch.Fetcher
	options options
}

func (w engineWorkspace) Audit(ctx context.Context, patterns label.Patterns, r rules.AuditRequest) (rules.AuditResult, error) {
	i, err := images(w.options)
	if err != nil {
		return rules.AuditResult{}, err
	}
	defer i.Client.Close()
	return rules.Audit(ctx, w.Workspace, i, patterns, r)
}

func (w engineWorkspace) Images(patterns label.Patterns) ([]string, error) {
	return rules.AuditedImages(w.Workspace, patterns)
}

func (w engineWorkspace) Lock(ctx context.Context, target label.Label, indexURL string) (rules.LockResult, error) {
	return rules.Lock(ctx, w.Workspace, target, indexURL, w.fetcher)
}

func (w engineWorkspace) Add(ctx context.Context, r add.Request) (add.Result, error) {
	return add.Add(ctx, w.Workspace, w.fetcher, r)
}

func (w engineWorkspace) Init() (initws.Result, error) {
	return initws.Plan(w.Workspace)
}

func (w engineWorkspace) VendorDiff(ctx context.Context, target label.Label, without string) (rules.VendorDiffResult, error) {
	return rules.VendorDiff(ctx, w.Workspace, target, without)
}

func (w engineWorkspace) Bump(ctx context.Context, r rules.BumpRequest) (rules.BumpResult, error) {
	r.Fetcher = w.fetcher
	return rules.Bump(ctx, w.Workspace, r)
}

func (w engineWorkspace) CheckedIn(patterns label.Patterns) ([]rules.CheckedIn, error) {
	return rules.CheckedInFiles(w.Workspace, patterns)
}

func (w engineWorkspace) Regen(patterns label.Patterns, acceptDrift bool) (rules.RegenResult, error) {
	return rules.Regen(w.Workspace, patterns, acceptDrift)
}
