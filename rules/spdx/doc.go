// Package spdx makes SPDX 2.3 documents in JSON: of packages, and of each artifact of a release, source or binary. It also reads
// documents that are checked in, compares them, and says whether any document is valid.
//
// # Model
//
//	Metadata   what Starlark declares of a package
//	Product    what it declares of the product, and of the making of its documents
//	Naming     what a file name says; an Artifact is a name that was read by it
//	Package    what a document says of a package
//	File       a path and its checksums
//	Document   packages, files, relationships
//
// There are two kinds of documents. A fragment is what CPython checks in: packages in declared order, without creator and
// namespace ([WriteBase], [Deps]). A whole document has a root that it describes, and is normalised: each list is sorted by the
// JSON text of its items ([Source], [Binary], [Whole]).
//
// A whole document has a [Profile]. Upstream gives the bytes of CPython's Tools/build/generate_sbom.py and of
// python/release-tools' sbom.py for the same inputs, as fragments do whatever the profile. Complete says all that is declared, and of the rest
// that it is not known: scope.complete of a package, release.finish of a document. docs/profiles.md has each difference.
//
// Which packages a binary holds is a matter of its name: their conditions are held against its groups (conditions.go), and what was left
// out is said in the document's comment.
//
// The functions are pure: values in, a document or a *diag.Error out. The operations (operations.go, one op*.go each) stand
// between them and an action's declared files. Other formats are made of the JSON by package convert.
package spdx
