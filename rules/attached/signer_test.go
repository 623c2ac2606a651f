package attached

import (
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/rules/pin"
)

// TestSigner: declared signers as they are written, and what is wrong with others.
func TestSigner(t *testing.T) {
	k, ca := newECDSA(elliptic.P256()), newAuthority()
	good := func(s pin.Signer) {
		t.Helper()
		if err := CheckSigner(string(must(json.Marshal(s)))); err != nil {
			t.Errorf("%v", err)
		}
	}
	bad := func(s pin.Signer, part string) {
		t.Helper()
		if err := CheckSigner(string(must(json.Marshal(s)))); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v, want %q", err, part)
		}
	}
	block := func(typ string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: der}))
	}
	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))

	good(pin.Signer{Key: k.pem()})
	good(pin.Signer{Key: "\n    " + strings.ReplaceAll(k.pem(), "\n", "\n    ")})
	good(pin.Signer{Key: strings.ReplaceAll(k.pem(), "\n", "\r\n")})
	good(pin.Signer{Key: "the key of the release managers\n" + k.pem()})
	good(pin.Signer{Key: block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey)), LogKey: k.pem()})
	good(pin.Signer{Identity: someone, Issuer: someIssuer, Root: certPEM(ca.root, ca.intermediate)})

	bad(pin.Signer{}, "neither a key nor an identity")
	bad(pin.Signer{Key: "cosign.pub"}, "key of the signer is no PEM text")
	bad(pin.Signer{Key: "-----BEGIN PUBLIC KEY-----\nMFk\n"}, "damaged PEM text")
	bad(pin.Signer{Key: block("PUBLIC KEY", []byte("x"))}, "no public key of a kind that is known")
	bad(pin.Signer{Key: block("RSA PUBLIC KEY", []byte("x"))}, "no RSA public key")
	bad(pin.Signer{Key: block("CERTIFICATE", ca.root.Raw)}, "is a certificate, and a public key is expected")
	bad(pin.Signer{Key: block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(rsaKey)))}, "is a private key")
	bad(pin.Signer{Key: k.pem() + block("ENCRYPTED SIGSTORE PRIVATE KEY", []byte("x"))}, "is a private key")
	bad(pin.Signer{Key: k.pem() + k.pem()}, "one key is expected")
	bad(pin.Signer{Key: strings.Repeat("x", maxPEM+1)}, "at most 65536 are read")
	// crypto/rsa makes no key of less than 1024 bits.
	bad(pin.Signer{Key: pemOf(&must(rsa.GenerateKey(rand.Reader, 1024)).PublicKey)}, "RSA key of 1024 bits")
	bad(pin.Signer{Key: pemOf(newECDSA(elliptic.P224()).Public())}, "curve P-224")
	bad(pin.Signer{Key: k.pem(), Identity: someone}, "one of the two is expected")
	bad(pin.Signer{Key: k.pem(), LogKey: "rekor.pub"}, "log_key of the signer is no PEM text")

	bad(pin.Signer{Identity: someone, Root: ca.roots()}, "has no issuer")
	bad(pin.Signer{Identity: someone, Issuer: someIssuer}, "has no root")
	bad(pin.Signer{Identity: someone, Issuer: "accounts.example.org", Root: ca.roots()}, "is no URL")
	bad(pin.Signer{Identity: someone, Issuer: someIssuer, Root: "fulcio.pem"}, "root of the signer is no PEM text")
	bad(pin.Signer{Identity: someone, Issuer: someIssuer, Root: k.pem()}, `PEM type "PUBLIC KEY"`)
	bad(pin.Signer{Identity: someone, Issuer: someIssuer, Root: ca.roots() + block("CERTIFICATE", []byte("x"))}, "number 2, that cannot be read")
	bad(pin.Signer{Identity: someone, Issuer: someIssuer, Root: certPEM(ca.issue(k.Public(), nil))}, "may not issue others")
	bad(pin.Signer{Identity: someone, Issuer: someIssuer, Root: ca.roots() + "fulcio.pem"}, "something after its last certificate")
	bad(pin.Signer{Identity: someone, Issuer: someIssuer, Root: strings.Repeat(ca.roots(), maxRoots+1)}, "more than 20 certificates")

	for _, text := range []string{"", "[]", `{"key":1}`, `{"kay":""}`} {
		if err := CheckSigner(text); err == nil || !strings.Contains(err.Error(), "is no signer") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzSigner: whatever is declared is read or refused with a message of one line.
func FuzzSigner(f *testing.F) {
	k, ca := newECDSA(elliptic.P256()), newAuthority()
	f.Add(k.pem(), "", "", "", k.pem())
	f.Add("", someone, someIssuer, certPEM(ca.root, ca.intermediate), "")
	f.Fuzz(func(t *testing.T, key, identity, issuer, root, log string) {
		s, err := parseSigner(pin.Signer{Key: key, Identity: identity, Issuer: issuer, Root: root, LogKey: log})
		switch {
		case err == nil && (s.key == nil) == (len(s.roots) == 0):
			t.Errorf("%+v is read from %q", s, key+identity+root)
		case err != nil:
			if msg, _, _ := strings.Cut(err.Error(), "\n  hint: "); strings.Contains(msg, "\n") || !utf8.ValidString(msg) {
				t.Errorf("%q", msg)
			}
		}
	})
}
