package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestOutputs does to the files in sbom-out what people and programs do to them, and wants them
// back as they were: with no action executed, and with no file rewritten that was right.
func TestOutputs(t *testing.T) {
	w := repositoryWorkspace(t)
	w.mustBuild("//...")
	want := w.outputs()
	const name = "sbom-out/release/python-3.14.2.exe.spdx.json"
	for _, c := range []struct {
		name   string
		damage func(path string) error
	}{
		{"deleted", os.Remove},
		{"edited", func(p string) error { return os.WriteFile(p, []byte("{}"), 0o666) }},
		{"edited, of the same size and modification time", func(p string) error {
			info, err := os.Stat(p)
			if err != nil {
				return err
			}
			if err := os.WriteFile(p, []byte(strings.Repeat("x", int(info.Size()))), 0o666); err != nil {
				return err
			}
			return os.Chtimes(p, info.ModTime(), info.ModTime())
		}},
		{"truncated", func(p string) error { return os.Truncate(p, 10) }},
		{"replaced by a symbolic link", func(p string) error {
			if err := os.Remove(p); err != nil {
				return err
			}
			return os.Symlink(w.path("BUILD.star"), p)
		}},
		{"replaced by a symbolic link to the same bytes", func(p string) error {
			if err := os.Rename(p, w.path("copy")); err != nil {
				return err
			}
			return os.Symlink(w.path("copy"), p)
		}},
		{"gone with its folder", func(p string) error { return os.RemoveAll(filepath.Dir(p)) }},
		{"gone with everything", func(string) error { return os.RemoveAll(w.path(outDirName)) }},
		{"read-only", func(p string) error {
			if err := os.WriteFile(p, []byte("x"), 0o666); err != nil {
				return err
			}
			return os.Chmod(p, 0o444)
		}},
	} {
		build := w.read("BUILD.star")
		if err := c.damage(w.path(name)); err != nil {
			t.Fatal(err)
		}
		if executed := w.mustBuild("//...").executed(); len(executed) > 0 {
			t.Errorf("%s: executed %q", c.name, executed)
		}
		sameOutputs(t, c.name, w.outputs(), want)
		if w.read("BUILD.star") != build {
			t.Fatalf("%s: written through the link", c.name)
		}
		if info, err := os.Lstat(w.path(name)); err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o600 != 0o600 {
			t.Errorf("%s: %v, %v", c.name, info, err)
		}
	}
	// In the way is a folder, which may have in it what somebody needs.
	if err := os.Remove(w.path(name)); err != nil {
		t.Fatal(err)
	}
	w.write(name+"/mine", "")
	if r := w.build("//..."); r.code != 1 || !strings.Contains(r.stderr, name) || !strings.Contains(r.stderr, "there is a folder in its place") {
		t.Errorf("a folder in the way: exit %d\n%s", r.code, r.stderr)
	}
	if err := os.RemoveAll(w.path(name)); err != nil {
		t.Fatal(err)
	}
	w.mustBuild("//...")
	sameOutputs(t, "a folder in the way", w.outputs(), want)
}

// TestOutputsStay builds again in several ways that yield the same bytes: no output is written.
func TestOutputsStay(t *testing.T) {
	w := repositoryWorkspace(t)
	w.mustBuild("//...")
	names := make([]string, 0, 64)
	var before []os.FileInfo
	past := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for name := range w.outputs() {
		path := w.path("sbom-out/" + name)
		if err := os.Chtimes(path, past, past); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		names, before = append(names, path), append(before, info)
	}
	for _, c := range []struct {
		name string
		edit func()
		ran  bool
	}{
		{"nothing", func() {}, false},
		{"comment", func() { w.append("BUILD.star", "# comment\n") }, false},
		// Every action runs, the bytes are the same.
		{"empty cache", func() {
			if err := os.RemoveAll(w.cache); err != nil {
				t.Fatal(err)
			}
		}, true},
		// The base SBOM does not list this file, the archives hold it, and their SBOMs do.
		{"undone", func() {
			const name = "testdata/cpython/Lib/os.py"
			text := w.read(name)
			w.write(name, text+"#\n")
			w.mustBuild("//:all")
			w.write(name, text)
		}, false},
	} {
		c.edit()
		r := w.mustBuild("//...")
		if ran := len(r.executed()) > 0; ran != c.ran {
			t.Errorf("%s: executed %q", c.name, r.executed())
		}
		for _, e := range r.events {
			if e.Type == "outputReady" && e.Written {
				t.Errorf("%s: %s is said to be written", c.name, e.Path)
			}
		}
		for i, path := range names {
			if info, err := os.Stat(path); err != nil || !os.SameFile(info, before[i]) || !info.ModTime().Equal(past) {
				t.Errorf("%s: %s was written", c.name, path)
			}
		}
	}
}

// TestHalfWrittenOutput puts into sbom-out what a build that was killed while it wrote an output
// leaves there. The next build that writes into the folder removes it; a temporary file of
// another machine stays.
func TestHalfWrittenOutput(t *testing.T) {
	w := repositoryWorkspace(t)
	const name = "sbom-out/release/python-3.14.2.exe.spdx.json"
	c := w.command("build", "--disk_cache="+w.cache, "//release:python-3.14.2.exe")
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	want := w.outputs()
	// The name is cache.createTemp's.
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	namespace, _ := os.Readlink("/proc/self/ns/pid")
	sum := sha256.Sum256([]byte(host + "\x00" + namespace))
	w.write(fmt.Sprintf("sbom-out/release/.sbomctl-%x-%d-1", sum[:4], c.Process.Pid), "half")
	if err := os.Remove(w.path(name)); err != nil {
		t.Fatal(err)
	}
	w.mustBuild("//release:python-3.14.2.exe")
	sameOutputs(t, "after a killed build", w.outputs(), want)
	other := fmt.Sprintf("release/.sbomctl-%x-%d-1", sum[4:8], c.Process.Pid)
	w.write("sbom-out/"+other, "half")
	if err := os.Remove(w.path(name)); err != nil {
		t.Fatal(err)
	}
	w.mustBuild("//release:python-3.14.2.exe")
	want[other] = "half"
	sameOutputs(t, "beside another machine", w.outputs(), want)
}
