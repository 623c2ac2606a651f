package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules"
)

func TestBuild(t *testing.T) {
	r := newRun(t, map[string]string{"ws/release/x": ""})
	r.backend.events = []event.Event{
		event.NodeFinished{ID: 1, Kind: "package", Name: "//release", Reason: &event.Reason{}},
		event.NodeFinished{ID: 2, Key: "k", Kind: "action", Name: "Spdx //:base", Label: "//:base", Reason: &event.Reason{Cause: event.Attribute, Name: "version", Old: "1", New: "2"}},
		event.NodeFinished{ID: 3, Key: "k", Kind: "action", Name: "Spdx //:c", Label: "//:c", Outcome: event.Cached, Reason: &event.Reason{}},
		event.BuildFinished{Ran: 1, Cached: 1, UpToDate: 4, Elapsed: 20 * time.Millisecond},
	}
	r.backend.outputs = []engine.Output{{Label: "//:base", Path: "sbom-out/base.spdx.json"}, {Label: "//release:a", Path: "sbom-out/release/a.spdx.json"}}
	r.want(t, 0, "../sbom-out/base.spdx.json\n../sbom-out/release/a.spdx.json\n",
		"sbomctl: ran //:base (Spdx): attribute version changed \"1\" -> \"2\"\nsbomctl: 1 ran, 1 from the cache, 4 up to date, 0.02 s\n",
		"-C", "release", "build", "//...", "-//:x", "-:y", "--", "-//z")
	var patterns []string
	for _, p := range r.backend.patterns {
		patterns = append(patterns, p.String())
	}
	wantStrings(t, "patterns", patterns, []string{"//...", "-//:x", "-//release:y", "-//z:z"})
	o := r.backend.opened
	if o.Root != r.dir || r.app.cwdPkg != "release" || o.OutDir != "sbom-out" || o.Jobs != runtime.GOMAXPROCS(0) ||
		o.CacheDir != "" || o.SkipValidation || o.KeepGoing || len(o.Values) != 0 {
		t.Errorf("options %+v", o)
	}
	if !r.backend.closed {
		t.Error("the workspace was not closed")
	}
}

func TestBuildFails(t *testing.T) {
	r := newRun(t, nil)
	r.backend.err = diag.List{&diag.Error{Label: "//:a", Msg: "wrong"}, &diag.Error{Label: "//:b", Msg: "wrong too", Hints: []string{"fix it"}}}
	r.backend.outputs = []engine.Output{{Label: "//:c", Path: "sbom-out/c"}}
	r.backend.events = []event.Event{event.BuildFinished{Failed: 2, Err: errors.New("x")}}
	r.want(t, 1, "sbom-out/c\n", "sbomctl: error: //:a: wrong\nsbomctl: error: //:b: wrong too\nsbomctl: hint: fix it\nsbomctl: build failed: 0 ran, 2 failed, 0 up to date, 0.00 s\n", "build", "//...")
}

func TestBuildFlags(t *testing.T) {
	r := newRun(t, map[string]string{"ws/tree/x": "", "home/t.tgz": ""})
	r.env["SOURCE_DATE_EPOCH"] = "0042"
	if code := r.run("build", "//...", "--override=//:cpython=tree", "--override", "//:b=~/t.tgz", "--disk-cache=c", "-kj2", "--norun_validations=no"); code != 0 {
		t.Fatal(r.stderr.String())
	}
	o := r.backend.opened
	if !slices.Equal(o.Overrides, []engine.Override{
		{Label: label.Label{Name: "cpython"}, Path: filepath.Join(r.dir, "tree")},
		{Label: label.Label{Name: "b"}, Path: filepath.Join(r.env["HOME"], "t.tgz")},
	}) ||
		o.CacheDir != filepath.Join(r.dir, "c") || !o.KeepGoing || o.Jobs != 2 || o.SkipValidation || o.Values["source_date_epoch"] != "42" {
		t.Errorf("options %+v", o)
	}
	for _, c := range []struct{ epoch, flag, want string }{
		{"x", "-k", `the environment variable SOURCE_DATE_EPOCH is "x", not a number of seconds since 1970`},
		{"-1", "-k", `the environment variable SOURCE_DATE_EPOCH is "-1", not a number of seconds since 1970`},
		{"253402300800", "-k", `the environment variable SOURCE_DATE_EPOCH is "253402300800", not a number of seconds since 1970`},
		{"", "--override=x", "--override \"x\" is not LABEL=PATH\nsbomctl: hint: for example --override=//:cpython=../cpython"},
		{"", "--override=//:a=none", `--override of //:a: cannot find "none": no such file or directory`},
		{"", "--distdir=none", `--distdir "none" is not a folder`},
		{"", "--explain=none/x", `cannot create the file of --explain "none/x": no such file or directory`},
	} {
		r.env["SOURCE_DATE_EPOCH"] = c.epoch
		r.want(t, 2, "", "sbomctl: error: "+c.want+"\n", "build", "//...", c.flag)
	}
}

func TestBuildRecords(t *testing.T) {
	r := newRun(t, nil)
	r.backend.events = []event.Event{
		event.BuildStarted{Command: "build"},
		event.NodeFinished{ID: 2, Key: "k", Kind: "action", Name: "Spdx //:base", Label: "//:base", Reason: &event.Reason{}},
	}
	if code := r.run("build", "//...", "--explain=e.txt", "--profile=p.json", "--build_event_json_file=b.json"); code != 0 {
		t.Fatal(r.stderr.String())
	}
	for name, part := range map[string]string{"e.txt": "ran action //:base (Spdx): not built before", "p.json": `"traceEvents":[`, "b.json": `{"type":"buildStarted"`} {
		if text, err := os.ReadFile(name); err != nil || !strings.Contains(string(text), part) {
			t.Errorf("%s: %s, %v", name, text, err)
		}
	}
	if _, err := os.Stat("/dev/full"); err == nil {
		r.want(t, 1, "", "sbomctl: ran //:base (Spdx) for the first time\nsbomctl: error: cannot write the file of --explain: no space left on device\n", "build", "//...", "--explain=/dev/full")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, &os.PathError{Err: syscall.EPIPE} }

func TestStdoutFails(t *testing.T) {
	r := newRun(t, nil)
	r.backend.outputs = []engine.Output{{Label: "//:c", Path: "sbom-out/c"}}
	for _, args := range [][]string{{"build", "//..."}, {"version"}} {
		a := &app{stdout: bufio.NewWriter(brokenPipe{}), stderr: &r.stderr, backend: r.backend, getenv: func(string) string { return "" }}
		r.stderr.Reset()
		if code := a.run(args); code != 1 || r.stderr.String() != "sbomctl: error: cannot write standard output: broken pipe\n" {
			t.Errorf("%v: exit %d, %s", args, code, r.stderr.String())
		}
	}
}

func TestInterrupt(t *testing.T) {
	r := newRun(t, nil)
	r.backend.onBuild = func(ctx context.Context) {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			t.Error(err)
		}
		<-ctx.Done()
	}
	r.backend.err = diag.List{context.Canceled}
	r.want(t, 8, "", "sbomctl: interrupted; waiting for what runs, once more to stop at once\n", "build", "//...")
}

func TestSecondInterrupt(t *testing.T) {
	var out strings.Builder
	a := &app{ui: newUI(&out)}
	codes := make(chan int, 1)
	exit = func(code int) { codes <- code }
	defer func() { exit = os.Exit }()
	ch := make(chan os.Signal, 2)
	ctx, stop := a.interruptible(context.Background(), ch)
	defer stop()
	ch <- os.Interrupt
	<-ctx.Done()
	ch <- os.Interrupt
	if code := <-codes; code != 8 {
		t.Errorf("exit %d", code)
	}
}

func TestLock(t *testing.T) {
	r := newRun(t, nil)
	r.backend.lock = rules.LockResult{Path: "pip.lock.json", Written: true, Changes: []string{"certifi 2025.1.31: url is new"}}
	r.want(t, 0, "pip.lock.json\n", "sbomctl: certifi 2025.1.31: url is new\nsbomctl: wrote pip.lock.json\n", "lock", "//:pip", "--index-url=http://localhost:1/")
	if r.backend.target.String() != "//:pip" || r.backend.indexURL != "http://localhost:1" {
		t.Errorf("%+v", r.backend)
	}
	r.backend.lock = rules.LockResult{Path: "pip.lock.json"}
	r.want(t, 0, "pip.lock.json\n", "sbomctl: pip.lock.json is up to date\n", "lock", "//:pip")
	if r.backend.indexURL != "https://pypi.org" {
		t.Errorf("index %q", r.backend.indexURL)
	}
	r.want(t, 2, "", "sbomctl: error: lock takes one target\nsbomctl: hint: for example sbomctl lock //:pip\n", "lock")
	r.want(t, 2, "", "sbomctl: error: invalid value \"ftp://x\" for --index_url: expected a URL that starts with https:// or http://\nsbomctl: hint: sbomctl help lock lists the flags\n", "lock", "//:pip", "--index_url=ftp://x")
}

func TestClean(t *testing.T) {
	r := newRun(t, nil)
	r.backend.outDir = true
	r.want(t, 0, "", "sbomctl: removed sbom-out\n", "clean")
	if r.backend.expunged {
		t.Error("too much is gone")
	}
	r.backend.outDir = false
	r.want(t, 0, "", "sbomctl: there is no sbom-out\nsbomctl: removed the workspace's state\n", "clean", "--expunge")
	if !r.backend.expunged {
		t.Error("the state is still there")
	}
	r.want(t, 2, "", "sbomctl: error: clean takes no targets, not \"//x\"\n", "clean", "//x")
}

func TestRuleHelp(t *testing.T) {
	r := newRun(t, nil)
	r.backend.docs.Rules = []star.RuleDoc{{Name: "vendored_package", Doc: "A library.\n", Attrs: []star.AttrDoc{
		{Name: "version", Type: "string", Mandatory: true, Doc: "What the\n  tree has."},
		{Name: "kind", Type: "string", Default: `"a"`, Values: []string{`"a"`, `"b"`}},
	}}}
	r.want(t, 0, `vendored_package

A library.

Attributes:
  version (string, mandatory)
      What the tree has.
  kind (string, default "a")
      One of "a", "b".
`, "", "help", "vendored_package")
	r.want(t, 2, "", "sbomctl: error: \"vendored_pakage\" is neither a command nor a name that is documented; did you mean \"vendored_package\"?\nsbomctl: hint: sbomctl help lists them\n", "help", "vendored_pakage")
}

func TestCompleteLabels(t *testing.T) {
	r := newRun(t, nil)
	r.backend.labels = []string{"//:a", "//:ab", "//b", "//pkg/"}
	for _, c := range []struct {
		word, want string
	}{
		{"//:", "//:a\n//:ab\n:4\n"},
		{"-//:ab", "-//:ab\n:4\n"},
		{"//p", "//pkg/\n:6\n"},
		{"//z", ":4\n"},
	} {
		if code := r.run("__complete", "build", c.word); code != 0 || r.stdout.String() != c.want {
			t.Errorf("%s: exit %d, %q, want %q", c.word, code, r.stdout.String(), c.want)
		}
	}
}
