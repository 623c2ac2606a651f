package attached

import (
	"context"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
	"github.com/sbomctl/sbomctl/rules/pin"
)

// withBuildKit is an image in whose index BuildKit put attestations: of one manifest, and of one that is not there.
func withBuildKit() *ocitest.Set {
	base := ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "a", Body: "b"})
	image := ocitest.Image("linux/amd64", base)
	attestation := ocitest.ImageWith("", func(_ *v1.ConfigFile, m *v1.Manifest) {
		m.Layers = []v1.Descriptor{
			{MediaType: typeStatement, Digest: oci.DigestOf([]byte("1")), Size: 1, Annotations: map[string]string{"in-toto.io/predicate-type": predicateSPDX}},
			{MediaType: typeStatement, Digest: oci.DigestOf([]byte("2")), Size: 2, Annotations: map[string]string{"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"}},
		}
	})
	of := func(d string) v1.Descriptor {
		out := attestation.Root
		out.Platform = &v1.Platform{OS: "unknown", Architecture: "unknown"}
		out.Annotations = map[string]string{annotationReferenceType: "attestation-manifest", annotationReference: d}
		return out
	}
	return ocitest.IndexWith(func(m *v1.IndexManifest) {
		m.Manifests[1] = of(image.Root.Digest.String())
		m.Manifests = append(m.Manifests, of(oci.DigestOf([]byte("nothing")).String()), of("latest"))
	}, image, attestation)
}

// table is what is listed, a line each.
func table(out *Result) string {
	var b strings.Builder
	for _, a := range out.Attachments {
		fmt.Fprintf(&b, "%s|%s|%s|%s|%s|%d|%s|%s\n", a.Platform, strings.ReplaceAll(a.Via, a.Subject.Hex, "HEX"), a.Kind, a.Type, a.Predicate, a.Size, a.Signed, a.Problem)
	}
	return b.String()
}

// TestList: everything that is attached, by whatever way, to the image and to its parts. Nothing is claimed without a declared signer.
func TestList(t *testing.T) {
	r := newRepo(withBuildKit())
	image, part := r.Root.Digest, manifestOf(r, 0)
	k, ca := newECDSA(elliptic.P256()), newAuthority()
	cert := ca.issue(k.Public(), nil)
	p := payload(image)
	r.cosign(image, ".sig", simple(p, k.sign(p)), simple(p, k.sign(p), annotationCertificate, certPEM(cert)))
	s := statement(predicateProvenance, part)
	r.cosign(part, ".att", plain(typeEnvelope, envelope(s, k.sign(pae(s)))))
	r.cosign(part, ".sbom", plain("text/spdx+json", []byte("{}")))
	r.push(&image, "application/vnd.cyclonedx+json", plain("application/vnd.cyclonedx+json", []byte("{ }")))
	r.push(&image, typeNotary, plain("application/jose+json", []byte("x")))
	r.push(&image, "application/vnd.example.thing", plain("text/plain", []byte("1")), plain("text/plain", []byte("2")))
	out := r.look(t)
	got := strings.Split(strings.TrimSuffix(table(out), "\n"), "\n")
	want := []string{
		// in the order of their digests, which the test sorts
		"|referrers|other|application/vnd.example.thing||SIZE||",
		"|referrers|sbom|application/vnd.cyclonedx+json||3||",
		"|referrers|signature|application/vnd.cncf.notary.signature||1||is a signature of the Notary Project, which is not read",
		"|tag sha256-HEX.sig|signature|application/vnd.dev.cosign.simplesigning.v1+json||SIZE|a key|",
		"|tag sha256-HEX.sig|signature|application/vnd.dev.cosign.simplesigning.v1+json||SIZE|release@example.org (https://accounts.example.org)|",
		"linux/amd64|tag sha256-HEX.att|provenance|application/vnd.dsse.envelope.v1+json|https://slsa.dev/provenance/v1|SIZE|a key|",
		"linux/amd64|tag sha256-HEX.sbom|sbom|text/spdx+json||2||",
		"linux/amd64|index|sbom|application/vnd.in-toto+json|https://spdx.dev/Document|1||",
		"linux/amd64|index|provenance|application/vnd.in-toto+json|https://slsa.dev/provenance/v0.2|2||",
		`|index|attestation|application/vnd.in-toto+json||SIZE||claims to be about "` + oci.DigestOf([]byte("nothing")).String() + `", which is not in the index`,
		`|index|attestation|application/vnd.in-toto+json||SIZE||claims to be about "latest", which is not in the index`,
	}
	for i := range want {
		if i < len(got) && strings.Contains(want[i], "|SIZE|") {
			fields := strings.Split(got[i], "|")
			fields[5] = "SIZE"
			got[i] = strings.Join(fields, "|")
		}
	}
	// The first three are the referrers.
	if len(got) > 3 {
		for _, w := range want[:3] {
			if !strings.Contains(strings.Join(got[:3], "\n"), w[:40]) {
				t.Errorf("%s is not in %s", w, got[:3])
			}
		}
		got, want = got[3:], want[3:]
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(out.Outcomes) != 0 || len(out.Unknown) != 0 {
		t.Errorf("%+v", out)
	}
	for range 5 { // whatever comes first
		if again := r.look(t); table(again) != table(out) {
			t.Errorf("got\n%s\nthen\n%s", table(out), table(again))
		}
	}
}

// TestUnknown: what could not be asked leaves a signer open, unless another signature is the signer's.
func TestUnknown(t *testing.T) {
	k := newECDSA(elliptic.P256())
	signer := pin.Signer{Key: k.pem()}
	image := twoPlatforms().Root.Digest
	part := manifestOf(newRepo(twoPlatforms()), 1)
	refused := func(kind oci.Kind) error { return &oci.Error{Kind: kind, What: "example.org", Msg: "said no"} }
	for _, kind := range []oci.Kind{oci.Auth, oci.RateLimited, oci.Offline, oci.TLS, oci.Timeout, oci.ServerError, oci.Malformed, oci.Mismatch, oci.MediaType} {
		for _, asked := range []string{"referrers", "sha256-" + image.Hex + ".sig", "sha256-" + image.Hex + ".att", "sha256-" + image.Hex + ".sbom"} {
			r := newRepo(twoPlatforms())
			r.fail[asked] = refused(kind)
			out := r.look(t, signer)
			want(t, out, "unknown", "example.org said no")
			if o := out.Outcomes[0].Unknown; o == nil || !o.Kind.Inconclusive() || kind.Inconclusive() && o.Kind != kind {
				t.Errorf("%s of %s: %+v", kind, asked, o)
			}
			if !strings.HasSuffix(asked, ".sig") {
				r.cosign(image, ".sig", simple(payload(image), k.sign(payload(image))))
				out := r.look(t, signer)
				if want(t, out, ""); len(out.Unknown) == 0 {
					t.Errorf("%s of %s: nothing is unknown", kind, asked)
				}
			}
		}
	}
	t.Run("of a part", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		r.fail["sha256-"+part.Hex+".sig"] = refused(oci.Timeout)
		out := r.look(t, signer)
		if want(t, out, "signature-missing"); len(out.Unknown) != 1 {
			t.Errorf("%v", out.Unknown)
		}
	})
	t.Run("no such thing", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		r.fail["referrers"] = refused(oci.Missing)
		want(t, r.look(t, signer), "signature-missing")
	})
	t.Run("the attached manifest", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		d := r.push(&image, typeBundle)
		r.fail[d.String()] = refused(oci.Auth)
		want(t, r.look(t, signer), "unknown", "said no")
		r.fail[d.String()] = refused(oci.Mismatch)
		out := r.look(t, signer)
		want(t, out, "signature-missing")
		if p := out.Attachments[0].Problem; p != "cannot be read: example.org said no" {
			t.Errorf("problem %q", p)
		}
	})
	t.Run("the image itself", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		r.cosign(image, ".sig", simple(payload(image), k.sign(payload(image))))
		for _, kind := range []oci.Kind{oci.Offline, oci.Missing, oci.Malformed} {
			r.fail[image.String()] = refused(kind)
			if out := r.look(t, signer); len(out.Unknown) != map[bool]int{true: 1}[kind.Inconclusive()] {
				t.Errorf("%s: %v", kind, out.Unknown)
			} else {
				want(t, out, "")
			}
		}
	})
	t.Run("a blob that is not there, or another", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		p := payload(image)
		r.cosign(image, ".sig", simple(p, k.sign(p)))
		delete(r.Blobs, oci.DigestOf(p))
		want(t, r.look(t, signer), "signature-missing", "is not there")
		r.Blobs[oci.DigestOf(p)] = payload(part)
		want(t, r.look(t, signer), "signature-missing", "cannot be read: ")
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		r := newRepo(twoPlatforms())
		r.fail["referrers"] = ctx.Err()
		if out, err := Look(ctx, Request{Source: r, Lister: r, Digest: image}); !errors.Is(err, context.Canceled) {
			t.Errorf("%+v, %v", out, err)
		}
	})
}

// TestTooMany: more than is looked at is said, and leaves a signer open.
func TestTooMany(t *testing.T) {
	k := newECDSA(elliptic.P256())
	signer := pin.Signer{Key: k.pem()}
	image := twoPlatforms().Root.Digest
	many := func(n int) []v1.Descriptor {
		out := make([]v1.Descriptor, n)
		for i := range out {
			out[i].Digest = v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%064x", i)}
		}
		return out
	}
	t.Run("referrers", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		r.more = many(5_000)
		out := r.look(t, signer)
		if want(t, out, "unknown", "has 5000 entries, of which the first 200 are looked at"); len(out.Attachments) != maxAttachments {
			t.Errorf("%d attachments", len(out.Attachments))
		}
	})
	t.Run("layers", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		var layers []layer
		for i := range maxLayers + 1 {
			layers = append(layers, simple(fmt.Appendf(nil, "%d", i), []byte("x")))
		}
		r.cosign(image, ".sig", layers...)
		out := r.look(t, signer)
		if want(t, out, "unknown", "has 501 entries"); len(out.Attachments) != maxLayers {
			t.Errorf("%d attachments", len(out.Attachments))
		}
		r.cosign(image, ".att", layers[1:]...)
		r.push(&image, "", layers[:2]...)
		if out := r.look(t, signer); len(out.Attachments) != maxFound {
			t.Errorf("%d attachments", len(out.Attachments))
		}
	})
	t.Run("bytes", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		var layers []layer
		for range maxBytes/maxEnvelope + 2 {
			layers = append(layers, layer{typeEnvelope, []byte("{}"), nil, maxEnvelope})
		}
		r.cosign(image, ".sig", layers...)
		out := r.look(t, signer)
		if want(t, out, "unknown", "bytes together"); len(out.Unknown) != 1 || out.Attachments[len(layers)-1].Problem != "was not read: there is too much" {
			t.Errorf("%v %+v", out.Unknown, out.Attachments[len(layers)-1])
		}
	})
	t.Run("one", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		r.cosign(image, ".sig", simple([]byte(strings.Repeat("x", maxPayload+1)), []byte("x")))
		want(t, r.look(t, signer), "signature-missing", "at most 65536 are read")
	})
	t.Run("manifests of the index", func(t *testing.T) {
		r := newRepo(ocitest.IndexWith(func(m *v1.IndexManifest) { m.Manifests = many(maxChildren + 1) }))
		out := r.look(t, signer)
		if want(t, out, "signature-missing"); len(out.Unknown) != 1 || !strings.Contains(out.Unknown[0].Error(), "has 101 entries") {
			t.Errorf("%v", out.Unknown)
		}
	})
	t.Run("an index of itself", func(t *testing.T) {
		r := newRepo(ocitest.Index(twoPlatforms(), twoPlatforms()))
		want(t, r.look(t, signer), "signature-missing")
	})
	t.Run("a manifest that is too long", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		d := oci.DigestOf([]byte("x"))
		r.tags["sha256-"+image.Hex+".sig"] = d
		r.Manifests[d] = ocitest.Document{MediaType: types.OCIManifestSchema1, Bytes: make([]byte, oci.MaxManifest+1)}
		want(t, r.look(t, signer), "signature-missing")
	})
}

// TestLayout: what a layout in a folder has attached.
func TestLayout(t *testing.T) {
	k := newECDSA(elliptic.P256())
	image := twoPlatforms()
	s := statement(predicateSign, image.Root.Digest)
	bundle := ocitest.Artifact(image.Root, typeBundle, typeBundle, bundleOf(`"dsseEnvelope":`+string(envelope(s, k.sign(pae(s)))), nil), nil)
	tagged := newRepo(ocitest.Index())
	sbom := ocitest.Raw(types.OCIManifestSchema1, tagged.Manifests[tagged.push(nil, "", plain("text/spdx+json", []byte("{}")))].Bytes)
	sbom.Root.Annotations = map[string]string{"org.opencontainers.image.ref.name": "sha256-" + image.Root.Digest.Hex + ".sbom"}
	dir := t.TempDir()
	ocitest.WriteLayout(dir, image, bundle, sbom)
	open := func() Layout { return Layout{must(oci.OpenLayout(dir))} }
	l := open()
	defer l.Close()
	look := func(l Layout) *Result {
		return must(Look(context.Background(), Request{Source: l, Lister: l, Name: "a layout", Label: "//:app", Digest: image.Root.Digest, Signers: []pin.Signer{{Key: k.pem()}}, Now: now}))
	}
	out := look(l)
	want(t, out, "")
	if len(out.Attachments) != 2 || out.Attachments[0].Kind != KindSignature || out.Attachments[1].Kind != KindSBOM {
		t.Errorf("%s", table(out))
	}
	// What was not copied is not known; what was copied and does not hold is.
	r := Request{Source: l, Lister: l, Name: "a layout", Label: "//:app", Digest: image.Root.Digest, Signers: []pin.Signer{{Key: newECDSA(elliptic.P256()).pem()}}, Now: now}
	r.Copy = &oci.Error{Kind: oci.Offline, What: "the registry", Msg: "was not asked"}
	want(t, must(Look(context.Background(), r)), "signature-invalid")
	r.Lister = newRepo(image)
	copied := must(Look(context.Background(), r))
	if want(t, copied, "unknown", "the registry was not asked"); len(copied.Unknown) != 1 {
		t.Errorf("%v", copied.Unknown)
	}
	delete(bundle.Manifests, bundle.Root.Digest)
	dir = t.TempDir()
	ocitest.WriteLayout(dir, image, bundle)
	broken := open()
	defer broken.Close()
	want(t, look(broken), "unknown", "is not there, and index.json names it")
}

// TestResultJSON: what a machine reads has no field of the verification's own.
func TestResultJSON(t *testing.T) {
	k := newECDSA(elliptic.P256())
	r := newRepo(twoPlatforms())
	image := r.Root.Digest
	r.cosign(image, ".sig", simple(payload(image), k.sign(payload(image))))
	out := r.look(t, pin.Signer{Key: k.pem()})
	b := must(json.Marshal(out.Attachments[0]))
	want := fmt.Sprintf(`{"subject":"%s","via":"tag sha256-%s.sig","kind":"signature","artifactType":"%s","manifest":"%s","digest":"%s","size":%d,"signedBy":"a key","verified":[0]}`,
		image, image.Hex, typePayload, out.Attachments[0].Manifest, oci.DigestOf(payload(image)), len(payload(image)))
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
}
