package attached

import "github.com/sbomctl/sbomctl/engine/finding"

// SignatureMissing is the kind of the finding that a declared signer signed nothing that is attached to the image.
var SignatureMissing = finding.Rule{
	ID:       "signature-missing",
	Severity: finding.Error,
	Title:    "an image has no signature by who is declared to sign it",
	Help: `A [container_image](rules.md#container_image) declares signers, each of which must have signed the digest that is pinned.
` + "`sbomctl audit --level=4`" + ` looks at everything that is attached to the image: referrers (OCI 1.1), and the tags of cosign
(` + "`sha256-HEX.sig`, `.att`" + `). Nothing there is by this signer. Signatures of others are named, and do not matter.

A signature of one platform's manifest is none of the index that names it. An image that was copied to another registry may have left its
signatures behind: ` + "`cosign copy`" + ` takes them along.`,
}

// SignatureInvalid is the kind of the finding that a signature is there which is the declared signer's or could be, and does not hold.
var SignatureInvalid = finding.Rule{
	ID:       "signature-invalid",
	Severity: finding.Error,
	Title:    "a signature of an image does not hold for who is declared to sign it",
	Help: `Something is attached to the image that names the declared signer, verifies with its key, or is by a key that nobody names, and it proves
nothing. The message says why: it does not verify with the key; it is of another image, and was attached here; its certificate was
not valid when it was used, is not for code signing, names another issuer, or does not lead to the declared root; the
transparency log (log_key) or the timestamp authority (tsa) that is declared has not seen it. One signature of the signer that holds is enough, whatever else is attached.

Certificates of Sigstore are valid for ten minutes: without ` + "`log_key` or `tsa`" + ` nothing proves that a signature was made in these, and it does not hold.`,
}
