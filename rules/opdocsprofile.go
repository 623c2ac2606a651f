package rules

import (
	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// The documentation of the operations that documents of the profile "complete" need beside upstream's.
var (
	wholeDoc = operationDoc{
		doc:    "Writes the SBOM of packages as a whole document: with a namespace, creators, and a root that it describes.",
		params: spdx.WholeParams{},
		fields: with(productFields, packageFields("packages", "in any order"), map[string]string{
			"name":  "what the document is called",
			"alone": "it describes its one package, and not the product",
			"rules": "where the tree states the product's version, as evidence.check has them; [] leaves it out",
		}),
		inputs: []star.FieldDoc{{Name: "checksums", Doc: "output of spdx.checksums for each package, in the same order; empty: no files are listed"},
			{Name: "vendored", Doc: "outputs of vendor.compare, which become comments of files"}, {Name: "evidence", Doc: "the files of the tree that rules name"}, inputTexts},
		outputs: []star.FieldDoc{outDocument},
	}
	productDoc = operationDoc{
		doc:    "Reports what a product does not say of the making of its documents (creator, supplier).",
		params: spdx.ProductParams{},
		fields: map[string]string{
			"evidence":             "whether it says where the tree states its version",
			"creators":             `"Tool: NAME-VERSION", ...`,
			"label":                "the product's, with license_refs",
			"license_list_version": "of the SPDX licence list",
			"license_refs":         "its licences that are on no list, in documents that name them",
			"license_refs.id":      `"LicenseRef-..."`,
			"license_refs.name":    "what people call it",
			"license_refs.text":    `its text; ""`,
			"license_refs.file":    "or the file of the tree that is its text",
			"profile":              `"complete" or "upstream"; of "upstream" nothing is reported`,
			"supplier":             "who supplies it",
			"vcs_url":              "its sources",
		},
		inputs:  []star.FieldDoc{{Name: "license:LABEL", Doc: "the texts of its license_refs that are files"}},
		outputs: []star.FieldDoc{{Name: "report", Doc: "empty; as a validation it needs none"}},
	}
	sha512Doc = operationDoc{
		doc:     "Computes the SHA-512 of a file.",
		inputs:  []star.FieldDoc{{Name: "file", Doc: "one file"}},
		outputs: []star.FieldDoc{{Name: "sha512", Doc: "128 hexadecimal digits"}},
	}
)
