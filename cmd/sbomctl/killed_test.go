//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// few are targets that need every kind of action, and fewer events than //...
var few = []string{"//release:Python-3.14.2.tgz", "//release:python-3.14.2-amd64.exe", "//:base_sbom"}

// watched is a build whose event file is a pipe that the test reads: it can go on only as far as
// its events are read, so the test decides where it stands.
type watched struct {
	*exec.Cmd
	events         *bufio.Reader
	stderr         *bufio.Reader
	stdout, errors bytes.Buffer
}

func (w *realWorkspace) watch(args ...string) *watched {
	w.Helper()
	fifo := filepath.Join(w.TempDir(), "events")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		w.Fatal(err)
	}
	// The pipe has an end for writing before the build opens its own, so that opening it for
	// reading does not wait.
	keep, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		w.Fatal(err)
	}
	events, err := os.Open(fifo)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { events.Close() })
	b := w.start(append(args, "--build_event_json_file="+fifo)...)
	b.events = bufio.NewReaderSize(events, 16) // reads no further than it is asked to
	if _, err := b.events.Peek(1); err != nil {
		w.Fatal(err)
	}
	keep.Close()
	return b
}

// start starts a build that does not wait for its events to be read.
func (w *realWorkspace) start(args ...string) *watched {
	w.Helper()
	b := &watched{Cmd: w.command(append([]string{"build", "--disk_cache=" + w.cache}, args...)...), events: bufio.NewReader(strings.NewReader(""))}
	b.Stdout = &b.stdout
	stderr, err := b.StderrPipe()
	if err != nil {
		w.Fatal(err)
	}
	b.stderr = bufio.NewReader(io.TeeReader(stderr, &b.errors))
	if err := b.Start(); err != nil {
		w.Fatal(err)
	}
	return b
}

// read reads n events; false when the build ended before.
func (b *watched) read(n int) bool {
	for range n {
		if _, err := b.events.ReadSlice('\n'); err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return false
		} else if err != nil {
			if _, err := b.events.ReadString('\n'); err != nil {
				return false
			}
		}
	}
	return true
}

// awaitMessage reads standard error up to a line with this text.
func (b *watched) awaitMessage(t *testing.T, text string) {
	t.Helper()
	for {
		line, err := b.stderr.ReadString('\n')
		if strings.Contains(line, text) {
			return
		}
		if err != nil {
			t.Fatalf("the build ended and did not say %q:\n%s", text, b.errors.String())
		}
	}
}

// finish lets the build go on to its end and returns its exit code, -1 when it was killed.
func (b *watched) finish() int {
	var wg sync.WaitGroup
	wg.Go(func() { io.Copy(io.Discard, b.events) })
	wg.Go(func() { io.Copy(io.Discard, b.stderr) })
	wg.Wait()
	_ = b.Wait()
	return b.ProcessState.ExitCode()
}

// wantParts checks that whatever lies in sbom-out is whole: an output that was not placed yet is
// missing or is the one of an earlier build.
func wantParts(t *testing.T, what string, got map[string]string, wants ...map[string]string) {
	t.Helper()
	for name, text := range got {
		whole := strings.Contains(name, ".sbomctl-") // a temporary file
		for _, want := range wants {
			whole = whole || want[name] == text
		}
		if !whole {
			t.Errorf("%s: %s is not whole", what, name)
		}
	}
}

// TestKilled kills builds with SIGKILL at more and more events, until one is done before; a
// build after that has the right bytes, and leaves nothing of the killed one behind.
func TestKilled(t *testing.T) {
	reference := repositoryWorkspace(t)
	reference.mustBuild(few...)
	before := reference.outputs()
	const vendored = "testdata/cpython/Modules/expat/xmlparse.c"
	reference.append(vendored, "/* x */\n")
	reference.mustBuild(few...)
	after := reference.outputs()

	kill := func(w *realWorkspace, events int) (killed bool) {
		b := w.watch(few...)
		killed = b.read(events)
		if err := b.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		return b.finish() == -1 && killed
	}
	t.Run("first build", func(t *testing.T) {
		for events := 0; ; events += 53 {
			w := repositoryWorkspace(t)
			killed := kill(w, events)
			wantParts(t, "killed", w.outputs(), before)
			w.mustBuild(few...)
			sameOutputs(t, "after", w.outputs(), before)
			if !killed {
				if events < 200 {
					t.Errorf("a build was over after %d events", events)
				}
				return
			}
		}
	})
	t.Run("later build", func(t *testing.T) {
		w := repositoryWorkspace(t)
		original := w.read(vendored)
		for events := 0; ; events += 17 {
			w.write(vendored, original)
			w.mustBuild(few...)
			sameOutputs(t, "before", w.outputs(), before)
			w.append(vendored, "/* x */\n")
			killed := kill(w, events)
			wantParts(t, "killed", w.outputs(), before, after)
			if events%2 == 0 { // else what was killed is undone, and never built
				w.mustBuild(few...)
				sameOutputs(t, "after", w.outputs(), after)
			}
			if !killed {
				return
			}
		}
	})
	t.Run("again and again", func(t *testing.T) {
		w := repositoryWorkspace(t)
		for events := 0; kill(w, events); events += 29 {
		}
		w.mustBuild(few...)
		sameOutputs(t, "after", w.outputs(), before)
	})
}

// TestInterrupted sends SIGINT: exit code 8, and a state that the next build can use.
func TestInterrupted(t *testing.T) {
	reference := repositoryWorkspace(t)
	reference.mustBuild(few...)
	want := reference.outputs()
	for _, events := range []int{1, 40, 90, 140} {
		w := repositoryWorkspace(t)
		b := w.watch(few...)
		b.read(events)
		if err := b.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		b.awaitMessage(t, "interrupted")
		if code := b.finish(); code != 8 {
			t.Errorf("after %d events: exit %d, want 8\n%s", events, code, b.errors.String())
		}
		if s := b.errors.String(); strings.Contains(s, "error:") || strings.Contains(s, "goroutine ") {
			t.Errorf("after %d events it said\n%s", events, s)
		}
		wantParts(t, "interrupted", w.outputs(), want)
		w.mustBuild(few...)
		sameOutputs(t, "after", w.outputs(), want)
	}
}

// TestTwoInOneWorkspace starts a second build while a first one is in the middle: it waits, and has
// nothing left to do.
func TestTwoInOneWorkspace(t *testing.T) {
	w := repositoryWorkspace(t)
	first := w.watch(few...)
	first.read(20)
	second, third := w.start(few...), w.start(few...)
	second.awaitMessage(t, "another sbomctl is at work in this workspace")
	third.awaitMessage(t, "another sbomctl is at work in this workspace")
	// One that waits can be interrupted.
	if err := third.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := third.finish(); code != 8 {
		t.Errorf("the interrupted one: exit %d, want 8\n%s", code, third.errors.String())
	}
	if code := first.finish(); code != 0 {
		t.Errorf("the first: exit %d\n%s", code, first.errors.String())
	}
	if code := second.finish(); code != 0 || !strings.Contains(second.errors.String(), "sbomctl: 0 ran, ") {
		t.Errorf("the second: exit %d\n%s", code, second.errors.String())
	}
	if first.stdout.String() != second.stdout.String() {
		t.Errorf("the first printed\n%s, the second\n%s", first.stdout.String(), second.stdout.String())
	}
	reference := repositoryWorkspace(t)
	reference.mustBuild(few...)
	sameOutputs(t, "two at once", w.outputs(), reference.outputs())
}

// TestSharedCache builds workspaces at once that share a cache.
func TestSharedCache(t *testing.T) {
	reference := repositoryWorkspace(t)
	reference.mustBuild(few...)
	want := reference.outputs()
	cache := filepath.Join(t.TempDir(), "cache")
	var all []*realWorkspace
	var builds []*watched
	for range 4 {
		w := repositoryWorkspace(t)
		w.cache = cache
		all = append(all, w)
		builds = append(builds, w.watch(few...)) // all of them are at their beginning now
	}
	var wg sync.WaitGroup
	for i, b := range builds {
		wg.Go(func() {
			if code := b.finish(); code != 0 || strings.Contains(b.errors.String(), "warning") {
				t.Errorf("workspace %d: exit %d\n%s", i, code, b.errors.String())
			}
		})
	}
	wg.Wait()
	for _, w := range all {
		sameOutputs(t, "shared cache", w.outputs(), want)
	}
	// One more has nothing to execute but what is not cached.
	w := repositoryWorkspace(t)
	w.cache = cache
	for _, node := range w.mustBuild(few...).executed() {
		if !strings.HasSuffix(node, " Write") {
			t.Errorf("with a full cache %s was executed", node)
		}
	}
	sameOutputs(t, "full cache", w.outputs(), want)
}
