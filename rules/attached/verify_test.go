package attached

import (
	"bytes"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
	"github.com/sbomctl/sbomctl/rules/pin"
)

// want says what became of the one declared signer: "" for verified, else the rule of the finding and a part of what it says, or
// "unknown" and a part of the error.
func want(t *testing.T, out *Result, rule string, parts ...string) {
	t.Helper()
	o := out.Outcomes[0]
	switch {
	case o.Proof != nil:
		if rule != "" {
			t.Errorf("verified: %+v", o.Proof)
		}
		return
	case rule == "":
		t.Errorf("not verified: %+v %v", o.Finding, o.Unknown)
		return
	case o.Unknown != nil:
		if rule != "unknown" || !strings.Contains(o.Unknown.Error(), parts[0]) {
			t.Errorf("unknown: %v", o.Unknown)
		}
		return
	}
	f := o.Finding
	text := f.Msg + "\n" + strings.Join(f.Hints, "\n")
	if f.Rule != rule {
		t.Errorf("%s, want %s: %s", f.Rule, rule, text)
	}
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is not in:\n%s", p, text)
		}
	}
	if f.Label != "//:app" || f.Attr != "signers[0]" || f.Severity == 0 || f.Declared == "" {
		t.Errorf("%+v", f)
	}
}

// TestKinds: each kind of key, in each format.
func TestKinds(t *testing.T) {
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	short := key{Signer: must(rsa.GenerateKey(rand.Reader, 2048))}
	keys := map[string]key{
		"P-256": newECDSA(elliptic.P256()), "P-384": newECDSA(elliptic.P384()), "P-521": newECDSA(elliptic.P521()), "Ed25519": {Signer: ed},
		"RSA": short, "RSA-PSS": {Signer: short, pss: true},
	}
	for name, k := range keys {
		for format, attach := range formats {
			t.Run(name+"/"+format, func(t *testing.T) {
				r := newRepo(twoPlatforms())
				attach(r, r.Root.Digest, r.Root.Digest, k.sign)
				want(t, r.look(t, pin.Signer{Key: k.pem()}), "")
				// The same over another image, and by another key.
				want(t, r.look(t, pin.Signer{Key: newECDSA(elliptic.P256()).pem()}), "signature-invalid", "does not verify", "key SHA256:")
			})
		}
	}
	t.Run("curve's own hash", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		formats["payload"](r, r.Root.Digest, r.Root.Digest, keys["P-384"].sign384)
		want(t, r.look(t, pin.Signer{Key: keys["P-384"].pem()}), "")
	})
}

// formats attach a signature over an image to what is to be signed, in each way that there is.
var formats = map[string]func(r *repo, to, image v1.Hash, sign func([]byte) []byte){
	"payload": func(r *repo, to, image v1.Hash, sign func([]byte) []byte) {
		r.cosign(to, ".sig", simple(payload(image), sign(payload(image))))
	},
	"payload as referrer": func(r *repo, to, image v1.Hash, sign func([]byte) []byte) {
		r.push(&to, "application/vnd.dev.cosign.artifact.sig.v1+json", simple(payload(image), sign(payload(image))))
	},
	"envelope": func(r *repo, to, image v1.Hash, sign func([]byte) []byte) {
		s := statement(predicateProvenance, image)
		r.cosign(to, ".att", layer{typeEnvelope, envelope(s, sign(pae(s))), map[string]string{"predicateType": predicateProvenance}, 0})
	},
	"bundle": func(r *repo, to, image v1.Hash, sign func([]byte) []byte) {
		s := statement(predicateSign, image)
		r.push(&to, typeBundle, plain(typeBundle, bundleOf(`"dsseEnvelope":`+string(envelope(s, sign(pae(s)))), nil)))
	},
	"message": func(r *repo, to, image v1.Hash, sign func([]byte) []byte) {
		content := fmt.Sprintf(`"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"%s"},"signature":"%s"}`,
			encode64(unhex(image.Hex)), encode64(sign(r.Manifests[image].Bytes)))
		r.push(&to, typeBundle, plain(typeBundle, bundleOf(content, nil)))
	},
}

func unhex(s string) []byte {
	var b []byte
	fmt.Sscanf(s, "%x", &b)
	return b
}

// TestForged: what an attacker who may write to the registry, and has no key, can do.
func TestForged(t *testing.T) {
	k := newECDSA(elliptic.P256())
	signer := pin.Signer{Key: k.pem()}
	other := ocitest.Index(ocitest.Image("linux/s390x"))
	for format, attach := range formats {
		t.Run("replayed "+format, func(t *testing.T) {
			r := newRepo(twoPlatforms())
			for d, m := range other.Manifests {
				r.Manifests[d] = m
			}
			attach(r, r.Root.Digest, other.Root.Digest, k.sign)
			rule := "signature-invalid"
			parts := []string{"is not this image", other.Root.Digest.String()}
			if format == "message" { // its message is the image, which is not what was signed
				parts = []string{"does not verify"}
			}
			out := r.look(t, signer)
			want(t, out, rule, parts...)
			if p := out.Attachments[0].Problem; !strings.Contains(p, "claims to be about "+other.Root.Digest.String()) {
				t.Errorf("problem %q", p)
			}
		})
		t.Run("of a part only "+format, func(t *testing.T) {
			r := newRepo(twoPlatforms())
			child := manifestOf(r, 0)
			attach(r, child, child, k.sign)
			want(t, r.look(t, signer), "signature-missing", "linux/amd64", "is a part", child.String(), "cosign sign --key")
		})
		t.Run("of a part, attached to the image "+format, func(t *testing.T) {
			r := newRepo(twoPlatforms())
			child := manifestOf(r, 0)
			attach(r, r.Root.Digest, child, k.sign)
			want(t, r.look(t, signer), "signature-invalid")
		})
	}
	tamper := func(name string, body []byte, sig []byte, rule string, parts ...string) {
		t.Run(name, func(t *testing.T) {
			r := newRepo(twoPlatforms())
			r.cosign(r.Root.Digest, ".sig", simple(body, sig))
			want(t, r.look(t, signer), rule, parts...)
		})
	}
	image := twoPlatforms().Root.Digest
	signed := k.sign(payload(other.Root.Digest))
	tamper("payload changed", payload(image), signed, "signature-invalid", "does not verify")
	tamper("signature cut", payload(image), signed[:8], "signature-invalid", "does not verify")
	tamper("signature empty", payload(image), nil, "signature-missing", "has no signature in the annotation")
	tamper("digest twice, the last counts", bytes.Replace(payload(other.Root.Digest), []byte(`"type"`), fmt.Appendf(nil, `"image":{"docker-manifest-digest":"%s"},"type"`, image), 1), signed, "signature-invalid", "does not verify")

	t.Run("subject of another image", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		d := r.push(&other.Root.Digest, "application/vnd.dev.cosign.artifact.sig.v1+json", simple(payload(r.Root.Digest), k.sign(payload(r.Root.Digest))))
		r.more = []v1.Descriptor{{Digest: d}}
		out := r.look(t, signer)
		want(t, out, "signature-missing", "claims to be about "+other.Root.Digest.String())
	})
	t.Run("a statement that says nothing of whose it is", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		s := statement("https://in-toto.io/attestation/test-result/v0.1", r.Root.Digest)
		r.cosign(r.Root.Digest, ".att", plain(typeEnvelope, envelope(s, k.sign(pae(s)))))
		want(t, r.look(t, signer), "signature-invalid", "does not say whose the image is", "test-result")
	})
	t.Run("rubbish beside a signature that holds", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		r.cosign(r.Root.Digest, ".sig", simple([]byte("{"), []byte("x")), simple(payload(image), []byte("rubbish")), simple(payload(image), k.sign(payload(image))))
		want(t, r.look(t, signer), "")
	})
	t.Run("two signers, one signed", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		second := newECDSA(elliptic.P256())
		r.cosign(r.Root.Digest, ".sig", simple(payload(image), second.sign(payload(image))))
		out := r.look(t, signer, pin.Signer{Key: second.pem()})
		want(t, out, "signature-missing", "is by another declared signer")
		if out.Outcomes[1].Proof == nil || fmt.Sprint(out.Attachments[0].Verified) != "[1]" {
			t.Errorf("%+v", out)
		}
	})
	t.Run("none", func(t *testing.T) {
		r := newRepo(twoPlatforms())
		want(t, r.look(t, signer), "signature-missing", "has no signature by key SHA256:")
	})
}

// manifestOf returns the digest of the nth manifest of an index.
func manifestOf(r *repo, n int) v1.Hash {
	return must(parseManifest("", r.Manifests[r.Root.Digest].Bytes)).Manifests[n].Digest
}

// TestIdentity: certificates, in each format, and what is wrong with them.
func TestIdentity(t *testing.T) {
	ca, foreign := newAuthority(), newAuthority()
	log, otherLog := tlog{newECDSA(elliptic.P256())}, tlog{newECDSA(elliptic.P256())}
	declared := pin.Signer{Identity: someone, Issuer: someIssuer, Root: ca.roots(), LogKey: log.pem()}
	during := now.Add(-24*time.Hour + 5*time.Minute)
	image := twoPlatforms().Root.Digest

	type with struct {
		ca     *authority
		change func(*x509.Certificate)
		log    tlog
		at     time.Time
		body   func(message, sig []byte, by string) string
		signer func(*pin.Signer)
		noLog  bool
	}
	// attach signs and attaches as cosign does, and looks.
	look := func(t *testing.T, w with, format string) *Result {
		k := newECDSA(elliptic.P256())
		a, l, at, body := ca, log, during, hashedrekord
		if w.ca != nil {
			a = w.ca
		}
		if w.log.Signer != nil {
			l = w.log
		}
		if !w.at.IsZero() {
			at = w.at
		}
		if w.body != nil {
			body = w.body
		}
		cert := a.issue(k.Public(), w.change)
		r := newRepo(twoPlatforms())
		switch format {
		case "payload":
			p := payload(image)
			sig := k.sign(p)
			notes := []string{annotationCertificate, certPEM(cert), annotationChain, certPEM(a.intermediate, a.root)}
			if !w.noLog {
				notes = append(notes, annotationBundle, l.enter(body(p, sig, certPEM(cert)), at).annotation())
			}
			r.cosign(image, ".sig", simple(p, sig, notes...))
		case "bundle":
			s := statement(predicateSign, image)
			sig := k.sign(pae(s))
			var logs []logEntry
			if !w.noLog {
				if w.body == nil {
					body = dsseBody
				}
				logs = []logEntry{l.enter(body(s, sig, certPEM(cert)), at)}
			}
			r.push(&image, typeBundle, plain(typeBundle, bundleOf(`"dsseEnvelope":`+string(envelope(s, sig)), cert, logs...)))
		}
		d := declared
		if format == "bundle" { // it has no chain
			d.Root += certPEM(ca.intermediate)
		}
		if w.signer != nil {
			w.signer(&d)
		}
		return r.look(t, d)
	}
	cases := map[string]struct {
		with
		rule  string
		parts []string
	}{
		"good":                   {},
		"URI":                    {with: with{change: uri("https://github.com/o/r/.github/workflows/a.yml@refs/heads/main"), signer: func(s *pin.Signer) { s.Identity = "https://github.com/o/r/.github/workflows/a.yml@refs/heads/main" }}},
		"other identity":         {with{signer: func(s *pin.Signer) { s.Identity = "Release@example.org" }}, "signature-missing", []string{"is by release@example.org (https://accounts.example.org)", "cosign sign example.org/app@sha256"}},
		"prefix of the identity": {with{signer: func(s *pin.Signer) { s.Identity = "release@example.or" }}, "signature-missing", nil},
		"other issuer":           {with{signer: func(s *pin.Signer) { s.Issuer = "https://evil.example.org" }}, "signature-invalid", []string{`vouched for by "https://accounts.example.org"`}},
		"two issuers":            {with{change: func(c *x509.Certificate) { c.ExtraExtensions[0].Value = []byte("https://x") }}, "signature-invalid", []string{"names two issuers"}},
		"no issuer":              {with{change: func(c *x509.Certificate) { c.ExtraExtensions = nil }}, "signature-invalid", []string{`vouched for by ""`}},
		"issuer, only the old":   {with: with{change: func(c *x509.Certificate) { c.ExtraExtensions = c.ExtraExtensions[:1] }}},
		"issuer, only the new":   {with: with{change: func(c *x509.Certificate) { c.ExtraExtensions = c.ExtraExtensions[1:] }}},
		"issuer is no text":      {with{change: func(c *x509.Certificate) { c.ExtraExtensions[1].Value = []byte("https") }}, "signature-invalid", []string{"cannot be read"}},
		"other root":             {with{ca: foreign}, "signature-invalid", []string{"does not lead to a declared root"}},
		"no code signing":        {with{change: func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }}, "signature-invalid", []string{"not for code signing"}},
		"for everything":         {with{change: func(c *x509.Certificate) { c.ExtKeyUsage = nil }}, "signature-invalid", []string{"not for code signing"}},
		"an authority itself":    {with{change: func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }}, "signature-invalid", []string{"not for code signing"}},
		"critical extension": {with{change: func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}})
		}}, "signature-invalid", []string{"critical extension that is not known, 1.2.3"}},
		"logged after it expired":    {with{at: now}, "signature-invalid", []string{"was made at 2026-11-25T12:00:00Z", "from 2026-11-24T12:00:00Z to 2026-11-24T12:10:00Z"}},
		"logged before it was valid": {with{at: now.Add(-48 * time.Hour)}, "signature-invalid", []string{"was made at"}},
		"other log":                  {with{log: otherLog}, "signature-invalid", []string{"is of another log than the declared one", "log key: SHA256:"}},
		"no entry":                   {with{noLog: true}, "signature-invalid", []string{"no entry of a transparency log"}},
		"entry of another signature": {with{body: func(m, s []byte, by string) string { return hashedrekord(m, []byte("other"), by) }}, "signature-invalid", []string{"about another signature"}},
		"entry of another message":   {with{body: func(m, s []byte, by string) string { return hashedrekord([]byte("other"), s, by) }}, "signature-invalid", []string{"about another signature"}},
		"entry by another":           {with{body: func(m, s []byte, by string) string { return hashedrekord(m, s, certPEM(ca.root)) }}, "signature-invalid", []string{"about another signature"}},
		"entry by a key":             {with{body: func(m, s []byte, by string) string { return hashedrekord(m, s, log.pem()) }}, "signature-invalid", []string{"about another signature"}},
		"entry of another kind":      {with{body: func(m, s []byte, by string) string { return `{"kind":"rpm","apiVersion":"0.0.1"}` }}, "signature-invalid", []string{"of a kind that is not read"}},
		"entry of rubbish":           {with{body: func(m, s []byte, by string) string { return "[" }}, "signature-invalid", []string{"is not the JSON"}},
		"no log declared":            {with{signer: func(s *pin.Signer) { s.LogKey = "" }}, "signature-invalid", []string{"is not valid now", "is not proven", "declare log_key"}},
		"no log, valid now":          {with: with{noLog: true, signer: func(s *pin.Signer) { s.LogKey = "" }, change: func(c *x509.Certificate) { c.NotAfter = now.Add(time.Minute) }}},
		"no log, not valid yet": {with{noLog: true, signer: func(s *pin.Signer) { s.LogKey = "" }, change: func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = now.Add(time.Minute), now.Add(time.Hour)
		}}, "signature-invalid", []string{"is not valid now"}},
		"by key": {with{signer: func(s *pin.Signer) { *s = pin.Signer{Key: log.pem()} }}, "signature-missing", []string{"is by a certificate, of release@example.org"}},
	}
	for name, c := range cases {
		for _, format := range []string{"payload", "bundle"} {
			t.Run(name+"/"+format, func(t *testing.T) {
				out := look(t, c.with, format)
				want(t, out, c.rule, c.parts...)
				if p := out.Outcomes[0].Proof; p != nil && (p.Time != during) != c.noLog {
					t.Errorf("proof %+v", p)
				}
				if c.noLog && c.rule == "" && strings.Join(out.Outcomes[0].Proof.Unproven, "") != "that a transparency log has it" {
					t.Errorf("proof %+v", out.Outcomes[0].Proof)
				}
			})
		}
	}
}

// TestLogOfKey: with a key, too, a declared log must have the signature.
func TestLogOfKey(t *testing.T) {
	k, log := newECDSA(elliptic.P256()), tlog{newECDSA(elliptic.P256())}
	r := newRepo(twoPlatforms())
	image := r.Root.Digest
	declared := pin.Signer{Key: k.pem(), LogKey: log.pem()}
	s := statement(predicateProvenance, image)
	sig := k.sign(pae(s))
	body := envelope(s, sig)
	for name, entered := range map[string]string{
		"dsse": dsseBody(s, sig, k.pem()),
		"intoto 0.0.2": fmt.Sprintf(`{"apiVersion":"0.0.2","kind":"intoto","spec":{"content":{"envelope":{"signatures":[{"sig":"%s","publicKey":"%s"}]},"payloadHash":{"algorithm":"sha256","value":"%s"}}}}`,
			encode64([]byte(encode64(sig))), encode64([]byte(k.pem())), oci.DigestOf(s).Hex),
		"intoto 0.0.1": fmt.Sprintf(`{"apiVersion":"0.0.1","kind":"intoto","spec":{"content":{"hash":{"algorithm":"sha256","value":"%s"}},"publicKey":"%s"}}`, oci.DigestOf(body).Hex, encode64([]byte(k.pem()))),
		"hashedrekord": hashedrekord(pae(s), sig, k.pem()),
	} {
		e := log.enter(entered, now)
		attach := func(annotation string) {
			r.cosign(image, ".att", layer{typeEnvelope, body, map[string]string{annotationBundle: annotation}, 0})
		}
		attach(e.annotation())
		out := r.look(t, declared)
		want(t, out, "")
		if p := out.Outcomes[0].Proof; p != nil && (p.Time != now || p.Kind != KindProvenance || len(p.Unproven) != 0) {
			t.Errorf("%s: %+v", name, p)
		}
		e.time++
		attach(e.annotation())
		want(t, r.look(t, declared), "signature-invalid", "is not signed by the declared log")
		e.promise = nil
		attach(e.annotation())
		want(t, r.look(t, declared), "signature-invalid", "has no promise of the log")
	}
	r.cosign(image, ".att", plain(typeEnvelope, body))
	want(t, r.look(t, declared), "signature-invalid", "has no entry of a transparency log")
	if p := r.look(t, pin.Signer{Key: k.pem()}).Outcomes[0].Proof; p == nil || !strings.HasSuffix(p.String(), ", not proven: when it was signed") {
		t.Errorf("%+v", p)
	}
}
