package rules

import (
	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules/score"
)

// scoreDoc documents "sbom.score".
var scoreDoc = operationDoc{
	doc:    "Says how complete an SBOM is by several standards, and reports where it holds less than it must.",
	params: score.Params{},
	fields: map[string]string{
		"label":            "the target of the SBOM, for what is said of it",
		"formats":          "names of the formats that it is made in besides SPDX 2.3 JSON",
		"minimum":          "what it must hold",
		"minimum.standard": `"ntia-2021", "cisa-2026" or "bsi-tr-03183-2"`,
		"minimum.percent":  "0 to 100",
		"product":          `target of the product; "" when there is none`,
		"packages":         "what is declared of its components: which target to mend",
		"packages.name":    "its name in the document",
		"packages.version": "its version",
		"packages.label":   "the declaring target",
		"wheels":           "the targets that declare the wheels, in the input's order",
	},
	inputs:  []star.FieldDoc{{Name: "document", Doc: "the SPDX 2.3 document in JSON"}, inputWheels},
	outputs: []star.FieldDoc{{Name: "page", Doc: "the explanation, in Markdown"}, {Name: "json", Doc: "the same for programs"}},
}
