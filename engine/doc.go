// Package engine is the build: it turns what a user asks for into nodes and their values
// into files.
//
// # Model
//
// A Workspace is a folder with an sbom.star, opened for one command. Its nodes are the
// kinds that kinds.go lists; each file of this package defines one group of them:
//
//	leaves.go    file, dir, text, option        the outside world
//	discover.go  packages                       directories to packages
//	load.go      module, package, declaration   Starlark files to declared targets
//	analyse.go   target                         declared targets to providers and actions
//	fileset.go   index, fileset                 patterns over a tree to files (disktree.go: a directory's)
//	spec.go      spec, action, validation       actions to outputs (execute.go)
//	inspect.go   inspect                        an action's inputs, for commands that are no builds
//	request.go   closure, request               what the user wants
//	place.go     placed                         what lies in sbom-out (outdir: the record of it)
//
// The evaluator (engine/eval) decides what runs. build.go goes from patterns to requests and has
// their outputs placed; report.go turns errors into what a user is told. docs/architecture.md has the picture.
//
// The engine knows nothing of SBOMs: rules, operations and attribute checks come in with a
// RuleSet.
package engine
