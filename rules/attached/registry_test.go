package attached

import (
	"context"
	"crypto/elliptic"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	inmemory "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/rules/pin"
	"github.com/sbomctl/sbomctl/rules/registry"
)

type nobody struct{}

func (nobody) Resolve(authn.Resource) (authn.Authenticator, error) { return authn.Anonymous, nil }

// TestRegistry: a registry over HTTP, with the referrers API and without, into which another program pushed what is attached.
func TestRegistry(t *testing.T) {
	for what, api := range map[string]bool{"API": true, "tag in its place": false} {
		t.Run(what, func(t *testing.T) {
			var asked atomic.Int64
			in := inmemory.New(inmemory.WithReferrersSupport(api), inmemory.Logger(log.New(io.Discard, "", 0)))
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/referrers/") {
					asked.Add(1)
				}
				in.ServeHTTP(w, r)
			}))
			defer s.Close()
			host := strings.TrimPrefix(s.URL, "http://")
			repository := must(name.NewRepository(host + "/org/app"))
			index := must(random.Index(100, 1, 2))
			image := must(index.Digest())
			if err := remote.WriteIndex(repository.Tag("1"), index); err != nil {
				t.Fatal(err)
			}
			k, old := newECDSA(elliptic.P256()), newECDSA(elliptic.P384())
			st := statement(predicateSign, image)
			bundle := bundleOf(`"dsseEnvelope":`+string(envelope(st, k.sign(pae(st)))), nil)
			about := v1.Descriptor{MediaType: types.OCIImageIndex, Digest: image, Size: must(index.Size())}
			push := func(to name.Reference, subject *v1.Descriptor, l layer) {
				img := must(mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), mutate.Addendum{Layer: static.NewLayer(l.body, types.MediaType(l.mediaType)), Annotations: l.annotations}))
				img = mutate.ConfigMediaType(img, "application/vnd.oci.empty.v1+json")
				if subject != nil {
					img = mutate.Subject(img, *subject).(v1.Image)
					to = repository.Digest(must(img.Digest()).String())
				}
				if err := remote.Write(to, img); err != nil {
					t.Fatal(err)
				}
			}
			push(nil, &about, plain(typeBundle, bundle))
			push(repository.Tag("sha256-"+image.Hex+".sig"), nil, simple(payload(image), old.sign(payload(image))))

			asked.Store(0) // which the other program did, too
			r := must((&registry.Client{Keychain: nobody{}}).Repository(host+"/org/app", false))
			out := must(Look(context.Background(), Request{Source: r, Lister: r, Name: r.Name(), Label: "//:app", Digest: image, Now: now,
				Signers: []pin.Signer{{Key: k.pem()}, {Key: old.pem()}, {Key: newECDSA(elliptic.P256()).pem()}}}))
			want(t, out, "")
			if o := out.Outcomes; o[1].Proof == nil || o[2].Finding == nil || o[2].Finding.Rule != SignatureMissing.ID || len(out.Attachments) != 2 || len(out.Unknown) != 0 {
				t.Errorf("%+v\n%s%v", o, table(out), out.Unknown)
			}
			if n := asked.Load(); n != 3 { // of the index and its two manifests
				t.Errorf("%d requests for referrers", n)
			}

			offline := must((&registry.Client{Keychain: nobody{}, Offline: true}).Repository(host+"/org/app", false))
			want(t, must(Look(context.Background(), Request{Source: offline, Lister: offline, Name: r.Name(), Digest: image, Signers: []pin.Signer{{Key: k.pem()}}})), "unknown", "")
		})
	}
}
