package rules

import (
	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// What several operations have.
var (
	inputWheels   = star.FieldDoc{Name: "wheels", Doc: "outputs of wheel.packages; may be empty"}
	inputTexts    = star.FieldDoc{Name: "license:LABEL", Doc: "the files of the licences that the target's license_refs name"}
	inputSum      = star.FieldDoc{Name: "sha512", Doc: "output of spdx.sha512 for the artifact; may be empty"}
	outDocument   = star.FieldDoc{Name: "document", Doc: "the SPDX document"}
	productFields = map[string]string{
		"product":                      "what every document says of the product itself",
		"product.label":                "the declaring target, for messages",
		"product.name":                 `its name: "CPython"`,
		"product.license":              "SPDX licence expression that was concluded",
		"product.originator":           `"Organization: NAME"`,
		"product.supplier":             `of the product, and in the profile "upstream" of everything that is shipped in it`,
		"product.license_declared":     "SPDX licence expression that it states of itself",
		"product.license_refs":         "licences on no list that its expressions name",
		"product.license_refs.id":      `"LicenseRef-..."`,
		"product.license_refs.name":    "what people call it",
		"product.license_refs.text":    "its text",
		"product.license_refs.file":    `the file that is its text, where text is ""`,
		"product.copyright":            "copyright lines",
		"product.homepage":             "page of its project",
		"product.cpes":                 "more CPEs",
		"product.vcs_url":              "its sources, git+https://HOST/PATH@TAG",
		"product.cpe":                  "CPE 2.3 formatted string; {version} is replaced",
		"product.purl":                 "package URL; {version} is replaced",
		"product.download_url":         "where an artifact is published; the document's namespace is this and \".spdx.json\"",
		"product.creators":             `"Tool: NAME", ...`,
		"product.created":              `"YYYY-MM-DDThh:mm:ssZ"`,
		"product.license_list_version": "of the SPDX licence list",
		"product.naming":               "what file names say; a call of release_naming",
		"product.naming.patterns":      "regular expressions over whole names; [] is NAME-VERSION[-REST].EXTENSION",
		"product.naming.builds":        "group -> value -> what such a build is called",
		"product.profile":              "\"complete\" or \"upstream\"; see the attribute profile of product",
	}
)

// packageFields is what is declared of packages, in the list that the parameter name is.
func packageFields(name, doc string) map[string]string {
	out := map[string]string{name: doc}
	for field, doc := range map[string]string{
		"label":             "the declaring target, for messages",
		"name":              "its name in documents",
		"version":           `its version; "": it is not known`,
		"license":           `SPDX licence expression; "" is NOASSERTION`,
		"originator":        `who made it: "Organization: NAME" or "Person: NAME (EMAIL)"`,
		"supplier":          "who supplies it, likewise",
		"download_url":      `where this version was downloaded from; "" is NOASSERTION`,
		"sha256":            `of the download; "" or NOASSERTION: none is stated`,
		"sha1":              "SHA-1 of the download",
		"md5":               "likewise",
		"cpe":               "CPE 2.3 formatted string",
		"purl":              "package URL",
		"license_declared":  "SPDX licence expression that it states of itself",
		"license_refs":      "licences on no list that its expressions name",
		"license_refs.id":   `"LicenseRef-..."`,
		"license_refs.name": "what people call it",
		"license_refs.text": "its text",
		"license_refs.file": `the file that is its text, where text is ""`,
		"copyright":         `copyright lines; "" is NOASSERTION`,
		"sha512":            "of the download, as sha256",
		"cpes":              "more CPEs",
		"homepage":          "page of its project",
		"purpose":           `primaryPackagePurpose of SPDX; "" is SOURCE`,
		"comment":           "of the package, in the document",
		"only":              "group of an artifact's name -> values: binaries of other names do not contain it",
		"not_in":            "the same of binaries that do not contain it",
		"replaces":          "labels of packages of the base that it stands in for in binaries",
	} {
		out[name+"."+field] = doc
	}
	return out
}

// ruleFields is what a call of regex() or absent() is, in the list that the parameter name is.
func ruleFields(name, doc string) map[string]string {
	return map[string]string{
		name:              doc,
		name + ".path":    "a file, or a pattern",
		name + ".pattern": "a regular expression with named groups",
		name + ".facts":   "fact -> template that makes it of the groups",
		name + ".absent":  "the pattern must match nothing",
	}
}

// spdxDocs is the documentation of the operations of package spdx, by name.
var spdxDocs = map[string]operationDoc{
	"spdx.base": {
		doc:    "Writes the SBOM of vendored packages with their files.",
		params: spdx.PackagesParams{},
		fields: packageFields("packages", "in the document's order"),
		inputs: []star.FieldDoc{{Name: "checksums", Doc: "output of spdx.checksums for each package, in the same order"},
			{Name: "vendored", Doc: "outputs of vendor.compare, which become comments of files"}, inputTexts},
		outputs: []star.FieldDoc{outDocument},
	},
	"spdx.binary": {
		doc:    "Writes the SBOM of a binary artifact: packages, no files. What its name says that it does not contain is left out, and the document's comment says why.",
		params: spdx.BinaryParams{},
		fields: with(productFields, packageFields("deps", "the platform's source dependencies, in declared order"), packageFields("base", "the vendored packages, likewise"), packageFields("packages", "more packages that it contains"), map[string]string{
			"artifact":      "file name, which says what it is",
			"sha256":        `its checksum; "" when it is an input`,
			"sha512":        "likewise",
			"purpose":       "primaryPackagePurpose of SPDX; \"\" is APPLICATION",
			"unknown":       `why nobody knows its checksum; "" when it is known`,
			"url":           `where it is published; "" is where the product says, NOASSERTION nowhere`,
			"wheels":        "what is declared of each file of the input wheels, in their order; [] says nothing of any",
			"wheels.label":  "the declaring target, for messages",
			"wheels.only":   "as that of packages",
			"wheels.not_in": "as that of packages",
		}),
		inputs:  []star.FieldDoc{{Name: "artifact", Doc: "the artifact; empty when sha256 is given"}, inputSum, inputWheels, inputTexts},
		outputs: []star.FieldDoc{outDocument},
	},
	"spdx.checksums": {
		doc:     "Lists files with their checksums, as a document has them: of a text file, with CRLF as LF.",
		params:  spdx.ChecksumsParams{},
		fields:  map[string]string{"patterns": "the patterns of the file set: files go by the text of the pattern that matched, then by path; [] keeps the file set's order of patterns"},
		inputs:  []star.FieldDoc{{Name: "files", Doc: "a file set"}},
		outputs: []star.FieldDoc{{Name: "checksums", Doc: "a line for each file"}},
	},
	"spdx.deps": {
		doc:     "Writes the SBOM of packages without files.",
		params:  spdx.PackagesParams{},
		fields:  packageFields("packages", "in the document's order"),
		inputs:  []star.FieldDoc{inputTexts},
		outputs: []star.FieldDoc{outDocument},
	},
	"spdx.own": {
		doc:    "Compares an SBOM that lies in a tree with the one that is built.",
		params: spdx.OwnParams{},
		fields: map[string]string{
			"label":              "the declaring target, for messages",
			"own":                "path of the SBOM in the tree",
			"tree":               "the tree, for messages",
			"superseded":         "calls of superseded()",
			"superseded.package": "name of a package",
			"superseded.reason":  "why the declaration is right",
			"superseded.says":    "field -> what the SBOM says in it",
			"superseded.fields":  "fields in which it says whatever it says",
		},
		inputs:  []star.FieldDoc{{Name: "own", Doc: "the SBOM; none when there is no such file"}, {Name: "document", Doc: "the one that is built"}},
		outputs: []star.FieldDoc{{Name: "report", Doc: "empty; as a validation it needs none"}},
	},
	"spdx.product": {
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
	},
	"spdx.sha512": {
		doc:     "Computes the SHA-512 of a file.",
		inputs:  []star.FieldDoc{{Name: "file", Doc: "one file"}},
		outputs: []star.FieldDoc{{Name: "sha512", Doc: "128 hexadecimal digits"}},
	},
	"spdx.source": {
		doc:    "Writes the SBOM of a source archive: every file in it, the vendored packages, the wheels.",
		params: spdx.SourceParams{},
		fields: with(productFields, packageFields("packages", "what is declared of the packages of the base SBOM"), map[string]string{
			"artifact":           "file name, which says what it is",
			"superseded":         "calls of superseded()",
			"superseded.package": "name of a package",
			"superseded.reason":  "why the declaration is right",
			"superseded.says":    "field -> what the archive's own SBOM says in it",
			"superseded.fields":  "fields in which it says whatever it says",
			"label":              "the declaring target, for messages",
			"base_label":         "target of the base SBOM, for messages",
			"own":                "pattern of the archive's own SBOM, for messages",
		}),
		inputs: []star.FieldDoc{{Name: "archive", Doc: "the archive"}, {Name: "members", Doc: "all its files, in its order; links too"}, {Name: "own", Doc: "its own SBOM; may be empty"},
			{Name: "base", Doc: "output of spdx.base"}, {Name: "whole", Doc: "output of spdx.whole, with which an SBOM of its own that is whole is compared; may be empty"}, inputSum, inputWheels, inputTexts},
		outputs: []star.FieldDoc{outDocument},
	},
	"spdx.valid": {
		doc:     "Looks whether a whole SPDX document is valid, and has NTIA's minimum elements. What is not are findings (spdx).",
		params:  spdx.ValidParams{},
		fields:  map[string]string{"path": `where the document lies, when it is a source file; "" for one that is built`},
		inputs:  []star.FieldDoc{{Name: "document", Doc: "the document"}},
		outputs: []star.FieldDoc{{Name: "report", Doc: "nothing; who builds the target is told the findings"}},
	},
	"spdx.version": {
		doc:    "Looks whether an artifact's name and a tree state one version. That they do not is a finding (release-version).",
		params: spdx.VersionParams{},
		fields: with(ruleFields("rules", "where the tree states the version"), map[string]string{"artifact": "file name", "label": "the product's target, for messages",
			"naming": "what file names say; a call of release_naming", "naming.patterns": "regular expressions over whole names; [] is NAME-VERSION[-REST].EXTENSION", "naming.builds": "no part of this"}),
		inputs:  []star.FieldDoc{{Name: "evidence", Doc: "the files of the tree that rules name"}},
		outputs: []star.FieldDoc{{Name: "report", Doc: "empty; as a validation it needs none"}},
	},
	"spdx.whole": {
		doc:    "Writes the SBOM of packages as a whole document: with a namespace, creators, and a root that it describes.",
		params: spdx.WholeParams{},
		fields: with(productFields, packageFields("packages", "in any order"), ruleFields("rules", "where the tree states the product's version; [] leaves it out"), map[string]string{
			"name":  "what the document is called",
			"alone": "it describes its one package, and not the product",
		}),
		inputs: []star.FieldDoc{{Name: "checksums", Doc: "output of spdx.checksums for each package, in the same order; empty: no files are listed"},
			{Name: "vendored", Doc: "outputs of vendor.compare, which become comments of files"}, {Name: "evidence", Doc: "the files of the tree that rules name"}, inputTexts},
		outputs: []star.FieldDoc{outDocument},
	},
}
