package registry

import (
	"net/http"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
	"github.com/sbomctl/sbomctl/rules/registry/registrytest"
)

// keys is a keychain of one key, for every registry.
type keys struct{ authn.Authenticator }

func (k keys) Resolve(authn.Resource) (authn.Authenticator, error) { return k.Authenticator, nil }

// pushReal puts an index into a registry by the library's own client, and attaches a signature to it.
func pushReal(t *testing.T, host string, set *ocitest.Set, options ...remote.Option) {
	t.Helper()
	ref, err := name.ParseReference(host + "/org/app:1")
	if err != nil {
		t.Fatal(err)
	}
	signature := ocitest.Artifact(set.Root, "application/vnd.test.signature", "text/plain", []byte("signed"), nil)
	dir := t.TempDir()
	ocitest.WriteLayout(dir, set, signature)
	p, err := layout.FromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	top, err := p.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	index, err := top.ImageIndex(set.Root.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, index, options...); err != nil {
		t.Fatal(err)
	}
	attached, err := top.Image(signature.Root.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref.Context().Digest(signature.Root.Digest.String()), attached, options...); err != nil {
		t.Fatal(err)
	}
}

// TestRealRegistry asks a registry of the field: over plain http, and over TLS with a password.
func TestRealRegistry(t *testing.T) {
	for _, test := range []struct {
		name    string
		options registrytest.Options
	}{
		{"plain", registrytest.Options{}},
		{"TLS and password", registrytest.Options{TLS: true, Password: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := registrytest.Start(t, test.options)
			c := client(nil, keys{registrytest.Login()})
			var push []remote.Option
			if test.options.TLS {
				c.Transport = registrytest.Trusting(t, s.CAFile)
				push = []remote.Option{remote.WithTransport(c.Transport), remote.WithAuth(registrytest.Login())}
			}
			set := app()
			pushReal(t, s.Host, set, push...)
			r := repository(t, c, s.Host+"/org/app")

			d, _, err := r.Resolve(ctx, "1")
			if err != nil || d.Digest != set.Root.Digest {
				t.Fatalf("the tag is %v, %v", d, err)
			}
			for digest, doc := range set.Manifests {
				b, called, err := r.Manifest(ctx, digest)
				if err != nil || string(b) != string(doc.Bytes) || called != doc.MediaType {
					t.Errorf("%s: %q, %s, %v", digest, b, called, err)
				}
			}
			var some v1.Descriptor
			for digest, blob := range set.Blobs {
				some = v1.Descriptor{Digest: digest, Size: int64(len(blob))}
				if b, err := read(t, r, some); err != nil || string(b) != string(blob) {
					t.Errorf("%s: %q, %v", digest, b, err)
				}
				if err := r.Exists(ctx, some); err != nil {
					t.Error(err)
				}
			}
			if attached, err := r.Referrers(ctx, set.Root.Digest); err != nil || len(attached) != 1 || attached[0].ArtifactType != "application/vnd.test.signature" {
				t.Errorf("attached: %+v, %v", attached, err)
			}
			absent := oci.DigestOf([]byte("absent"))
			_, _, err = r.Manifest(ctx, absent)
			wantKind(t, err, oci.Missing)
			_, err = read(t, r, v1.Descriptor{Digest: absent, Size: 6})
			wantKind(t, err, oci.Missing)
			_, _, err = r.Resolve(ctx, "2")
			wantKind(t, err, oci.Missing)

			s.Damage(t, some.Digest, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
			_, err = read(t, r, some)
			wantKind(t, err, oci.Mismatch)
			s.Damage(t, set.Root.Digest, func(b []byte) []byte { return append(b, ' ') })
			_, _, err = r.Manifest(ctx, set.Root.Digest)
			wantKind(t, err, oci.Mismatch)
			if d, _, err := r.Resolve(ctx, "1"); err == nil && d.Digest == set.Root.Digest {
				t.Error("the tag's bytes are others, and its digest is the old one")
			}

			for _, other := range map[string]struct {
				keys      authn.Authenticator
				transport http.RoundTripper
				kind      oci.Kind
			}{
				"wrong password":    {&authn.Basic{Username: registrytest.User, Password: "wrong"}, c.Transport, oci.Auth},
				"no password":       {authn.Anonymous, c.Transport, oci.Auth},
				"another authority": {registrytest.Login(), nil, oci.TLS},
			} {
				if !test.options.TLS {
					continue
				}
				stranger := client(nil, keys{other.keys})
				stranger.Transport = other.transport
				_, _, err := repository(t, stranger, s.Host+"/org/app").Resolve(ctx, "1")
				wantKind(t, err, other.kind)
			}
			s.Stop()
			_, _, err = r.Resolve(ctx, "1")
			wantKind(t, err, oci.Offline)
		})
	}
}
