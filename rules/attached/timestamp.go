package attached

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"time"
)

// A timestamp (RFC 3161) says that a digest existed at a time, signed by a timestamp authority in CMS (RFC 5652). The ASN.1 below is as these
// name it; what comes behind the fields that are read is left alone.
type (
	timestampResponse struct {
		Status struct{ Status int }
		Token  contentInfo `asn1:"optional"`
	}
	contentInfo struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"explicit,tag:0"`
	}
	signedData struct {
		Version      int
		Algorithms   []pkix.AlgorithmIdentifier `asn1:"set"`
		Content      contentInfo
		Certificates asn1.RawValue `asn1:"optional,tag:0"`
		Revocations  asn1.RawValue `asn1:"optional,tag:1"`
		Signers      []signerInfo  `asn1:"set"`
	}
	signerInfo struct {
		Version int
		Signer  struct {
			Issuer asn1.RawValue
			Serial *big.Int
		}
		Digest     pkix.AlgorithmIdentifier
		Attributes asn1.RawValue `asn1:"tag:0"`
		Algorithm  pkix.AlgorithmIdentifier
		Signature  []byte
	}
	timestampInfo struct {
		Version int
		Policy  asn1.ObjectIdentifier
		Imprint struct {
			Algorithm pkix.AlgorithmIdentifier
			Digest    []byte
		}
		Serial asn1.RawValue
		Time   asn1.RawValue
	}
)

// timestampData is the signed data of a timestamp.
type timestampData struct {
	signedData
	content []byte // the bytes of a timestampInfo
}

var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTimestampInfo = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
)

var errNoTimestamp = errors.New("cannot be read")

// verifyTimestamp returns the time at which an authority of those certificates saw one of messages, or an error that says why it does not prove it.
func verifyTimestamp(der []byte, authority []*x509.Certificate, messages ...[]byte) (time.Time, error) {
	data, info, err := readTimestamp(der)
	if err != nil {
		return time.Time{}, err
	}
	ok := false
	for _, m := range messages {
		ok = ok || m != nil && bytes.Equal(digestBy(info.Imprint.Algorithm, m), info.Imprint.Digest)
	}
	if !ok {
		return time.Time{}, errors.New("is of another signature")
	}
	// Fractions of a second are allowed, which encoding/asn1 does not read.
	at, err := time.Parse("20060102150405Z0700", string(info.Time.Bytes))
	if err != nil || info.Time.Tag != asn1.TagGeneralizedTime {
		return time.Time{}, errNoTimestamp
	}
	if err := data.verify(authority, at); err != nil {
		return time.Time{}, err
	}
	return at.UTC(), nil
}

// readTimestamp reads the parts of a timestamp.
func readTimestamp(der []byte) (*timestampData, *timestampInfo, error) {
	var response timestampResponse
	var data timestampData
	var info timestampInfo
	if !parse(der, &response) || response.Status.Status != 0 || !response.Token.Type.Equal(oidSignedData) ||
		!parse(response.Token.Content.Bytes, &data.signedData) || !data.Content.Type.Equal(oidTimestampInfo) || data.Version != 3 || len(data.Signers) != 1 || data.Signers[0].Version != 1 ||
		!parse(data.Content.Content.Bytes, &data.content) || !parse(data.content, &info) || info.Version != 1 {
		return nil, nil, errNoTimestamp
	}
	return &data, &info, nil
}

// parse reads DER, with nothing behind it.
func parse(der []byte, v any) bool {
	rest, err := asn1.Unmarshal(der, v)
	return err == nil && len(rest) == 0
}

// verify returns nil when an authority of those certificates signed the data, with a certificate that was valid at that time.
func (d *timestampData) verify(authority []*x509.Certificate, at time.Time) error {
	embedded, err := x509.ParseCertificates(d.Certificates.Bytes)
	if err != nil || len(embedded) > maxChain {
		return errNoTimestamp
	}
	by := d.Signers[0]
	signed, ok := by.signedBytes(d.content)
	if !ok {
		return errors.New("does not hold: its digest is of something else")
	}
	for _, c := range append(embedded, authority...) {
		if !bytes.Equal(c.RawIssuer, by.Signer.Issuer.FullBytes) || c.SerialNumber.Cmp(by.Signer.Serial) != 0 {
			continue
		}
		if c.CheckSignature(by.signatureAlgorithm(), signed, by.Signature) != nil {
			return errors.New("is not signed by the certificate that it names")
		}
		return verifyAuthority(c, embedded, authority, at)
	}
	return errors.New("is by an authority whose certificate is neither with it nor declared")
}

// verifyAuthority returns nil when the certificate was, at that time, one for timestamps alone that is, or leads to, one of those declared.
func verifyAuthority(c *x509.Certificate, chain, authority []*x509.Certificate, at time.Time) error {
	if len(c.ExtKeyUsage) != 1 || c.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping || len(c.UnknownExtKeyUsage) > 0 {
		return errors.New("is by a certificate that is not for timestamps")
	}
	if _, err := c.Verify(x509.VerifyOptions{Roots: pool(authority), Intermediates: pool(chain), CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}}); err != nil {
		return errors.New("is by a certificate that does not lead to a declared one, or was not valid then")
	}
	return nil
}

// signedBytes returns what the signature is over: the signed attributes, among which is the digest of content.
func (s *signerInfo) signedBytes(content []byte) ([]byte, bool) {
	signed := bytes.Clone(s.Attributes.FullBytes)
	signed[0] = asn1.TagSet | 0x20 // as a SET OF, which is what is signed
	var attributes []struct {
		Type   asn1.ObjectIdentifier
		Values asn1.RawValue `asn1:"set"`
	}
	if rest, err := asn1.UnmarshalWithParams(signed, &attributes, "set"); err != nil || len(rest) > 0 {
		return nil, false
	}
	contentType, digest := 0, 0
	for _, a := range attributes {
		switch {
		case a.Type.Equal(oidContentType):
			var oid asn1.ObjectIdentifier
			if contentType++; !parse(a.Values.Bytes, &oid) || !oid.Equal(oidTimestampInfo) {
				return nil, false
			}
		case a.Type.Equal(oidMessageDigest):
			var sum []byte
			if digest++; !parse(a.Values.Bytes, &sum) || len(sum) == 0 || !bytes.Equal(sum, digestBy(s.Digest, content)) {
				return nil, false
			}
		}
	}
	return signed, contentType == 1 && digest == 1
}

// hashes are the digests that are read, by their OID.
var hashes = map[string]crypto.Hash{
	"2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384,
	"2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

// digestBy returns a digest of b; nil when it is by an algorithm that is not read.
func digestBy(algorithm pkix.AlgorithmIdentifier, b []byte) []byte {
	switch hashes[algorithm.Algorithm.String()] {
	case crypto.SHA256:
		sum := sha256.Sum256(b)
		return sum[:]
	case crypto.SHA384:
		sum := sha512.Sum384(b)
		return sum[:]
	case crypto.SHA512:
		sum := sha512.Sum512(b)
		return sum[:]
	}
	return nil
}

// signatureAlgorithm returns how the signature was made; UnknownSignatureAlgorithm, which no certificate verifies, when that is not read.
func (s *signerInfo) signatureAlgorithm() x509.SignatureAlgorithm {
	switch s.Algorithm.Algorithm.String() {
	case "1.2.840.10045.4.3.2":
		return x509.ECDSAWithSHA256
	case "1.2.840.10045.4.3.3":
		return x509.ECDSAWithSHA384
	case "1.2.840.10045.4.3.4":
		return x509.ECDSAWithSHA512
	case "1.2.840.113549.1.1.11":
		return x509.SHA256WithRSA
	case "1.2.840.113549.1.1.12":
		return x509.SHA384WithRSA
	case "1.2.840.113549.1.1.13":
		return x509.SHA512WithRSA
	case "1.3.101.112":
		return x509.PureEd25519
	case "1.2.840.113549.1.1.1": // RSA, by the digest that is named beside it
		return map[crypto.Hash]x509.SignatureAlgorithm{crypto.SHA256: x509.SHA256WithRSA, crypto.SHA384: x509.SHA384WithRSA,
			crypto.SHA512: x509.SHA512WithRSA}[hashes[s.Digest.Algorithm.String()]]
	}
	return x509.UnknownSignatureAlgorithm
}
