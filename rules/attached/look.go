package attached

import (
	"context"
	"fmt"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/pin"
)

// Request is what Look looks at.
type Request struct {
	Source  oci.Source   // of the repository
	Lister  Lister       // of the repository
	Name    string       // of the repository, for messages: "quay.io/tiran/cpython_autoconf"
	Label   string       // target that declares the image; findings have it
	Digest  v1.Hash      // of the image
	Signers []pin.Signer // who must have signed it; with none, nothing is claimed about what is listed
	Copy    *oci.Error   // when Lister is that of a copy, such as a layout: why nothing is known of signatures that were not copied; else nil
	Now     time.Time    // a certificate has to be valid now, where no log says when it was used
}

// Result is what is attached, and what became of each declared signer.
type Result struct {
	Attachments []Attachment
	Outcomes    []Outcome    // one for each of Request.Signers, in their order
	Unknown     []*oci.Error // what could not be found out: Attachments may lack something
}

// Outcome is what became of a declared signer: one of Proof, Finding and Unknown is set.
type Outcome struct {
	Signer  string // as messages call it: "key SHA256:...", "release@example.org (https://accounts.google.com)"
	Proof   *Proof
	Finding *finding.Finding
	Unknown *oci.Error // why nothing is known: one of Result.Unknown
}

// Look lists what is attached to an image, and holds each declared signer against it. Its error is a *diag.Error when a declared signer
// cannot be read; everything else that a registry can do is in the result, unless the context is over.
func Look(ctx context.Context, r Request) (*Result, error) {
	l := &lister{source: r.Source, lister: r.Lister, name: r.Name, now: r.Now}
	for _, s := range r.Signers {
		by, err := parseSigner(s)
		if err != nil {
			return nil, err
		}
		l.signers = append(l.signers, by)
	}
	found, err := l.list(ctx, r.Digest)
	if err != nil {
		return nil, err
	}
	out := &Result{Attachments: found}
	var missed *oci.Error // the first gap in which a signature of the image may be
	for _, g := range l.gaps {
		out.Unknown = append(out.Unknown, g.err)
		if missed == nil && g.image {
			missed = g.err
		}
	}
	for i, by := range l.signers {
		o := Outcome{Signer: by.String()}
		o.Proof = proofOf(found, i, r.Digest)
		switch {
		case o.Proof != nil:
		case missed != nil:
			o.Unknown = missed
		default:
			o.Finding = describe(found, i, by, r)
			if r.Copy != nil && o.Finding.Rule == SignatureMissing.ID {
				o.Finding, o.Unknown = nil, r.Copy
				if !slices.Contains(out.Unknown, r.Copy) {
					out.Unknown = append(out.Unknown, r.Copy)
				}
			}
		}
		out.Outcomes = append(out.Outcomes, o)
	}
	return out, nil
}

// proofOf returns the best proof that the signer i signed the image: a signature rather than a statement, and one whose time is known.
func proofOf(found []Attachment, i int, image v1.Hash) *Proof {
	var best *Proof
	for _, a := range found {
		if a.Subject != image || a.held == nil || a.held[i].relation != verified {
			continue
		}
		if p := a.held[i].proof; best == nil || p.rank() > best.rank() {
			best = &p
		}
	}
	return best
}

func (p *Proof) rank() int {
	n := 0
	if p.Kind == KindSignature {
		n = 1
	}
	if !p.Time.IsZero() {
		n += 2
	}
	return n
}

// maxTold bounds how many signatures a message names.
const maxTold = 3

// describe returns the finding that the signer i, who must have signed, has not.
func describe(found []Attachment, i int, by *signer, r Request) *finding.Finding {
	f := &finding.Finding{Severity: finding.Error, Label: r.Label, Attr: fmt.Sprintf("signers[%d]", i), Declared: by.String()}
	wrong, foreign := sortOut(found, i, r.Digest)
	image := r.Name + "@" + r.Digest.String()
	if len(wrong) > 0 {
		f.Rule = SignatureInvalid.ID
		a := wrong[0]
		f.Msg = fmt.Sprintf("no signature of %s holds for %s: %s, attached by %s, %s", image, by, a.Digest, a.Via, a.held[i].why)
		f.Found = a.Digest.String()
		f.Hints = append(f.Hints, a.held[i].hints...)
		for _, a := range wrong[1:min(len(wrong), maxTold)] {
			f.Hints = append(f.Hints, fmt.Sprintf("%s %s", a.Digest, a.held[i].why))
		}
		if n := len(wrong) - maxTold; n > 0 {
			f.Hints = append(f.Hints, fmt.Sprintf("and %d more", n))
		}
	} else {
		f.Rule = SignatureMissing.ID
		f.Msg = fmt.Sprintf("%s has no signature by %s", image, by)
		for _, a := range foreign[:min(len(foreign), maxTold)] {
			f.Hints = append(f.Hints, fmt.Sprintf("%s %s", a.Digest, a.told(i)))
		}
		if n := len(foreign) - maxTold; n > 0 {
			f.Hints = append(f.Hints, fmt.Sprintf("and %d more signatures of others", n))
		}
	}
	for _, a := range found {
		if a.Subject != r.Digest && a.held != nil && a.held[i].relation == verified {
			f.Hints = append(f.Hints, fmt.Sprintf("it signed the manifest of %s, %s, which is a part: what is pinned, the index, it did not sign", a.Platform, a.Subject))
			break
		}
	}
	f.Hints = append(f.Hints, by.howToSign(image))
	return f
}

// sortOut returns the signatures attached to the image that are the signer's or could be, and count for nothing; and those of others. What a
// declared signer made is nobody else's damaged one.
func sortOut(found []Attachment, i int, image v1.Hash) (wrong, foreign []Attachment) {
	for _, a := range found {
		switch {
		case a.Subject != image:
		case a.held == nil:
			if a.Kind == KindSignature || isSigned(a.Type) {
				foreign = append(foreign, a)
			}
		case a.held[i].relation == invalid, a.held[i].relation == unknown && len(a.Verified) == 0:
			wrong = append(wrong, a)
		default:
			foreign = append(foreign, a)
		}
	}
	return wrong, foreign
}

// told says why a signature is not that of the signer i.
func (a *Attachment) told(i int) string {
	switch {
	case a.held == nil:
		return a.Problem
	case a.held[i].relation == unknown:
		return "is by another declared signer"
	}
	return a.held[i].why
}

// howToSign returns the command that makes the missing signature.
func (s *signer) howToSign(image string) string {
	if s.key != nil {
		return "whoever holds the key signs it with: cosign sign --key cosign.key " + image
	}
	return "whoever has the identity signs it with: cosign sign " + image
}
