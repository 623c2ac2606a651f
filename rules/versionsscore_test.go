package rules

import (
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/rules/score"
)

// fixedScore is the fixed input of "sbom.score": a whole document with a component of each kind.
func fixedScore() *actiontest.Call {
	document := `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","name":"x","documentNamespace":"https://example.org/x","creationInfo":{"created":"2025-06-11T00:00:00Z","creators":["Tool: x-1.0","Organization: X"]},` +
		`"packages":[{"SPDXID":"SPDXRef-x","name":"x","versionInfo":"1","packageFileName":"x-1.exe","supplier":"Organization: X (x@example.org)","checksums":[{"algorithm":"SHA256","checksumValue":"00"}]},` +
		`{"SPDXID":"SPDXRef-expat","name":"expat","versionInfo":"2.7.1","supplier":"NOASSERTION","licenseConcluded":"MIT","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:generic/expat@2.7.1"}]},` +
		`{"SPDXID":"SPDXRef-pip","name":"pip","versionInfo":"25.1.1"},{"SPDXID":"SPDXRef-certifi","name":"certifi","versionInfo":"2025.1.31"},{"SPDXID":"SPDXRef-odd","name":"odd"}],` +
		`"relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-x"},{"spdxElementId":"SPDXRef-x","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-expat"}]}`
	return &actiontest.Call{
		Parameters: score.Params{Label: "//:x", Formats: []string{"cyclonedx-1.6"}, Minimum: []score.Minimum{{Standard: "ntia-2021", Percent: 100}}, Product: "//:product",
			Packages: []score.Declared{{Name: "expat", Version: "2.7.1", Label: "//:expat"}}, Wheels: []string{"//:pip"}},
		Inputs: map[string][]action.File{"document": {hashed("x.spdx.json", document)}, "wheels": {hashed("pip.json", fixedWheel)}},
	}
}
