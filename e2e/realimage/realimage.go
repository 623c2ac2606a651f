// Package realimage makes a real image to run autoreconf in: Debian with autoconf, automake, autoconf-archive and pkgconf, by debootstrap.
//
// # Images
//
// Debian is one index with two platforms. linux/amd64 is the real thing, in two layers: the root filesystem as debootstrap leaves it, and a
// second one that takes the documentation away again, as images in the wild do. linux/arm64/v8 is a placeholder of two files: no test runs it,
// and an image with one platform would be none of the images that are audited.
//
// Upstream is the same with a third layer of two macro files, which have other versions in Debian than in the image that CPython 3.13.5 was made
// with: pkg.m4, and ax_c_float_words_bigendian.m4 of autoconf-archive. They are cut out of the release's own aclocal.m4, which aclocal
// assembled of such files. With them autoreconf yields the configure, aclocal.m4 and pyconfig.h.in of 3.13.5 byte for byte;
// without them the lines that they wrote differ.
//
// Packages come from the mirror of Debian that apt is set up with. They are those of the day, so that the digests are no constants.
package realimage

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// Tags of the layout.
const (
	Debian   = "debian"
	Upstream = "upstream"
)

// suite is the release of Debian whose autoconf (2.71) and automake (1.16.5) CPython 3.13.5 was made with.
const suite = "bookworm"

var packages = []string{"autoconf", "automake", "autoconf-archive", "pkgconf"}

// Platforms of the images.
var Platforms = []string{"linux/amd64", "linux/arm64/v8"}

// Missing says what is missing for Make; "" means nothing.
func Missing() string {
	if os.Geteuid() != 0 {
		return "debootstrap needs root"
	}
	if _, err := exec.LookPath("debootstrap"); err != nil {
		return "no debootstrap in PATH (Debian package debootstrap)"
	}
	return ""
}

// Make makes the images, as an OCI layout in dir whose index.json calls them by their tags. aclocal is the release's aclocal.m4; without it there is
// no image Upstream.
func Make(ctx context.Context, dir string, aclocal []byte) error {
	root, err := os.MkdirTemp("", "sbomctl-realimage-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	if err := debootstrap(ctx, root); err != nil {
		return err
	}
	base, err := pack(root)
	if err != nil {
		return err
	}
	layers := []ocitest.LayerBlob{base, ocitest.Layer(ocitest.Zstd,
		ocitest.Entry{Name: "src/"},
		ocitest.Entry{Name: "usr/"}, ocitest.Entry{Name: "usr/share/"},
		ocitest.Entry{Name: "usr/share/doc/"}, ocitest.Entry{Name: "usr/share/doc/.wh..wh..opq"},
		ocitest.Entry{Name: "usr/share/.wh.man"}, ocitest.Entry{Name: "usr/share/.wh.info"},
	)}
	sets := []*ocitest.Set{index(Debian, layers)}
	if aclocal != nil {
		macros, err := upstreamMacros(aclocal)
		if err != nil {
			return err
		}
		sets = append(sets, index(Upstream, append(layers, macros)))
	}
	ocitest.WriteLayout(dir, sets...)
	return nil
}

// index is the image with these layers and its placeholder for the other platform.
func index(tag string, layers []ocitest.LayerBlob) *ocitest.Set {
	configure := func(c *v1.ConfigFile, _ *v1.Manifest) {
		c.Config.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
		c.Config.Cmd = []string{"autoreconf", "-ivf", "-Werror"}
		c.Config.WorkingDir = "/src"
	}
	placeholder := ocitest.Layer(ocitest.None, ocitest.Entry{Name: "etc/"}, ocitest.Entry{Name: "etc/os-release", Body: "NAME=placeholder\n"})
	set := ocitest.Index(ocitest.ImageWith(Platforms[0], configure, layers...), ocitest.ImageWith(Platforms[1], configure, placeholder))
	set.Root.Annotations = map[string]string{"org.opencontainers.image.ref.name": tag}
	return set
}

// pack makes a layer of a root filesystem.
func pack(root string) (ocitest.LayerBlob, error) {
	var packed bytes.Buffer
	diff := sha256.New()
	z, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return ocitest.LayerBlob{}, err
	}
	w := tar.NewWriter(io.MultiWriter(z, diff))
	for _, step := range []func() error{func() error { return archive(w, root) }, w.Close, z.Close} {
		if err := step(); err != nil {
			return ocitest.LayerBlob{}, err
		}
	}
	d := v1.Descriptor{MediaType: types.OCILayer, Size: int64(packed.Len()), Digest: oci.DigestOf(packed.Bytes())}
	return ocitest.LayerBlob{Descriptor: d, Bytes: packed.Bytes(), DiffID: v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(diff.Sum(nil))}}, nil
}

// debootstrap makes a root filesystem.
func debootstrap(ctx context.Context, root string) error {
	cmd := exec.CommandContext(ctx, "debootstrap", "--variant=minbase", "--include="+strings.Join(packages, ","), suite, root, mirror(ctx))
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("debootstrap: %w\n%s", err, out)
	}
	return nil
}

// mirror is where apt gets the suite from; Debian's own address, when it does not.
func mirror(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(REPO_URI)",
		"Created-By: Packages", "Component: main", "Origin: Debian", "Codename: "+suite).Output()
	if uri, _, _ := strings.Cut(string(out), "\n"); err == nil && uri != "" {
		return uri
	}
	return "http://deb.debian.org/debian"
}

// The macro files in aclocal.m4. Between two files aclocal writes an empty line.
var (
	pkgMacros   = regexp.MustCompile(`(?s)\n(# pkg\.m4 - .*?\n)\n# AM_CONDITIONAL `)
	floatMacros = regexp.MustCompile(`(?s)\n(# =+\n#  https://www\.gnu\.org/software/autoconf-archive/ax_c_float_words_bigendian\.html\n.*?\n)\n# =+\n#  https://www\.gnu\.org/software/autoconf-archive/ax_check_compile_flag\.html\n`)
)

func upstreamMacros(aclocal []byte) (ocitest.LayerBlob, error) {
	entries := []ocitest.Entry{{Name: "usr/"}, {Name: "usr/share/"}, {Name: "usr/share/aclocal/"}}
	for _, f := range []struct {
		name string
		in   *regexp.Regexp
	}{{"pkg.m4", pkgMacros}, {"ax_c_float_words_bigendian.m4", floatMacros}} {
		m := f.in.FindSubmatch(aclocal)
		if m == nil {
			return ocitest.LayerBlob{}, fmt.Errorf("aclocal.m4: no %s in it", f.name)
		}
		entries = append(entries, ocitest.Entry{Name: "usr/share/aclocal/" + f.name, Body: string(m[1])})
	}
	return ocitest.Layer(ocitest.None, entries...), nil
}

// left is what debootstrap leaves behind that no image has: device files, packages, lists of packages.
func left(path string) bool {
	switch filepath.Dir(path) {
	case "dev", "proc", "sys", "var/cache/apt/archives", "var/lib/apt/lists":
		return true
	}
	return false
}
