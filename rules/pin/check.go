package pin

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/oci"
)

// What a container_image declares, by itself.
var (
	tagOnly    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^` + oci.TagPattern + `$`) })
	digestOnly = regexp.MustCompile(`^` + digestPattern + `$`)
)

// CheckRepository says what keeps s from being a repository. It may be a whole reference: then it says which part belongs where.
func CheckRepository(s string) error {
	if r, ok := ParseReference(s); ok && (r.Tag != "" || r.Digest != "") {
		d := &diag.Error{Msg: fmt.Sprintf("%q is more than a repository: it has a tag or a digest", s), Hints: []string{fmt.Sprintf("repository = %q", r.Repository)}}
		if r.Tag != "" {
			d.Hints = append(d.Hints, fmt.Sprintf("tag = %q", r.Tag))
		}
		if r.Digest != "" {
			d.Hints = append(d.Hints, fmt.Sprintf("digest = %q", r.Digest))
		}
		return d
	}
	d := &diag.Error{Msg: fmt.Sprintf("%q is not a repository of a registry, such as \"quay.io/tiran/cpython_autoconf\"", s)}
	_, err := name.NewRepository(s, name.StrictValidation)
	switch r, ok := ParseReference(s); {
	case err == nil && ok:
		return nil
	case strings.Contains(s, "://"):
		_, rest, _ := strings.Cut(s, "://")
		d.Hints = append(d.Hints, fmt.Sprintf("without the scheme: %q", rest))
	case ok && len(s) < 128:
		d.Hints = append(d.Hints, fmt.Sprintf("the whole name is %q", normal(r.Repository)))
	case s != strings.ToLower(s):
		d.Hints = append(d.Hints, "the path of a repository is in lower case")
	}
	return d
}

// CheckTag says what keeps s from being a tag.
func CheckTag(s string) error {
	if tagOnly().MatchString(s) {
		return nil
	}
	d := &diag.Error{Msg: fmt.Sprintf("%q is not a tag: at most 128 letters, digits, \".\", \"_\" and \"-\"", s)}
	switch {
	case s == "":
		d.Msg = "the tag is empty, and tag and digest are declared together: the tag says which version the digest was pinned as"
	case digestOnly.MatchString(s):
		d.Hints = append(d.Hints, "it is a digest: digest = "+fmt.Sprintf("%q", s))
	case strings.HasPrefix(s, ":") && tagOnly().MatchString(s[1:]):
		d.Hints = append(d.Hints, fmt.Sprintf("tag = %q", s[1:]))
	}
	return d
}

var sha256Digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// CheckDigest says what keeps s from being a digest that an image is pinned by.
func CheckDigest(s string) error {
	if sha256Digest.MatchString(s) {
		return nil
	}
	d := &diag.Error{Msg: fmt.Sprintf("%q is not a digest: \"sha256:\" and 64 hexadecimal digits", clip(s))}
	algorithm, hex, ok := strings.Cut(s, ":")
	switch {
	case strings.TrimSpace(s) != s:
		d.Msg = fmt.Sprintf("the digest %q has spaces around it", clip(s))
	case strings.HasPrefix(s, "@"):
		d.Hints = append(d.Hints, "without the \"@\"")
	case !ok && len(s) == 64:
		d.Hints = append(d.Hints, fmt.Sprintf("digest = %q", "sha256:"+s))
	case ok && algorithm == "sha512":
		d.Msg = fmt.Sprintf("%q is a sha512 digest; images are pinned by sha256, which every registry knows them by", clip(s))
		d.Hints = append(d.Hints, "take digest out: sbomctl pin then asks the registry for it")
	case ok && algorithm != "sha256":
		d.Msg = fmt.Sprintf("%q is no sha256 digest", clip(s))
	case len(hex) != 64:
		d.Msg = fmt.Sprintf("%q has %d hexadecimal digits behind \"sha256:\", expected 64", clip(s), len(hex))
	case hex != strings.ToLower(hex):
		d.Msg = fmt.Sprintf("%q is not lower-case hexadecimal", s)
	}
	return d
}

// known are the words that platforms are made of, by which a misspelt one is found.
var (
	knownOS   = []string{"linux", "windows", "darwin", "freebsd"}
	knownArch = []string{"386", "amd64", "arm", "arm64", "loong64", "mips64le", "ppc64le", "riscv64", "s390x"}
	archOf    = map[string]string{"x86_64": "amd64", "x86-64": "amd64", "x64": "amd64", "i386": "386", "i686": "386", "x86": "386", "aarch64": "arm64", "armv7": "arm/v7", "armhf": "arm/v7", "armv6": "arm/v6"}
	variant   = regexp.MustCompile(`^v[0-9]+(\.[0-9]+)?$`)
)

// CheckPlatform says what keeps s from being a platform, "linux/amd64" or "linux/arm64/v8", as images name them.
func CheckPlatform(s string) error {
	bad := func(format string, args ...any) error {
		return &diag.Error{Msg: fmt.Sprintf("%q is not a platform, such as \"linux/amd64\" or \"linux/arm64/v8\"", clip(s)) + fmt.Sprintf(format, args...)}
	}
	parts := strings.Split(s, "/")
	if len(parts) < 2 || len(parts) > 3 {
		if arch := archOf[s]; arch != "" {
			return bad("; did you mean %q?", "linux/"+arch)
		}
		return bad("%s", diag.DidYouMean("linux/"+s, []string{"linux/amd64", "linux/arm64"}))
	}
	if !slices.Contains(knownOS, parts[0]) {
		return bad(": there is no system %q%s", clip(parts[0]), diag.DidYouMean(parts[0], knownOS))
	}
	if !slices.Contains(knownArch, parts[1]) {
		if arch := archOf[parts[1]]; arch != "" {
			return bad("; images call it %q", parts[0]+"/"+arch)
		}
		return bad(": there is no architecture %q%s", clip(parts[1]), diag.DidYouMean(parts[1], knownArch))
	}
	if len(parts) == 3 && !variant.MatchString(parts[2]) {
		return bad(": a variant is of the form \"v8\"")
	}
	return nil
}

var roleOnly = regexp.MustCompile(`^[a-z0-9]+$`)

// CheckRole says what keeps s from being a role.
func CheckRole(s string) error {
	if roleOnly.MatchString(s) && len(s) <= 64 {
		return nil
	}
	return &diag.Error{Msg: fmt.Sprintf("%q is not a role: one word of the names of images, in lower-case letters and digits, such as \"autoconf\"", clip(s))}
}
