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
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/e2e/images"
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
var (
	AMD64 = v1.Platform{OS: "linux", Architecture: "amd64"}
	ARM64 = v1.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}
)

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

// Make makes the images, as an OCI layout in dir; aclocal is the release's aclocal.m4, and without it there is no image Upstream.
func Make(ctx context.Context, dir string, aclocal []byte) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	root, err := os.MkdirTemp(dir, "root-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	if err := debootstrap(ctx, root); err != nil {
		return err
	}
	l, err := images.New(dir)
	if err != nil {
		return err
	}
	config := v1.Config{
		Env:        []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Cmd:        []string{"autoreconf", "-ivf", "-Werror"},
		WorkingDir: "/src",
	}
	placeholder, err := l.Layer(types.OCIUncompressedLayer, images.Files("etc/", "", "etc/os-release", "NAME=placeholder\n"))
	if err != nil {
		return err
	}
	arm64 := images.Image{Platform: ARM64, Config: config, Layers: []images.Layer{placeholder}}
	base, err := l.Layer(types.OCILayer, func(w *tar.Writer) error { return archive(w, root) })
	if err != nil {
		return err
	}
	less, err := l.Layer(types.OCILayerZStd, images.Files(
		"usr/", "", "usr/share/", "",
		"usr/share/doc/", "", "usr/share/doc/.wh..wh..opq", "",
		"usr/share/.wh.man", "", "usr/share/.wh.info", "",
		"var/", "", "var/log/", "", "var/log/.wh.bootstrap.log", "", "src/", ""))
	if err != nil {
		return err
	}
	if _, err := l.Index(Debian, images.Image{Platform: AMD64, Config: config, Layers: []images.Layer{base, less}}, arm64); err != nil {
		return err
	}
	if aclocal != nil {
		macros, err := upstreamMacros(aclocal)
		if err != nil {
			return err
		}
		layer, err := l.Layer(types.OCIUncompressedLayer, images.Files(macros...))
		if err != nil {
			return err
		}
		if _, err := l.Index(Upstream, images.Image{Platform: AMD64, Config: config, Layers: []images.Layer{base, less, layer}}, arm64); err != nil {
			return err
		}
	}
	return l.Close()
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

func upstreamMacros(aclocal []byte) ([]string, error) {
	files := []string{"usr/", "", "usr/share/", "", "usr/share/aclocal/", ""}
	for _, f := range []struct {
		name string
		in   *regexp.Regexp
	}{{"pkg.m4", pkgMacros}, {"ax_c_float_words_bigendian.m4", floatMacros}} {
		m := f.in.FindSubmatch(aclocal)
		if m == nil {
			return nil, fmt.Errorf("aclocal.m4: no %s in it", f.name)
		}
		files = append(files, "usr/share/aclocal/"+f.name, string(bytes.Clone(m[1])))
	}
	return files, nil
}

// left is what debootstrap leaves behind that no image has: device files, packages, lists of packages.
func left(path string) bool {
	switch filepath.Dir(path) {
	case "dev", "proc", "sys", "var/cache/apt/archives", "var/lib/apt/lists":
		return true
	}
	return false
}
