package attached

import (
	"crypto/elliptic"
	"os"
	"strings"
	"testing"
	"unicode"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/pin"
)

// FuzzSignature: whatever lies in a layer is read or refused, and is nobody's signature of an image that it was not made of. The key signs
// nothing, so that there is no signature that could be found.
func FuzzSignature(f *testing.F) {
	image := oci.DigestOf([]byte("image"))
	k, signed := newECDSA(elliptic.P256()), newECDSA(elliptic.P256())
	ca, log := newAuthority(), tlog{newECDSA(elliptic.P256())}
	s := statement(predicateSign, image)
	sig := signed.sign(pae(s))
	cert := ca.issue(signed.Public(), nil)
	entry := log.enter(dsseBody(s, sig, certPEM(cert)), now)
	f.Add(payload(image), encode64(signed.sign(payload(image))), certPEM(cert), entry.annotation())
	f.Add(envelope(s, sig), "", certPEM(cert, ca.root), entry.annotation())
	f.Add(bundleOf(`"dsseEnvelope":`+string(envelope(s, sig)), cert, entry), "", "", "")
	f.Add(bundleOf(`"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"`+encode64(unhex(image.Hex))+`"},"signature":"AA=="}`, nil), "", "", "")
	f.Add(must(os.ReadFile("testdata/sigstore-js-2.0.0.sigstore.json")), "", "", "")
	f.Add([]byte(strings.Repeat("[", 100)), "!", "-----BEGIN CERTIFICATE-----", "{}")
	signers := []*signer{must(parseSigner(pin.Signer{Key: k.pem()})),
		must(parseSigner(pin.Signer{Identity: someone, Issuer: someIssuer, Root: newAuthority().roots(), LogKey: log.pem()}))}
	f.Fuzz(func(t *testing.T, b []byte, sig, certificate, bundle string) {
		notes := map[string]string{annotationSignature: sig, annotationCertificate: certificate, annotationChain: certificate, annotationBundle: bundle}
		for format, read := range map[string]func() (*signature, error){
			typePayload:  func() (*signature, error) { return readPayload(b, notes) },
			typeEnvelope: func() (*signature, error) { return readEnvelope(b, notes) },
			typeBundle:   func() (*signature, error) { return readBundle(b) },
		} {
			s, err := read()
			if err != nil {
				if strings.Contains(err.Error(), "\n") {
					t.Errorf("%q", err)
				}
				continue
			}
			if s.claim.manifest {
				s.message = []byte("image")
			}
			a := Attachment{Subject: image, Type: format}
			a.hold(s, signers, now)
			for _, text := range []string{a.Signed, a.Predicate, a.Problem, a.held[0].why, a.held[1].why} {
				if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) || len(text) > 1000 {
					t.Errorf("%q", text)
				}
			}
			if len(a.Verified) > 0 {
				t.Errorf("verified: %+v", a)
			}
		}
	})
}

// FuzzManifest: whatever a manifest is, it is read or refused.
func FuzzManifest(f *testing.F) {
	r := newRepo(withBuildKit())
	for _, m := range r.Manifests {
		f.Add(m.Bytes)
	}
	f.Add([]byte(`{"subject":{"digest":"sha256:x"},"layers":[{}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newRepo(twoPlatforms())
		d := oci.DigestOf(b)
		r.Manifests[d] = r.Manifests[r.Root.Digest]
		r.Replace(d, b)
		r.tags["sha256-"+r.Root.Digest.Hex+".sig"] = d
		r.more = []v1.Descriptor{{Digest: d}}
		out := r.look(t)
		for _, a := range out.Attachments {
			if a.Manifest != d && a.Subject == r.Root.Digest || a.Kind == "" {
				t.Errorf("%+v", a)
			}
		}
		r.Root.Digest = d // the image itself
		r.more = nil
		r.look(t)
	})
}
