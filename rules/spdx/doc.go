// Package spdx makes the SPDX 2.3 documents of a release: the base and source-deps SBOMs that are
// checked in, and the SBOM of each artifact, source or binary. What an artifact is, its file name says, by the product's Naming.
//
// The model: a Package is what Starlark declares (Metadata), a File is a path with two checksums,
// a Document is packages, files and relationships. Base and Deps documents keep the declared
// order; release documents (Source, Binary) are normalised: every list is sorted by the JSON text
// of its items. For equal inputs the bytes equal those of CPython's Tools/build/generate_sbom.py
// and of python/release-tools' sbom.py.
//
// The functions are pure: values in, a document or a *diag.Error out. The operations
// (operations.go) are thin adapters between them and an action's declared files.
package spdx
