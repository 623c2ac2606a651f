package peers

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/attached"
	"github.com/sbomctl/sbomctl/rules/pin"
)

const (
	identity   = "release@example.org"
	issuer     = "https://accounts.example.org"
	bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"
)

// image is what is signed: any bytes will do.
var (
	image  = []byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`)
	digest = oci.DigestOf(image)
)

func statementOf(d v1.Hash) []byte {
	return fmt.Appendf(nil, `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":"%s"}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}`, d.Hex)
}

// repository is one image and one bundle that is attached to it, as a Source and a Lister.
type repository struct{ bundle []byte }

func (r repository) manifest() []byte {
	b, _ := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": types.OCIManifestSchema1, "artifactType": bundleType,
		"config": v1.Descriptor{MediaType: "application/vnd.oci.empty.v1+json", Digest: oci.DigestOf([]byte("{}")), Size: 2},
		"layers": []v1.Descriptor{{MediaType: bundleType, Digest: oci.DigestOf(r.bundle), Size: int64(len(r.bundle))}}, "subject": v1.Descriptor{Digest: digest}})
	return b
}

func (r repository) Manifest(_ context.Context, d v1.Hash) ([]byte, types.MediaType, error) {
	if d == digest {
		return image, types.OCIImageIndex, nil
	}
	return r.manifest(), types.OCIManifestSchema1, nil
}

func (r repository) Blob(context.Context, v1.Descriptor) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(r.bundle)), nil
}

func (r repository) Referrers(context.Context, v1.Hash) ([]v1.Descriptor, error) {
	return []v1.Descriptor{{Digest: oci.DigestOf(r.manifest())}}, nil
}

func (r repository) Resolve(context.Context, string) (v1.Descriptor, []byte, error) {
	return v1.Descriptor{}, nil, &oci.Error{Kind: oci.Missing}
}

// ours is what sbomctl says of a bundle: "" when it holds for the signer.
func ours(t *testing.T, bundle []byte, signer pin.Signer) string {
	t.Helper()
	r := repository{bundle}
	out, err := attached.Look(context.Background(), attached.Request{Source: r, Lister: r, Name: "example.org/app", Digest: digest, Signers: []pin.Signer{signer}, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	switch o := out.Outcomes[0]; {
	case o.Finding != nil:
		return o.Finding.Msg + "\n" + strings.Join(o.Finding.Hints, "\n")
	case o.Unknown != nil:
		return o.Unknown.Error()
	}
	return ""
}

// theirs is what sigstore-go says of it.
func theirs(text []byte, trusted root.TrustedMaterial, by verify.PolicyOption, options ...verify.VerifierOption) error {
	b := &bundle.Bundle{}
	if err := b.UnmarshalJSON(text); err != nil {
		return err
	}
	v, err := verify.NewVerifier(trusted, options...)
	if err != nil {
		return err
	}
	_, err = v.Verify(b, verify.NewPolicy(verify.WithArtifactDigest("sha256", must(hex.DecodeString(digest.Hex))), by))
	return err
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// sigstore is a Sigstore in memory, of sigstore-go's, and what is declared to trust it.
func sigstore(t *testing.T) (*ca.VirtualSigstore, pin.Signer) {
	s := must(ca.NewVirtualSigstore())
	signer := pin.Signer{Identity: identity, Issuer: issuer}
	for _, a := range s.FulcioCertificateAuthorities() {
		f := a.(*root.FulcioCertificateAuthority)
		signer.Root += pemOf("CERTIFICATE", f.Root.Raw) + pemOf("CERTIFICATE", f.Intermediates[0].Raw)
	}
	for _, l := range s.RekorLogs() {
		signer.LogKey = pemOf("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(l.PublicKey)))
	}
	return s, signer
}

// bundled makes the bundle of what that Sigstore signed.
func bundled(s *ca.VirtualSigstore, e *ca.TestEntity) *protobundle.Bundle {
	entry := must(e.TlogEntries())[0]
	log := entry.TransparencyLogEntry()
	var kind struct{ Kind, APIVersion string }
	if err := json.Unmarshal(log.CanonicalizedBody, &kind); err != nil {
		panic(err)
	}
	log.KindVersion = &protorekor.KindVersion{Kind: kind.Kind, Version: kind.APIVersion}
	log.InclusionPromise = &protorekor.InclusionPromise{SignedEntryTimestamp: must(s.RekorSignPayload(tlog.RekorPayload{
		Body: base64.StdEncoding.EncodeToString(log.CanonicalizedBody), IntegratedTime: log.IntegratedTime, LogIndex: log.LogIndex, LogID: hex.EncodeToString(log.LogId.KeyId)}))}
	out := &protobundle.Bundle{MediaType: bundleType, VerificationMaterial: &protobundle.VerificationMaterial{
		Content:     &protobundle.VerificationMaterial_Certificate{Certificate: &protocommon.X509Certificate{RawBytes: must(e.VerificationContent()).Certificate().Raw}},
		TlogEntries: []*protorekor.TransparencyLogEntry{log}}}
	content := must(e.SignatureContent())
	if m := content.MessageSignatureContent(); m != nil {
		out.Content = &protobundle.Bundle_MessageSignature{MessageSignature: &protocommon.MessageSignature{
			MessageDigest: &protocommon.HashOutput{Algorithm: protocommon.HashAlgorithm_SHA2_256, Digest: m.Digest()}, Signature: m.Signature()}}
		return out
	}
	env := content.EnvelopeContent().RawEnvelope()
	out.Content = &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{PayloadType: env.PayloadType, Payload: must(base64.StdEncoding.DecodeString(env.Payload)),
		Signatures: []*protodsse.Signature{{Sig: must(base64.StdEncoding.DecodeString(env.Signatures[0].Sig))}}}}
	return out
}

// TestSigstoreIdentity: of the bundles that sigstore-go's own Sigstore makes, and of each that is damaged in one place, sbomctl and sigstore-go say the same.
func TestSigstoreIdentity(t *testing.T) {
	s, declared := sigstore(t)
	options := []verify.VerifierOption{verify.WithTransparencyLog(1), verify.WithIntegratedTimestamps(1)}
	other, _ := sigstore(t)
	during := time.Now().Add(5 * time.Minute)
	attest := func(of v1.Hash, at time.Time) *protobundle.Bundle {
		return bundled(s, must(s.AttestAtTime(identity, issuer, statementOf(of), at, true)))
	}
	for name, c := range map[string]struct {
		make     func() *protobundle.Bundle
		identity string // "": the one that signed
		issuer   string
		good     bool
	}{
		"good":           {func() *protobundle.Bundle { return attest(digest, during) }, "", "", true},
		"other identity": {func() *protobundle.Bundle { return attest(digest, during) }, "release@example.com", "", false},
		"other issuer":   {func() *protobundle.Bundle { return attest(digest, during) }, "", "https://example.org", false},
		"other image":    {func() *protobundle.Bundle { return attest(oci.DigestOf([]byte("other")), during) }, "", "", false},
		"expired":        {func() *protobundle.Bundle { return attest(digest, during.Add(time.Hour)) }, "", "", false},
		"too early":      {func() *protobundle.Bundle { return attest(digest, during.Add(-time.Hour)) }, "", "", false},
		"payload changed": {func() *protobundle.Bundle {
			b := attest(digest, during)
			b.GetDsseEnvelope().Payload = append(b.GetDsseEnvelope().Payload, ' ')
			return b
		}, "", "", false},
		"type changed": {func() *protobundle.Bundle {
			b := attest(digest, during)
			b.GetDsseEnvelope().PayloadType += "x"
			return b
		}, "", "", false},
		"signature changed": {func() *protobundle.Bundle {
			b := attest(digest, during)
			b.GetDsseEnvelope().Signatures[0].Sig[20] ^= 1
			return b
		}, "", "", false},
		"no signature": {func() *protobundle.Bundle {
			b := attest(digest, during)
			b.GetDsseEnvelope().Signatures = nil
			return b
		}, "", "", false},
		"time changed": {func() *protobundle.Bundle {
			b := attest(digest, during)
			b.VerificationMaterial.TlogEntries[0].IntegratedTime++
			return b
		}, "", "", false},
		"promise changed": {func() *protobundle.Bundle {
			b := attest(digest, during)
			b.VerificationMaterial.TlogEntries[0].InclusionPromise.SignedEntryTimestamp[20] ^= 1
			return b
		}, "", "", false},
		"entry of another signature": {func() *protobundle.Bundle {
			b := attest(digest, during)
			b.VerificationMaterial.TlogEntries = attest(digest, during).VerificationMaterial.TlogEntries
			return b
		}, "", "", false},
		"no entry": {func() *protobundle.Bundle {
			b := attest(digest, during)
			b.VerificationMaterial.TlogEntries = nil
			return b
		}, "", "", false},
		"certificate of another": {func() *protobundle.Bundle {
			b := attest(digest, during)
			b.VerificationMaterial.Content = attest(digest, during).VerificationMaterial.Content
			return b
		}, "", "", false},
		"other Sigstore": {func() *protobundle.Bundle {
			return bundled(other, must(other.AttestAtTime(identity, issuer, statementOf(digest), during, true)))
		}, "", "", false},
		"media type": {func() *protobundle.Bundle {
			b := attest(digest, during)
			b.MediaType = "application/vnd.dev.sigstore.bundle.v0.9+json"
			return b
		}, "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			text := must(protojson.Marshal(c.make()))
			signer := declared
			if c.identity != "" {
				signer.Identity = c.identity
			}
			if c.issuer != "" {
				signer.Issuer = c.issuer
			}
			by := verify.WithCertificateIdentity(must(verify.NewShortCertificateIdentity(signer.Issuer, "", signer.Identity, "")))
			judge, we := theirs(text, s, by, options...), ours(t, text, signer)
			if (judge == nil) != c.good || (we == "") != c.good {
				t.Errorf("good %v\nsigstore-go: %v\nsbomctl: %s\n%s", c.good, judge, we, text)
			}
		})
	}
}

// TestSigstoreTimestamp: the same of timestamps (RFC 3161) in place of a log's time.
func TestSigstoreTimestamp(t *testing.T) {
	s, declared := sigstore(t)
	other, _ := sigstore(t)
	declared.LogKey = ""
	for _, a := range s.TimestampingAuthorities() {
		tsa := a.(*root.SigstoreTimestampingAuthority)
		for _, c := range append([]*x509.Certificate{tsa.Root, tsa.Leaf}, tsa.Intermediates...) {
			declared.TSA += pemOf("CERTIFICATE", c.Raw)
		}
	}
	by := verify.WithCertificateIdentity(must(verify.NewShortCertificateIdentity(issuer, "", identity, "")))
	attest := func(s *ca.VirtualSigstore) (*protobundle.Bundle, []byte) {
		e := must(s.Attest(identity, issuer, statementOf(digest)))
		b := bundled(s, e)
		b.VerificationMaterial.TlogEntries = nil
		return b, must(e.Timestamps())[0]
	}
	check := func(name string, b *protobundle.Bundle, stamps [][]byte, good bool) {
		t.Helper()
		b.VerificationMaterial.TimestampVerificationData = &protobundle.TimestampVerificationData{}
		for _, stamp := range stamps {
			b.VerificationMaterial.TimestampVerificationData.Rfc3161Timestamps = append(b.VerificationMaterial.TimestampVerificationData.Rfc3161Timestamps,
				&protocommon.RFC3161SignedTimestamp{SignedTimestamp: stamp})
		}
		text := must(protojson.Marshal(b))
		judge, we := theirs(text, s, by, verify.WithSignedTimestamps(1)), ours(t, text, declared)
		if (judge == nil) != good || (we == "") != good {
			t.Errorf("%s: good %v\nsigstore-go: %v\nsbomctl: %s\n%s", name, good, judge, we, text)
		}
	}
	b, stamp := attest(s)
	check("good", b, [][]byte{stamp}, true)
	check("none", b, nil, false)
	_, second := attest(s)
	check("of another signature", b, [][]byte{second}, false)
	check("of another authority", b, [][]byte{must(other.TimestampResponse(b.GetDsseEnvelope().Signatures[0].Sig))}, false)
	for i := range stamp { // whatever byte of it is another
		damaged := bytes.Clone(stamp)
		damaged[i] ^= 1
		b.VerificationMaterial.TimestampVerificationData.Rfc3161Timestamps[0].SignedTimestamp = damaged
		text := must(protojson.Marshal(b))
		if ours(t, text, declared) == "" && theirs(text, s, by, verify.WithSignedTimestamps(1)) != nil {
			t.Errorf("byte %d is another, and only sbomctl takes it", i)
		}
	}
}

// TestSigstoreMessage: a signature of the image's bytes themselves.
func TestSigstoreMessage(t *testing.T) {
	s, signer := sigstore(t)
	make := func(artifact []byte) []byte {
		b := bundled(s, must(s.Sign(identity, issuer, artifact)))
		b.MediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1" // the later ones need a proof that this Sigstore makes of envelopes only
		b.VerificationMaterial.Content = &protobundle.VerificationMaterial_X509CertificateChain{X509CertificateChain: &protocommon.X509CertificateChain{
			Certificates: []*protocommon.X509Certificate{b.VerificationMaterial.GetCertificate()}}}
		return must(protojson.Marshal(b))
	}
	by := verify.WithCertificateIdentity(must(verify.NewShortCertificateIdentity(issuer, "", identity, "")))
	for artifact, good := range map[string]bool{string(image): true, "other": false} {
		text := make([]byte(artifact))
		judge, we := theirs(text, s, by, verify.WithTransparencyLog(1), verify.WithIntegratedTimestamps(1)), ours(t, text, signer)
		if (judge == nil) != good || (we == "") != good {
			t.Errorf("good %v\nsigstore-go: %v\nsbomctl: %s\n%s", good, judge, we, text)
		}
	}
}

// TestSigstoreKey: a bundle by a key, which this test writes itself, as rules/attached has it.
func TestSigstoreKey(t *testing.T) {
	for name, curve := range map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()} {
		key, other := must(ecdsa.GenerateKey(curve, rand.Reader)), must(ecdsa.GenerateKey(curve, rand.Reader))
		s := statementOf(digest)
		sum := sha256.Sum256(fmt.Appendf(nil, "DSSEv1 28 application/vnd.in-toto+json %d %s", len(s), s))
		sig := must(key.Sign(rand.Reader, sum[:], crypto.SHA256))
		text := fmt.Appendf(nil, `{"mediaType":%q,"verificationMaterial":{"publicKey":{"hint":"x"}},"dsseEnvelope":{"payload":%q,"payloadType":"application/vnd.in-toto+json","signatures":[{"sig":%q}]}}`,
			bundleType, base64.StdEncoding.EncodeToString(s), base64.StdEncoding.EncodeToString(sig))
		for k, good := range map[*ecdsa.PrivateKey]bool{key: true, other: false} {
			verifier := must(signature.LoadVerifier(k.Public(), crypto.SHA256))
			trusted := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
				return root.NewExpiringKey(verifier, time.Time{}, time.Time{}), nil
			})
			judge := theirs(text, trusted, verify.WithKey(), verify.WithNoObserverTimestamps())
			we := ours(t, text, pin.Signer{Key: pemOf("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(k.Public())))})
			if (judge == nil) != good || (we == "") != good {
				t.Errorf("%s, good %v\nsigstore-go: %v\nsbomctl: %s", name, good, judge, we)
			}
		}
	}
}
