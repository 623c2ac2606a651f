// Package sbomdiff says how two SBOMs differ by meaning, whoever made them.
//
// # Model
//
// A Document is what an SPDX 2.x document in JSON says, freed of how it says it: packages with their fields, the files
// of each package, relationships between them, and fields of the document itself. Identifiers, the order of lists,
// spelling of JSON, and the two ways of saying that a package contains a file are gone. Every field is a
// text in one canonical form, so two fields are equal when their texts are:
//
//	versionInfo            2.7.1
//	checksums.SHA256       0cce2e6e...
//	externalRefs.purl      pkg:generic/expat@2.7.1
//
// To read a document call [Read]; to compare two, [Compare], which first finds out which package of one is which of the
// other (match.go). A [Diff] is printed with its methods Text and Markdown, and is itself what is written as JSON.
//
// Documents may come from anywhere: their size and the depth of their JSON are bounded, and none of their text is
// printed here; who prints it escapes it.
package sbomdiff
