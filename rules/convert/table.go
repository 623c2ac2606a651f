package convert

// held says where each format has a field of SPDX 2.3. Words between back quotes are of the format: a tag, a field, a property. An
// empty place means that the format cannot hold it.
type held struct {
	field     string // "packages.versionInfo"
	tag       string // SPDX tag-value
	cyclonedx string // CycloneDX 1.6 and 1.7
	spdx3     string // SPDX 3.0.1
}

// asProperty is a place for what a format has no field for: a property, in SPDX 3 in an extension.
func asProperty(field, tag, name string) held {
	return held{field, tag, "property `" + name + "`", "property `" + name + "`"}
}

// table has all fields that a document of SPDX 2.3 can have; docs/formats.md is made of it.
var table = []held{
	{"SPDXID", "`SPDXID`", "BOM-Link in `subjects`; nothing else can refer to it", "`spdxId` of `SpdxDocument`"},
	{"spdxVersion", "`SPDXVersion`", "property `spdx:document:spdx-version`", "it is another: `specVersion`"},
	{"dataLicense", "`DataLicense`", "`metadata.licenses`", "`dataLicense`"},
	{"name", "`DocumentName`", "property `spdx:document:name`", "`name` of `SpdxDocument`"},
	{"documentNamespace", "`DocumentNamespace`", "property `spdx:document:document-namespace`; `serialNumber` derives from it", "before the `#` of each `spdxId`"},
	{"comment", "`DocumentComment`", "property `spdx:comment` of `metadata`", "`comment` of `SpdxDocument`"},
	{"creationInfo.created", "`Created`", "`metadata.timestamp`", "`created` of `CreationInfo`"},
	{"creationInfo.creators", "`Creator`", "`metadata.tools`, `metadata.authors`, `metadata.manufacturer`; a second organisation is the property `spdx:creation-info:creators-organization`", "`createdBy`; tools are `createdUsing`"},
	{"creationInfo.comment", "`CreatorComment`", "property `spdx:creation-info:comment`; a word such as Source is a phase in `metadata.lifecycles`", "`comment` of `CreationInfo`; a word such as Source is the `software_sbomType`"},
	asProperty("creationInfo.licenseListVersion", "`LicenseListVersion`", "spdx:creation-info:license-list-version"),
	{"externalDocumentRefs", "`ExternalDocumentRef`", "`externalReferences` of type `bom`", "`import`, and `namespaceMap` for its name"},
	{"documentDescribes", "`Relationship`: DESCRIBES", "as the relationship DESCRIBES", "as the relationship DESCRIBES"},
	{"revieweds", "`Reviewer`, `ReviewDate`, `ReviewComment`; there must be a reviewer", "property `spdx:document:review`", "property `spdx:document:review`"},
	{"annotations", "`Annotator`, `AnnotationDate`, `AnnotationType`, `AnnotationComment`", "`annotations`; the type is the end of `bom-ref`. NAME=VALUE is a property, too", "`Annotation`. NAME=VALUE is a property, too"},

	{"hasExtractedLicensingInfos.licenseId", "`LicenseID`", "property `spdx:document:extracted-licensing-info`", "`spdxId` of `expandedlicensing_CustomLicense`"},
	{"hasExtractedLicensingInfos.extractedText", "`ExtractedText`", "the same; `text` of the licence where a package has just this one, in 1.7 `expressionDetails` of the others", "`simplelicensing_licenseText`"},
	{"hasExtractedLicensingInfos.name", "`LicenseName`", "the same", "`name`"},
	{"hasExtractedLicensingInfos.comment", "`LicenseComment`", "the same", "`comment`"},
	{"hasExtractedLicensingInfos.seeAlsos", "`LicenseCrossReference`", "the same", "`expandedlicensing_seeAlso`"},
	{"hasExtractedLicensingInfos.crossRefs", "", "the same", "property `spdx:extracted-licensing-info:cross-ref`"},

	{"relationships.spdxElementId", "`Relationship`", "see above", "`from`, or `to`"},
	{"relationships.relationshipType", "`Relationship`", "see above", "`relationshipType`, and `scope` of a `LifecycleScopedRelationship`"},
	{"relationships.relatedSpdxElement", "`Relationship`", "see above", "`to`, or `from`; `completeness` for NONE and NOASSERTION"},
	{"relationships.comment", "`RelationshipComment`", "see above", "`comment`"},

	{"packages.SPDXID", "`SPDXID`", "`bom-ref`; property `spdx:spdxid`", "`spdxId` of `software_Package`"},
	{"packages.name", "`PackageName`", "`name`", "`name`"},
	{"packages.versionInfo", "`PackageVersion`", "`version`", "`software_packageVersion`"},
	{"packages.packageFileName", "`PackageFileName`", "properties `spdx:package:file-name` and `bsi:component:filename`", "`software_File` that it `hasDistributionArtifact`"},
	{"packages.primaryPackagePurpose", "`PrimaryPackagePurpose`", "`type`; property `spdx:package:purpose`", "`software_primaryPurpose`"},
	{"packages.supplier", "`PackageSupplier`", "`supplier`; NOASSERTION is the property `spdx:package:supplier`", "`suppliedBy`; NOASSERTION is the property `spdx:package:supplier`"},
	{"packages.originator", "`PackageOriginator`", "`manufacturer` or `authors`; NOASSERTION is the property `spdx:package:originator`", "`originatedBy`; NOASSERTION is the property `spdx:package:originator`"},
	{"packages.downloadLocation", "`PackageDownloadLocation`", "`externalReferences` of type `distribution`, `source-distribution` or `vcs`; NONE and NOASSERTION are the property `spdx:download-location`", "`software_downloadLocation`; NONE and NOASSERTION are the property `spdx:download-location`"},
	{"packages.homepage", "`PackageHomePage`", "`externalReferences` of type `website`", "`software_homePage`"},
	{"packages.sourceInfo", "`PackageSourceInfo`", "property `spdx:package:source-info`", "`software_sourceInfo`"},
	{"packages.licenseConcluded", "`PackageLicenseConcluded`", "`licenses` with the `acknowledgement` `concluded`; else property `spdx:license-concluded`", "`hasConcludedLicense` a `simplelicensing_LicenseExpression`"},
	{"packages.licenseDeclared", "`PackageLicenseDeclared`", "`licenses` with the `acknowledgement` `declared`; in 1.6, which takes one expression, property `spdx:license-declared`", "`hasDeclaredLicense` a `simplelicensing_LicenseExpression`"},
	asProperty("packages.licenseInfoFromFiles", "`PackageLicenseInfoFromFiles`; not without `FilesAnalyzed`", "spdx:license-info-from-file"),
	{"packages.licenseComments", "`PackageLicenseComments`", "property `spdx:license-comments`", "`comment` of `hasConcludedLicense`"},
	{"packages.copyrightText", "`PackageCopyrightText`", "`copyright`; NONE and NOASSERTION are the property `spdx:copyright-text`", "`software_copyrightText`"},
	{"packages.summary", "`PackageSummary`", "property `spdx:package:summary`", "`summary`"},
	{"packages.description", "`PackageDescription`", "`description`", "`description`"},
	{"packages.comment", "`PackageComment`", "property `spdx:comment`", "`comment`"},
	{"packages.attributionTexts", "`PackageAttributionText`", "property `spdx:attribution-text`", "`software_attributionText`"},
	asProperty("packages.filesAnalyzed", "`FilesAnalyzed`", "spdx:files-analyzed"),
	{"packages.packageVerificationCode", "`PackageVerificationCode`; not without `FilesAnalyzed`", "properties `spdx:package:verification-code:value`, `spdx:package:verification-code:excluded-file`", "`verifiedUsing` a `PackageVerificationCode`"},
	{"packages.builtDate", "`BuiltDate`", "property `spdx:package:built-date`", "`builtTime`"},
	{"packages.releaseDate", "`ReleaseDate`", "property `spdx:package:release-date`", "`releaseTime`"},
	{"packages.validUntilDate", "`ValidUntilDate`", "property `spdx:package:valid-until-date`", "`validUntilTime`"},
	{"packages.checksums", "`PackageChecksum`", "`hashes`; those that it does not know are properties, such as `spdx:checksum:sha224`", "`verifiedUsing` a `Hash`"},
	{"packages.externalRefs", "`ExternalRef`, `ExternalRefComment`; no spaces in a locator", "`cpe`, `purl`, `swhid`, `omniborId`, `externalReferences` of type `advisories` or `exploitability-statement`; a second CPE or purl is `evidence`, and a CPE the property `syft:cpe23`; others are the property `spdx:external-reference`", "`software_packageUrl`, `externalIdentifier`, `externalRef`, `software_contentIdentifier`; others are the property `spdx:external-reference`"},
	{"packages.annotations", "as those of the document", "as those of the document", "as those of the document"},
	{"packages.hasFiles", "`Relationship`: CONTAINS", "as the relationship CONTAINS", "as the relationship CONTAINS"},

	{"files.SPDXID", "`SPDXID`", "`bom-ref`", "`spdxId` of `software_File`"},
	{"files.fileName", "`FileName`", "`name`", "`name`"},
	asProperty("files.fileTypes", "`FileType`", "spdx:file:type"),
	{"files.checksums", "`FileChecksum`", "as those of packages", "as those of packages"},
	{"files.licenseConcluded", "`LicenseConcluded`", "as that of packages", "as that of packages"},
	{"files.licenseInfoInFiles", "`LicenseInfoInFile`", "property `spdx:license-info-in-file`", "`hasDeclaredLicense`"},
	{"files.licenseComments", "`LicenseComments`", "property `spdx:license-comments`", "`comment` of `hasConcludedLicense`"},
	{"files.copyrightText", "`FileCopyrightText`", "`copyright`", "`software_copyrightText`"},
	{"files.comment", "`FileComment`", "property `spdx:comment`", "`comment`"},
	asProperty("files.noticeText", "`FileNotice`", "spdx:file:notice-text"),
	asProperty("files.fileContributors", "`FileContributor`", "spdx:file:contributor"),
	{"files.attributionTexts", "`FileAttributionText`", "property `spdx:attribution-text`", "`software_attributionText`"},
	asProperty("files.fileDependencies", "`FileDependency`", "spdx:file:dependency"),
	asProperty("files.artifactOfs", "`ArtifactOfProjectName`, `ArtifactOfProjectHomePage`, `ArtifactOfProjectURI`; nothing else of it", "spdx:file:artifact-of"),
	{"files.annotations", "as those of the document", "as those of the document", "as those of the document"},

	{"snippets.SPDXID", "`SnippetSPDXID`", "property `spdx:document:snippet`", "`spdxId` of `software_Snippet`"},
	{"snippets.name", "`SnippetName`", "the same", "`name`"},
	{"snippets.snippetFromFile", "`SnippetFromFileSPDXID`", "the same", "`software_snippetFromFile`"},
	{"snippets.ranges", "`SnippetByteRange`, `SnippetLineRange`; of the snippet's own file, counted from 1", "the same", "the first are `software_byteRange` and `software_lineRange`; all are the property `spdx:snippet:range`"},
	{"snippets.licenseConcluded", "`SnippetLicenseConcluded`", "the same", "as that of packages"},
	{"snippets.licenseInfoInSnippets", "`LicenseInfoInSnippet`", "the same", "`hasDeclaredLicense`"},
	{"snippets.licenseComments", "`SnippetLicenseComments`", "the same", "`comment` of `hasConcludedLicense`"},
	{"snippets.copyrightText", "`SnippetCopyrightText`", "the same", "`software_copyrightText`"},
	{"snippets.comment", "`SnippetComment`", "the same", "`comment`"},
	{"snippets.attributionTexts", "`SnippetAttributionText`", "the same", "`software_attributionText`"},
	{"snippets.annotations", "as those of the document", "the same", "as those of the document"},
}
