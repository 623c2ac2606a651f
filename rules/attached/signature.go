package attached

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Bounds of one signature.
const (
	maxPayload    = 64 << 10 // of a cosign payload
	maxEnvelope   = 16 << 20 // of an envelope or a bundle: a statement may carry an SBOM
	maxSignatures = 16       // in one envelope
	maxSubjects   = 1024     // of one statement
	maxChain      = 10       // certificates beside the signer's
	maxEntries    = 16       // of logs, and as many timestamps
	maxCert       = 64 << 10 // PEM or DER of one certificate or chain
)

// signature is one thing that was signed, with all that came with it. Nothing of it is believed yet.
type signature struct {
	message    []byte   // what was signed
	signatures [][]byte // over message, each enough
	claim      claim    // what message says

	cert  *x509.Certificate   // of the signer; nil when it is by a key
	chain []*x509.Certificate // said to lead from it to a root
	logs  []logEntry
	times [][]byte // timestamps, DER

	payload  []byte // of an envelope, which logs name instead of message; nil for others
	envelope []byte // the envelope's own bytes, likewise
}

// claim is what a signed message says of which images.
type claim struct {
	predicate string   // in-toto predicate type; "" for a signature and nothing else
	subjects  []string // digests, "sha256:..."
	manifest  bool     // the message is the image's manifest itself
}

// over reports whether the claim is about that image.
func (c claim) over(image v1.Hash) bool {
	for _, s := range c.subjects {
		if s == image.String() {
			return true
		}
	}
	return false
}

// String says what the claim is about.
func (c claim) String() string {
	switch len(c.subjects) {
	case 0:
		return "nothing that has a digest"
	case 1:
		return c.subjects[0]
	}
	return fmt.Sprintf("%s and %d more", c.subjects[0], len(c.subjects)-1)
}

// claimed says who is said to have signed: by the certificate, which nobody has verified.
func (s *signature) claimed() string {
	if s.cert == nil {
		return "a key"
	}
	names, err := identities(s.cert)
	if err != nil || len(names) == 0 {
		return "a certificate without identity"
	}
	issuer, err := issuerOf(s.cert)
	if err != nil || issuer == "" {
		issuer = "no issuer"
	}
	return strings.Join(names, ", ") + " (" + issuer + ")"
}

// The types that a cosign payload has: its own, that of its bundles, and that of the format that it took over.
var payloadTypes = map[string]bool{
	"cosign container image signature":    true,
	"https://sigstore.dev/cosign/sign/v1": true,
	"atomic container signature":          true,
}

// readPayload reads a cosign payload, whose signature, certificate and log entry are annotations beside it.
func readPayload(b []byte, annotations map[string]string) (*signature, error) {
	var p struct {
		Critical struct {
			Image struct {
				Digest string `json:"docker-manifest-digest"`
			} `json:"image"`
			Type string `json:"type"`
		} `json:"critical"`
	}
	if err := decode(b, &p); err != nil {
		return nil, fmt.Errorf("its payload %w", err)
	}
	if !payloadTypes[p.Critical.Type] {
		return nil, fmt.Errorf("its payload is of type %.60q, and no signature of an image", p.Critical.Type)
	}
	if _, err := v1.NewHash(p.Critical.Image.Digest); err != nil {
		return nil, fmt.Errorf("its payload names no digest of an image")
	}
	sig, err := decode64(annotations[annotationSignature])
	if err != nil || len(sig) == 0 {
		return nil, fmt.Errorf("it has no signature in the annotation %s", annotationSignature)
	}
	out := &signature{message: b, signatures: [][]byte{sig}, claim: claim{subjects: []string{p.Critical.Image.Digest}}}
	return out, out.readAnnotations(annotations)
}

// The annotations of a layer of cosign's.
const (
	annotationSignature   = "dev.cosignproject.cosign/signature"
	annotationCertificate = "dev.sigstore.cosign/certificate"
	annotationChain       = "dev.sigstore.cosign/chain"
	annotationBundle      = "dev.sigstore.cosign/bundle"
	annotationTime        = "dev.sigstore.cosign/rfc3161timestamp"
)

// readAnnotations reads the certificate and the log entry that lie beside a payload or an envelope of cosign's.
func (s *signature) readAnnotations(annotations map[string]string) error {
	if text := annotations[annotationCertificate]; text != "" {
		certs, err := readCertificates(text)
		if err != nil {
			return fmt.Errorf("its annotation %s %w", annotationCertificate, err)
		}
		s.cert = certs[0]
	}
	if text := annotations[annotationChain]; text != "" {
		certs, err := readCertificates(text)
		if err != nil {
			return fmt.Errorf("its annotation %s %w", annotationChain, err)
		}
		s.chain = certs
	}
	if text := annotations[annotationBundle]; text != "" {
		entry, err := readCosignEntry([]byte(text))
		if err != nil {
			return fmt.Errorf("its annotation %s %w", annotationBundle, err)
		}
		s.logs = append(s.logs, entry)
	}
	if text := annotations[annotationTime]; text != "" {
		var in struct {
			Timestamp bytes64 `json:"SignedRFC3161Timestamp"`
		}
		if err := decode([]byte(text), &in); err != nil {
			return fmt.Errorf("its annotation %s %w", annotationTime, err)
		}
		s.times = append(s.times, in.Timestamp)
	}
	return nil
}

// readCertificates reads at least one certificate, in PEM.
func readCertificates(text string) ([]*x509.Certificate, error) {
	if len(text) > maxCert {
		return nil, fmt.Errorf("has more than %d bytes", maxCert)
	}
	var out []*x509.Certificate
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil || block.Type != "CERTIFICATE" {
			return nil, errors.New("has something else than a certificate")
		}
		if out = append(out, c); len(out) > maxChain {
			return nil, fmt.Errorf("has more than %d certificates", maxChain)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("has no certificate")
	}
	return out, nil
}

// dsse is an envelope, https://github.com/secure-systems-lab/dsse.
type dsse struct {
	Payload    bytes64 `json:"payload"`
	Type       string  `json:"payloadType"`
	Signatures []struct {
		Sig bytes64 `json:"sig"`
	} `json:"signatures"`
}

// typeStatement is the payload type of in-toto statements.
const typeStatement = "application/vnd.in-toto+json"

// readEnvelope reads a DSSE envelope, with the annotations that cosign puts beside it.
func readEnvelope(b []byte, annotations map[string]string) (*signature, error) {
	var e dsse
	if err := decode(b, &e); err != nil {
		return nil, fmt.Errorf("its envelope %w", err)
	}
	out, err := e.signature()
	if err != nil {
		return nil, err
	}
	out.envelope = b
	return out, out.readAnnotations(annotations)
}

// signature returns what e signs.
func (e *dsse) signature() (*signature, error) {
	if e.Type != typeStatement {
		return nil, fmt.Errorf("its envelope holds %.60q, and no in-toto statement", e.Type)
	}
	if n := len(e.Signatures); n == 0 || n > maxSignatures {
		return nil, fmt.Errorf("its envelope has %d signatures, expected 1 to %d", n, maxSignatures)
	}
	claim, err := readStatement(e.Payload)
	if err != nil {
		return nil, err
	}
	out := &signature{message: preAuthentication(e.Type, e.Payload), claim: claim, payload: e.Payload}
	for _, s := range e.Signatures {
		out.signatures = append(out.signatures, s.Sig)
	}
	return out, nil
}

// preAuthentication is what the signatures of an envelope are over.
func preAuthentication(payloadType string, payload []byte) []byte {
	return append(fmt.Appendf(nil, "DSSEv1 %d %s %d ", len(payloadType), payloadType, len(payload)), payload...)
}

// readStatement reads the subjects of an in-toto statement.
func readStatement(b []byte) (claim, error) {
	var s struct {
		Type      string `json:"_type"`
		Predicate string `json:"predicateType"`
		Subject   []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
	}
	if err := decode(b, &s); err != nil {
		return claim{}, fmt.Errorf("its statement %w", err)
	}
	if s.Type != "https://in-toto.io/Statement/v1" && s.Type != "https://in-toto.io/Statement/v0.1" {
		return claim{}, fmt.Errorf("its statement is of type %.60q, and no in-toto statement", s.Type)
	}
	if s.Predicate == "" {
		return claim{}, errors.New("its statement does not say of what type it is")
	}
	if len(s.Subject) > maxSubjects {
		return claim{}, fmt.Errorf("its statement has %d subjects, and at most %d are read", len(s.Subject), maxSubjects)
	}
	out := claim{predicate: s.Predicate}
	for _, subject := range s.Subject {
		for _, algorithm := range []string{"sha256", "sha512"} {
			if d := subject.Digest[algorithm]; d != "" {
				out.subjects = append(out.subjects, algorithm+":"+d)
			}
		}
	}
	return out, nil
}

// bundle is a Sigstore bundle, in the JSON of its Protocol Buffers.
type bundle struct {
	MediaType    string `json:"mediaType"`
	Verification struct {
		Certificate *rawBytes `json:"certificate"`
		Chain       *struct {
			Certificates []rawBytes `json:"certificates"`
		} `json:"x509CertificateChain"`
		Logs []struct {
			Index int64s `json:"logIndex"`
			LogID struct {
				KeyID bytes64 `json:"keyId"`
			} `json:"logId"`
			Time    int64s `json:"integratedTime"`
			Promise *struct {
				Timestamp bytes64 `json:"signedEntryTimestamp"`
			} `json:"inclusionPromise"`
			Body bytes64 `json:"canonicalizedBody"`
		} `json:"tlogEntries"`
		Times struct {
			Timestamps []struct {
				Timestamp bytes64 `json:"signedTimestamp"`
			} `json:"rfc3161Timestamps"`
		} `json:"timestampVerificationData"`
	} `json:"verificationMaterial"`
	Envelope *dsse `json:"dsseEnvelope"`
	Message  *struct {
		Digest struct {
			Algorithm string  `json:"algorithm"`
			Digest    bytes64 `json:"digest"`
		} `json:"messageDigest"`
		Signature bytes64 `json:"signature"`
	} `json:"messageSignature"`
}

type rawBytes struct {
	Bytes bytes64 `json:"rawBytes"`
}

// bundlePrefix begins the media type of every version of a bundle.
const bundlePrefix = "application/vnd.dev.sigstore.bundle"

// isBundle reports whether that media type is that of a bundle that is read: version 0.1 to 0.3, in either spelling.
func isBundle(mediaType string) bool {
	switch strings.TrimPrefix(mediaType, bundlePrefix) {
	case ".v0.1+json", ".v0.2+json", ".v0.3+json", "+json;version=0.1", "+json;version=0.2", "+json;version=0.3":
		return strings.HasPrefix(mediaType, bundlePrefix)
	}
	return false
}

// readBundle reads a Sigstore bundle.
func readBundle(b []byte) (*signature, error) {
	var in bundle
	if err := decode(b, &in); err != nil {
		return nil, fmt.Errorf("its bundle %w", err)
	}
	if !isBundle(in.MediaType) {
		return nil, fmt.Errorf("its bundle is of type %.80q, and versions 0.1 to 0.3 are read", in.MediaType)
	}
	out, err := in.content()
	if err != nil {
		return nil, err
	}
	if err := in.certificates(out); err != nil {
		return nil, err
	}
	times := in.Verification.Times.Timestamps
	if n := max(len(in.Verification.Logs), len(times)); n > maxEntries {
		return nil, fmt.Errorf("its bundle has %d log entries or timestamps, and at most %d are read", n, maxEntries)
	}
	for _, t := range times {
		out.times = append(out.times, t.Timestamp)
	}
	for _, l := range in.Verification.Logs {
		e := logEntry{body: l.Body, time: int64(l.Time), index: int64(l.Index), logID: hex.EncodeToString(l.LogID.KeyID)}
		if l.Promise != nil {
			e.promise = l.Promise.Timestamp
		}
		out.logs = append(out.logs, e)
	}
	return out, nil
}

// content returns what the bundle signs.
func (in *bundle) content() (*signature, error) {
	switch m := in.Message; {
	case (m == nil) == (in.Envelope == nil):
		return nil, errors.New("its bundle has not one of a message's signature and an envelope")
	case m == nil:
		return in.Envelope.signature()
	case m.Digest.Algorithm != "SHA2_256":
		return nil, fmt.Errorf("its bundle signs a message by its %.20q digest, and an image's is SHA2_256", m.Digest.Algorithm)
	default:
		subject := "sha256:" + hex.EncodeToString(m.Digest.Digest)
		return &signature{signatures: [][]byte{m.Signature}, claim: claim{subjects: []string{subject}, manifest: true}}, nil
	}
}

// certificates reads the certificates of the bundle into out.
func (in *bundle) certificates(out *signature) error {
	var raw []rawBytes
	if chain := in.Verification.Chain; chain != nil {
		raw = chain.Certificates
	}
	if leaf := in.Verification.Certificate; leaf != nil {
		raw = append([]rawBytes{*leaf}, raw...)
	}
	if len(raw) > 1+maxChain {
		return fmt.Errorf("its bundle has %d certificates, and at most %d are read", len(raw), 1+maxChain)
	}
	for i, r := range raw {
		c, err := x509.ParseCertificate(r.Bytes)
		if err != nil || len(r.Bytes) > maxCert {
			return fmt.Errorf("its bundle has a certificate, number %d, that cannot be read", i+1)
		}
		if i == 0 {
			out.cert = c
		} else {
			out.chain = append(out.chain, c)
		}
	}
	return nil
}

// encode64 is base64 as logs and payloads have it.
func encode64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
