// Package format writes what a check found in the formats that other programs read.
//
// # Model
//
// A Report is everything that a check has to say: the findings, what could not be checked, and the rules that
// findings may be of. A format is a function of a Report, and of nothing else: equal reports have equal bytes.
//
//	JSON     for programs: one object, with a schema number
//	SARIF    for code-scanning pages, SARIF 2.1.0
//	GitHub   for the log of a GitHub workflow, which makes annotations of it
//
// Three things are the same in all of them. A place is one in the workspace: a file that lies elsewhere, a member of an
// archive and a module of sbomctl itself are no files that a reader could open there, and place says what can be shown
// instead. A column counts characters where a format's readers do, while findings count bytes (columns). A fingerprint
// says which finding of an earlier report a finding is, wherever its line is now (fingerprints).
//
// Findings quote hostile files. JSON's strings hold anything; SARIF's messages and GitHub's lines have a syntax of their
// own, which is escaped where they are written.
package format

import (
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// Report is what a check came to.
type Report struct {
	Version   string         // of sbomctl
	Rules     []finding.Rule // sbomctl's own; each has a page in the documentation
	OwnRules  []finding.Rule // the workspace's own, as far as it describes them
	Findings  []Finding      // in canonical order
	Unchecked []*diag.Error  // what could not be checked
	Audit     *Audit         // nil for a check
	Prefix    string         // path of the workspace in its repository, for formats whose readers know the repository: "" or "sub/dir"

	// Source returns the bytes of a file of the workspace; nil when it cannot be had. It is asked for files that findings
	// are in.
	Source func(file string) []byte
}

// Finding is one finding, and what its fix changes, where that is an edit that can be made.
type Finding struct {
	engine.Found
	Edits []engine.Edit
}

// rules returns the rules of the report, sorted by id, and a bare one for each finding whose rule is described nowhere.
func (r *Report) rules() []finding.Rule {
	rules := slices.Concat(r.Rules, r.OwnRules)
	known := map[string]bool{}
	for _, rule := range rules {
		known[rule.ID] = true
	}
	for _, f := range r.Findings {
		if !known[f.Rule] {
			known[f.Rule] = true
			rules = append(rules, finding.Rule{ID: f.Rule, Severity: f.Severity})
		}
	}
	slices.SortStableFunc(rules, func(a, b finding.Rule) int { return strings.Compare(a.ID, b.ID) })
	return slices.CompactFunc(rules, func(a, b finding.Rule) bool { return a.ID == b.ID })
}

// withCommand adds the command that fixes a finding to its hints, unless they have it.
func withCommand(hints []string, fix *finding.Fix) []string {
	if fix == nil || fix.Command == "" || strings.Contains(strings.Join(hints, "\n"), fix.Command) {
		return hints
	}
	return append(slices.Clone(hints), fix.Command+" fixes it")
}

// Count is how many findings of one rule there are.
type Count struct {
	Rule                            string
	Errors, Warnings, Notes, Waived int
}

// Summary counts the findings by rule, sorted by its id. A waived one is counted as that only.
func (r *Report) Summary() []Count {
	byRule := map[string]*Count{}
	var out []*Count
	for _, f := range r.Findings {
		c := byRule[f.Rule]
		if c == nil {
			c = &Count{Rule: f.Rule}
			byRule[f.Rule] = c
			out = append(out, c)
		}
		switch {
		case f.Waiver != nil:
			c.Waived++
		case f.Severity == finding.Error:
			c.Errors++
		case f.Severity == finding.Warning:
			c.Warnings++
		default:
			c.Notes++
		}
	}
	slices.SortFunc(out, func(a, b *Count) int { return strings.Compare(a.Rule, b.Rule) })
	counts := make([]Count, len(out))
	for i, c := range out {
		counts[i] = *c
	}
	return counts
}
