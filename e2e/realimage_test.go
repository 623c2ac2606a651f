package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/sbomctl/sbomctl/e2e/realimage"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/rootfs"
)

// tagged is the root of an image of a layout.
func tagged(t *testing.T, p layout.Path, tag string) v1.Descriptor {
	t.Helper()
	index, err := p.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	m, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range m.Manifests {
		if d.Annotations["org.opencontainers.image.ref.name"] == tag {
			return d
		}
	}
	t.Skipf("no image %q was made: that needs the release", tag)
	return v1.Descriptor{}
}

// TestUnpackedAsTarDoes unpacks the real image, and holds the tree against what tar and rm make of the same layers: names, kinds, modes, owners, sizes,
// times of files, links, hard links and contents.
func TestUnpackedAsTarDoes(t *testing.T) {
	real(t)
	p := realImages(t)
	source, err := oci.OpenLayout(string(p))
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	d, manifest, err := oci.Find(t.Context(), source, tagged(t, p, realimage.Upstream).Digest, v1.Platform{OS: "linux", Architecture: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	store := &rootfs.Store{Dir: filepath.Join(t.TempDir(), "rootfs")}
	root, err := store.Get(t.Context(), source, d.Digest)
	if err != nil {
		t.Fatal(err)
	}
	want := filepath.Join(t.TempDir(), "root")
	if err := os.Mkdir(want, 0o755); err != nil {
		t.Fatal(err)
	}
	for i, layer := range manifest.Layers {
		if i == 1 { // its whiteouts
			for _, name := range []string{"usr/share/doc", "usr/share/man", "usr/share/info"} {
				if err := os.RemoveAll(filepath.Join(want, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		tar(t, want, filepath.Join(string(p), "blobs", "sha256", layer.Digest.Hex))
	}
	// No file of a root is setuid or setgid: engine/rootfs says why.
	if out, err := exec.Command("find", want, "-type", "f", "-perm", "/6000", "-exec", "chmod", "ug-s", "{}", "+").CombinedOutput(); err != nil {
		t.Fatalf("find: %v\n%s", err, out)
	}
	if out, err := exec.Command("diff", "-r", "--no-dereference", want, root.Path).CombinedOutput(); err != nil {
		t.Errorf("contents differ: %v\n%.2000s", err, out)
	}
	if x, y := inventory(t, want), inventory(t, root.Path); x != y {
		t.Errorf("names, modes, owners, links or times differ:\n%.4000s", diff(t, x, y))
	}
}

// tar unpacks a layer, without its whiteouts, by the program.
func tar(t *testing.T, dir, blob string) {
	t.Helper()
	cmd := exec.Command("tar", "-x", "-p", "--numeric-owner", "-C", dir, "--exclude=.wh.*")
	in, err := os.ReadFile(blob)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case bytes.HasPrefix(in, []byte{0x1f, 0x8b}):
		cmd.Args = append(cmd.Args, "-z")
	case bytes.HasPrefix(in, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		cmd.Args = append(cmd.Args, "--zstd")
	}
	cmd.Stdin = bytes.NewReader(in)
	if out, err := cmd.CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte("zstd: Cannot exec")) {
			t.Skip("tar has no zstd to ask (Debian package zstd)")
		}
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

// inventory lists what is in a folder: kind, mode, owner, number of links, time, size of a file, name, where a link leads.
func inventory(t *testing.T, dir string) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", `find . -mindepth 1 \( -type f -printf '%y %m %U:%G %n %T@ %s %p\n' -o -type d -printf '%y %m %U:%G %p\n' -o -printf '%y %U:%G %p %l\n' \) | LC_ALL=C sort -k7`)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// diff is the lines that x and y have not in common.
func diff(t *testing.T, x, y string) string {
	t.Helper()
	in := map[string]int{}
	for line := range strings.Lines(x) {
		in[line]++
	}
	for line := range strings.Lines(y) {
		in[line]--
	}
	var b strings.Builder
	for line := range strings.Lines(x + y) {
		switch n := in[line]; {
		case n > 0:
			b.WriteString("-" + line)
		case n < 0:
			b.WriteString("+" + line)
		}
	}
	return b.String()
}
