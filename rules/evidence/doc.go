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
//	fact                         is compared with
//	version                      the declared version
//	version_1 ... version_9      the same, joined with "."; those that took part in the match
//	revision                     the declared revision; where none is declared, the version,
//	                             as a package without releases has its revision for a version
//	tag                          the parts of download_url and purl, one of which it must be
//	url                          download_url
//	name                         package_name (upper and lower case are the same)
//	license                      the names in license_declared, or license: each that is stated must be among them
//	date                         the day of created
//	sha512 sha256 sha1 md5       that checksum (upper and lower case are the same)
//
// A fact is a group of its name, or put together by a template from groups of any name, in any order. {n:9.99.99} takes a
// version apart that is packed into one number, see [picture]. A template without groups is what each match states.
//
//	regex("x.h", r"MAJOR (?P<a>\d+)\s+MINOR (?P<b>\d+)", version = "{a}.{b}")
//
// absent(path, pattern) says that the files state nothing: there a match is an error.
//
// To say what a pattern finds, call [States]; what an operation's input states, [Find]. What belongs with a URL alone, whether
// another version is in it, needs no tree: that is the operation "evidence.url".
//
// Patterns are Go's (RE2): matching takes time linear in the file, whatever the pattern.
// Files are hostile: their size and the number of matches are bounded.
package evidence

import "github.com/sbomctl/sbomctl/engine/finding"

// Finding describes what the operation reports.
var Finding = finding.Rule{
	ID: RuleID, Severity: finding.Error,
	Title: "the tree states another version, checksum, URL or licence than declared, or nothing any more",
	Help: `A package declares where the source tree itself states its version, checksums, URL, tag or licence (` + "`evidence = [regex(...)]`" + `). Each match must
equal what is declared. A pattern that matches nothing is a finding too: evidence that silently went away proves nothing. Where a tree states nothing, ` + "`absent(...)`" + ` says so,
and the moment that it does is a finding.

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
