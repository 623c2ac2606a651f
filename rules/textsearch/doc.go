// Package textsearch finds what a workspace's own rules look for in files: text that must not be there, or must be.
//
// # Model
//
// A search is a list of regular expressions over a list of files, and what counts (Params.Expect):
//
//	none       each match is a finding, at its place
//	each_file  each file must match each pattern; where it does not, the file is a finding
//	any_file   some file must match each pattern; else the target is one
//
// The rule that searches says what a finding is: its rule id, its severity and its message, a template over what was
// matched. With a replacement, a template too, a match carries the edit that mends it, unless the pattern would match
// again in what came of it: an edit that has to be made twice is no fix.
//
// Patterns are Go's (RE2): matching takes time linear in the file, whatever the pattern. Files are
// hostile: their size, and how much is found, are bounded, and what they say goes into messages quoted and cut.
package textsearch

const (
	// MaxFileBytes bounds a file that is searched.
	MaxFileBytes = 16 << 20
	// MaxPatternBytes bounds a pattern.
	MaxPatternBytes = 4096
	// MaxPatterns bounds the patterns of a search.
	MaxPatterns = 64
	// MaxFindings bounds what one search finds. Each search of a pattern is linear, so this also bounds its time.
	MaxFindings = 10_000
	// MaxTemplateBytes bounds a message and a replacement.
	MaxTemplateBytes = 4096
	// maxQuoted is how much of a match is quoted.
	maxQuoted = 120
	// maxFixBytes bounds the text that a fix replaces, and what it becomes.
	maxFixBytes = 4096
)
