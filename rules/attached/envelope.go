package attached

import (
	"errors"
	"fmt"
)

// dsse is an envelope, https://github.com/secure-systems-lab/dsse.
type dsse struct {
	Payload    bytes64 `json:"payload"`
	Type       string  `json:"payloadType"`
	Signatures []struct {
		Sig bytes64 `json:"sig"`
	} `json:"signatures"`
}

// typeStatement is the payload type of in-toto statements.
const typeStatement = "application/vnd.in-toto+json"

// readEnvelope reads a DSSE envelope, with the annotations that cosign puts beside it.
func readEnvelope(b []byte, annotations map[string]string) (*signature, error) {
	var e dsse
	if err := decode(b, &e); err != nil {
		return nil, fmt.Errorf("its envelope %w", err)
	}
	out, err := e.signature()
	if err != nil {
		return nil, err
	}
	out.envelope = b
	return out, out.readAnnotations(annotations)
}

// signature returns what e signs.
func (e *dsse) signature() (*signature, error) {
	if e.Type != typeStatement {
		return nil, fmt.Errorf("its envelope holds %.60q, and no in-toto statement", e.Type)
	}
	if n := len(e.Signatures); n == 0 || n > maxSignatures {
		return nil, fmt.Errorf("its envelope has %d signatures, expected 1 to %d", n, maxSignatures)
	}
	claim, err := readStatement(e.Payload)
	if err != nil {
		return nil, err
	}
	out := &signature{message: preAuthentication(e.Type, e.Payload), claim: claim, payload: e.Payload}
	for _, s := range e.Signatures {
		out.signatures = append(out.signatures, s.Sig)
	}
	return out, nil
}

// preAuthentication is what the signatures of an envelope are over.
func preAuthentication(payloadType string, payload []byte) []byte {
	return append(fmt.Appendf(nil, "DSSEv1 %d %s %d ", len(payloadType), payloadType, len(payload)), payload...)
}

// readStatement reads the subjects of an in-toto statement.
func readStatement(b []byte) (claim, error) {
	var s struct {
		Type      string `json:"_type"`
		Predicate string `json:"predicateType"`
		Subject   []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
	}
	if err := decode(b, &s); err != nil {
		return claim{}, fmt.Errorf("its statement %w", err)
	}
	if s.Type != "https://in-toto.io/Statement/v1" && s.Type != "https://in-toto.io/Statement/v0.1" {
		return claim{}, fmt.Errorf("its statement is of type %.60q, and no in-toto statement", s.Type)
	}
	if s.Predicate == "" {
		return claim{}, errors.New("its statement does not say of what type it is")
	}
	if len(s.Subject) > maxSubjects {
		return claim{}, fmt.Errorf("its statement has %d subjects, and at most %d are read", len(s.Subject), maxSubjects)
	}
	out := claim{predicate: s.Predicate}
	for _, subject := range s.Subject {
		for _, algorithm := range []string{"sha256", "sha512"} {
			if d := subject.Digest[algorithm]; isHex(d) {
				out.subjects = append(out.subjects, algorithm+":"+d)
			}
		}
	}
	return out, nil
}
