// Package evidence checks what a declaration says against what the source tree itself says.
//
// A rule is a file of the tree and a regular expression whose named groups are facts:
//
//	regex("Modules/expat/refresh.sh", r'expected_libexpat_version="(?P<version>[^"]+)"')
//
// Every match of the pattern states its facts, and every fact must equal the declared
// value. That a pattern is found nowhere is an error too: evidence that silently went
// away proves nothing. All contradictions of a target are reported together.
//
//	group                        is compared with
//	version                      the declared version
//	version_1 ... version_9      the same, joined with "."; those that took part in the match
//	sha256                       the declared sha256 (upper and lower case are the same)
//	revision                     the declared revision; where none is declared, the version,
//	                             as a package without releases has its revision for a version
//
// Patterns are Go's (RE2): matching takes time linear in the file, whatever the pattern.
// Files are hostile: their size and the number of matches are bounded.
package evidence

import "github.com/sbomctl/sbomctl/engine/finding"

// Finding describes what the operation reports.
var Finding = finding.Rule{
	ID: RuleID, Severity: finding.Error,
	Title: "the tree states another version, checksum or revision than declared, or nothing any more",
	Help: `A package declares where the source tree itself states its version, checksum or revision (` + "`evidence = [regex(...)]`" + `). Each match must
equal what is declared. A pattern that matches nothing is a finding too: evidence that silently went away proves nothing.

If the tree is right, correct the declaration: ` + "`sbomctl bump LABEL VERSION`" + `. If the declaration is right, somebody changed the tree by halves.
If a file moved or says it differently now, correct the pattern.`,
}

const (
	// MaxFileBytes bounds a file that evidence is looked for in.
	MaxFileBytes = 16 << 20
	// MaxPatternBytes bounds a pattern.
	MaxPatternBytes = 4096
	// MaxMatches bounds the matches of one pattern in one file. Each search of a pattern is
	// linear, so this also bounds the time of one file.
	MaxMatches = 64
)
