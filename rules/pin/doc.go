// Package pin is what a tree says of container images, held against what is declared.
//
// # Model
//
// A container_image declares an Image: a repository, and a tag and a digest of it, always together. The files that it lists
// (references) are read for mentions of images, each with its place; a mention agrees with the declaration, or it is a finding with the text
// to write. Nothing here asks a network.
//
//	file ──► scanner of its kind ──► mentions ──► judge ──► findings
//
// A scanner knows one kind of file: shell, Dockerfile, YAML (GitHub workflows and actions, compose files), Makefile,
// devcontainer.json, and plain text for the rest. What a file says with variables is expanded as far as the file itself sets
// them. A text keeps, for each of its bytes, where in the file it is written (text.at), so that a mention is told, and
// mended, where its digest would have to stand: at the variable, not where that is used.
//
// Files are hostile: their size, and the length, number and depth of what is expanded, are bounded. What is not understood
// is no error: the scanners say what they are sure of, and that something is not known (unresolved-image) where a file names an image by what is
// only known when it runs.
package pin
