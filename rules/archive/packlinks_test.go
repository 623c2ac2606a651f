package archive

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/action/actiontest"
)

func linkFile(path, target string) action.File {
	f := actiontest.File(path, []byte(target))
	f.Link = target
	return f
}

func folder(path string) action.File {
	f := actiontest.File(path, nil)
	f.Folder = true
	return f
}

// oddTree has a link of every kind.
func oddTree(files ...action.File) []action.File {
	return append([]action.File{
		actiontest.File("inc/h.h", []byte("x")), linkFile("include", "inc"), linkFile("inc/same.h", "./h.h"), linkFile("RelNotes", "Documentation/none.txt"),
		linkFile("up", "inc/../inc/h.h"), linkFile("deep/er/long", strings.Repeat("../", 2)+strings.Repeat("far/", 40)+"é"), linkFile(`a\b`, `c\d`),
		folder("empty"), folder("deep/empty"), actiontest.File("line\nend", nil),
	}, files...)
}

func TestPackLinks(t *testing.T) {
	want := "RelNotes@Documentation/none.txt a\\b@c\\d deep/empty/ deep/er/long@../../" + strings.Repeat("far/", 40) + "é empty/ inc/h.h inc/same.h@./h.h include@inc line\nend up@inc/../inc/h.h"
	for _, format := range []string{"tgz", "tar.xz"} {
		c := &actiontest.Call{Parameters: PackParams{Prefix: "p-1", Format: format}, Inputs: map[string][]action.File{"tree": oddTree()}}
		b := pack(t, c)
		if len(c.Findings) > 0 {
			t.Errorf("findings: %v", c.Findings)
		}
		x, data, found, err := runFound("a", b, IndexParams{})
		if err != nil || len(found) > 0 {
			t.Fatal(err, found)
		}
		checkMembers(t, x, data)
		var got []string
		for e := range x.All() {
			got = append(got, listed(e))
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s:\n got %q\nwant %q", format, got, want)
		}
		reversed := oddTree()
		slices.Reverse(reversed)
		if again := pack(t, &actiontest.Call{Parameters: c.Parameters, Inputs: map[string][]action.File{"tree": reversed}}); !bytes.Equal(again, b) {
			t.Errorf("%s: the bytes depend on the order of the members", format)
		}
	}
}

// GNU tar's word on what a member is.
func TestPackLinksByTar(t *testing.T) {
	tar, err := exec.LookPath("tar")
	if err != nil {
		t.Skip("tar is not installed")
	}
	file := filepath.Join(t.TempDir(), "p.tgz")
	c := &actiontest.Call{Parameters: PackParams{Prefix: "p-1", Format: "tgz"}, Inputs: map[string][]action.File{"tree": oddTree()}}
	if err := os.WriteFile(file, pack(t, c), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tar, "-tvzf", file)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"p-1/RelNotes -> Documentation/none.txt\n", "p-1/include -> inc\n", "p-1/inc/same.h -> ./h.h\n", "p-1/empty/\n", "p-1/deep/empty/\n", "p-1/inc/\n"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%s is not in\n%s", want, out)
		}
	}
}

func TestPackLinksOutside(t *testing.T) {
	for target, want := range map[string]bool{
		"/etc/passwd": true, "../x": true, "inc/../../x": true, "loop": false, "include/../../x": true, "deep/er/../../..": true,
		"..": true, ".": false, "inc/..": false, "none/../..": true, "loop/../../../..": false,
	} {
		c := &actiontest.Call{Parameters: PackParams{Prefix: "p-1", Format: "tgz"}, Inputs: map[string][]action.File{
			"tree": oddTree(linkFile("link", target), linkFile("loop", "loop")),
		}}
		b := pack(t, c)
		if (len(c.Findings) == 1) != want {
			t.Errorf("%s: %v", target, c.Findings)
		}
		if x, _, err := runOn("a", b, IndexParams{}); err != nil {
			t.Errorf("%s: %v", target, err)
		} else if e, _ := x.Lookup("link"); e.Text != target {
			t.Errorf("%s became %q", target, e.Text)
		}
	}
}

// What lies over a tree replaces links, and does not go through them.
func TestPackOverlaysOfLinks(t *testing.T) {
	call := func(overlay string) *actiontest.Call {
		return &actiontest.Call{Parameters: PackParams{Prefix: "p", Format: "tgz", Overlays: []string{overlay}}, Inputs: map[string][]action.File{
			"tree": oddTree(), "overlay:" + overlay: {actiontest.File("x", []byte("new"))},
		}}
	}
	for overlay, want := range map[string]string{"include": "include", "empty/f": "empty/f", "empty": "empty"} {
		x, _, err := runOn("a", pack(t, call(overlay)), IndexParams{})
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := x.Lookup(want); !ok || listed(e) != want || e.Digest.Size != 3 {
			t.Errorf("%s: %+v", overlay, e)
		}
	}
	if err := runPack(t.Context(), call("include/h.h")); err == nil || err.Error() != `path "include" is a symbolic link in the tree, and an overlay lies below it` {
		t.Error(err)
	}
}
