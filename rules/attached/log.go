package attached

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// logEntry is an entry of a transparency log (Rekor v1) as it lies beside a signature: what was entered and when, and the log's promise, which is
// its signature over both.
type logEntry struct {
	body    []byte // JSON: what was entered
	time    int64  // when, in seconds since 1970
	index   int64
	logID   string // SHA-256 of the log's key, hexadecimal
	promise []byte // signed entry timestamp; nil when there is none
}

// readCosignEntry reads an entry as cosign's annotation has it.
func readCosignEntry(b []byte) (logEntry, error) {
	var in struct {
		Promise bytes64 `json:"SignedEntryTimestamp"`
		Payload struct {
			Body  bytes64 `json:"body"`
			Time  int64   `json:"integratedTime"`
			Index int64   `json:"logIndex"`
			LogID string  `json:"logID"`
		} `json:"Payload"`
	}
	if err := decode(b, &in); err != nil {
		return logEntry{}, err
	}
	p := in.Payload
	return logEntry{p.Body, p.Time, p.Index, p.LogID, in.Promise}, nil
}

// verify returns the time at which the log with that key entered what s is, or an error that says why it does not prove it. The
// signature is the one of s that was verified.
func (e *logEntry) verify(log *publicKey, s *signature, sig []byte, key *publicKey) (time.Time, error) {
	sum := sha256.Sum256(log.der)
	if e.logID != hex.EncodeToString(sum[:]) {
		return time.Time{}, errors.New("is of another log than the declared one")
	}
	if len(e.promise) == 0 {
		return time.Time{}, errors.New("has no promise of the log, and so no time that it signed")
	}
	// Canonical JSON, whose members are in the order of their names; none of the values has anything to escape.
	signed := fmt.Appendf(nil, `{"body":"%s","integratedTime":%d,"logID":"%s","logIndex":%d}`, encode64(e.body), e.time, e.logID, e.index)
	if !log.verify(signed, e.promise) {
		return time.Time{}, errors.New("is not signed by the declared log")
	}
	if err := e.covers(s, sig, key); err != nil {
		return time.Time{}, err
	}
	return time.Unix(e.time, 0).UTC(), nil
}

// entered is what the body of an entry says, of each of its kinds.
type entered struct {
	Kind    string `json:"kind"`
	Version string `json:"apiVersion"`
	Spec    struct {
		// hashedrekord
		Data struct {
			Hash hashValue `json:"hash"`
		} `json:"data"`
		Signature struct {
			Content   bytes64 `json:"content"`
			PublicKey struct {
				Content bytes64 `json:"content"`
			} `json:"publicKey"`
		} `json:"signature"`
		// dsse
		PayloadHash hashValue `json:"payloadHash"`
		Signatures  []struct {
			Signature bytes64 `json:"signature"`
			Verifier  bytes64 `json:"verifier"`
		} `json:"signatures"`
		// intoto
		Content struct {
			Hash        hashValue `json:"hash"`
			PayloadHash hashValue `json:"payloadHash"`
			Envelope    struct {
				Signatures []struct {
					Sig       bytes64 `json:"sig"` // of base64 again
					PublicKey bytes64 `json:"publicKey"`
				} `json:"signatures"`
			} `json:"envelope"`
		} `json:"content"`
		PublicKey bytes64 `json:"publicKey"`
	} `json:"spec"`
}

// hashValue is a digest as the log writes it.
type hashValue struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"value"`
}

// of reports whether h is the digest of b.
func (h hashValue) of(b []byte) bool {
	switch h.Algorithm {
	case "sha256":
		sum := sha256.Sum256(b)
		return h.Value == hex.EncodeToString(sum[:])
	case "sha384":
		sum := sha512.Sum384(b)
		return h.Value == hex.EncodeToString(sum[:])
	case "sha512":
		sum := sha512.Sum512(b)
		return h.Value == hex.EncodeToString(sum[:])
	}
	return false
}

var (
	errOtherEntry = errors.New("is about another signature")
	errUnknown    = errors.New("is of a kind that is not read")
)

// covers returns nil when the entry is of these bytes, signed by this key with this signature.
func (e *logEntry) covers(s *signature, sig []byte, key *publicKey) error {
	var in entered
	if err := decode(e.body, &in); err != nil {
		return fmt.Errorf("has a body that %w", err)
	}
	is := func(entered, by []byte) bool { return bytes.Equal(entered, sig) && s.by(by, key) }
	ok := false
	switch in.Kind + "/" + in.Version {
	case "hashedrekord/0.0.1":
		ok = in.Spec.Data.Hash.of(s.message) && is(in.Spec.Signature.Content, in.Spec.Signature.PublicKey.Content)
	case "dsse/0.0.1":
		for _, x := range in.Spec.Signatures {
			ok = ok || is(x.Signature, x.Verifier)
		}
		ok = ok && s.payload != nil && in.Spec.PayloadHash.of(s.payload)
	case "intoto/0.0.2":
		for _, x := range in.Spec.Content.Envelope.Signatures {
			inner, err := decode64(string(x.Sig))
			ok = ok || err == nil && is(inner, x.PublicKey)
		}
		ok = ok && s.payload != nil && in.Spec.Content.PayloadHash.of(s.payload)
	case "intoto/0.0.1": // its digest is of the envelope, signatures and all
		ok = s.envelope != nil && in.Spec.Content.Hash.of(s.envelope) && s.by(in.Spec.PublicKey, key)
	default:
		return errUnknown
	}
	if !ok {
		return errOtherEntry
	}
	return nil
}

// by reports whether text, PEM, is who signed s: its certificate when it has one, else the key.
func (s *signature) by(text []byte, key *publicKey) bool {
	block, _ := pem.Decode(text)
	switch {
	case block == nil:
		return false
	case block.Type == "CERTIFICATE":
		return s.cert != nil && bytes.Equal(block.Bytes, s.cert.Raw)
	}
	k, err := keyOfDER(block.Bytes)
	return err == nil && s.cert == nil && k.equal(key)
}
