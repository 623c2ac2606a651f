package attached

import (
	"crypto/x509"
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
	return clean(strings.Join(names, ", ")) + " (" + clean(issuer) + ")"
}
