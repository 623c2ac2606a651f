package attached

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// held is what a signature is to a declared signer.
type held struct {
	relation relation
	why      string   // it does not count
	hints    []string // what to do about it
	proof    Proof    // when it is the signer's
}

// relation is how a signature relates to a declared signer.
type relation int

const (
	others   relation = iota // somebody else's
	unknown                  // by a key that nobody names: it does not verify with the signer's
	invalid                  // it names the signer, or is the signer's, and counts for nothing
	verified                 // the signer's, of this image
)

// Proof is what a verified signature proves.
type Proof struct {
	Attachment v1.Hash   `json:"attachment"`         // the blob with the signature
	Kind       Kind      `json:"kind"`               // what it is: signature, sbom, provenance
	Time       time.Time `json:"time,omitzero"`      // when it was made, at the latest, by the declared log; zero when none is declared
	Unproven   []string  `json:"unproven,omitempty"` // what a reader could take for proven and is not
}

// String says what proves it, when it was made as far as that is proven, and what is not proven.
func (p Proof) String() string {
	s := fmt.Sprintf("%s %s", p.Kind, p.Attachment)
	if !p.Time.IsZero() {
		s += " of " + p.Time.UTC().Format(time.RFC3339)
	}
	if len(p.Unproven) > 0 {
		s += ", not proven: " + strings.Join(p.Unproven, ", ")
	}
	return s
}

// hold reads off s what a says, and holds it against each declared signer.
func (a *Attachment) hold(s *signature, signers []*signer, now time.Time) {
	a.claim, a.Signed, a.Predicate, a.Kind = s.claim, s.claimed(), clean(s.claim.predicate), KindSignature
	if s.claim.predicate != "" {
		a.Kind = kindOfPredicate(s.claim.predicate)
	}
	if !s.claim.over(a.Subject) {
		a.Problem = "claims to be about " + s.claim.String()
	}
	for i, signer := range signers {
		h := signer.hold(s, a.Subject, a.Kind, now)
		if h.relation == verified {
			h.proof.Attachment, h.proof.Kind = a.Digest, a.Kind
			a.Verified = append(a.Verified, i)
		}
		a.held = append(a.held, h)
	}
}

// hold returns what a signature, attached to subject, is to the signer.
func (by *signer) hold(s *signature, subject v1.Hash, kind Kind, now time.Time) held {
	key, h := by.claims(s)
	if key == nil {
		return h
	}
	var sig []byte
	for _, one := range s.signatures {
		if key.verify(s.message, one) {
			sig = one
			break
		}
	}
	switch {
	case sig == nil && by.key != nil:
		return held{relation: unknown, why: "does not verify with it: another key signed, or something was changed since"}
	case sig == nil:
		return held{relation: invalid, why: "does not verify with the key of its own certificate: something was changed since it was signed"}
	}
	proof, why, hints := by.time(s, sig, key, now)
	switch {
	case why != "":
		return held{relation: invalid, why: why, hints: hints}
	case !s.claim.over(subject):
		return held{relation: invalid, why: "is the signer's, but of " + s.claim.String() + ", which is not this image",
			hints: []string{"whoever may write to the registry can attach a signature of one image to another: it proves nothing here"}}
	case kind == KindAttestation:
		return held{relation: invalid, why: "is the signer's, but a statement of type " + clean(s.claim.predicate) + ", which does not say whose the image is",
			hints: []string{"a signature, and a statement of provenance, contents (SPDX, CycloneDX) or release count"}}
	}
	return held{relation: verified, proof: proof}
}

// claims returns the key with which s has to verify if it is the signer's; nil when it cannot be, and then what it is instead.
func (by *signer) claims(s *signature) (*publicKey, held) {
	if by.key != nil {
		if s.cert == nil {
			return by.key, held{}
		}
		if k, err := newKey(s.cert.PublicKey); err != nil || !k.equal(by.key) {
			return nil, held{relation: others, why: "is by a certificate, of " + s.claimed()}
		}
		return by.key, held{}
	}
	if s.cert == nil {
		return nil, held{relation: others, why: "is by a key, without a certificate"}
	}
	names, err := identities(s.cert)
	if err != nil || !slices.Contains(names, by.identity) {
		return nil, held{relation: others, why: "is by " + s.claimed()}
	}
	issuer, err := issuerOf(s.cert)
	switch {
	case err != nil:
		return nil, held{relation: invalid, why: "is by a certificate that " + err.Error()}
	case issuer != by.issuer:
		return nil, held{relation: invalid, why: fmt.Sprintf("names the identity, but was vouched for by %q", clean(issuer))}
	}
	key, err := newKey(s.cert.PublicKey)
	if err != nil {
		return nil, held{relation: invalid, why: "is by a certificate whose key " + err.Error()}
	}
	return key, held{}
}

// time finds out when the signature was made, and whether the certificate, if it takes one, was valid then. It returns why not, or "".
func (by *signer) time(s *signature, sig []byte, key *publicKey, now time.Time) (proof Proof, why string, hints []string) {
	moments := []time.Time{}
	if by.log != nil {
		entered, err := by.logged(s, sig, key)
		if err != nil {
			return proof, err.Error(), []string{"log key: " + by.log.fingerprint()}
		}
		moments = append(moments, entered)
	}
	if len(by.tsa) > 0 {
		seen, err := by.stamped(s, sig)
		if err != nil {
			return proof, err.Error(), nil
		}
		moments = append(moments, seen)
	}
	if len(moments) > 0 {
		proof.Time = slices.MinFunc(moments, time.Time.Compare)
	}
	if by.key != nil {
		if len(moments) == 0 {
			proof.Unproven = append(proof.Unproven, "when it was signed")
		}
		return proof, "", nil
	}
	if by.log == nil {
		proof.Unproven = append(proof.Unproven, "that a transparency log has it")
	}
	if len(moments) == 0 {
		moments = []time.Time{now}
	}
	for _, at := range moments {
		if why, hints = by.chain(s, at, !proof.Time.IsZero()); why != "" {
			break
		}
	}
	return proof, why, hints
}

// chain returns why the certificate proves nothing for that time, which is now unless it is known when the signature was made; "" when it does.
func (by *signer) chain(s *signature, at time.Time, known bool) (why string, hints []string) {
	err := verifyChain(s.cert, s.chain, by.roots, at)
	switch {
	case err == nil:
		return "", nil
	case err != errExpired:
		return "is by a certificate that " + err.Error(), nil
	}
	valid := fmt.Sprintf("its own is from %s to %s", s.cert.NotBefore.UTC().Format(time.RFC3339), s.cert.NotAfter.UTC().Format(time.RFC3339))
	if known {
		return fmt.Sprintf("was made at %s, and its certificate, or one above it, was not valid then: %s", at.Format(time.RFC3339), valid), nil
	}
	return "is by a certificate that, or one above it, is not valid now: " + valid + ". That the signature was made in that time is not proven",
		[]string{"declare log_key, the public key of the transparency log that says when it was made, or tsa, the certificates of a timestamp authority"}
}

// stamped returns when a declared timestamp authority saw the signature, or the reason why none did.
func (by *signer) stamped(s *signature, sig []byte) (time.Time, error) {
	if len(s.times) == 0 {
		return time.Time{}, errors.New("has no timestamp with it, and an authority for them is declared")
	}
	var reasons []string
	for _, der := range s.times {
		// Of an envelope in a layer of its own, cosign has the whole of it seen.
		t, err := verifyTimestamp(der, by.tsa, sig, s.envelope)
		if err == nil {
			return t, nil
		}
		if !slices.Contains(reasons, err.Error()) {
			reasons = append(reasons, err.Error())
		}
	}
	return time.Time{}, fmt.Errorf("has a timestamp that %s", strings.Join(reasons, "; and one that "))
}

// logged returns when the declared log entered the signature; or the reason of the entry that came nearest.
func (by *signer) logged(s *signature, sig []byte, key *publicKey) (time.Time, error) {
	if len(s.logs) == 0 {
		return time.Time{}, fmt.Errorf("has no entry of a transparency log with it, and one is declared")
	}
	var reasons []string
	for i := range s.logs {
		t, err := s.logs[i].verify(by.log, s, sig, key)
		if err == nil {
			return t, nil
		}
		if !slices.Contains(reasons, err.Error()) {
			reasons = append(reasons, err.Error())
		}
	}
	return time.Time{}, fmt.Errorf("has a log entry that %s", strings.Join(reasons, "; and one that "))
}
