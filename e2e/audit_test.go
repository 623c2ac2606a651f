package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
	"github.com/sbomctl/sbomctl/rules/registry/registrytest"
)

// Exit codes of an audit.
const (
	clean        = 0
	found        = 3
	inconclusive = 4
)

// site is an image in a real registry, and a user who pins it.
type site struct {
	*user
	*registrytest.Registry
	set     *ocitest.Set
	options []remote.Option
}

// newSite pushes an image of two platforms as autoconf:1, and declares it, pinned.
func newSite(t *testing.T) *site {
	t.Helper()
	real(t)
	s := &site{user: newUser(t), Registry: registrytest.Start(t, registrytest.Options{}), set: twoPlatforms("1")}
	s.push("1", s.set)
	s.declare(s.set.Root.Digest.String())
	return s
}

// twoPlatforms is an image; another word makes it another one.
func twoPlatforms(word string) *ocitest.Set {
	shared := ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "bin/"}, ocitest.Entry{Name: "bin/autoreconf", Body: word})
	return ocitest.Index(
		ocitest.Image("linux/amd64", shared, ocitest.Layer(ocitest.Zstd, ocitest.Entry{Name: "amd64", Body: word})),
		ocitest.Image("linux/arm64/v8", shared, ocitest.Layer(ocitest.None, ocitest.Entry{Name: "arm64", Body: word})))
}

func (s *site) repository() string { return s.Host + "/python/autoconf" }

func (s *site) ref(reference string) name.Reference {
	s.t.Helper()
	separator := ":"
	if strings.HasPrefix(reference, "sha256:") {
		separator = "@"
	}
	ref, err := name.ParseReference(s.repository() + separator + reference)
	if err != nil {
		s.t.Fatal(err)
	}
	return ref
}

// push puts an image into the registry, under a tag.
func (s *site) push(tag string, set *ocitest.Set) {
	s.t.Helper()
	dir := s.t.TempDir()
	set.WriteLayout(dir)
	p, err := layout.FromPath(dir)
	if err != nil {
		s.t.Fatal(err)
	}
	pushLayout(s.t, p, set.Root, s.ref(tag), s.options...)
}

// pushLayout puts what a layout has under a digest into a registry.
func pushLayout(t *testing.T, p layout.Path, root v1.Descriptor, ref name.Reference, options ...remote.Option) {
	t.Helper()
	top, err := p.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	if root.MediaType.IsImage() {
		image, err := top.Image(root.Digest)
		if err != nil {
			t.Fatal(err)
		}
		err = remote.Write(ref, image, options...)
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	index, err := top.ImageIndex(root.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, index, options...); err != nil {
		t.Fatal(err)
	}
}

// declare writes BUILD.star and a script that names the image, pinned to a digest unless that is "".
func (s *site) declare(digest string) {
	s.t.Helper()
	attribute, reference := "", s.repository()+":1"
	if digest != "" {
		attribute, reference = fmt.Sprintf("    digest = %q,\n", digest), reference+"@"+digest
	}
	s.write("regen.sh", "#!/bin/sh\nIMAGE=\""+reference+"\"\ndocker run --rm \"$IMAGE\"\n")
	s.write("BUILD.star", fmt.Sprintf(`load("@sbomctl//:rules.star", "container_image")

container_image(
    name = "autoconf",
    repository = %q,
    tag = "1",
%s    platforms = [
        "linux/amd64",
        "linux/arm64/v8",
    ],
    references = ["regen.sh"],
)
`, s.repository(), attribute))
}

// child is the manifest of one of the platforms.
func child(t *testing.T, set *ocitest.Set, i int) (v1.Hash, *v1.Manifest) {
	t.Helper()
	index, err := v1.ParseIndexManifest(strings.NewReader(string(set.Manifests[set.Root.Digest].Bytes)))
	if err != nil {
		t.Fatal(err)
	}
	digest := index.Manifests[i].Digest
	m, err := v1.ParseManifest(strings.NewReader(string(set.Manifests[digest].Bytes)))
	if err != nil {
		t.Fatal(err)
	}
	return digest, m
}

func flip(b []byte) []byte {
	b[len(b)/2] ^= 1
	return b
}

// TestAuditTellsApart does one thing at a time to a pinned image in a real registry: the audit names just that.
func TestAuditTellsApart(t *testing.T) {
	real(t)
	rules := []string{"tag-drift", "digest-missing", "index-child-missing", "platform-missing", "platform-mismatch", "pin-is-single-platform",
		"media-type", "digest-mismatch", "blob-missing", "blob-corrupt", "not-pinned", "reference-drift"}
	for _, test := range []struct {
		name string
		do   func(t *testing.T, s *site)
		says string // the rule of the only finding; "" when there is none
	}{
		{"nothing", func(*testing.T, *site) {}, ""},
		{"the tag is moved", func(_ *testing.T, s *site) { s.push("1", twoPlatforms("2")) }, "tag-drift"},
		{"the index is deleted, and the tag with it", func(t *testing.T, s *site) {
			s.remove(s.set.Root.Digest)
			s.push("1", twoPlatforms("2"))
		}, "digest-missing tag-drift"},
		{"a child is deleted", func(t *testing.T, s *site) {
			digest, _ := child(t, s.set, 1)
			s.remove(digest)
		}, "index-child-missing"},
		{"a byte of a layer is flipped", func(t *testing.T, s *site) {
			_, m := child(t, s.set, 0)
			s.Damage(t, m.Layers[1].Digest, flip)
		}, "blob-corrupt"},
		{"a byte of the shared layer is flipped", func(t *testing.T, s *site) {
			_, m := child(t, s.set, 0)
			s.Damage(t, m.Layers[0].Digest, flip)
		}, "blob-corrupt"},
		{"a byte of a config is flipped", func(t *testing.T, s *site) {
			_, m := child(t, s.set, 1)
			s.Damage(t, m.Config.Digest, flip)
		}, "blob-corrupt"},
		{"a layer is cut short", func(t *testing.T, s *site) {
			_, m := child(t, s.set, 1)
			s.Damage(t, m.Layers[1].Digest, func(b []byte) []byte { return b[:len(b)-512] })
		}, "blob-corrupt"},
		{"a layer is gone", func(t *testing.T, s *site) {
			_, m := child(t, s.set, 1)
			if err := os.Remove(s.Blob(m.Layers[1].Digest)); err != nil {
				t.Fatal(err)
			}
		}, "blob-missing"},
		{"the bytes of a child are others", func(t *testing.T, s *site) {
			digest, _ := child(t, s.set, 1)
			s.Damage(t, digest, func(b []byte) []byte { return append(b, '\n') })
		}, "digest-mismatch"},
		{"the bytes of the index are others", func(t *testing.T, s *site) {
			s.Damage(t, s.set.Root.Digest, func(b []byte) []byte { return append(b, '\n') })
		}, "digest-mismatch"},
		{"a platform is removed", func(t *testing.T, s *site) {
			less := ocitest.Index(ocitest.Image("linux/amd64", ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "x"})))
			s.push("1", less)
			s.declare(less.Root.Digest.String())
		}, "platform-missing"},
		{"the pin is of one platform alone", func(t *testing.T, s *site) {
			digest, _ := child(t, s.set, 0)
			s.declare(digest.String())
		}, "pin-is-single-platform"},
		{"the index calls a platform another", func(t *testing.T, s *site) {
			amd64 := ocitest.Image("linux/amd64", ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "x"}))
			liar := ocitest.Image("linux/amd64", ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "y"}))
			liar.Root.Platform = &v1.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}
			set := ocitest.Index(amd64, liar)
			s.push("1", set)
			s.declare(set.Root.Digest.String())
		}, "platform-mismatch"},
		{"the script names another digest", func(t *testing.T, s *site) {
			s.write("regen.sh", strings.ReplaceAll(s.read("regen.sh"), s.set.Root.Digest.Hex, strings.Repeat("0", 64)))
		}, "reference-drift"},
		{"the script has lost the digest", func(t *testing.T, s *site) {
			s.write("regen.sh", strings.ReplaceAll(s.read("regen.sh"), "@"+s.set.Root.Digest.String(), ""))
		}, "not-pinned"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			test.do(t, s)
			code, want := clean, strings.Fields(test.says)
			if len(want) > 0 {
				code = found
			}
			r := s.want(code, want, "audit", "//...")
			for _, rule := range rules {
				if strings.Contains(r.stdout+r.stderr, rule) && !strings.Contains(test.says, rule) {
					t.Errorf("it says %s, too:\n%s%s", rule, r.stdout, r.stderr)
				}
			}
		})
	}
}

// remove deletes a manifest, by the registry.
func (s *site) remove(digest v1.Hash) {
	s.t.Helper()
	if err := remote.Delete(s.ref(digest.String()), s.options...); err != nil {
		s.t.Fatal(err)
	}
}

// TestAuditWithoutAnswer: what cannot be found out is neither clean nor wrong; what was found beside it is told all the same.
func TestAuditWithoutAnswer(t *testing.T) {
	s := newSite(t)
	s.want(clean, nil, "audit", "//...")
	s.Stop()
	s.want(inconclusive, []string{"offline"}, "audit", "//...")
	s.want(inconclusive, []string{"offline"}, "audit", "--offline", "//...")
	s.write("regen.sh", strings.ReplaceAll(s.read("regen.sh"), s.set.Root.Digest.Hex, strings.Repeat("0", 64)))
	s.want(found, []string{"offline", "reference-drift"}, "audit", "//...")
}

// TestAuditOverTLS asks a registry with a certificate and a password of its own.
func TestAuditOverTLS(t *testing.T) {
	real(t)
	s := &site{user: newUser(t), Registry: registrytest.Start(t, registrytest.Options{TLS: true, Password: true}), set: twoPlatforms("1")}
	s.options = append(s.options, remote.WithTransport(registrytest.Trusting(t, s.CAFile)), remote.WithAuth(registrytest.Login()))
	s.push("1", s.set)
	s.declare(s.set.Root.Digest.String())
	// Another authority, which signed nothing.
	stranger := filepath.Join(t.TempDir(), "ca.pem")
	if err := registrytest.Certify(stranger, "", ""); err != nil {
		t.Fatal(err)
	}
	plain := s.env
	for _, test := range []struct {
		name, ca, config string
		code             int
		says             string
	}{
		{"trusted, password", s.CAFile, s.Config(t, registrytest.User, registrytest.Password), clean, ""},
		{"trusted, wrong password", s.CAFile, s.Config(t, registrytest.User, "wrong"), inconclusive, "auth"},
		{"trusted, no password", s.CAFile, t.TempDir(), inconclusive, "auth"},
		{"another authority, password", stranger, s.Config(t, registrytest.User, registrytest.Password), inconclusive, "tls"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.env = append(plain[:len(plain):len(plain)], "SSL_CERT_FILE="+test.ca, "DOCKER_CONFIG="+test.config, "XDG_CACHE_HOME="+t.TempDir())
			r := s.want(test.code, strings.Fields(test.says), "audit", "//...")
			if strings.Contains(r.stdout+r.stderr, registrytest.Password) {
				t.Errorf("it tells the password:\n%s%s", r.stdout, r.stderr)
			}
		})
	}
}

// TestPinAndMove: pin writes the digest that the tag has into BUILD.star and the script; once the tag is moved, the audit says so, and when that began.
func TestPinAndMove(t *testing.T) {
	s := newSite(t)
	s.declare("")
	s.want(found, []string{"not-pinned", s.set.Root.Digest.String()}, "audit", "//...")
	before := s.read("BUILD.star") + s.read("regen.sh")
	s.want(0, []string{s.set.Root.Digest.String()}, "pin", "//:autoconf", "--dry_run")
	if s.read("BUILD.star")+s.read("regen.sh") != before {
		t.Fatal("pin --dry_run wrote")
	}
	s.want(0, nil, "pin", "//:autoconf")
	for _, name := range []string{"BUILD.star", "regen.sh"} {
		if !strings.Contains(s.read(name), s.set.Root.Digest.String()) {
			t.Errorf("pin left %s:\n%s", name, s.read(name))
		}
	}
	s.want(clean, nil, "audit", "//...")
	moved := twoPlatforms("2")
	s.push("1", moved)
	s.want(found, []string{"tag-drift", moved.Root.Digest.String()}, "audit", "//...")
	s.want(0, []string{s.set.Root.Digest.Hex[:12], moved.Root.Digest.Hex[:12]}, "audit", "--history")
	s.want(0, nil, "pin", "//:autoconf")
	s.want(clean, nil, "audit", "//...")
	s.push("2", s.set)
	s.want(0, nil, "pin", "//:autoconf", "--tag=2")
	if !strings.Contains(s.read("regen.sh"), s.repository()+":2@"+s.set.Root.Digest.String()) {
		t.Errorf("pin --tag=2 left\n%s", s.read("regen.sh"))
	}
	s.want(clean, nil, "audit", "//...")
}

// TestAuditOffline: what an audit pulled is there without the registry; so is what a layout has.
func TestAuditOffline(t *testing.T) {
	s := newSite(t)
	s.Stop()
	dir := t.TempDir()
	s.set.WriteLayout(dir)
	s.want(clean, nil, "audit", "--level=2", "--oci_layout="+dir, "//...")
	// A layout cannot tell where the tag points today.
	s.want(inconclusive, []string{"offline"}, "audit", "--oci_layout="+dir, "//...")
}
