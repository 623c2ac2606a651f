package attached

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// bundle is a Sigstore bundle, in the JSON of its Protocol Buffers.
type bundle struct {
	MediaType    string `json:"mediaType"`
	Verification struct {
		Certificate *rawBytes `json:"certificate"`
		Chain       *struct {
			Certificates []rawBytes `json:"certificates"`
		} `json:"x509CertificateChain"`
		Logs []struct {
			Index int64s `json:"logIndex"`
			LogID struct {
				KeyID bytes64 `json:"keyId"`
			} `json:"logId"`
			Time    int64s `json:"integratedTime"`
			Promise *struct {
				Timestamp bytes64 `json:"signedEntryTimestamp"`
			} `json:"inclusionPromise"`
			Body bytes64 `json:"canonicalizedBody"`
		} `json:"tlogEntries"`
		Times struct {
			Timestamps []struct {
				Timestamp bytes64 `json:"signedTimestamp"`
			} `json:"rfc3161Timestamps"`
		} `json:"timestampVerificationData"`
	} `json:"verificationMaterial"`
	Envelope *dsse `json:"dsseEnvelope"`
	Message  *struct {
		Digest struct {
			Algorithm string  `json:"algorithm"`
			Digest    bytes64 `json:"digest"`
		} `json:"messageDigest"`
		Signature bytes64 `json:"signature"`
	} `json:"messageSignature"`
}

type rawBytes struct {
	Bytes bytes64 `json:"rawBytes"`
}

// bundlePrefix begins the media type of every version of a bundle.
const bundlePrefix = "application/vnd.dev.sigstore.bundle"

// isBundle reports whether that media type is that of a bundle that is read: version 0.1 to 0.3, in either spelling.
func isBundle(mediaType string) bool {
	switch strings.TrimPrefix(mediaType, bundlePrefix) {
	case ".v0.1+json", ".v0.2+json", ".v0.3+json", "+json;version=0.1", "+json;version=0.2", "+json;version=0.3":
		return strings.HasPrefix(mediaType, bundlePrefix)
	}
	return false
}

// readBundle reads a Sigstore bundle.
func readBundle(b []byte) (*signature, error) {
	var in bundle
	if err := decode(b, &in); err != nil {
		return nil, fmt.Errorf("its bundle %w", err)
	}
	if !isBundle(in.MediaType) {
		return nil, fmt.Errorf("its bundle is of type %.80q, and versions 0.1 to 0.3 are read", in.MediaType)
	}
	out, err := in.content()
	if err != nil {
		return nil, err
	}
	if err := in.certificates(out); err != nil {
		return nil, err
	}
	times := in.Verification.Times.Timestamps
	if n := max(len(in.Verification.Logs), len(times)); n > maxEntries {
		return nil, fmt.Errorf("its bundle has %d log entries or timestamps, and at most %d are read", n, maxEntries)
	}
	for _, t := range times {
		out.times = append(out.times, t.Timestamp)
	}
	for _, l := range in.Verification.Logs {
		e := logEntry{body: l.Body, time: int64(l.Time), index: int64(l.Index), logID: hex.EncodeToString(l.LogID.KeyID)}
		if l.Promise != nil {
			e.promise = l.Promise.Timestamp
		}
		out.logs = append(out.logs, e)
	}
	return out, nil
}

// content returns what the bundle signs.
func (in *bundle) content() (*signature, error) {
	switch m := in.Message; {
	case (m == nil) == (in.Envelope == nil):
		return nil, errors.New("its bundle has not one of a message's signature and an envelope")
	case m == nil:
		return in.Envelope.signature()
	case m.Digest.Algorithm != "SHA2_256":
		return nil, fmt.Errorf("its bundle signs a message by its %.20q digest, and an image's is SHA2_256", m.Digest.Algorithm)
	default:
		subject := "sha256:" + hex.EncodeToString(m.Digest.Digest)
		return &signature{signatures: [][]byte{m.Signature}, claim: claim{subjects: []string{subject}, manifest: true}}, nil
	}
}

// certificates reads the certificates of the bundle into out.
func (in *bundle) certificates(out *signature) error {
	var raw []rawBytes
	if chain := in.Verification.Chain; chain != nil {
		raw = chain.Certificates
	}
	if leaf := in.Verification.Certificate; leaf != nil {
		raw = append([]rawBytes{*leaf}, raw...)
	}
	if len(raw) > 1+maxChain {
		return fmt.Errorf("its bundle has %d certificates, and at most %d are read", len(raw), 1+maxChain)
	}
	for i, r := range raw {
		c, err := x509.ParseCertificate(r.Bytes)
		if err != nil || len(r.Bytes) > maxCert {
			return fmt.Errorf("its bundle has a certificate, number %d, that cannot be read", i+1)
		}
		if i == 0 {
			out.cert = c
		} else {
			out.chain = append(out.chain, c)
		}
	}
	return nil
}
