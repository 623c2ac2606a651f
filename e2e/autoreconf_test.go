package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/sbomctl/sbomctl/e2e/realimage"
	"github.com/sbomctl/sbomctl/rules/registry/registrytest"
)

// made are the files that autoreconf makes and that CPython commits.
var made = []string{"configure", "aclocal.m4", "pyconfig.h.in"}

// regenerates is a user with the real tree of CPython 3.13.5, whose configure is made in a real image from a real registry.
type regenerates struct {
	*user
	registry  *registrytest.Registry
	committed map[string]string // what upstream committed
}

// newRegenerates pushes one of the real images, and declares it and what is made in it.
func newRegenerates(t *testing.T, u *user, tag string) *regenerates {
	t.Helper()
	bubblewrap(t)
	g := &regenerates{user: u, registry: registrytest.Start(t, registrytest.Options{}), committed: map[string]string{}}
	p := realImages(t)
	root := tagged(t, p, tag)
	ref, err := name.ParseReference(g.registry.Host + "/python/autoconf:" + tag)
	if err != nil {
		t.Fatal(err)
	}
	pushLayout(t, p, root, ref)
	names := append([]string{"configure.ac", "install-sh", "config.guess", "config.sub", "Tools/build/regen-configure.sh"}, made...)
	for name, text := range unpack(t, names...) {
		g.write("cpython/"+name, string(text))
		g.committed[name] = string(text)
	}
	for _, name := range []string{"install-sh", "configure"} {
		if err := os.Chmod(g.path("cpython/"+name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	g.write("BUILD.star", fmt.Sprintf(`load("@sbomctl//:rules.star", "container_image", "regen_configure", "source_tree")

source_tree(name = "cpython", path = "cpython")

container_image(
    name = "autoconf",
    repository = %q,
    tag = %q,
    digest = %q,
    platforms = ["linux/amd64", "linux/arm64/v8"],
)

regen_configure(name = "configure", image = ":autoconf", tree = ":cpython")
`, g.registry.Host+"/python/autoconf", tag, root.Digest.String()))
	return g
}

// without is the environment without a program: PATH has links to all others.
func (g *regenerates) without(program string) {
	g.t.Helper()
	dir := g.t.TempDir()
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if e.Name() != program {
				os.Symlink(filepath.Join(folder, e.Name()), filepath.Join(dir, e.Name())) // the first of a name stays
			}
		}
	}
	g.env = append(g.env, "PATH="+dir)
}

// TestAutoreconfAsUpstream: with the macro files that upstream had, the pinned image yields the committed files byte for byte, twice, and the second
// time under another clock, zone, locale, umask, user and host.
func TestAutoreconfAsUpstream(t *testing.T) {
	g := newRegenerates(t, newUser(t), realimage.Upstream)
	g.want(clean, nil, "check", "//:configure")
	g.want(clean, nil, "audit", "--level=6", "//...")
	g.want(clean, nil, "build", "//:configure")
	for _, name := range made {
		if g.read("sbom-out/configure/"+name) != g.committed[name] {
			t.Errorf("%s is not what is committed", name)
		}
	}

	// All that was made is known: it takes neither the registry nor bubblewrap to say so again.
	g.registry.Stop()
	g.without("bwrap")
	g.want(clean, []string{"0 ran"}, "check", "//:configure")

	// An edit that is undone is known, too.
	configure := g.read("cpython/configure.ac")
	g.write("cpython/configure.ac", configure+"dnl another line\n")
	g.want(1, []string{"bubblewrap"}, "build", "//:configure")
	g.write("cpython/configure.ac", configure)
	g.want(clean, nil, "check", "//:configure")
}

// TestAutoreconfInDebian: Debian's macro files are others than upstream's. The check shows which lines of what is committed they wrote, and
// regen writes theirs.
func TestAutoreconfInDebian(t *testing.T) {
	g := newRegenerates(t, newUser(t), realimage.Debian)
	g.want(found, []string{"output-differs", "cpython/configure:", "cpython/aclocal.m4:", "pkg.m4", "LIBUUID_PKG_ERRORS"}, "check", "--verbose", "//:configure")
	g.want(found, []string{"output-differs"}, "audit", "--level=6", "//...")
	g.want(clean, nil, "regen", "--dry_run", "//:configure")
	if g.read("cpython/configure") != g.committed["configure"] {
		t.Fatal("regen --dry_run wrote")
	}
	g.want(clean, nil, "regen", "//:configure")
	if g.read("cpython/configure") == g.committed["configure"] || g.read("cpython/pyconfig.h.in") != g.committed["pyconfig.h.in"] {
		t.Error("regen wrote other files than those that differ")
	}
	g.want(clean, nil, "check", "//:configure")
	g.want(clean, nil, "audit", "--level=6", "//...")
	if info, err := os.Stat(g.path("cpython/configure")); err != nil || info.Mode().Perm()&0o111 != 0o111 {
		t.Errorf("regen left configure that nobody can run: %v, %v", info.Mode(), err)
	}
}

// TestAutoreconfAsOrdinaryUser is the same without being root: files of the image belong to the user, and the outputs are equal.
func TestAutoreconfAsOrdinaryUser(t *testing.T) {
	g := newRegenerates(t, newOrdinary(t), realimage.Upstream)
	g.want(clean, nil, "check", "//:configure")
	g.want(clean, nil, "audit", "--level=6", "//...")
}
