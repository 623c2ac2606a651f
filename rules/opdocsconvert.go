package rules

import (
	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules/convert"
)

var convertDoc = operationDoc{
	doc:     "Writes a whole SPDX 2.3 document in JSON in other formats. What one cannot hold is the finding [format-loss](findings.md#format-loss).",
	params:  convert.Params{},
	fields:  map[string]string{"formats": `names of formats: "spdx-2.3-tag-value", "cyclonedx-1.6", "cyclonedx-1.7" or "spdx-3.0.1"`},
	inputs:  []star.FieldDoc{{Name: "document", Doc: "the SPDX 2.3 document in JSON; it must be valid"}},
	outputs: []star.FieldDoc{{Name: "FORMAT", Doc: "of each of formats, by its name, the document in it"}},
}
