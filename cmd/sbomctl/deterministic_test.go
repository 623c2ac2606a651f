package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/container"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/rules/reproduce"
)

// ran gathers the actions that were executed.
type ranNames struct{ names []string }

func (r *ranNames) Handle(e event.Event) {
	if f, ok := e.(event.NodeFinished); ok && f.Outcome == event.Ran && f.Key != "" {
		r.names = append(r.names, f.Name)
	}
}

// TestDeterministic: a command is run twice, the second time perturbed, when its group is asked for; what depends on where and when it was
// made is found, and what could not be changed is said.
func TestDeterministic(t *testing.T) {
	if !canContain() {
		t.Skip("skipped: needs bubblewrap, and busybox-static of Debian")
	}
	root, cacheDir := t.TempDir(), t.TempDir()
	digest, err := tinyImage(filepath.Join(root, "image"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("sbom.star", "")
	write("in", "hello\n")
	write("BUILD.star", strings.ReplaceAll(`load("@sbomctl//:rules.star", "container_image", "container_run")
container_image(name = "image", repository = "example.invalid/image", tag = "1", digest = "DIGEST", oci_layout = "image")
container_run(name = "good", image = ":image", command = ["sh", "-c", "tr a-z A-Z <in >out"], srcs = ["in"], outs = ["out"])
container_run(name = "bad", image = ":image", command = ["sh", "-c", "{ cat in; id -u; } >out; date +%Z >left"], srcs = ["in"], outs = ["out"])
container_run(name = "mode", image = ":image", command = ["sh", "-c", "echo >out; case $(umask) in *22) chmod +x out;; esac"], outs = ["out"])
container_run(name = "online", image = ":image", command = ["sh", "-c", "id -u >out"], outs = ["out"], network = True)
`, "DIGEST", digest))
	check := func(groups ...string) ([]string, []string) {
		t.Helper()
		ran := &ranNames{}
		w, err := engineBackend{}.Open(context.Background(), options{
			Options:   engine.Options{Root: root, CacheDir: cacheDir, KeepGoing: true, Events: event.NewStream(ran)},
			Container: containerValues{runtime: string(container.Bubblewrap)}, Offline: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		p, err := label.ParsePatterns([]string{"//..."}, "")
		if err != nil {
			t.Fatal(err)
		}
		r, err := w.Check(p, groups...)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, f := range r.Findings {
			if f.Rule == reproduce.PerturbedID && f.Label != "//:good" {
				continue // as of the others
			}
			lines = append(lines, f.Severity.String()+" "+f.Finding.Diagnostic().Error())
		}
		slices.Sort(ran.names)
		return lines, ran.names
	}
	lines, ran := check()
	if want := []string{"//:bad Run", "//:good Run", "//:image References", "//:image Write", "//:mode Run", "//:online Run"}; !slices.Equal(ran, want) {
		t.Errorf("ran %q, want %q", ran, want)
	}
	if len(lines) != 1 || !strings.Contains(lines[0], "may use the network") {
		t.Errorf("found %q", lines)
	}
	lines, ran = check(reproduce.Group)
	if len(ran) != 9 {
		t.Errorf("ran %q", ran)
	}
	all := strings.Join(lines, "\n")
	for _, want := range []string{
		"error //:bad: two runs of the command make different things: out: a line removed, a line added\n  hint: --- run/out\n  hint: +++ perturbed/out\n  hint: @@ -1,2 +1,2 @@\n  hint:  hello\n  hint: -1000\n  hint: +4321",
		"note //:bad: a file beside the outputs differs between two runs of the command\n  hint: left",
		"error //:mode: two runs of the command make different things: out is executable in one of them only",
		"note //:good: the command ran twice under the same clock: ",
		"note //:good: the command ran twice, the second time with another time zone (XST-13:45), locale (C; ",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("found\n%s\nand not %q", all, want)
		}
	}
	if strings.Contains(all, "error //:good") || strings.Contains(all, "//:online: two") {
		t.Errorf("found\n%s", all)
	}
	again, ran := check(reproduce.Group)
	if len(ran) > 0 || !slices.Equal(again, lines) {
		t.Errorf("ran %q", ran)
	}
}
