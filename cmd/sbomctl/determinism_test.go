package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestDeterminism builds the repository's workspace in surroundings that differ in whatever an
// output might take notice of, each time with an empty cache as on another machine, and wants
// the same bytes in every file, the archives included.
func TestDeterminism(t *testing.T) {
	reference := repositoryWorkspace(t)
	reference.mustBuild("//...")
	want := reference.outputs()
	if len(want) < 40 {
		t.Fatalf("only %d outputs", len(want))
	}
	for _, c := range []struct {
		name string
		run  func(w *realWorkspace)
	}{
		{"another path", func(w *realWorkspace) {
			root := filepath.Join(t.TempDir(), "a b", "ünïcode", strings.Repeat("long", 20))
			if err := os.MkdirAll(filepath.Dir(root), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(w.root, root); err != nil {
				t.Fatal(err)
			}
			w.root = root
			w.mustBuild("//...")
		}},
		{"behind a symbolic link", func(w *realWorkspace) {
			link := filepath.Join(t.TempDir(), "link")
			if err := os.Symlink(w.root, link); err != nil {
				t.Fatal(err)
			}
			w.mustBuild("-C", link, "//...")
		}},
		{"locale and time zone", func(w *realWorkspace) {
			w.env = []string{"LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8", "TZ=Pacific/Kiritimati", "USER=somebody", "LOGNAME=somebody"}
			w.mustBuild("//...")
		}},
		{"umask", func(w *realWorkspace) {
			// A checkout under this umask has other modes, too.
			err := filepath.WalkDir(w.root, func(p string, d fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				info, err := d.Info()
				if err != nil {
					return err
				}
				return os.Chmod(p, info.Mode().Perm()&0o700)
			})
			if err != nil {
				t.Fatal(err)
			}
			c := w.command("build", "//...", "--disk_cache="+w.cache)
			c.Args = append([]string{"sh", "-c", `umask 077 && exec sbomctl "$@"`}, c.Args...)
			if c.Path, err = exec.LookPath("sh"); err != nil {
				t.Skip("there is no shell")
			}
			if out, err := c.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		}},
		{"one job", func(w *realWorkspace) { w.mustBuild("//...", "--jobs=1") }},
		{"eight jobs", func(w *realWorkspace) { w.mustBuild("//...", "--jobs=8") }},
		{"modification times", func(w *realWorkspace) { w.touchAll(); w.mustBuild("//...") }},
		{"SOURCE_DATE_EPOCH beside a declared time", func(w *realWorkspace) {
			w.env = []string{"SOURCE_DATE_EPOCH=42"}
			w.mustBuild("//...")
		}},
		{"one after the other", func(w *realWorkspace) {
			for _, target := range scattered {
				w.mustBuild(target)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := repositoryWorkspace(t)
			c.run(w)
			sameOutputs(t, c.name, w.outputs(), want)
		})
	}
	t.Run("alone", func(t *testing.T) {
		for _, name := range []string{"Python-3.14.2.tgz", "Python-3.14.2.tar.xz", "python-3.14.2.exe", "python-3.14.2-macos11.pkg"} {
			w := repositoryWorkspace(t)
			w.mustBuild("//release:" + name)
			output := "release/" + name + ".spdx.json"
			sameOutputs(t, name, w.outputs(), map[string]string{output: want[output]})
		}
	})
}

// scattered are patterns that together are //..., in an order that is not the graph's.
var scattered = []string{
	"//platforms:all", "//release/score:all",
	"//release:python-3.14.2-embed-arm64.zip", "//:macos/xz", "//release:Python-3.14.2.tgz", "//:expat", "//:base_sbom",
	"//release:python-3.14.2-macos11.pkg", "//release:files/Python-3.14.2.tar.xz", "//release:all", "//release/score:all", "//:all",
}

// TestSourceDateEpoch builds without a declared time.
func TestSourceDateEpoch(t *testing.T) {
	w := repositoryWorkspace(t)
	w.edit("BUILD.star", `    created = "2025-12-05T00:00:00Z",`+"\n", "")
	const target = "//release:python-3.14.2.exe"
	if r := w.build(target); r.code != 1 || !strings.Contains(r.stderr, "created is not set") || !strings.Contains(r.stderr, "SOURCE_DATE_EPOCH") {
		t.Errorf("without a time: exit %d\n%s", r.code, r.stderr)
	}
	for _, epoch := range []int64{0, 1, 951782400 - 1, 951782400, 951868800, 1709164800, 1764892800, 4107542400 - 1, 4107542400, 32503679999, maxEpoch} {
		w.env = []string{"SOURCE_DATE_EPOCH=" + strconv.FormatInt(epoch, 10)}
		w.mustBuild(target)
		want := fmt.Sprintf(`"created": %q`, time.Unix(epoch, 0).UTC().Format(time.RFC3339))
		if got := w.read("sbom-out/release/python-3.14.2.exe.spdx.json"); !strings.Contains(got, want) {
			t.Errorf("SOURCE_DATE_EPOCH=%d: no %s in the document", epoch, want)
		}
	}
	if r := w.mustBuild(target); len(r.executed()) > 0 {
		t.Errorf("the same time again executed %q", r.executed())
	}
}
