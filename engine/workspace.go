package engine

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/label"
)

// RootFile marks the root of a workspace and holds the workspace's own macros and rules.
const RootFile = "sbom.star"

// BuildFile makes a directory a package.
const BuildFile = "BUILD.star"

// RuleSet is what a program brings to the engine.
type RuleSet struct {
	// Modules are the embedded Starlark files, by name: "rules.star" is loaded as
	// "@sbomctl//:rules.star".
	Modules map[string][]byte
	// Entry is the module whose names a workspace loads: an undefined name is looked for in it.
	Entry string
	// Libraries are modules beside Entry that a workspace loads, each for a subject that not every workspace has.
	Libraries []string
	// Operations are the Go functions that actions apply.
	Operations []action.Operation
	// Checks validate attribute values, by kind ("cpe", "sha256"): ctx.check(kind, value).
	Checks map[string]func(value string) error
	// Texts make one text of another, by kind: ctx.text(kind, value).
	Texts map[string]func(value string) (string, error)
	// Findings are the kinds of findings that the operations report, for documentation and for formats that
	// describe them. A workspace's own rules may report others.
	Findings []finding.Rule
	// Written are the names of files at the root of a workspace that commands append to; they are no input of anything.
	Written []string
	// Facet is what the operations want to know of each file of a tree beside its digest. It is part of
	// action.File, as opaque bytes.
	Facet files.Facet
	// TreeIndex names the operation that turns an archive (input "archive") into outputs
	// "data" and "index"; see engine/tree. Its
	// parameters are "strip_prefix", and "facet", the ID of the facet that the index must have.
	TreeIndex string
}

// Options say what to open, and how to build.
type Options struct {
	Root           string            // absolute path of the folder with sbom.star; links on the way are resolved
	CacheDir       string            // absolute path of the cache
	OutDir         string            // folder below Root for outputs; "" is "sbom-out"
	Jobs           int               // functions that compute at a time; 0 is one for each processor
	KeepGoing      bool              // go on after an action failed
	SkipValidation bool              // do not run validations
	AnalyseOnly    bool              // stop before any action
	ReadOnly       bool              // look at the workspace beside a command that is at work; nothing is written, and what is not there is an error
	Today          string            // the date that waivers are held against, as "2027-03-01"; "" holds them against none. It reaches no node
	Values         map[string]string // build options that rules may read with ctx.option
	Overrides      []Override        // of two for one tree the later counts
	Events         *event.Stream
	Commands       action.Runner // runs commands; nil makes each of them an error
	Rules          RuleSet
	Program        string // path of the file whose bytes are the code of all this; "" is the running executable
}

// Override is a folder or an archive that takes the place of a tree.
type Override struct {
	Label label.Label // of the tree
	Path  string      // absolute
}

// Workspace is a workspace opened for one command. Close it.
type Workspace struct {
	ctx        context.Context // of Open
	opt        Options
	prefix     string        // Root with a slash at its end
	reader     *files.Reader // of files with their facet
	store      *cache.Disk
	exec       *action.Executor
	runner     *action.InProcess
	operations map[string]*action.Operation
	eval       *eval.Evaluator
	state      *state // nil when read-only
	session    *eval.Session
	tally      *tally
	overlay    map[string][]byte // texts of files that are others than on disk; see Preview

	program programFile
	said    sync.Map // encoded finding -> struct{}: told in this process
	checks  bool     // findings are collected for a report (in said), not told

	// What was decoded or parsed in this process, by digest.
	indexes   sync.Map // cache.Digest -> *tree.Index
	pathTrees sync.Map // cache.Digest -> files.Tree
	rules     sync.Map // string, the text of an ignore file -> *files.Rules
}

// withDefaults fills in what the caller left open, and resolves the root.
func (opt Options) withDefaults() (Options, error) {
	if opt.Jobs < 1 {
		opt.Jobs = runtime.NumCPU()
	}
	if opt.OutDir == "" {
		opt.OutDir = "sbom-out"
	}
	entered := opt.Root
	real, err := realRoot(entered)
	if err != nil {
		return opt, err
	}
	opt.Root = real
	values := map[string]string{}
	for name, v := range opt.Values {
		values[name] = v
	}
	for _, o := range opt.Overrides {
		path := o.Path
		// What lies in the workspace is called as any file of it is, by whatever path it was entered.
		for _, root := range []string{entered, opt.Root} {
			if rel, err := filepath.Rel(root, path); err == nil && filepath.IsLocal(rel) {
				path = filepath.ToSlash(rel)
				break
			}
		}
		values[overrideOption+o.Label.String()] = path
	}
	values[cacheOption] = opt.CacheDir
	opt.Values = values
	return opt, nil
}

// Open opens a workspace and waits for another command that has it open, unless it is opened
// for reading only. ctx ends everything that the workspace does.
func Open(ctx context.Context, opt Options) (*Workspace, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	w := &Workspace{ctx: ctx, opt: opt, reader: files.NewReader(opt.Rules.Facet), prefix: opt.Root + "/", operations: map[string]*action.Operation{}, tally: &tally{}}
	opt.Events.Listen(w.tally)
	if opt.Root == "/" {
		w.prefix = "/"
	}
	for _, op := range append([]action.Operation{action.WriteOperation}, opt.Rules.Operations...) {
		w.operations[op.Name] = &op
	}
	warn := func(message string) { opt.Events.Emit(event.Warning{Message: message}) }
	evalOpt := eval.Options{ReadOnly: opt.ReadOnly, Jobs: opt.Jobs, KeepGoing: opt.KeepGoing, Warn: warn}
	if opt.ReadOnly {
		if w.store, err = cache.OpenReadOnly(opt.CacheDir); err == nil {
			evalOpt.State, err = w.store.State(opt.Root)
		}
		if evalOpt.State != nil {
			defer evalOpt.State.Close() // the journal is read when the evaluator is opened
		}
	} else if w.store, err = cache.OpenDisk(opt.CacheDir, warn); err == nil {
		if w.state, err = acquire(ctx, w.store, opt.Root, warn); err != nil {
			return nil, err
		}
		evalOpt.State = w.state.folder
	}
	if err != nil {
		return nil, cacheError(err)
	}
	w.runner = &action.InProcess{Store: w.store, Operations: w.operations}
	w.exec = &action.Executor{Store: w.store, Actions: w.store, Runner: w.runner, Commands: opt.Commands}
	if w.program, err = findProgram(opt.Program); err == nil {
		w.eval, err = eval.Open(w.kinds(), evalOpt)
	}
	if err != nil {
		if w.state != nil {
			w.state.release()
		}
		return nil, err
	}
	w.session = w.eval.NewSession(ctx, opt.Events)
	return w, nil
}

// Root returns the workspace's root, an absolute path.
func (w *Workspace) Root() string { return w.opt.Root }

// Close writes the record of this build and gives the workspace free.
func (w *Workspace) Close() {
	if err := w.eval.Close(); err != nil {
		w.opt.Events.Emit(event.Warning{Message: fmt.Sprintf("the record of this build cannot be written (%v); the next one will repeat its work", osfile.Reason(err))})
	}
	if w.state != nil {
		w.state.release()
	}
}
