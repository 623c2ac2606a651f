// Package engine is the build: it turns what a user asks for into nodes and their values
// into files.
//
// # Model
//
// A Workspace is a folder with an sbom.star, opened for one command. Its nodes are the
// kinds that kinds.go lists; each file of this package defines one group of them:
//
//	leaves.go    file, dir, text, option        the outside world
//	load.go      module, package, declaration   Starlark files to declared targets
//	analyse.go   target                         declared targets to providers and actions
//	fileset.go   index, fileset                 patterns over a tree to files
//	execute.go   spec, action, validation       actions to outputs
//	request.go   closure, request, pattern      what the user wants
//
// The evaluator (engine/eval) decides what runs. build.go asks for requests and places
// their outputs in sbom-out (place.go). docs/architecture.md has the picture.
//
// The engine knows nothing of SBOMs: rules, operations and attribute checks come in with a
// RuleSet.
package engine
