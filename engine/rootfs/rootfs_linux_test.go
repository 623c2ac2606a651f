package rootfs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// newStore returns a Store in a folder of its own, which goes with the test, whatever modes images have.
func newStore(t testing.TB) *Store {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "rootfs")
	t.Cleanup(func() {
		if err := Remove(dir); err != nil {
			t.Error(err)
		}
	})
	return &Store{Dir: dir}
}

// layersOf makes layers of lists of entries.
func layersOf(layers ...[]ocitest.Entry) []ocitest.LayerBlob {
	var blobs []ocitest.LayerBlob
	for _, entries := range layers {
		blobs = append(blobs, ocitest.Layer(ocitest.None, entries...))
	}
	return blobs
}

func get(t testing.TB, s *Store, blobs ...ocitest.LayerBlob) (*Root, error) {
	t.Helper()
	set := ocitest.Image("linux/amd64", blobs...)
	return s.Get(t.Context(), set, set.Root.Digest)
}

// listing describes all that is in a tree, a line each, sorted by path: files with their content, links with their target, folders with a
// slash; then the mode, where it is not 0644 of a file or 0755 of a folder. Of the names of one file each but the first leads to the first.
func listing(t testing.TB, root string) []string {
	t.Helper()
	var lines []string
	seen := map[uint64]string{}
	var walk func(dir, name string)
	walk = func(dir, name string) {
		var st unix.Stat_t
		if err := unix.Lstat(dir, &st); err != nil {
			t.Fatal(err)
		}
		mode := st.Mode & 0o7777
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFDIR:
			line := name + "/"
			if mode != 0o755 {
				line += fmt.Sprintf(" %04o", mode)
			}
			lines = append(lines, line)
			entries, err := os.ReadDir(dir)
			if err != nil && !os.IsPermission(err) {
				t.Fatal(err)
			}
			for _, e := range entries {
				walk(filepath.Join(dir, e.Name()), strings.TrimPrefix(name+"/"+e.Name(), "./"))
			}
		case unix.S_IFLNK, unix.S_IFREG:
			if first, ok := seen[st.Ino]; ok {
				lines = append(lines, name+" == "+first)
				return
			}
			seen[st.Ino] = name
			if st.Mode&unix.S_IFMT == unix.S_IFLNK {
				target, err := os.Readlink(dir)
				if err != nil {
					t.Fatal(err)
				}
				lines = append(lines, name+" -> "+target)
				return
			}
			line := name
			if data, err := os.ReadFile(dir); err == nil && len(data) > 0 {
				line += " = " + string(data)
			}
			if mode != 0o644 {
				line += fmt.Sprintf(" %04o", mode)
			}
			lines = append(lines, line)
		default:
			t.Fatalf("%s is of mode %o", name, st.Mode)
		}
	}
	walk(root, ".")
	return lines
}

func TestOrdinary(t *testing.T) {
	s := newStore(t)
	base := []ocitest.Entry{{Name: "bin/"}, {Name: "bin/sh", Body: "#!", Mode: 0o755}, {Name: "tmp/", Mode: 0o1777}, {Name: "lib", Link: "usr/lib"}, {Name: "usr/lib/x", Body: "x"}}
	top := []ocitest.Entry{{Name: "lib/y", Body: "y"}, {Name: "bin/.wh.sh"}, {Name: "bin/bash", Body: "b", Mode: 0o4755}}
	root, err := get(t, s, layersOf(base, top)...)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"./", "bin/", "bin/bash = b 0755", "lib -> usr/lib", "tmp/ 1777", "usr/", "usr/lib/", "usr/lib/x = x", "usr/lib/y = y"}
	if got := listing(t, root.Path); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
