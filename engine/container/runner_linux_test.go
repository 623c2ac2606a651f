package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/reapi"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
	"github.com/sbomctl/sbomctl/engine/sandbox"
)

// busybox returns a static busybox and the applets that tests use, as entries of a layer.
func busybox(t testing.TB) []ocitest.Entry {
	t.Helper()
	path, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("skipped: needs a static busybox: apt-get install busybox-static")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	entries := []ocitest.Entry{{Name: "bin/"}, {Name: "tmp/"}, {Name: "bin/busybox", Body: string(b), Mode: 0o755}}
	for _, applet := range []string{"sh", "cat", "ls", "date", "id", "env", "hostname", "mkdir", "chmod", "ln", "rm", "sleep", "stat", "nproc", "sort", "cp", "touch", "mkfifo", "dd"} {
		entries = append(entries, ocitest.Entry{Name: "bin/" + applet, Link: "busybox"})
	}
	return entries
}

// fixture is a Runner over a tiny image.
type fixture struct {
	t     testing.TB
	r     *Runner
	set   *ocitest.Set
	store *cache.Disk
	notes []string
	asked atomic.Int32 // how often the image's source was wanted
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	if _, err := sandbox.Find(); err != nil {
		t.Skipf("skipped: %v", err)
	}
	set := ocitest.Index(ocitest.ImageWith("linux/"+runtime.GOARCH, func(c *v1.ConfigFile, _ *v1.Manifest) {
		c.Config.Env = []string{"PATH=/bin", "IMAGE=tiny"}
	}, ocitest.Layer(ocitest.Gzip, busybox(t)...)))
	dir := t.TempDir()
	store, err := cache.OpenDisk(dir, func(m string) { t.Log("warning:", m) })
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, set: set, store: store}
	f.r = f.another()
	return f
}

// another is a Runner as another process has it.
func (f *fixture) another() *Runner {
	return &Runner{CacheDir: f.store.Dir(), Note: func(m string) { f.notes = append(f.notes, m) }, Source: func(Image) (oci.Source, error) {
		f.asked.Add(1)
		return f.set, nil
	}}
}

// spec is a command over files, each "path=content" or "*path=content" for an executable one.
func (f *fixture) spec(script string, outputs []string, files ...string) *action.Spec {
	s := &action.Spec{Command: []string{"sh", "-c", script}, Outputs: outputs, Environment: slices.Clone(action.BaseEnvironment), Platform: []reapi.Property{
		{Name: action.PropertyArch, Value: runtime.GOARCH}, {Name: action.PropertyOS, Value: "linux"},
		{Name: action.PropertyImage, Value: "docker://example.com/tiny@" + f.set.Root.Digest.String()}, {Name: action.PropertyNetwork, Value: "off"},
	}}
	slices.SortFunc(s.Platform, func(a, b reapi.Property) int { return strings.Compare(a.Name, b.Name) })
	in := action.Input{}
	for _, file := range files {
		path, content, _ := strings.Cut(file, "=")
		plain := strings.TrimPrefix(path, "*")
		in.Files = append(in.Files, action.File{Path: plain, Executable: plain != path, Digest: cache.Of([]byte(content)), Handle: action.Inline{Bytes: []byte(content)}})
	}
	s.Inputs = []action.Input{in}
	return s
}

func with(s *action.Spec, name, value string) *action.Spec {
	s.Platform = append(s.Platform, reapi.Property{Name: name, Value: value})
	slices.SortFunc(s.Platform, func(a, b reapi.Property) int { return strings.Compare(a.Name, b.Name) })
	return s
}

// run runs a command that does its work, and returns its outputs.
func (f *fixture) run(s *action.Spec) map[string]string {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	x := &action.Executor{Store: f.store, Actions: f.store, Commands: f.r}
	r, err := x.Do(ctx, s, true)
	if err != nil {
		f.t.Fatal(err)
	}
	out := map[string]string{}
	for _, o := range r.Outputs {
		b := o.Inline
		if b == nil {
			if b, err = f.store.ReadAll(ctx, o.Digest, 1<<30); err != nil {
				f.t.Fatal(err)
			}
		}
		name := o.Name
		if o.Executable {
			name = "*" + name
		}
		out[name] = string(b)
	}
	return out
}

// fail runs a command that does not do its work, and returns the error.
func (f *fixture) fail(s *action.Spec) string {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ar, err := f.r.Run(ctx, s)
	if err == nil {
		f.t.Fatalf("no error: %+v", ar)
	}
	return err.Error()
}

// left are the names below v1/sandbox, without logs.
func (f *fixture) left() (names []string) {
	entries, _ := os.ReadDir(cache.SandboxDir(f.store.Dir()))
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), logSuffix) {
			names = append(names, e.Name())
		}
	}
	return names
}

// TestRun: what a command sees, and what comes of it.
func TestRun(t *testing.T) {
	f := newFixture(t)
	got := f.run(f.spec(`
		{ pwd; ls -1; env | sort; id -u; id -g; hostname; stat -c '%n %a %Y' *; } >seen
		mkdir -p made/deep; cp in made/deep/out; chmod 755 made/deep/out
		dd if=/dev/zero of=large bs=1024 count=20 2>/dev/null
		echo secret >closed; chmod 000 closed
		echo never seen`, []string{"closed", "large", "made/deep/out", "seen"}, "in=hello", "*prog=#!/bin/sh", "d/e=1"))
	want := `/src
d
in
prog
seen
HOME=/tmp
IMAGE=tiny
LANG=C.UTF-8
PATH=/bin
PWD=/src
SHLVL=1
SOURCE_DATE_EPOCH=315532800
TZ=UTC
1000
1000
sandbox
d 755 315532800
in 644 315532800
prog 755 315532800
`
	if seen, _, _ := strings.Cut(got["seen"], "seen 644"); seen != want {
		t.Errorf("got\n%s\nwant\n%s", got["seen"], want)
	}
	if got["closed"] != "secret\n" || got["*made/deep/out"] != "hello" || len(got["large"]) != 20<<10 {
		t.Errorf("got %q", got)
	}
	if left := f.left(); len(left) > 0 || len(f.notes) > 0 {
		t.Errorf("left %q, told %q", left, f.notes)
	}
	// Another process asks nobody for the image, and unpacks nothing.
	f.r = f.another()
	f.set.Manifests, f.set.Blobs = nil, nil
	if got := f.run(f.spec("cat in >out", []string{"out"}, "in=again")); got["out"] != "again" {
		t.Errorf("got %q", got)
	}
}

// TestWorkdir: outputs are relative to the folder that the command runs in.
func TestWorkdir(t *testing.T) {
	f := newFixture(t)
	s := f.spec("pwd >out", []string{"out"}, "sub/in=1")
	s.Dir = "sub"
	if got := f.run(s); got["out"] != "/src/sub\n" {
		t.Errorf("got %q", got)
	}
	if got := f.run(with(s, action.PropertyMount, "/opt/a b")); got["out"] != "/opt/a b/sub\n" {
		t.Errorf("got %q", got)
	}
}

// TestCancelled: who does not wait any more leaves nothing.
func TestCancelled(t *testing.T) {
	f := newFixture(t)
	f.run(f.spec("echo >out", []string{"out"}))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, err := f.r.Run(ctx, f.spec("echo begun; sleep 1000", []string{"out"}))
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left := f.left(); len(left) > 0 {
		t.Errorf("left %q", left)
	}
}

// TestTidy: what a killed process left goes when the next one begins, and what is in use or was kept for the user stays.
func TestTidy(t *testing.T) {
	f := newFixture(t)
	dir := cache.SandboxDir(f.store.Dir())
	for _, name := range []string{"1-0/tree/closed", "2-0", "kept-x"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "1-0/tree/closed"), 0); err != nil {
		t.Fatal(err)
	}
	if err := f.r.open(); err != nil {
		t.Fatal(err)
	}
	if left := f.left(); !slices.Equal(left, []string{"kept-x"}) {
		t.Errorf("left %q", left)
	}
	work, err := newWork(f.r.work)
	if err != nil {
		t.Fatal(err)
	}
	second := f.another()
	if err := second.open(); err != nil {
		t.Fatal(err)
	}
	if left := f.left(); len(left) != 3 {
		t.Errorf("left %q", left)
	}
	if err := work.remove(); err != nil {
		t.Fatal(err)
	}
}

// TestDebug: a failed command's folder is kept, and the line that is told leads into it.
func TestDebug(t *testing.T) {
	f := newFixture(t)
	f.r.Debug = true
	f.fail(f.spec("echo half >done; exit 1", []string{"out"}, "in=1"))
	if len(f.notes) != 2 || !strings.Contains(f.notes[0], "a shell in its sandbox:") {
		t.Fatalf("told %q", f.notes)
	}
	cmd := exec.Command("sh", "-c", f.notes[1])
	cmd.Stdin = strings.NewReader("cat /src/done /src/in; exit\n")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "half\n1") {
		t.Errorf("%s: %q, %v", f.notes[1], out, err)
	}
	if left := f.left(); len(left) != 1 || !strings.HasPrefix(left[0], keptPrefix) {
		t.Errorf("left %q", left)
	}
	if err := Clear(f.store.Dir()); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(cache.SandboxDir(f.store.Dir())); err != nil || len(entries) > 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}

// TestListing: what a command leaves beside its outputs.
func TestListing(t *testing.T) {
	f := newFixture(t)
	s := with(f.spec("echo 1 >out; echo 2 >other; echo 3 >in; rm gone; ln -s x link; mkdir -p d e; echo >d/f; mkfifo p; chmod 000 e; chmod 755 same",
		[]string{".list", "out"}, "in=1", "gone=2", "same=3", "d/kept=4"), action.PropertyListing, ".list")
	l, err := ParseListing([]byte(f.run(s)[".list"]))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range l.Left {
		got = append(got, fmt.Sprintf("%s %s %d %s", e.Path, e.Kind, e.Size, e.Target))
	}
	want := []string{"d/f file 1 ", "e folder 0 ", "in file 2 ", "link link 0 x", "other file 2 ", "p fifo 0 ", "same file 1 "}
	if !slices.Equal(got, want) || !slices.Equal(l.Removed, []string{"gone"}) || len(l.Changed) > 0 {
		t.Errorf("got %q, removed %q, changed %v", got, l.Removed, l.Changed)
	}
}

// TestPerturbed: a perturbed run has everything else changed, and says so.
func TestPerturbed(t *testing.T) {
	f := newFixture(t)
	const script = `{ id -u; hostname; umask; date +%Z; env | sort; nproc; stat -c '%n %Y' a b; ls -U; } >out; cat in >same; echo >left`
	s := with(with(f.spec(script, []string{".list", "out", "same"}, "in=hello", "a=1", "b=2"), action.PropertyListing, ".list"), action.PropertyPerturb, "1")
	got := f.run(s)
	plain := f.run(f.spec(script, []string{"out", "same"}, "in=hello", "a=1", "b=2"))
	if got["same"] != "hello" || plain["same"] != "hello" {
		t.Errorf("got %q", got["same"])
	}
	for _, line := range []string{"4321", "perturbed", "0077", "XST", "LC_ALL=C", "SBOMCTL_PERTURBED=a variable that nobody declared", "1"} {
		if !slices.Contains(strings.Split(got["out"], "\n"), line) {
			t.Errorf("no line %q in\n%s", line, got["out"])
		}
	}
	if strings.Contains(got["out"], "a 315532800") {
		t.Errorf("times are the same:\n%s", got["out"])
	}
	l, err := ParseListing([]byte(got[".list"]))
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Left) != 1 || l.Left[0].Path != "left" || len(l.Removed) > 0 {
		t.Errorf("left %v, removed %q", l.Left, l.Removed)
	}
	seen := map[string]Effect{}
	for _, e := range l.Changed {
		seen[e.What] = e
	}
	for _, what := range []string{"clock", "time zone", "locale", "umask", "user", "host name", "environment", "order of files in folders", "processors", "times of the inputs"} {
		if e, ok := seen[what]; !ok || e.To == "" && e.Why == "" {
			t.Errorf("%s: %+v", what, e)
		}
	}
	if e := seen["clock"]; e.To != "" || !strings.Contains(e.Why, "static") && !strings.Contains(e.Why, "libfaketime") {
		t.Errorf("a static program's clock: %+v", e)
	}
	s = with(with(f.spec("echo >outt", []string{".list", "out"}), action.PropertyListing, ".list"), action.PropertyPerturb, "1")
	if got := f.fail(s); !strings.Contains(got, "was not made\n  hint: this is the perturbed run") || !strings.Contains(got, "it made outt") {
		t.Errorf("got %s", got)
	}
	// What is declared is not changed.
	s = with(with(f.spec("echo $TZ $LC_ALL >out", []string{".list", "out"}), action.PropertyListing, ".list"), action.PropertyPerturb, "1")
	s.Environment = []reapi.Property{{Name: "LC_ALL", Value: "POSIX"}, {Name: "TZ", Value: "EST5"}}
	if got := f.run(s); got["out"] != "EST5 POSIX\n" || !strings.Contains(got[".list"], "TZ is declared") {
		t.Errorf("got %q", got)
	}
}

// TestDamagedRoot: an image that is not what its digest says is not run.
func TestDamagedRoot(t *testing.T) {
	f := newFixture(t)
	f.set.Flip(firstLayer(t, f.set))
	if got := f.fail(f.spec(":", []string{"out"})); !strings.Contains(got, "example.com/tiny") {
		t.Errorf("got %s", got)
	}
	f.set.Remove(f.set.Root.Digest)
	f.r = f.another()
	f.r.CacheDir = t.TempDir()
	if got := f.fail(f.spec(":", []string{"out"})); !strings.Contains(got, f.set.Root.Digest.String()) {
		t.Errorf("got %s", got)
	}
}

func firstLayer(t *testing.T, set *ocitest.Set) v1.Hash {
	_, m, err := oci.Find(context.Background(), set, set.Root.Digest, oci.HostPlatform())
	if err != nil {
		t.Fatal(err)
	}
	return m.Layers[0].Digest
}

// TestParallel: commands that begin at once unpack their image once, and each has a folder of its own.
func TestParallel(t *testing.T) {
	f := newFixture(t)
	errs := make(chan error)
	const n = 6
	for i := range n {
		go func() {
			ar, err := f.r.Run(context.Background(), f.spec(fmt.Sprintf("cat in >out; echo %d >>out", i), []string{"out"}, "in=a"))
			if err == nil && string(ar.OutputFiles[0].Contents) != fmt.Sprintf("a%d\n", i) {
				err = fmt.Errorf("command %d made %q", i, ar.OutputFiles[0].Contents)
			}
			errs <- err
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if left := f.left(); len(left) > 0 || len(f.notes) > 0 {
		t.Errorf("left %q, told %q", left, f.notes)
	}
}

// TestKilled: the folder of a process that was killed goes when the next one runs a command.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("CONTAINER_TEST_CACHE"); dir != "" { // the process that is killed
		f := newFixture(t)
		f.r.CacheDir = dir
		_, _ = f.r.Run(context.Background(), f.spec("echo begun >begun; sleep 1000", []string{"out"}))
		return
	}
	f := newFixture(t)
	f.run(f.spec("echo >out", []string{"out"}))
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), "CONTAINER_TEST_CACHE="+f.store.Dir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	begun := func() bool {
		found, _ := filepath.Glob(filepath.Join(cache.SandboxDir(f.store.Dir()), "*", treeName, "begun"))
		return len(found) > 0
	}
	for deadline := time.Now().Add(time.Minute); !begun(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			cmd.Process.Kill()
			cmd.Wait()
			t.Fatal("the command did not begin")
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	if left := f.left(); len(left) == 0 {
		t.Error("nothing was left, so nothing is shown")
	}
	f.r = f.another()
	f.run(f.spec("echo >out", []string{"out"}))
	if left := f.left(); len(left) > 0 {
		t.Errorf("left %q", left)
	}
}
