package spdx

import "sync"

// The JSON schema of SPDX 2.3, and what the specification says beyond it of single values. The tables are in the schema's own words; every object is
// closed: a field that stands in no table is not of SPDX.

// referenceCategories are the categories of external references; of two spellings that of 2.3 and that of its older schema.
var referenceCategories = []string{"OTHER", "PERSISTENT-ID", "PERSISTENT_ID", "SECURITY", "PACKAGE-MANAGER", "PACKAGE_MANAGER"}

// shape is what a JSON value must be.
type shape struct {
	kind     kind
	items    *shape            // of an array
	min      int               // least number of items
	fields   map[string]*shape // of an object; nil: whatever it has
	required []string          // fields, in the order in which they are told
	words    []string          // a string is one of these
	check    func(s string) string
	role     role
	note     func(v *validator, o object) // looks at an object whose fields are known
}

// kind is a type of JSON.
type kind string

const (
	jsonText    kind = "string"
	jsonArray   kind = "array"
	jsonRecord  kind = "object"
	jsonBoolean kind = "boolean"
	jsonInteger kind = "integer"
)

// role is what a string means to the rest of the document.
type role uint8

const (
	noRole             role = iota
	definesID               // an identifier of an element
	namesID                 // of an element that must be there
	namesMaybe              // the same, or NONE or NOASSERTION
	definesRef              // DocumentRef-...: another document
	usesLicense             // an expression that may name LicenseRef-...
	definesLicense          // a LicenseRef-...
	describesSomething      // a list of what the document describes
)

func str(check func(string) string) *shape { return &shape{kind: jsonText, check: check} }
func oneOf(words ...string) *shape         { return &shape{kind: jsonText, words: words} }
func list(of *shape) *shape                { return &shape{kind: jsonArray, items: of} }
func atLeast(n int, of *shape) *shape      { return &shape{kind: jsonArray, items: of, min: n} }
func withRole(r role, check func(string) string) *shape {
	return &shape{kind: jsonText, role: r, check: check}
}

// documentShape is that of a whole document. It is made when it is first used, so that a build that validates nothing pays nothing.
var documentShape = sync.OnceValue(func() *shape {
	var (
		anyText     = str(nil)
		someText    = str(notEmpty)
		yesNo       = &shape{kind: jsonBoolean}
		number      = &shape{kind: jsonInteger}
		date        = str(checkDate)
		agent       = str(checkAgent)
		idDefined   = withRole(definesID, checkIDText)
		idNamed     = withRole(namesID, nil)
		licenseText = withRole(usesLicense, nil)

		annotations = list(&shape{kind: jsonRecord, required: []string{"annotationDate", "annotationType", "annotator", "comment"}, fields: map[string]*shape{
			"annotationDate": date, "annotationType": oneOf("OTHER", "REVIEW"), "annotator": str(checkCreator), "comment": anyText,
		}})
		checksumShape = &shape{kind: jsonRecord, required: []string{"algorithm", "checksumValue"}, note: noteChecksum, fields: map[string]*shape{
			"algorithm": oneOf("SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "SHA3-256", "SHA3-384", "SHA3-512", "BLAKE2b-256", "BLAKE2b-384", "BLAKE2b-512", "BLAKE3",
				"MD2", "MD4", "MD5", "MD6", "ADLER32"),
			"checksumValue": str(checkHex),
		}}
		externalRefShape = &shape{kind: jsonRecord, required: []string{"referenceCategory", "referenceLocator", "referenceType"}, note: noteReference, fields: map[string]*shape{
			"comment": anyText, "referenceCategory": oneOf(referenceCategories...),
			"referenceLocator": someText, "referenceType": someText,
		}}
		verificationCode = &shape{kind: jsonRecord, required: []string{"packageVerificationCodeValue"}, fields: map[string]*shape{
			"packageVerificationCodeExcludedFiles": list(anyText), "packageVerificationCodeValue": str(checkSHA1),
		}}
		packageShape = &shape{kind: jsonRecord, required: []string{"SPDXID", "downloadLocation", "name"}, note: notePackage, fields: map[string]*shape{
			"SPDXID": idDefined, "annotations": annotations, "attributionTexts": list(anyText), "builtDate": date, "checksums": list(checksumShape), "comment": anyText,
			"copyrightText": anyText, "description": anyText, "downloadLocation": someText, "externalRefs": list(externalRefShape), "filesAnalyzed": yesNo, "hasFiles": list(idNamed),
			"homepage": anyText, "licenseComments": anyText, "licenseConcluded": licenseText, "licenseDeclared": licenseText, "licenseInfoFromFiles": list(licenseText),
			"name": someText, "originator": agent, "packageFileName": anyText, "packageVerificationCode": verificationCode,
			"primaryPackagePurpose": oneOf("APPLICATION", "FRAMEWORK", "LIBRARY", "CONTAINER", "OPERATING_SYSTEM", "DEVICE", "FIRMWARE", "SOURCE", "ARCHIVE", "FILE", "INSTALL", "OTHER"),
			"releaseDate":           date, "sourceInfo": anyText, "summary": anyText, "supplier": agent, "validUntilDate": date, "versionInfo": anyText,
		}}
		fileShape = &shape{kind: jsonRecord, required: []string{"SPDXID", "checksums", "fileName"}, fields: map[string]*shape{
			"SPDXID": idDefined, "annotations": annotations, "artifactOfs": list(&shape{kind: jsonRecord}), "attributionTexts": list(anyText), "checksums": atLeast(1, checksumShape), "comment": anyText,
			"copyrightText": anyText, "fileContributors": list(anyText), "fileDependencies": list(idNamed), "fileName": someText,
			"fileTypes":       list(oneOf("SOURCE", "BINARY", "ARCHIVE", "APPLICATION", "AUDIO", "IMAGE", "TEXT", "VIDEO", "DOCUMENTATION", "SPDX", "OTHER")),
			"licenseComments": anyText, "licenseConcluded": licenseText, "licenseInfoInFiles": list(licenseText), "noticeText": anyText,
		}}
		pointer = &shape{kind: jsonRecord, required: []string{"reference"}, fields: map[string]*shape{"reference": idNamed, "offset": number, "lineNumber": number}}
		snippet = &shape{kind: jsonRecord, required: []string{"SPDXID", "name", "ranges", "snippetFromFile"}, fields: map[string]*shape{
			"SPDXID": idDefined, "annotations": annotations, "attributionTexts": list(anyText), "comment": anyText, "copyrightText": anyText, "licenseComments": anyText,
			"licenseConcluded": licenseText, "licenseInfoInSnippets": list(licenseText), "name": anyText,
			"ranges":          atLeast(1, &shape{kind: jsonRecord, required: []string{"endPointer", "startPointer"}, fields: map[string]*shape{"endPointer": pointer, "startPointer": pointer}}),
			"snippetFromFile": idNamed,
		}}
		extractedLicense = &shape{kind: jsonRecord, required: []string{"extractedText", "licenseId"}, fields: map[string]*shape{
			"comment": anyText, "crossRefs": list(&shape{kind: jsonRecord, required: []string{"url"}, fields: map[string]*shape{
				"isLive": yesNo, "isValid": yesNo, "isWayBackLink": yesNo, "match": anyText, "order": number, "timestamp": anyText, "url": anyText}}),
			"extractedText": anyText, "licenseId": withRole(definesLicense, nil), "name": anyText, "seeAlsos": list(anyText),
		}}
		relationshipShape = &shape{kind: jsonRecord, required: []string{"spdxElementId", "relatedSpdxElement", "relationshipType"}, note: noteRelationship, fields: map[string]*shape{
			"comment": anyText, "relatedSpdxElement": withRole(namesMaybe, nil), "spdxElementId": idNamed,
			"relationshipType": oneOf("AMENDS", "ANCESTOR_OF", "BUILD_DEPENDENCY_OF", "BUILD_TOOL_OF", "CONTAINED_BY", "CONTAINS", "COPY_OF", "DATA_FILE_OF", "DEPENDENCY_MANIFEST_OF", "DEPENDENCY_OF",
				"DEPENDS_ON", "DESCENDANT_OF", "DESCRIBED_BY", "DESCRIBES", "DEV_DEPENDENCY_OF", "DEV_TOOL_OF", "DISTRIBUTION_ARTIFACT", "DOCUMENTATION_OF", "DYNAMIC_LINK", "EXAMPLE_OF",
				"EXPANDED_FROM_ARCHIVE", "FILE_ADDED", "FILE_DELETED", "FILE_MODIFIED", "GENERATED_FROM", "GENERATES", "HAS_PREREQUISITE", "METAFILE_OF", "OPTIONAL_COMPONENT_OF",
				"OPTIONAL_DEPENDENCY_OF", "OTHER", "PACKAGE_OF", "PATCH_APPLIED", "PATCH_FOR", "PREREQUISITE_FOR", "PROVIDED_DEPENDENCY_OF", "REQUIREMENT_DESCRIPTION_FOR", "RUNTIME_DEPENDENCY_OF",
				"SPECIFICATION_FOR", "STATIC_LINK", "TEST_CASE_OF", "TEST_DEPENDENCY_OF", "TEST_OF", "TEST_TOOL_OF", "VARIANT_OF"),
		}}
	)
	return &shape{kind: jsonRecord, required: []string{"SPDXID", "creationInfo", "dataLicense", "name", "spdxVersion", "documentNamespace"}, fields: map[string]*shape{
		"SPDXID":      withRole(definesID, func(s string) string { return only(s, documentID) }),
		"annotations": annotations, "comment": anyText,
		"creationInfo": {kind: jsonRecord, required: []string{"created", "creators"}, fields: map[string]*shape{
			"comment": anyText, "created": date, "creators": atLeast(1, str(checkCreator)), "licenseListVersion": anyText}},
		"dataLicense": str(func(s string) string { return only(s, dataLicense) }),
		"externalDocumentRefs": list(&shape{kind: jsonRecord, required: []string{"checksum", "externalDocumentId", "spdxDocument"}, fields: map[string]*shape{
			"checksum": checksumShape, "externalDocumentId": withRole(definesRef, checkDocumentRef), "spdxDocument": someText}}),
		"hasExtractedLicensingInfos": list(extractedLicense), "name": someText,
		"revieweds":   list(&shape{kind: jsonRecord, required: []string{"reviewDate"}, fields: map[string]*shape{"comment": anyText, "reviewDate": date, "reviewer": anyText}}),
		"spdxVersion": str(func(s string) string { return only(s, spdxVersion) }), "documentNamespace": str(checkNamespace),
		"documentDescribes": {kind: jsonArray, items: idNamed, role: describesSomething},
		"packages":          list(packageShape), "files": list(fileShape), "snippets": list(snippet), "relationships": list(relationshipShape),
	}}
})
