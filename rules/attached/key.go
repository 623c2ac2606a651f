package attached

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
)

// maxPEM bounds a declared key, and the certificates declared together.
const maxPEM = 64 << 10

// publicKey is a key that signatures are verified with.
type publicKey struct {
	key crypto.PublicKey
	der []byte // PKIX
}

// parseKey reads a declared public key.
func parseKey(text string) (*publicKey, error) {
	block, rest, err := parsePEM(text)
	if err != nil {
		return nil, err
	}
	if block == nil {
		return nil, fmt.Errorf("is no PEM text: a key begins with the line -----BEGIN PUBLIC KEY----- and is written out, not named by a file")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("has something after its first key: one key is expected")
	}
	switch block.Type {
	case "PUBLIC KEY":
		return keyOfDER(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err := x509.ParsePKCS1PublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("is no RSA public key, though its PEM header says so")
		}
		return newKey(key)
	case "CERTIFICATE":
		return nil, fmt.Errorf("is a certificate, and a public key is expected: openssl x509 -pubkey -noout prints that of a certificate")
	}
	return nil, fmt.Errorf("is of PEM type %q, expected \"PUBLIC KEY\"", block.Type)
}

// parsePEM returns the first block of text; nil when there is none.
func parsePEM(text string) (*pem.Block, []byte, error) {
	if len(text) > maxPEM {
		return nil, nil, fmt.Errorf("has %d bytes, and at most %d are read", len(text), maxPEM)
	}
	// In a declaration the lines are often indented.
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	block, rest := pem.Decode([]byte(strings.Join(lines, "\n") + "\n"))
	if strings.Contains(text, "PRIVATE KEY-----") {
		return nil, nil, fmt.Errorf("is a private key, which belongs in no file that others see: replace it, and declare its public key")
	}
	if block == nil && strings.Contains(text, "-----BEGIN ") {
		return nil, nil, fmt.Errorf("is damaged PEM text: between its BEGIN and END lines only base64 is expected")
	}
	return block, rest, nil
}

func keyOfDER(der []byte) (*publicKey, error) {
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("is no public key of a kind that is known, though its PEM header says so")
	}
	return newKey(key)
}

// newKey refuses kinds of keys that are not known to be safe.
func newKey(key crypto.PublicKey) (*publicKey, error) {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256(), elliptic.P384(), elliptic.P521():
		default:
			return nil, fmt.Errorf("is an ECDSA key on curve %s, expected P-256, P-384 or P-521", key.Curve.Params().Name)
		}
	case ed25519.PublicKey:
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < 2048 || bits > 16384 {
			return nil, fmt.Errorf("is an RSA key of %d bits, expected 2048 to 16384", bits)
		}
	default:
		return nil, fmt.Errorf("is a key for %T, expected ECDSA, Ed25519 or RSA", key)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("is no public key that can be encoded")
	}
	return &publicKey{key, der}, nil
}

// fingerprint names the key, as a Sigstore bundle's hint does.
func (k *publicKey) fingerprint() string {
	sum := sha256.Sum256(k.der)
	return "SHA256:" + base64.StdEncoding.EncodeToString(sum[:])
}

func (k *publicKey) equal(other *publicKey) bool { return bytes.Equal(k.der, other.der) }

// verify reports whether signature is the key's over message. Signers took SHA-256 for every curve for years, and take the curve's own hash
// since; either is as strong as what it is used for.
func (k *publicKey) verify(message, signature []byte) bool {
	h256, h384, h512 := sha256.Sum256(message), sha512.Sum384(message), sha512.Sum512(message)
	switch key := k.key.(type) {
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(key, h256[:], signature) {
			return true
		}
		switch key.Curve {
		case elliptic.P384():
			return ecdsa.VerifyASN1(key, h384[:], signature)
		case elliptic.P521():
			return ecdsa.VerifyASN1(key, h512[:], signature)
		}
	case ed25519.PublicKey:
		return ed25519.Verify(key, message, signature) ||
			ed25519.VerifyWithOptions(key, h512[:], signature, &ed25519.Options{Hash: crypto.SHA512}) == nil
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, h256[:], signature) == nil ||
			rsa.VerifyPSS(key, crypto.SHA256, h256[:], signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	}
	return false
}
