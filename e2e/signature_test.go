package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// signed is what cosign attaches to an image: a payload that names its digest, and the signature beside it.
func signed(t *testing.T, key *ecdsa.PrivateKey, image v1.Hash) *ocitest.Set {
	t.Helper()
	payload := fmt.Appendf(nil, `{"critical":{"identity":{"docker-reference":"example.org/autoconf"},"image":{"docker-manifest-digest":"%s"},"type":"cosign container image signature"},"optional":null}`, image)
	sum := sha256.Sum256(payload)
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	layer := ocitest.LayerBlob{Bytes: payload, DiffID: oci.DigestOf(payload), Descriptor: v1.Descriptor{
		MediaType: "application/vnd.dev.cosign.simplesigning.v1+json", Size: int64(len(payload)), Digest: oci.DigestOf(payload),
		Annotations: map[string]string{"dev.cosignproject.cosign/signature": base64.StdEncoding.EncodeToString(signature)},
	}}
	return ocitest.Image("", layer)
}

func newKey(t *testing.T) (*ecdsa.PrivateKey, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
}

// TestSignature attaches things to an image in a real registry: what is attached is listed, and only the declared key counts.
func TestSignature(t *testing.T) {
	s := newSite(t)
	s.want(clean, nil, "audit", "--level=4", "//...")

	// An SBOM, by the referrers' tag: the registry has no API for them.
	s.push("attached", ocitest.Artifact(s.set.Root, "application/spdx+json", "application/spdx+json", []byte("{}"), nil))
	s.want(clean, []string{"sbom sha256:"}, "audit", "--level=4", "//...")

	key, public := newKey(t)
	s.write("BUILD.star", strings.Replace(s.read("BUILD.star"), `load("@sbomctl//:rules.star", "container_image")`, `load("@sbomctl//:rules.star", "container_image", "signer")`, 1))
	s.write("BUILD.star", strings.Replace(s.read("BUILD.star"), `    references =`, "    signers = [signer(key = \"\"\""+public+"\"\"\")],\n    references =", 1))
	s.want(found, []string{"signature-missing"}, "audit", "--level=4", "//...")

	// What a stranger signed is no signature of the key's holder.
	tag := "sha256-" + s.set.Root.Digest.Hex + ".sig"
	stranger, _ := newKey(t)
	s.push(tag, signed(t, stranger, s.set.Root.Digest))
	s.want(found, []string{"signature-invalid", "does not verify"}, "audit", "--level=4", "//...")
	// Nor is what the holder signed of another image.
	s.push(tag, signed(t, key, twoPlatforms("2").Root.Digest))
	s.want(found, []string{"signature-invalid", "is not this image"}, "audit", "--level=4", "//...")

	s.push(tag, signed(t, key, s.set.Root.Digest))
	s.want(clean, nil, "audit", "--level=4", "//...")
	s.Stop()
	s.want(inconclusive, []string{"offline"}, "audit", "--level=4", "//...")
}
