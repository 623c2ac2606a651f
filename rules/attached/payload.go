package attached

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

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
