// Package scanners holds the documents that sbomctl writes against the two scanners that most people read them with: syft, which
// decodes SBOMs, and grype, which looks vulnerabilities up by what it finds in them. Both are libraries here. What they read must be
// what was written: the same packages, versions, CPEs and package URLs, none lost, none added, none guessed.
//
// It is a module of its own, beside peers, because it compiles 1,700 packages: with empty caches about four minutes of one core, where
// all other peers take one. Of grype only the package grype/pkg is used, which reads SBOMs; grype/matcher adds 34 packages to it, and the
// database (grype/db/v6) pulls in SQLite.
//
//	cd peers/scanners && go test -count=1 ./...
//
// The documents are those of the workspaces at hand: the small release at the root, examples/cpython and examples/git. The
// two examples need the real archives: SBOMCTL_DISTDIR, see CONTRIBUTING.md; without them their tests say that they skip.
package scanners
