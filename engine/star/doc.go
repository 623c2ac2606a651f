// Package star is everything Starlark: modules, packages, rules and their analysis. It is a
// library of pure functions with callbacks; it reads no file and keeps no cache.
//
// # Model
//
// Three steps, each a function from plain data to plain data:
//
//	x.star      ── ExecModule ──►  Module   rules, providers, macros (lives in memory only)
//	BUILD.star  ── ExecPackage ─►  Package  one Declaration for each target
//	Declaration ── Analyse ─────►  Target   providers and actions
//
// A Declaration is what BUILD.star says of a target: its rule's identity and the attributes
// that were given. A Target is what the rule's implementation made of it. Both are views of
// canonical bytes: equal contents have equal bytes, and no position is among them, so a
// comment in BUILD.star changes neither. Where things were written is kept beside them, in
// the Package (Site), and is only asked for when there is an error to report.
//
// Rules and providers are known by identity: the label of the module that assigned them
// to a global, "%", and the global's name ("@sbomctl//:rules.star%base_sbom"). Another process
// finds the rule of a Declaration again by loading that module.
//
// # Dialect
//
// Starlark as Bazel and Buck2 have it: no while, no recursion, globals are frozen once a module has
// run, top-level "if" and "for" only inside functions. Functions are defined in .star files; a
// BUILD.star has neither def nor lambda. Evaluation is hermetic: there is no clock,
// environment, network or file but what the callbacks give.
//
// # Bounds
//
// A hostile file cannot exhaust the machine, and whether a file is one does not depend on the machine: steps, depth of
// data and calls, sizes of strings, lists and numbers, targets of a package and bytes of a result are
// bounded (bounds.go). What one step makes large is charged for in steps, by operands that are wrapped in the
// syntax tree (guard.go), so that the steps bound memory too.
package star
