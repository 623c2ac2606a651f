package attached

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/pin"
)

// maxRoots bounds the declared certificates of a signer.
const maxRoots = 20

// signer is a declared signer, read.
type signer struct {
	key      *publicKey // nil: by identity
	identity string
	issuer   string
	roots    []*x509.Certificate
	log      *publicKey          // nil: none declared
	tsa      []*x509.Certificate // of timestamp authorities; none declared when empty
}

// CheckSigner checks a declared signer: a pin.Signer as JSON, as ctx.check.signer gets it.
func CheckSigner(value string) error {
	var s pin.Signer
	d := json.NewDecoder(strings.NewReader(value))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return &diag.Error{Msg: "this is no signer: write signer(key = ...) or signer(identity = ..., issuer = ..., root = ...)", Err: err}
	}
	_, err := parseSigner(s)
	return err
}

// parseSigner reads a declared signer. Its errors are *diag.Errors.
func parseSigner(s pin.Signer) (*signer, error) {
	out := &signer{identity: s.Identity, issuer: s.Issuer}
	if err := checkFields(s); err != nil {
		return nil, err
	}
	var err error
	if s.Key != "" {
		if out.key, err = parseKey(s.Key); err != nil {
			return nil, wrong("key", err)
		}
	}
	if s.Root != "" {
		if out.roots, err = parseCertificates(s.Root, true); err != nil {
			return nil, wrong("root", err)
		}
	}
	if s.TSA != "" {
		if out.tsa, err = parseCertificates(s.TSA, false); err != nil {
			return nil, wrong("tsa", err)
		}
	}
	if s.LogKey != "" {
		if out.log, err = parseKey(s.LogKey); err != nil {
			return nil, wrong("log_key", err)
		}
	}
	return out, nil
}

func wrong(field string, err error) error {
	return &diag.Error{Msg: field + " of the signer " + err.Error()}
}

// checkFields holds the fields against each other.
func checkFields(s pin.Signer) error {
	switch {
	case s.Key == "" && s.Identity == "":
		return &diag.Error{Msg: "the signer has neither a key nor an identity: write signer(key = ...) or signer(identity = ..., issuer = ..., root = ...)"}
	case s.Key != "" && (s.Identity != "" || s.Issuer != "" || s.Root != ""):
		return &diag.Error{Msg: "the signer has a key, and an identity, issuer or root beside it: one of the two is expected",
			Hints: []string{"two signers, one of each, are two calls of signer()"}}
	case s.Key != "":
		return nil
	case s.Issuer == "":
		return &diag.Error{Msg: fmt.Sprintf("the signer %q has no issuer: without it, anybody who could make some issuer vouch for that name would do", s.Identity)}
	case s.Root == "":
		return &diag.Error{Msg: fmt.Sprintf("the signer %q has no root: certificates that are to be trusted for it, in PEM", s.Identity)}
	}
	if u, err := url.Parse(s.Issuer); err != nil || u.Scheme == "" || u.Host == "" {
		return &diag.Error{Msg: fmt.Sprintf("issuer %q of the signer is no URL, such as \"https://token.actions.githubusercontent.com\"", s.Issuer)}
	}
	return nil
}

// parseCertificates reads declared certificates; of authorities only, when that is wanted.
func parseCertificates(text string, authorities bool) ([]*x509.Certificate, error) {
	block, rest, err := parsePEM(text)
	if err != nil {
		return nil, err
	}
	var out []*x509.Certificate
	for ; block != nil; block, rest, err = parsePEM(string(rest)) {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("has a block of PEM type %q, expected \"CERTIFICATE\"", block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("has a certificate, number %d, that cannot be read", len(out)+1)
		}
		if authorities && !c.IsCA {
			return nil, fmt.Errorf("has a certificate, number %d, that may not issue others: the authority's is expected, not a signer's", len(out)+1)
		}
		if out = append(out, c); len(out) > maxRoots {
			return nil, fmt.Errorf("has more than %d certificates", maxRoots)
		}
	}
	if err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, errors.New("is no PEM text: a certificate begins with the line -----BEGIN CERTIFICATE----- and is written out, not named by a file")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("has something after its last certificate that is none")
	}
	return out, nil
}

// String names the signer in messages.
func (s *signer) String() string {
	if s.key != nil {
		return "key " + s.key.fingerprint()
	}
	return s.identity + " (" + s.issuer + ")"
}
