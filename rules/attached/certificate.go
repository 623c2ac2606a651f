package attached

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"time"
)

// The extensions of Sigstore's certificates that name the issuer: text as it is, and since 2023 text in DER.
var (
	oidIssuerRaw = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}
	oidIssuer    = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}
	oidNames     = asn1.ObjectIdentifier{2, 5, 29, 17}
)

// identities returns the e-mail addresses and URIs that the certificate was issued to, to the letter: a URL that is parsed may be written in
// another way than it was.
func identities(c *x509.Certificate) ([]string, error) {
	const email, uri = 1, 6
	var out []string
	for _, e := range c.Extensions {
		if !e.Id.Equal(oidNames) {
			continue
		}
		var names []asn1.RawValue
		if rest, err := asn1.Unmarshal(e.Value, &names); err != nil || len(rest) > 0 {
			return nil, errors.New("has names that cannot be read")
		}
		for _, n := range names {
			if n.Class == asn1.ClassContextSpecific && (n.Tag == email || n.Tag == uri) {
				out = append(out, string(n.Bytes))
			}
		}
	}
	return out, nil
}

// issuerOf returns the OpenID Connect issuer that vouched for the identity; "" when there is none.
func issuerOf(c *x509.Certificate) (string, error) {
	var out []string
	for _, e := range c.Extensions {
		switch {
		case e.Id.Equal(oidIssuerRaw):
			out = append(out, string(e.Value))
		case e.Id.Equal(oidIssuer):
			var s string
			if rest, err := asn1.UnmarshalWithParams(e.Value, &s, "utf8"); err != nil || len(rest) > 0 {
				return "", errors.New("names an issuer that cannot be read")
			}
			out = append(out, s)
		}
	}
	if len(slices.Compact(out)) > 1 {
		return "", errors.New("names two issuers")
	}
	if len(out) == 0 {
		return "", nil
	}
	return out[0], nil
}

// verifyChain returns nil when the certificate was, at that time, one for code signing that leads to one of roots.
func verifyChain(c *x509.Certificate, chain, roots []*x509.Certificate, at time.Time) error {
	// Without the extension the standard library takes a certificate as one for everything.
	if c.IsCA || !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageCodeSigning) {
		return errors.New("is not for code signing")
	}
	_, err := c.Verify(x509.VerifyOptions{Roots: pool(roots), Intermediates: pool(chain), CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}})
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unknown):
		return errors.New("does not lead to a declared root")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return errExpired
	case len(c.UnhandledCriticalExtensions) > 0:
		return errors.New("has a critical extension that is not known, " + c.UnhandledCriticalExtensions[0].String())
	}
	return errors.New("is refused by the rules for certificates (RFC 5280)")
}

var errExpired = errors.New("was not valid at that time")

func pool(certificates []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range certificates {
		p.AddCert(c)
	}
	return p
}
