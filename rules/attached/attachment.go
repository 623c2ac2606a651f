package attached

import (
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Kind is what an attachment is for.
type Kind string

// The kinds.
const (
	KindSignature   Kind = "signature"
	KindSBOM        Kind = "sbom"
	KindProvenance  Kind = "provenance"
	KindAttestation Kind = "attestation" // a statement of another kind
	KindOther       Kind = "other"
)

// Attachment is one thing that is attached to an image or to a manifest below it.
type Attachment struct {
	Subject   v1.Hash `json:"subject"`                 // what it is attached to
	Platform  string  `json:"platform,omitempty"`      // of Subject; "" when that is the image itself
	Via       string  `json:"via"`                     // "referrers", "index", or "tag sha256-HEX.sig"
	Kind      Kind    `json:"kind"`                    //
	Type      string  `json:"artifactType,omitempty"`  // artifact type, or the media type that says what it is
	Predicate string  `json:"predicateType,omitempty"` // of an in-toto statement
	Manifest  v1.Hash `json:"manifest"`                // the manifest that is attached
	Digest    v1.Hash `json:"digest"`                  // of the blob that is meant; that of the manifest when there is none, or are several
	Size      int64   `json:"size"`                    // of what Digest names
	Signed    string  `json:"signedBy,omitempty"`      // who is said to have signed; "" when nobody, or it cannot be read. Not verified
	Verified  []int   `json:"verified,omitempty"`      // declared signers whose signature of Subject it is, by number
	Problem   string  `json:"problem,omitempty"`       // why it counts for nothing: "claims to be about sha256:..."

	claim claim  // what is signed says; empty when nothing is signed
	held  []held // what it is to each declared signer; nil when it is no signature that can be read
}

// How an attachment came to be one.
const (
	viaReferrers = "referrers"
	viaIndex     = "index"
)

// The annotations that BuildKit gives an attestation in an index.
const (
	annotationReferenceType = "vnd.docker.reference.type"
	annotationReference     = "vnd.docker.reference.digest"
)

// isAttestation reports whether an index names a manifest not as a part of the image but as one that is attached to a part.
func isAttestation(d v1.Descriptor) bool {
	return d.Annotations[annotationReferenceType] == "attestation-manifest"
}

// Media types of what cosign and others attach.
const (
	typePayload  = "application/vnd.dev.cosign.simplesigning.v1+json"
	typeEnvelope = "application/vnd.dsse.envelope.v1+json"
	typeNotary   = "application/vnd.cncf.notary.signature"
)

// kindOf says what an attachment is for, by its predicate type when it has one, else by its artifact type.
func kindOf(artifactType, predicate string) Kind {
	switch {
	case predicate != "":
		return kindOfPredicate(predicate)
	case artifactType == typePayload, artifactType == typeNotary, strings.HasPrefix(artifactType, "application/vnd.dev.cosign.artifact.sig."):
		return KindSignature
	case artifactType == typeEnvelope, artifactType == typeStatement, strings.HasPrefix(artifactType, bundlePrefix):
		return KindAttestation
	}
	name := strings.ToLower(artifactType)
	for _, format := range []string{"spdx", "cyclonedx", "syft", "cosign.artifact.sbom"} {
		if strings.Contains(name, format) {
			return KindSBOM
		}
	}
	return KindOther
}

// kindOfPredicate says what a statement is for.
func kindOfPredicate(predicate string) Kind {
	for prefix, kind := range map[string]Kind{
		"https://sigstore.dev/cosign/sign/":       KindSignature,
		"https://in-toto.io/attestation/release/": KindSignature,
		"https://slsa.dev/provenance/":            KindProvenance,
		"https://spdx.dev/Document":               KindSBOM,
		"https://cyclonedx.org/bom":               KindSBOM,
	} {
		if strings.HasPrefix(predicate, prefix) {
			return kind
		}
	}
	return KindAttestation
}
