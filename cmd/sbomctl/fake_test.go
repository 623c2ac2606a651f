package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/query"
	"github.com/sbomctl/sbomctl/rules"
	"github.com/sbomctl/sbomctl/rules/add"
	"github.com/sbomctl/sbomctl/rules/cpython"
	"github.com/sbomctl/sbomctl/rules/initws"
)

// fakeBackend records what the commands ask of the engine, and answers as a test says.
type fakeBackend struct {
	ctx      context.Context
	opened   options
	patterns label.Patterns
	target   label.Label
	indexURL string
	outDir   bool // there is one to clean
	expunged bool
	closed   bool

	events  []event.Event
	outputs []engine.Output
	report  engine.Report

	checkEvents []event.Event

	lock    rules.LockResult
	labels  []string
	docs    engine.Docs
	err     error
	onBuild func(ctx context.Context)
}

func (f *fakeBackend) Open(ctx context.Context, o options) (workspace, error) {
	f.ctx, f.opened = ctx, o
	return f, nil
}
func (f *fakeBackend) Clean(_ context.Context, _ options, expunge bool) (bool, error) {
	f.expunged = expunge
	return f.outDir, f.err
}
func (f *fakeBackend) Import(context.Context, options, cpython.Options) (*cpython.Result, error) {
	return &cpython.Result{}, f.err
}
func (f *fakeBackend) Build(patterns label.Patterns) ([]engine.Output, error) {
	f.patterns = patterns
	for _, e := range f.events {
		f.opened.Events.Emit(e)
	}
	if f.onBuild != nil {
		f.onBuild(f.ctx)
	}
	return f.outputs, f.err
}
func (f *fakeBackend) Check(patterns label.Patterns, _ ...string) (engine.Report, error) {
	f.patterns = patterns
	for _, e := range f.checkEvents {
		f.opened.Events.Emit(e)
	}
	return f.report, f.err
}
func (f *fakeBackend) Audit(_ context.Context, patterns label.Patterns, _ rules.AuditRequest) (rules.AuditResult, error) {
	f.patterns = patterns
	return rules.AuditResult{Report: f.report}, f.err
}
func (f *fakeBackend) Images(patterns label.Patterns) ([]string, error) {
	f.patterns = patterns
	return nil, f.err
}
func (f *fakeBackend) Site(string) diag.Pos { return diag.Pos{} }
func (f *fakeBackend) Query(*query.Expr, query.Order) (*query.Result, error) {
	return &query.Result{}, f.err
}
func (f *fakeBackend) Declaration(*query.Target) engine.Declaration { return engine.Declaration{} }
func (f *fakeBackend) VendorDiff(context.Context, label.Label, string) (rules.VendorDiffResult, error) {
	return rules.VendorDiffResult{}, f.err
}
func (f *fakeBackend) ReadSource(string) ([]byte, error) { return nil, f.err }
func (f *fakeBackend) Fixes(found []engine.Found) *engine.Fixes {
	return &engine.Fixes{Edits: make([][]engine.Edit, len(found)), Refused: make([]*diag.Error, len(found))}
}
func (f *fakeBackend) Apply(changes []engine.Change) ([]engine.Change, error) { return changes, f.err }
func (f *fakeBackend) StarlarkFiles(label.Patterns) ([]string, error)         { return nil, f.err }
func (f *fakeBackend) Format([]string) ([]engine.Change, error)               { return nil, f.err }
func (f *fakeBackend) Bump(context.Context, rules.BumpRequest) (rules.BumpResult, error) {
	return rules.BumpResult{}, f.err
}
func (f *fakeBackend) Complete(prefix, _ string) ([]string, error) {
	var out []string
	for _, l := range f.labels {
		if strings.HasPrefix(l, prefix) {
			out = append(out, l)
		}
	}
	return out, nil
}
func (f *fakeBackend) Docs() (engine.Docs, error) { return f.docs, nil }
func (f *fakeBackend) Pin(_ context.Context, patterns label.Patterns, _ string) (rules.PinResult, error) {
	f.patterns = patterns
	return rules.PinResult{}, f.err
}
func (f *fakeBackend) Lock(_ context.Context, target label.Label, indexURL string) (rules.LockResult, error) {
	f.target, f.indexURL = target, indexURL
	return f.lock, f.err
}
func (f *fakeBackend) CheckedIn(patterns label.Patterns) ([]rules.CheckedIn, error) {
	f.patterns = patterns
	return nil, f.err
}
func (f *fakeBackend) Regen(patterns label.Patterns, _ bool) (rules.RegenResult, error) {
	f.patterns = patterns
	return rules.RegenResult{}, f.err
}
func (f *fakeBackend) Add(context.Context, add.Request) (add.Result, error) {
	return add.Result{}, f.err
}
func (f *fakeBackend) Init() (initws.Result, error) { return initws.Result{}, f.err }
func (f *fakeBackend) Close()                       { f.closed = true }

// testRun is a command line in a workspace of its own.
type testRun struct {
	dir            string
	env            map[string]string
	backend        *fakeBackend
	stdout, stderr bytes.Buffer
	app            *app
}

// newRun makes a workspace with the given files, goes there, and has an empty home folder.
func newRun(t *testing.T, files map[string]string) *testRun {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(dir, "home")
	root := filepath.Join(dir, "ws")
	all := map[string]string{"ws/sbom.star": "", "home/x": ""}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", "")
	t.Chdir(root)
	return &testRun{dir: root, env: map[string]string{"HOME": home}, backend: &fakeBackend{}}
}

func (r *testRun) run(args ...string) int {
	r.stdout.Reset()
	r.stderr.Reset()
	r.app = &app{
		stdout: bufio.NewWriter(&r.stdout), stderr: &r.stderr, backend: r.backend,
		getenv: func(name string) string { return r.env[name] },
	}
	return r.app.run(args)
}

// want checks the exit code and the whole of stdout and stderr.
func (r *testRun) want(t *testing.T, code int, stdout, stderr string, args ...string) {
	t.Helper()
	got := r.run(args...)
	if got != code || r.stdout.String() != stdout || r.stderr.String() != stderr {
		t.Errorf("sbomctl %s\nexit %d, want %d\nstdout:\n%s\nwant:\n%s\nstderr:\n%s\nwant:\n%s",
			strings.Join(args, " "), got, code, r.stdout.String(), stdout, r.stderr.String(), stderr)
	}
}

func wantEqual[T any](t *testing.T, what string, got, want []T, eq func(a, b T) bool) {
	t.Helper()
	if !slices.EqualFunc(got, want, eq) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func wantStrings(t *testing.T, what string, got, want []string) {
	t.Helper()
	wantEqual(t, what, got, want, func(a, b string) bool { return a == b })
}
