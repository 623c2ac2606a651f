package attached

import (
	"bytes"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
	"github.com/sbomctl/sbomctl/rules/pin"
)

// TestMalformed: what cannot be read says why, and is no signature, though it verifies.
func TestMalformed(t *testing.T) {
	k := newECDSA(elliptic.P256())
	image := twoPlatforms().Root.Digest
	signer := pin.Signer{Key: k.pem()}
	refused := func(part string, l layer) {
		t.Helper()
		r := newRepo(twoPlatforms())
		r.cosign(image, ".sig", l)
		out := r.look(t, signer)
		want(t, out, "signature-missing")
		if p := out.Attachments[0].Problem; !strings.Contains(p, part) {
			t.Errorf("%q, want %q", p, part)
		}
	}
	signed := func(p []byte) layer { return simple(p, k.sign(p)) }
	p := payload(image)
	edit := func(old, new string) []byte {
		t.Helper()
		if !bytes.Contains(p, []byte(old)) {
			t.Fatal(old)
		}
		return bytes.Replace(p, []byte(old), []byte(new), 1)
	}
	refused("its payload is not the JSON", signed([]byte("{")))
	refused("its payload is not the JSON", signed(append(p, '}')))
	refused("its payload is not the JSON", signed(edit(`"sha256:`, `["sha256:`)))
	refused("more than 64 levels deep", signed(edit("null", strings.Repeat("[", 65)+strings.Repeat("]", 65))))
	refused("its payload is of type", signed(edit("cosign container image signature", "blob")))
	refused("names no digest", signed(edit("sha256:", "")))
	refused("has no signature in the annotation", simple(p, nil))
	refused("certificate has no certificate", simple(p, k.sign(p), annotationCertificate, "x"))
	refused("chain has something else", simple(p, k.sign(p), annotationChain, k.pem()))
	refused("chain has more than 65536 bytes", simple(p, k.sign(p), annotationChain, strings.Repeat("x", maxCert+1)))
	refused("chain has more than 10 certificates", simple(p, k.sign(p), annotationChain, strings.Repeat(newAuthority().roots(), maxChain+1)))
	refused("bundle is not the JSON", simple(p, k.sign(p), annotationBundle, "{"))
	refused("bundle is not the JSON", simple(p, k.sign(p), annotationBundle, `{"SignedEntryTimestamp":"!"}`))
	refused("rfc3161timestamp is not the JSON", simple(p, k.sign(p), annotationTime, `{"SignedRFC3161Timestamp":1}`))

	st := statement(predicateSign, image)
	env := func(st []byte) layer { return plain(typeEnvelope, envelope(st, k.sign(pae(st)))) }
	change := func(b []byte, old, new string) []byte {
		t.Helper()
		if !bytes.Contains(b, []byte(old)) {
			t.Fatal(old)
		}
		return bytes.ReplaceAll(b, []byte(old), []byte(new))
	}
	refused("its envelope is not the JSON", plain(typeEnvelope, []byte("[]")))
	refused("and no in-toto statement", func() layer {
		const other = "application/vnd.other+json"
		b := envelope(st, k.sign(preAuthentication(other, st)))
		return plain(typeEnvelope, change(b, typeStatement, other))
	}())
	refused("has 0 signatures", plain(typeEnvelope, envelope(st)))
	refused("has 17 signatures", plain(typeEnvelope, envelope(st, bytes.Split(bytes.Repeat([]byte("x,"), 16), []byte(","))...)))
	refused("its statement is not the JSON", env([]byte("x")))
	refused("and no in-toto statement", env(change(st, "in-toto.io/Statement/v1", "in-toto.io/Statement/v2")))
	refused("does not say of what type", env(change(st, predicateSign, "")))
	refused("has 1025 subjects", env(statement(predicateSign, append(make([]v1.Hash, maxSubjects), image)...)))

	content := `"dsseEnvelope":` + string(envelope(st, k.sign(pae(st))))
	bundle := bundleOf(content, nil)
	refused("its bundle is not the JSON", plain(typeBundle, []byte(`"`)))
	refused("versions 0.1 to 0.3 are read", plain(typeBundle, change(bundle, "v0.3", "v0.4")))
	refused("has not one of", plain(typeBundle, bundleOf(`"x":1`, nil)))
	refused("has not one of", plain(typeBundle, bundleOf(content+`,"messageSignature":{}`, nil)))
	refused("signs a message by its", plain(typeBundle, bundleOf(`"messageSignature":{"messageDigest":{"algorithm":"SHA2_512"}}`, nil)))
	refused("number 1, that cannot be read", plain(typeBundle, change(bundle, `"publicKey":{"hint":"x"}`, `"certificate":{"rawBytes":"AA=="}`)))
	refused("has 12 certificates", plain(typeBundle, change(bundle, `"publicKey":{"hint":"x"}`, `"x509CertificateChain":{"certificates":[`+strings.Repeat(`{},`, 11)+`{}]}`)))
	refused("has 17 log entries or timestamps", plain(typeBundle, bundleOf(content, nil, make([]logEntry, 17)...)))
	refused("has 17 log entries or timestamps", plain(typeBundle, change(bundle, `"tlogEntries":[]`, `"timestampVerificationData":{"rfc3161Timestamps":[`+strings.Repeat(`{},`, 16)+`{}]}`)))

	t.Run("a referrer without a subject", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		r.more = []v1.Descriptor{{Digest: r.push(nil, "", signed(p))}}
		want(t, r.look(t, signer), "signature-missing", "names no subject, and is listed as a referrer")
	})
	t.Run("a part's damaged one is not the image's", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		r.cosign(manifestOf(r, 0), ".sig", simple(p, []byte("x")))
		want(t, r.look(t, signer), "signature-missing")
	})
}

// TestEntryOfOther: an entry of another statement by the same signature is none.
func TestEntryOfOther(t *testing.T) {
	k, log := newECDSA(elliptic.P256()), tlog{newECDSA(elliptic.P256())}
	image := twoPlatforms().Root.Digest
	st := statement(predicateProvenance, image)
	sig := k.sign(pae(st))
	for _, body := range []string{
		dsseBody([]byte("other"), sig, k.pem()),
		fmt.Sprintf(`{"apiVersion":"0.0.2","kind":"intoto","spec":{"content":{"envelope":{"signatures":[{"sig":"%s","publicKey":"%s"}]},"payloadHash":{"algorithm":"sha256","value":"00"}}}}`,
			encode64([]byte(encode64(sig))), encode64([]byte(k.pem()))),
		fmt.Sprintf(`{"apiVersion":"0.0.1","kind":"intoto","spec":{"content":{"hash":{"algorithm":"sha256","value":"00"}},"publicKey":"%s"}}`, encode64([]byte(k.pem()))),
		dsseBody(st, sig, log.pem()),
	} {
		r := newRepo(twoPlatforms())
		r.cosign(image, ".att", layer{mediaType: typeEnvelope, body: envelope(st, sig), annotations: map[string]string{annotationBundle: log.enter(body, now).annotation()}})
		want(t, r.look(t, pin.Signer{Key: k.pem(), LogKey: log.pem()}), "signature-invalid", "is about another signature")
	}
}

// TestBothTimes: where a log and an authority are declared, the certificate must have been valid at both times.
func TestBothTimes(t *testing.T) {
	k, ca, log, a := newECDSA(elliptic.P256()), newAuthority(), tlog{newECDSA(elliptic.P256())}, newTSA(nil)
	image := twoPlatforms().Root.Digest
	p := payload(image)
	sig, cert := k.sign(p), ca.issue(k.Public(), nil)
	for stamp, rule := range map[string]string{"20261124120400Z": "", "20261124124000Z": "signature-invalid"} {
		r := newRepo(twoPlatforms())
		r.cosign(image, ".sig", simple(p, sig, annotationCertificate, certPEM(cert), annotationChain, certPEM(ca.intermediate),
			annotationBundle, log.enter(hashedrekord(p, sig, certPEM(cert)), now.Add(-24*time.Hour+5*time.Minute)).annotation(),
			annotationTime, fmt.Sprintf(`{"SignedRFC3161Timestamp":"%s"}`, encode64(a.stamp(sig, stamp)))))
		out := r.look(t, pin.Signer{Identity: someone, Issuer: someIssuer, Root: ca.roots(), LogKey: log.pem(), TSA: a.pem()})
		want(t, out, rule, "was made at 2026-11-24T12:40:00Z")
		if pr := out.Outcomes[0].Proof; pr != nil && pr.String() != "signature "+out.Attachments[0].Digest.String()+" of 2026-11-24T12:04:00Z" {
			t.Errorf("%s", pr)
		}
	}
}

// TestHostileText: what strangers write reaches no terminal as it is.
func TestHostileText(t *testing.T) {
	const evil = "\x1b[2J\nsbomctl: all is well\u202e\xff"
	k, ca := newECDSA(elliptic.P256()), newAuthority()
	r := newRepo(ocitest.IndexWith(func(m *v1.IndexManifest) {
		m.Manifests[0].Platform = &v1.Platform{OS: evil, Architecture: evil}
		m.Manifests[1].Annotations = map[string]string{annotationReferenceType: "attestation-manifest", annotationReference: evil}
	}, ocitest.Image("linux/amd64"), ocitest.Image("linux/arm64")))
	image := r.Root.Digest
	cert := ca.issue(k.Public(), func(c *x509.Certificate) {
		names := must(asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 1, Bytes: []byte("\x1b[2J\nsbomctl: x@y")}}))
		c.EmailAddresses, c.ExtraExtensions = nil, []pkix.Extension{{Id: oidNames, Value: names}, {Id: oidIssuerRaw, Value: []byte(evil)}}
	})
	p := payload(image)
	st := bytes.Replace(statement("PREDICATE", image), []byte("PREDICATE"), []byte(`\u001b[2J\n`+strings.Repeat("x", 1000)), 1)
	r.cosign(image, ".sig", simple(p, k.sign(p), annotationCertificate, certPEM(cert)), plain(evil, []byte("x")))
	r.cosign(image, ".att", layer{mediaType: typeEnvelope, body: envelope(st, k.sign(pae(st))), annotations: map[string]string{"predicateType": evil}})
	r.push(&image, evil, plain(evil, []byte("x")))
	r.cosign(manifestOf(r, 0), ".sig", simple(payload(manifestOf(r, 0)), k.sign(payload(manifestOf(r, 0)))))
	out := r.look(t, pin.Signer{Key: newECDSA(elliptic.P256()).pem()}, pin.Signer{Identity: someone, Issuer: someIssuer, Root: ca.roots()})
	text := table(out)
	for _, o := range out.Outcomes {
		text += o.Finding.Msg + "\n" + strings.Join(o.Finding.Hints, "\n") + "\n"
		if _, err := finding.Encode([]finding.Finding{*o.Finding}); err != nil {
			t.Error(err)
		}
	}
	lines := strings.Count(text, "\n")
	if strings.ContainsAny(text, "\x1b\u202e") || !utf8.ValidString(text) || strings.Contains(text, "\nsbomctl") || strings.Contains(text, strings.Repeat("x", 300)) || lines > 20 {
		t.Errorf("%d lines: %q", lines, text)
	}
	if !strings.Contains(text, "[2J") { // it is shown
		t.Errorf("%q", text)
	}
}
