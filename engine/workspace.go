package engine

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/event"
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
	// Operations are the Go functions that actions apply.
	Operations []action.Operation
	// Checks validate attribute values, by kind ("cpe", "sha256"): ctx.check(kind, value).
	Checks map[string]func(value string) error
	// TreeIndex names the operation that turns an archive (input "archive") into outputs
	// "data" and "index"; see engine/tree.
	TreeIndex string
}

// Options say what to open, and how to build.
type Options struct {
	Root           string            // absolute path of the folder with sbom.star
	CacheDir       string            // absolute path of the cache; "" is the user's default
	OutDir         string            // folder below Root for outputs; "" is "sbom-out"
	Jobs           int               // functions that compute at a time; 0 is one for each processor
	KeepGoing      bool              // go on after an action failed
	SkipValidation bool              // do not run validations
	AnalyseOnly    bool              // stop before any action
	Values         map[string]string // build options that rules may read with ctx.option
	Overrides      []Override        // of two for one tree the later counts
	Events         *event.Stream
	Rules          RuleSet
}

// Override is a folder or an archive that takes the place of a tree.
type Override struct {
	Label label.Label // of the tree
	Path  string      // absolute
}

// Workspace is a workspace opened for one command. Close it.
type Workspace struct {
	opt        Options
	prefix     string // Root with a slash at its end
	store      *cache.Disk
	exec       *action.Executor
	operations map[string]*action.Operation
	eval       *eval.Evaluator
	lock       *flock.Flock
	session    *eval.Session
	tally      *tally

	// What was decoded or parsed in this process, by digest.
	indexes    sync.Map // cache.Digest -> *tree.Index
	pathTrees  sync.Map // cache.Digest -> files.Tree
	gitIndexes sync.Map // cache.Digest -> *files.Index
}

// FindRoot returns the nearest folder at or above dir that has an sbom.star.
func FindRoot(dir string) (string, error) {
	for d := dir; ; d = filepath.Dir(d) {
		if info, err := os.Stat(filepath.Join(d, RootFile)); err == nil && info.Mode().IsRegular() {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return "", &diag.Error{Msg: "no " + RootFile + " in this folder or any above it; it marks the root of a workspace",
				Hints: []string{"create an empty " + RootFile + " where the workspace begins, or use -C DIR"}}
		}
	}
}

// Open opens a workspace and waits for another command that has it open. ctx ends
// everything that the workspace does.
func Open(ctx context.Context, opt Options) (*Workspace, error) {
	if opt.Jobs < 1 {
		opt.Jobs = runtime.NumCPU()
	}
	if opt.OutDir == "" {
		opt.OutDir = "sbom-out"
	}
	if opt.CacheDir == "" {
		dir, err := cache.DefaultDir()
		if err != nil {
			return nil, &diag.Error{Msg: "no folder for the cache: " + err.Error(), Hints: []string{"--disk_cache=DIR names one"}}
		}
		opt.CacheDir = dir
	}
	values := map[string]string{}
	for name, v := range opt.Values {
		values[name] = v
	}
	for _, o := range opt.Overrides {
		path := o.Path
		// What lies in the workspace is called as any file of it is.
		if rel, err := filepath.Rel(opt.Root, path); err == nil && filepath.IsLocal(rel) {
			path = filepath.ToSlash(rel)
		}
		values[overrideOption+o.Label.String()] = path
	}
	opt.Values = values
	w := &Workspace{opt: opt, prefix: opt.Root + "/", operations: map[string]*action.Operation{}, tally: &tally{}}
	opt.Events.Listen(w.tally)
	if opt.Root == "/" {
		w.prefix = "/"
	}
	for _, op := range append([]action.Operation{action.WriteOperation}, opt.Rules.Operations...) {
		w.operations[op.Name] = &op
	}
	warn := func(message string) { opt.Events.Emit(event.Warning{Message: message}) }
	var err error
	if w.store, err = cache.OpenDisk(opt.CacheDir, warn); err != nil {
		return nil, &diag.Error{Msg: err.Error(), Hints: []string{"--disk_cache=DIR moves the cache"}, Err: err}
	}
	w.exec = &action.Executor{Store: w.store, Actions: w.store}
	state := cache.StatePath(opt.CacheDir, opt.Root)
	if err := w.acquire(ctx, state, warn); err != nil {
		return nil, err
	}
	w.eval, err = eval.Open(w.kinds(), eval.Options{
		Journal:     filepath.Join(state, "journal"),
		Fingerprint: w.fingerprint(),
		Jobs:        opt.Jobs,
		KeepGoing:   opt.KeepGoing,
		Warn:        warn,
	})
	if err != nil {
		w.lock.Unlock()
		return nil, &diag.Error{Msg: fmt.Sprintf("cannot open the record of earlier builds: %v", err),
			Hints: []string{"--disk_cache=DIR moves the cache"}, Err: err}
	}
	w.session = w.eval.NewSession(ctx, opt.Events)
	return w, nil
}

// Root returns the workspace's root, an absolute path.
func (w *Workspace) Root() string { return w.opt.Root }

// lockPoll is how often a waiting command looks whether the other one is done.
const lockPoll = 50 * time.Millisecond

// acquire takes the lock that keeps two commands from using one workspace at a time.
func (w *Workspace) acquire(ctx context.Context, state string, warn func(string)) error {
	unwritable := func(err error) error {
		return &diag.Error{Msg: fmt.Sprintf("cannot write to the cache: %v", err), Hints: []string{"--disk_cache=DIR moves the cache"}, Err: err}
	}
	if err := os.MkdirAll(state, 0o777); err != nil {
		return unwritable(err)
	}
	w.lock = flock.New(filepath.Join(state, "lock"))
	ok, err := w.lock.TryLock()
	if err != nil {
		return unwritable(err)
	}
	if !ok {
		warn("another sbomctl is at work in this workspace; waiting for it")
		for !ok {
			if ok, err = w.lock.TryLockContext(ctx, lockPoll); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				return unwritable(err)
			}
		}
	}
	return nil
}

// fingerprint names the code of all functions: this executable, and the embedded modules. It
// decides only whether recorded results are looked at, so a coarse name is enough.
func (w *Workspace) fingerprint() string {
	h := sha256.New()
	if exe, err := os.Executable(); err == nil {
		if info, err := os.Stat(exe); err == nil {
			fmt.Fprintln(h, info.Size(), info.ModTime().UnixNano())
		}
	}
	names := make([]string, 0, len(w.opt.Rules.Modules))
	for name := range w.opt.Rules.Modules {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(h, "%s %d\n%s", name, len(w.opt.Rules.Modules[name]), w.opt.Rules.Modules[name])
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// Close writes the record of this build and gives the workspace free.
func (w *Workspace) Close() error {
	err := w.eval.Close()
	if e := w.lock.Unlock(); err == nil {
		err = e
	}
	if err != nil {
		return &diag.Error{Msg: fmt.Sprintf("cannot write the record of this build: %v", err), Err: err}
	}
	return nil
}
