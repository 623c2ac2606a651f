package rules

import (
	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules/pin"
	"github.com/sbomctl/sbomctl/rules/reproduce"
)

// The operations of container images, and of what is made in containers.

// imageFields is what is declared of a container image, in the object that prefix leads to.
func imageFields(prefix string) map[string]string {
	return map[string]string{
		prefix + "label":      "the declaring target",
		prefix + "repository": "registry and repository",
		prefix + "tag":        "the tag that the digest had",
		prefix + "digest":     `"sha256:" and 64 hexadecimal digits; "" when the image is not pinned`,
		prefix + "role":       "what the image is for",
	}
}

var imageDoc = operationDoc{
	doc:    "Holds what files say of container images against the image that a container_image declares. What is not as it is declared are findings. Commands find images by it.",
	params: pin.Image{},
	fields: with(imageFields(""), map[string]string{
		"platforms":        `those that must be there: "linux/amd64"`,
		"references":       "patterns of the files",
		"oci_layout":       "folder with an OCI layout that is asked before the registry",
		"insecure":         "whether the registry is asked by plain http",
		"signers":          "calls of signer()",
		"signers.key":      "public key, PEM",
		"signers.identity": "e-mail address or URI of a signing certificate",
		"signers.issuer":   "who vouched for it",
		"signers.root":     "certificates that it must lead to, PEM",
		"signers.log_key":  "public key of the transparency log, PEM",
		"signers.tsa":      "certificates of the timestamp authority, PEM",
	}),
	inputs:  []star.FieldDoc{{Name: "files", Doc: "the files that name images"}},
	outputs: []star.FieldDoc{{Name: "report", Doc: "empty; as a validation it needs none"}},
}

var imagesDoc = operationDoc{
	doc:     "Holds what files say of container images against several images that are declared.",
	params:  pin.Group{},
	fields:  with(imageFields("images."), map[string]string{"label": "the declaring target, for messages", "images": "the images"}),
	inputs:  []star.FieldDoc{{Name: "files", Doc: "the files that name images"}},
	outputs: []star.FieldDoc{{Name: "report", Doc: "empty; as a validation it needs none"}},
}

// reproduceFields are the parameters of both operations.
var reproduceFields = map[string]string{
	"label": "the declaring target",
	"image": "the target of the image that the command is run in",
	"paths": "the outputs, by their paths, in the order of the inputs",
}

var madeDoc = operationDoc{
	doc:    "Compares what a command makes with the files of the tree at the same paths ([output-differs](findings.md#output-differs)).",
	params: reproduce.Params{},
	fields: reproduceFields,
	inputs: []star.FieldDoc{
		{Name: "committed:N", Doc: "the file of the tree, for path number N; none when it is not there"},
		{Name: "made:N", Doc: "what the command makes"},
		{Name: "packages", Doc: "the package database of the image, in the form of dpkg or apk; may be left out"},
	},
	outputs: []star.FieldDoc{{Name: "report", Doc: "empty"}},
}

var runsDoc = operationDoc{
	doc:    "Compares what two runs of a command make, the second one perturbed ([nondeterministic](findings.md#nondeterministic)).",
	params: reproduce.Params{},
	fields: reproduceFields,
	inputs: []star.FieldDoc{
		{Name: "normal:N", Doc: "path number N, of the first run"},
		{Name: "perturbed:N", Doc: "the same of the second"},
		{Name: "listing:normal", Doc: "what the first run left: listing of ctx.actions.run_container"},
		{Name: "listing:perturbed", Doc: "what the second left"},
	},
	outputs: []star.FieldDoc{{Name: "report", Doc: "empty"}},
}
