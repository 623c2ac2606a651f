// Package cpython makes a workspace of an existing CPython tree. It is the one package that knows CPython's own files.
//
// # Model
//
//	Misc/sbom.spdx.json        ─┐
//	Misc/externals.spdx.json    │                ┌─► BUILD.star, sbom.star
//	Tools/build/generate_sbom.py├─ read ─► facts ┤
//	PCbuild/get_externals.bat   │                └─► notes: what the tree says differently, and what was left out
//	build-installer.py, ...    ─┘
//
// The documents say what is declared, the scripts which files belong to a package and where the tree states a version. Scripts
// are read as text and never run: python.go reads their tokens and literals and nothing else, and a script of
// another shape is an error.
//
// The tree is read through the engine, from a scratch workspace whose source_tree it is: so a folder, a git checkout and an
// archive are what they are for a build. In the same scratch workspace the declarations are built before anything
// is written, and the documents compared, byte for byte, with the tree's.
//
// The declarations say what the documents say, even where the tree contradicts them: that is a note here, and the evidence
// makes it a finding of every build and check.
//
// To import a tree, call Import, and write the changes that it returns.
package cpython
