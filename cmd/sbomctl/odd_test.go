//go:build unix

package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// oddThings are what may lie in the place of a file or folder of the cache, which is removed
// first. victim is a folder outside the cache with a file "precious" in it.
var oddThings = []struct {
	name string
	make func(path, victim string) error
}{
	{"nothing", func(string, string) error { return nil }},
	{"an empty file", func(p, _ string) error { return os.WriteFile(p, nil, 0o666) }},
	{"foreign bytes", func(p, _ string) error { return os.WriteFile(p, []byte("hello\n"), 0o666) }},
	{"zeroes", func(p, _ string) error { return os.WriteFile(p, make([]byte, 5000), 0o666) }},
	{"a folder", func(p, _ string) error { return os.MkdirAll(filepath.Join(p, "x"), 0o777) }},
	{"a fifo", func(p, _ string) error { return syscall.Mkfifo(p, 0o666) }},
	{"a link to a file", func(p, v string) error { return os.Symlink(filepath.Join(v, "precious"), p) }},
	{"a link to a folder", func(p, v string) error { return os.Symlink(v, p) }},
	{"a hard link", func(p, v string) error { return os.Link(filepath.Join(v, "precious"), p) }},
	{"a dangling link", func(p, v string) error { return os.Symlink(filepath.Join(v, "nowhere"), p) }},
	{"a link to a device", func(p, _ string) error { return os.Symlink("/dev/zero", p) }},
	{"an unreadable file", func(p, _ string) error { return os.WriteFile(p, []byte("x"), 0) }},
}

// oddPlaces are the files and folders of a cache, those of one kind together.
var oddPlaces = []string{
	"CACHEDIR.TAG", "v1", "v1/tmp", "v1/cas", "v1/cas/*", "v1/cas/*/*", "v1/ac", "v1/ac/*", "v1/ac/*/*",
	"v1/workspaces", "v1/workspaces/*", "v1/workspaces/*/journal", "v1/workspaces/*/journal.new", "v1/workspaces/*/lock",
}

// TestOddThings puts each of them in the place of each file and folder of the cache. The next
// build is right, the one after that finds all mended, and what links lead to stays as it was.
func TestOddThings(t *testing.T) {
	w := emptyWorkspace(t)
	w.write("BUILD.star", `load("@sbomctl//:rules.star", "source_tree", "vendored_package")
source_tree(name = "t", path = "src")
vendored_package(name = "v", version = "1", tree = ":t", srcs = ["*.c"])
`)
	for i := range 60 { // so many that the document is a blob of its own
		w.write(fmt.Sprintf("src/f%d.c", i), "x")
	}
	var want [2]map[string]string
	for i := range want {
		w.write("src/f0.c", fmt.Sprint(i))
		w.mustBuild("//...")
		want[i] = w.outputs()
	}
	victim := t.TempDir()
	if err := os.WriteFile(filepath.Join(victim, "precious"), []byte("precious"), 0o640); err != nil {
		t.Fatal(err)
	}
	before := describe(t, victim)
	version := 1
	for _, place := range oddPlaces {
		for _, odd := range oddThings {
			what := odd.name + " at " + place
			name, isNew := strings.CutSuffix(place, ".new")
			paths := glob(t, filepath.Join(w.cache, name))
			for _, path := range paths {
				if isNew {
					path += ".new"
				}
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
				if err := odd.make(path, victim); err != nil {
					t.Fatal(what, err)
				}
			}
			if err := os.RemoveAll(w.path(outDirName)); err != nil {
				t.Fatal(err)
			}
			version = 1 - version
			w.write("src/f0.c", fmt.Sprint(version))
			r := w.build("//...")
			if r.code != 0 {
				t.Fatalf("%s: exit %d\n%s", what, r.code, r.stderr)
			}
			wantWarnings(t, what, r, len(paths)+1)
			sameOutputs(t, what, w.outputs(), want[version])
			if again := w.mustBuild("//..."); len(again.executed()) > 0 || len(again.warnings()) > 0 {
				t.Errorf("%s: built again, executed %q, warned %q", what, again.executed(), again.warnings())
			}
			if after := describe(t, victim); !maps.Equal(before, after) {
				t.Fatalf("%s: a link out of the cache was followed:\n%q\n%q", what, before, after)
			}
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("there is no %s: %v", pattern, err)
	}
	return paths
}

// describe returns contents, mode and time of what is below dir.
func describe(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name, text := range filesBelow(t, dir) {
		fi, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = fmt.Sprint(fi.Mode(), fi.ModTime(), text)
	}
	return all
}
