// Package initws works out a workspace for a tree that has none: sbom.star, and a BUILD.star with what the tree itself says
// of the third-party code in it.
//
// # Model
//
//	files of the tree ──signals──► libraries: places, with reasons ──┐
//	metadata files (moz.yaml, METADATA, ...) ──► what they state ────┼──► packages ──► text
//	licence files, version macros in those places ───────────────────┘
//
// What is written is what a file states, and each comment names the file. What nobody states is NOASSERTION, so that
// it can be seen and searched for. Whether code that looks vendored is vendored is for the person who reads the result.
package initws
