package audit

import (
	"context"
	"errors"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/attached"
)

// attached does level 4: what is attached is listed, and declared signers are held against it.
func (a *audited) attached(ctx context.Context) {
	v, im := &a.r.Verdicts[Attached], &a.r.Image
	digest, err := v1.NewHash(im.Digest)
	if err != nil {
		v.Text = unpinned
		return
	}
	done, err := a.slot(ctx)
	if err != nil {
		*v = settle(Attached, "", problem(im, err, roleRoot, ""))
		return
	}
	defer done()
	req := attached.Request{Source: a.o.Source, Lister: a.o.Lister, Name: im.Repository, Label: im.Label, Digest: digest, Signers: im.Signers, Now: a.Now}
	if a.o.Layout {
		req.Copy = &oci.Error{Kind: oci.Offline, What: "what is attached to " + im.Repository + "@" + im.Digest,
			Msg: "was looked for in " + a.o.Name + " alone, which need not have all that the registry has"}
	}
	found, err := attached.Look(ctx, req)
	if d := (*diag.Error)(nil); errors.As(err, &d) {
		v.Text = "a declared signer cannot be read: " + d.Msg
		return
	}
	if err != nil {
		*v = settle(Attached, "", problem(im, err, roleRoot, ""))
		return
	}
	a.r.Attachments = found.Attachments
	var o outcome
	for _, u := range found.Unknown {
		p := problem(im, u, roleBlob, "attached")
		for i := range p.findings { // the image runs without it
			p.findings[i].Severity = finding.Warning
		}
		o.add(p)
	}
	var verified []string
	for _, s := range found.Outcomes {
		switch {
		case s.Proof != nil:
			verified = append(verified, s.Signer+" ("+s.Proof.String()+")")
		case s.Finding != nil:
			o.findings = append(o.findings, *s.Finding)
		}
	}
	text := count(len(found.Attachments), "attachment") + " listed"
	if len(im.Signers) == 0 {
		text += "; no signer is declared, so nothing was verified"
	} else {
		text += "; signed by " + strings.Join(verified, ", ")
	}
	*v = settle(Attached, text, o)
}
