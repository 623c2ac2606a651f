package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/engine/outdir"
)

// realWorkspace is a workspace on disk with a home and a cache of its own, built with the real
// command in a process of its own.
type realWorkspace struct {
	testing.TB
	root  string
	cache string
	env   []string // beside the bare minimum
}

// repository is the root of this repository, which is a workspace itself.
const repository = "../.."

// distdir returns the folder with the real CPython 3.13.5, or skips the test.
func distdir(t testing.TB) string {
	dir := os.Getenv("SBOMCTL_DISTDIR")
	if dir == "" {
		t.Skip("SBOMCTL_DISTDIR does not name a folder with Python-3.13.5.tar.xz")
	}
	return dir
}

// emptyWorkspace returns a workspace with nothing in it.
func emptyWorkspace(t testing.TB) *realWorkspace {
	w := &realWorkspace{TB: t, root: filepath.Join(t.TempDir(), "ws"), cache: filepath.Join(t.TempDir(), "cache")}
	w.write("sbom.star", "")
	return w
}

// repositoryWorkspace returns a copy of the repository's root workspace, which is shaped like a
// release of CPython: source archives built from a tree, installers of Windows and macOS.
func repositoryWorkspace(t testing.TB) *realWorkspace {
	w := emptyWorkspace(t)
	for _, name := range []string{"BUILD.star", "sbom.star", "pip.lock.json", "release", "platforms", "testdata/cpython", "testdata/artifacts"} {
		copyTree(t, filepath.Join(repository, name), w.path(name))
	}
	return w
}

func (w *realWorkspace) path(name string) string {
	return filepath.Join(w.root, filepath.FromSlash(name))
}

func (w *realWorkspace) write(name, text string) {
	w.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o777); err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), []byte(text), 0o666); err != nil {
		w.Fatal(err)
	}
}

func (w *realWorkspace) read(name string) string {
	w.Helper()
	b, err := os.ReadFile(w.path(name))
	if err != nil {
		w.Fatal(err)
	}
	return string(b)
}

// edit replaces the only occurrence of old in a file.
func (w *realWorkspace) edit(name, old, new string) {
	w.Helper()
	text := w.read(name)
	if n := strings.Count(text, old); n != 1 {
		w.Fatalf("%s has %q %d times, expected once", name, old, n)
	}
	w.write(name, strings.Replace(text, old, new, 1))
}

// command is sbomctl in the workspace's root.
func (w *realWorkspace) command(args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(w.Context(), 2*time.Minute) // one that waits for ever is found out
	w.Cleanup(cancel)
	c := exec.CommandContext(ctx, "sbomctl", args...)
	c.Dir = w.root
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(w.root, "..", "home"), "GORACE=atexit_sleep_ms=0"}
	if dir := os.Getenv("GOCOVERDIR"); dir != "" {
		c.Env = append(c.Env, "GOCOVERDIR="+dir)
	}
	c.Env = append(c.Env, w.env...)
	return c
}

// result is what a build said.
type result struct {
	code           int
	stdout, stderr string
	events         []buildEvent
}

// buildEvent is a line of --build_event_json_file, as far as the tests read it.
type buildEvent struct {
	Type, Kind, Name, Label, Outcome, Message, Path string
	Written                                         bool
	Reasons                                         []struct{ Cause, Name string }
}

// build runs `sbomctl build` with the workspace's cache. flags may be any arguments.
func (w *realWorkspace) build(args ...string) result {
	w.Helper()
	file := filepath.Join(w.TempDir(), "events.json")
	r := w.run(append([]string{"build", "--disk_cache=" + w.cache, "--build_event_json_file=" + file}, args...)...)
	f, err := os.Open(file)
	if err != nil {
		return r // a mistake on the command line
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e buildEvent
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			w.Fatalf("--build_event_json_file: %v in %s", err, lines.Text())
		}
		r.events = append(r.events, e)
	}
	return r
}

// run runs sbomctl.
func (w *realWorkspace) run(args ...string) result {
	w.Helper()
	c := w.command(args...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		w.Fatal(err)
	}
	return result{code: c.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
}

// mustBuild is build of what has to succeed.
func (w *realWorkspace) mustBuild(args ...string) result {
	w.Helper()
	r := w.build(args...)
	if r.code != 0 {
		w.Fatalf("sbomctl build %s: exit %d\n%s", strings.Join(args, " "), r.code, r.stderr)
	}
	return r
}

// executed returns the actions, validations and archive indexes that were executed, not found in
// the cache, as "label mnemonic"; sorted.
func (r result) executed() []string {
	out := []string{}
	for _, e := range r.events {
		if e.Type == "nodeFinished" && e.Outcome == "ran" && slices.Contains([]string{"action", "validation", "index"}, e.Kind) {
			out = append(out, e.Name)
		}
	}
	slices.Sort(out)
	return out
}

// warnings returns the messages of the warnings.
func (r result) warnings() []string {
	var out []string
	for _, e := range r.events {
		if e.Type == "warning" {
			out = append(out, e.Message)
		}
	}
	return out
}

// outputs returns the files in sbom-out by their paths, without the record of what was placed.
func (w *realWorkspace) outputs() map[string]string {
	w.Helper()
	out := filesBelow(w, w.path(outDirName))
	maps.DeleteFunc(out, func(name, _ string) bool { return outdir.Reserved(name) })
	return out
}

// filesBelow returns the bytes of the files below a folder, if there is one, by their paths.
func filesBelow(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		out[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sameOutputs reports where got differs from want.
func sameOutputs(t testing.TB, what string, got, want map[string]string) {
	t.Helper()
	for name, text := range want {
		if g, ok := got[name]; !ok {
			t.Errorf("%s: %s is missing", what, name)
		} else if g != text {
			t.Errorf("%s: %s has other bytes", what, name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %s should not be there", what, name)
		}
	}
}

// copyTree copies a file or folder, but for the outputs in it.
func copyTree(t testing.TB, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, p)
		if err != nil {
			return err
		}
		dest := filepath.Join(to, rel)
		switch {
		case d.IsDir() && d.Name() == outDirName:
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(dest, 0o777)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(dest), 0o777); err != nil {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return os.WriteFile(dest, b, info.Mode().Perm())
	})
	if err != nil {
		t.Fatal(err)
	}
}
