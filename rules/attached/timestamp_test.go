package attached

import (
	"bytes"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/rules/pin"
)

// tsa is a timestamp authority: a root, and a certificate of it for timestamps.
type tsa struct {
	root, cert *x509.Certificate
	key        key
}

func newTSA(change func(*x509.Certificate)) *tsa {
	top, a := newECDSA(elliptic.P256()), &tsa{key: newECDSA(elliptic.P256())}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tsa"}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true}
	a.root = must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, root, root, top.Public(), top))))
	c := &x509.Certificate{SerialNumber: big.NewInt(200), NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(0, 1, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}}
	if change != nil {
		change(c)
	}
	a.cert = must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, c, a.root, a.key.Public(), top))))
	return a
}

func (a *tsa) pem() string { return certPEM(a.root, a.cert) }

// stamp makes a timestamp. embed are the certificates that are with it.
func (a *tsa) stamp(message []byte, at string, embed ...*x509.Certificate) []byte {
	oid := func(s string) (out asn1.ObjectIdentifier) {
		for _, p := range strings.Split(s, ".") {
			out = append(out, must(strconv.Atoi(p)))
		}
		return out
	}
	raw := func(class, tag int, compound bool, b []byte) asn1.RawValue {
		return asn1.RawValue{Class: class, Tag: tag, IsCompound: compound, Bytes: b}
	}
	type imprint struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}
	sha := pkix.AlgorithmIdentifier{Algorithm: oid("2.16.840.1.101.3.4.2.1")}
	info := must(asn1.Marshal(struct {
		Version int
		Policy  asn1.ObjectIdentifier
		Imprint imprint
		Serial  int
		Time    asn1.RawValue
	}{1, oid("1.2.3"), imprint{sha, digestBy(sha, message)}, 7, raw(0, asn1.TagGeneralizedTime, false, []byte(at))}))
	type attribute struct {
		Type   asn1.ObjectIdentifier
		Values []any `asn1:"set"`
	}
	attributes := must(asn1.MarshalWithParams([]attribute{{oidContentType, []any{oidTimestampInfo}}, {oidMessageDigest, []any{digestBy(sha, info)}}}, "set"))
	signature := a.key.sign(attributes)
	var certs []byte
	for _, c := range embed {
		certs = append(certs, c.Raw...)
	}
	attributes[0] = 0xa0
	type content struct {
		Type  asn1.ObjectIdentifier
		Bytes []byte `asn1:"explicit,tag:0"`
	}
	type signer struct {
		Version int
		Signer  struct {
			Issuer asn1.RawValue
			Serial *big.Int
		}
		Digest     pkix.AlgorithmIdentifier
		Attributes asn1.RawValue
		Algorithm  pkix.AlgorithmIdentifier
		Signature  []byte
	}
	s := signer{Version: 1, Digest: sha, Attributes: asn1.RawValue{FullBytes: attributes}, Algorithm: pkix.AlgorithmIdentifier{Algorithm: oid("1.2.840.10045.4.3.2")}, Signature: signature}
	s.Signer.Issuer, s.Signer.Serial = asn1.RawValue{FullBytes: a.cert.RawIssuer}, a.cert.SerialNumber
	data := must(asn1.Marshal(struct {
		Version      int
		Algorithms   []pkix.AlgorithmIdentifier `asn1:"set"`
		Content      content
		Certificates asn1.RawValue
		Signers      []signer `asn1:"set"`
	}{3, []pkix.AlgorithmIdentifier{sha}, content{oidTimestampInfo, info}, raw(2, 0, true, certs), []signer{s}}))
	return must(asn1.Marshal(struct {
		Status struct{ Status int }
		Token  contentInfo
	}{Token: contentInfo{oidSignedData, raw(2, 0, true, data)}}))
}

// TestTimestamp: a declared authority says when a signature was made; what is wrong with others.
func TestTimestamp(t *testing.T) {
	a, other, ca, k := newTSA(nil), newTSA(nil), newAuthority(), newECDSA(elliptic.P256())
	during, image := now.Add(-24*time.Hour+5*time.Minute), twoPlatforms().Root.Digest
	const at = "20261124120500Z"
	cert := ca.issue(k.Public(), nil)
	p := payload(image)
	sig := k.sign(p)
	declared := pin.Signer{Identity: someone, Issuer: someIssuer, Root: ca.roots(), TSA: a.pem()}
	look := func(der []byte, declared pin.Signer) *Result {
		r := newRepo(twoPlatforms())
		notes := []string{annotationCertificate, certPEM(cert), annotationChain, certPEM(ca.intermediate)}
		if der != nil {
			notes = append(notes, annotationTime, fmt.Sprintf(`{"SignedRFC3161Timestamp":"%s"}`, encode64(der)))
		}
		r.cosign(image, ".sig", simple(p, sig, notes...))
		return r.look(t, declared)
	}
	good := func(der []byte, declared pin.Signer) {
		t.Helper()
		out := look(der, declared)
		if want(t, out, ""); out.Outcomes[0].Proof != nil && !out.Outcomes[0].Proof.Time.Equal(during) {
			t.Errorf("%+v", out.Outcomes[0].Proof)
		}
	}
	good(a.stamp(sig, at), declared)
	good(a.stamp(sig, at, a.cert), with(declared, func(s *pin.Signer) { s.TSA = certPEM(a.root) }))
	good(a.stamp(sig, at), with(declared, func(s *pin.Signer) { s.TSA = certPEM(a.cert) }))
	good(a.stamp(sig, at), pin.Signer{Key: k.pem(), TSA: a.pem()})
	if out := look(a.stamp(sig, "20261124120500.25Z"), declared); out.Outcomes[0].Proof == nil {
		t.Errorf("%+v", out.Outcomes[0])
	}
	bad := func(der []byte, declared pin.Signer, part string) {
		t.Helper()
		want(t, look(der, declared), "signature-invalid", part)
	}
	bad(nil, declared, "has no timestamp with it")
	bad([]byte("x"), declared, "has a timestamp that cannot be read")
	bad(a.stamp(p, at), declared, "is of another signature")
	bad(a.stamp(sig, at), with(declared, func(s *pin.Signer) { s.TSA = other.pem() }), "is not signed by the certificate that it names") // which has the same name and number
	bad(a.stamp(sig, at), with(declared, func(s *pin.Signer) { s.TSA = certPEM(a.root) }), "neither with it nor declared")
	bad(a.stamp(sig, at, a.cert), with(declared, func(s *pin.Signer) { s.TSA = certPEM(other.root) }), "does not lead to a declared one")
	bad(a.stamp(sig, "20261125120000Z"), declared, "was made at 2026-11-25T12:00:00Z")
	bad(a.stamp(sig, "20200101000000Z"), declared, "was not valid then")
	bad(a.stamp(sig, "yesterday"), declared, "cannot be read")
	bad(a.stamp(sig, at), with(declared, func(s *pin.Signer) { s.LogKey = newECDSA(elliptic.P256()).pem() }), "has no entry of a transparency log")
	for _, usage := range [][]x509.ExtKeyUsage{nil, {x509.ExtKeyUsageCodeSigning}, {x509.ExtKeyUsageTimeStamping, x509.ExtKeyUsageCodeSigning}} {
		wrong := newTSA(func(c *x509.Certificate) { c.ExtKeyUsage = usage })
		bad(wrong.stamp(sig, at), with(declared, func(s *pin.Signer) { s.TSA = wrong.pem() }), "is not for timestamps")
	}
	stamp := a.stamp(sig, at)
	taken := 0
	for i := range stamp {
		damaged := bytes.Clone(stamp)
		damaged[i] ^= 1
		if seen, err := verifyTimestamp(damaged, []*x509.Certificate{a.cert}, sig); err == nil {
			if taken++; !seen.Equal(during) {
				t.Errorf("byte %d is another, and it is of %s", i, seen)
			}
		}
	}
	if taken > 9+1 { // and the tag of the certificates, of which there are none
		// The list of digests is read by nobody: the one that counts is named beside the signature.
		t.Errorf("%d of %d bytes do not matter", taken, len(stamp))
	}

	t.Run("of an envelope", func(t *testing.T) {
		st := statement(predicateProvenance, image)
		body := envelope(st, k.sign(pae(st)))
		r := newRepo(twoPlatforms())
		r.cosign(image, ".att", layer{mediaType: typeEnvelope, body: body, annotations: map[string]string{annotationTime: fmt.Sprintf(`{"SignedRFC3161Timestamp":"%s"}`, encode64(a.stamp(body, at)))}})
		want(t, r.look(t, pin.Signer{Key: k.pem(), TSA: a.pem()}), "")
	})
	t.Run("of Sigstore's authority", func(t *testing.T) {
		s := must(readBundle(must(os.ReadFile("testdata/timestamp.sigstore.json"))))
		by := must(parseSigner(pin.Signer{Key: k.pem(), TSA: string(must(os.ReadFile("testdata/tsa.pem")))}))
		if at, err := by.stamped(s, s.signatures[0]); err != nil || at.Format(time.DateOnly) != "2026-06-04" {
			t.Errorf("%s, %v", at, err)
		}
		if at, err := by.stamped(s, []byte("other")); err == nil {
			t.Errorf("%s", at)
		}
	})
}

// FuzzTimestamp: whatever a timestamp is, it is read or refused, and nobody's of another signature.
func FuzzTimestamp(f *testing.F) {
	a := newTSA(nil)
	f.Add(a.stamp([]byte("x"), "20261124120500Z", a.cert))
	f.Add(a.stamp([]byte("x"), "20261124120500Z"))
	s := must(readBundle(must(os.ReadFile("testdata/timestamp.sigstore.json"))))
	f.Add(s.times[0])
	f.Fuzz(func(t *testing.T, der []byte) {
		if at, err := verifyTimestamp(der, []*x509.Certificate{a.root, a.cert}, []byte("y")); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s, %v", at, err)
		}
		// Past what it is of.
		if data, _, err := readTimestamp(der); err == nil {
			_ = data.verify([]*x509.Certificate{a.root, a.cert}, now)
		}
	})
}
