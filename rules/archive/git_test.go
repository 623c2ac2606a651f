package archive

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/engine/files"
)

const gitName = "git-2.39.5.tar.xz"

// TestGit: the source of a project that has a symbolic link and an empty folder is listed with them, and comes out of a source archive as it was.
func TestGit(t *testing.T) {
	dir := os.Getenv("SBOMCTL_DISTDIR")
	b, err := os.ReadFile(filepath.Join(dir, gitName))
	if dir == "" || err != nil {
		t.Skip("SBOMCTL_DISTDIR does not say where " + gitName + " lies")
	}
	x, data, found, err := runFound(gitName, b, IndexParams{})
	if err != nil || len(found) > 0 {
		t.Fatal(err, found)
	}
	checkMembers(t, x, data)
	if x.Prefix() != "git-2.39.5" || x.Len() != x.Files()+2 {
		t.Errorf("%d members, %d files, below %q", x.Len(), x.Files(), x.Prefix())
	}
	if e, _ := x.Lookup("RelNotes"); e.Kind != files.Symlink || e.Text != "Documentation/RelNotes/2.39.5.txt" {
		t.Errorf("RelNotes: %+v", e)
	}
	if e, _ := x.Lookup("sha1collisiondetection"); e.Kind != files.Directory { // a submodule, which the release leaves empty
		t.Errorf("sha1collisiondetection: %+v", e)
	}
	var members []action.File
	for e := range x.All() {
		f := actiontest.File(e.Path, data[e.Offset:e.Offset+e.Digest.Size])
		switch e.Kind {
		case files.Symlink:
			f = linkFile(e.Path, e.Text)
		case files.Directory:
			f = folder(e.Path)
		}
		f.Executable = e.Executable
		members = append(members, f)
	}
	c := &actiontest.Call{Parameters: PackParams{Prefix: "git-2.39.5", Format: "tgz"}, Inputs: map[string][]action.File{"tree": members}}
	y, _, err := runOn("git.tgz", pack(t, c), IndexParams{})
	if err != nil || y.Len() != x.Len() {
		t.Fatalf("%v: %d of %d members", err, y.Len(), x.Len())
	}
	for e := range x.All() {
		if got, _ := y.Lookup(e.Path); listed(got) != listed(e) || got.Digest != e.Digest {
			t.Errorf("%s became %s", listed(e), listed(got))
		}
	}
}
