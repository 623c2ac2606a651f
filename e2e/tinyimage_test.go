package e2e

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/e2e/realimage"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

var update = flag.Bool("update", false, "write the image of the root workspace anew")

// tiny is the layout of //:cpython_autoconf.
const tiny = "../testdata/cpython_autoconf"

// TestTinyImage makes the image of the root workspace's //:cpython_autoconf and compares it with the layout in testdata, file by file;
// BUILD.star and the tree pin its digest. Its layers are not compressed, so that its bytes do not depend on a compressor.
func TestTinyImage(t *testing.T) {
	dir := t.TempDir()
	shared := ocitest.Layer(ocitest.None,
		ocitest.Entry{Name: "bin/"},
		ocitest.Entry{Name: "bin/autoreconf", Mode: 0o755, Body: "#!/bin/sh\necho 'a few files, and no autoreconf: see e2e/realimage'\nexit 1\n"},
		ocitest.Entry{Name: "src/"})
	var platforms []*ocitest.Set
	for _, platform := range realimage.Platforms {
		platforms = append(platforms, ocitest.ImageWith(platform, func(c *v1.ConfigFile, _ *v1.Manifest) {
			c.Config.Cmd = []string{"autoreconf", "-ivf", "-Werror"}
			c.Config.WorkingDir = "/src"
		}, shared, ocitest.Layer(ocitest.None, ocitest.Entry{Name: "etc/"}, ocitest.Entry{Name: "etc/os-release", Body: "NAME=tiny for " + platform + "\n"})))
	}
	index := ocitest.Index(platforms...)
	index.Root.Annotations = map[string]string{"org.opencontainers.image.ref.name": "1"}
	index.WriteLayout(dir)
	if *update {
		if err := os.RemoveAll(tiny); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(tiny, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
	}
	want, have := files(t, dir), files(t, tiny)
	for name, text := range want {
		if have[name] != text {
			t.Errorf("testdata/cpython_autoconf/%s is not what this test makes; -update writes it", name)
		}
	}
	for name := range have {
		if _, ok := want[name]; !ok {
			t.Errorf("testdata/cpython_autoconf/%s is of no image", name)
		}
	}
	for _, name := range []string{"../BUILD.star", "../testdata/cpython/Tools/build/regen-configure.sh", "../testdata/cpython/.github/workflows/build.yml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), index.Root.Digest.String()) {
			t.Errorf("%s does not pin %s, which is the digest of registry.example/cpython_autoconf", name, index.Root.Digest)
		}
	}
}

// files are the regular files below dir.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		out[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
