package registry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

var ctx = context.Background()

// now is the time of all tests.
var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// waits records how long a client would have waited.
type waits struct{ all []time.Duration }

// client is one of a test: it really waits for nothing, and has no credentials but those of keys.
func client(w *waits, keys authn.Keychain) *Client {
	if keys == nil {
		keys = nobody{}
	}
	return &Client{Keychain: keys, Now: func() time.Time { return now }, Wait: func(ctx context.Context, d time.Duration) error {
		if w != nil {
			w.all = append(w.all, d)
		}
		return ctx.Err()
	}}
}

type nobody struct{}

func (nobody) Resolve(authn.Resource) (authn.Authenticator, error) { return authn.Anonymous, nil }

// app is a small image of two platforms.
func app() *ocitest.Set {
	base := ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "bin/sh", Body: "#!"})
	return ocitest.Index(ocitest.Image("linux/amd64", base), ocitest.Image("linux/arm64", base))
}

// served is a registry with app as org/app:1, and that repository of it.
func served(t *testing.T, c *Client) (*ocitest.Server, *Repository, *ocitest.Set) {
	t.Helper()
	s := ocitest.Serve(t)
	set := app()
	s.Push("org/app", "1", set)
	return s, repository(t, c, s.Host()+"/org/app"), set
}

func repository(t *testing.T, c *Client, name string) *Repository {
	t.Helper()
	r, err := c.Repository(name, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return r
}

func read(t *testing.T, r oci.Source, d v1.Descriptor) ([]byte, error) {
	t.Helper()
	b, err := r.Blob(ctx, d)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return io.ReadAll(b)
}

func wantKind(t *testing.T, err error, kind oci.Kind, words ...string) {
	t.Helper()
	var e *oci.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Fatalf("got %v, expected %s", err, kind)
	}
	all := e.Error() + "\n" + strings.Join(e.Hints, "\n")
	for _, w := range words {
		if !strings.Contains(all, w) {
			t.Errorf("got %q, expected %q in it", all, w)
		}
	}
	for _, bad := range []string{"http: ", "goroutine", "dial tcp", secret, "tok-"} {
		if strings.Contains(all, bad) {
			t.Errorf("%q in %q", bad, all)
		}
	}
}

// secret is what no message may have in it.
const secret = "s3cr3t"

// TestSource: what a registry has is had, and what it has not is missing.
func TestSource(t *testing.T) {
	s, r, set := served(t, client(nil, nil))
	b, called, err := r.Manifest(ctx, set.Root.Digest)
	if err != nil || oci.DigestOf(b) != set.Root.Digest || called != types.OCIImageIndex {
		t.Fatalf("%q %s %v", b, called, err)
	}
	d, m, err := oci.Find(ctx, r, set.Root.Digest, v1.Platform{OS: "linux", Architecture: "arm64"})
	if err != nil || d.Digest == set.Root.Digest {
		t.Fatal(d, err)
	}
	if b, err := read(t, r, m.Layers[0]); err != nil || int64(len(b)) != m.Layers[0].Size {
		t.Error(len(b), err)
	}
	if c, err := oci.ReadConfig(ctx, r, m); err != nil || c.Architecture != "arm64" {
		t.Error(c, err)
	}
	desc, b, err := r.Resolve(ctx, "1")
	if err != nil || desc.Digest != set.Root.Digest || desc.Size != int64(len(b)) || desc.MediaType != types.OCIImageIndex {
		t.Error(desc, err)
	}
	if err := r.Exists(ctx, m.Layers[0]); err != nil {
		t.Error(err)
	}
	for _, request := range s.Requests() {
		if strings.HasPrefix(request, "HEAD") && !strings.Contains(request, "/blobs/") {
			t.Errorf("%s: a HEAD of a manifest proves nothing", request)
		}
	}
	none := oci.DigestOf([]byte("none"))
	_, _, err = r.Manifest(ctx, none)
	wantKind(t, err, oci.Missing, "manifest "+none.String()+" of "+r.Name()+" is not there")
	_, err = r.Blob(ctx, v1.Descriptor{Digest: none, Size: 4})
	wantKind(t, err, oci.Missing, "blob "+none.String())
	_, _, err = r.Resolve(ctx, "2")
	wantKind(t, err, oci.Missing, "tag 2 of "+r.Name()+" is not there")
	// The registry behind knows nothing of this repository.
	_, _, err = repository(t, client(nil, nil), s.Host()+"/org/other").Resolve(ctx, "1")
	wantKind(t, err, oci.Missing, "no such repository")
}

// TestExistsRefused: a HEAD that is refused has no words, so a GET is asked for them (trap).
func TestExistsRefused(t *testing.T) {
	s, r, _ := served(t, client(nil, nil))
	err := r.Exists(ctx, v1.Descriptor{Digest: oci.DigestOf([]byte("none")), Size: 4})
	wantKind(t, err, oci.Missing)
	if got := s.Requests(); len(got) != 3 || !strings.HasPrefix(got[1], "HEAD ") || !strings.HasPrefix(got[2], "GET ") {
		t.Errorf("%q", got)
	}
}

// TestCorrupt: bytes that are not the digest's are found out, whatever the headers say, by GET of a manifest and of a blob (traps: HEAD by
// digest and validate.Fast would find nothing).
func TestCorrupt(t *testing.T) {
	s, r, set := served(t, client(nil, nil))
	_, m, err := oci.Find(ctx, r, set.Root.Digest, v1.Platform{OS: "linux", Architecture: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	s.Change("org/app", func(in *ocitest.Set) { in.Flip(m.Layers[0].Digest) })
	ref, err := name.NewDigest(r.Name() + "@" + set.Root.Digest.String())
	if err != nil {
		t.Fatal(err)
	}
	if index, err := remote.Index(ref); err != nil || validate.Index(index, validate.Fast) != nil {
		t.Error("validate.Fast would find it after all:", err)
	}
	s.Change("org/app", func(in *ocitest.Set) { in.Flip(set.Root.Digest) })
	resp, err := http.Head(s.URL + "/v2/org/app/manifests/" + set.Root.Digest.String())
	if err != nil || resp.StatusCode != 200 || resp.Header.Get("Docker-Content-Digest") != set.Root.Digest.String() {
		t.Fatal("the HEAD would say that all is well:", resp, err)
	}
	_, _, err = r.Manifest(ctx, set.Root.Digest)
	wantKind(t, err, oci.Mismatch, "has other bytes")
	_, err = read(t, r, m.Layers[0])
	wantKind(t, err, oci.Mismatch, "has other bytes")
}
