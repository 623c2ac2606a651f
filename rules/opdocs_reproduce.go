package rules

import (
	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules/reproduce"
)

// reproduceFields are the parameters of both operations.
var reproduceFields = map[string]string{
	"label": "the declaring target",
	"image": "the target of the image that the command is run in",
	"paths": "the outputs, by their paths, in the order of the inputs",
}

var checkedInDoc = operationDoc{
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

var compareDoc = operationDoc{
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
