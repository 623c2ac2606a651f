package rules

import (
	"os"
	"testing"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/rules/convert"
)

// fixedConvert is the fixed input of "spdx.convert": a document with every field, in every format.
func fixedConvert(t *testing.T) *actiontest.Call {
	t.Helper()
	document, err := os.ReadFile("convert/testdata/every.spdx.json")
	if err != nil {
		t.Fatal(err)
	}
	var p convert.Params
	for _, f := range convert.Formats {
		p.Formats = append(p.Formats, f.Name)
	}
	return &actiontest.Call{Parameters: p, Inputs: map[string][]action.File{"document": {hashed("x.spdx.json", string(document))}}}
}
