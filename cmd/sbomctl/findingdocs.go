package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/sbomctl/sbomctl/engine/finding"
)

// What findings mean: help RULE-ID, and docs/findings.md, whose sections SARIF's rules lead to.

// printFinding prints what the findings of a rule mean.
func (a *app) printFinding(rule finding.Rule) {
	a.heading(rule.ID+" ("+rule.Severity.String()+")", capital(rule.Title)+".\n\n"+rule.Help)
}

// writeFindings writes docs/findings.md.
func writeFindings(w io.Writer, rules []finding.Rule) {
	p := func(format string, args ...any) { fmt.Fprintf(w, format, args...) }
	p("<!-- Written by `sbomctl help --markdown findings` from the descriptions beside what reports the findings. Edit those. -->\n")
	p("# Findings\n\n%s\n\n| id | severity | says |\n|---|---|---|\n", findingsIntro)
	for _, r := range rules {
		p("| [%s](#%s) | %s | %s |\n", r.ID, r.ID, r.Severity, cell(r.Title))
	}
	for _, r := range rules {
		p("\n## %s\n\n%s. Severity: %s.\n", r.ID, capital(r.Title), r.Severity)
		if help := strings.TrimSpace(r.Help); help != "" {
			p("\n%s\n", help)
		}
	}
}

const findingsIntro = "What `sbomctl check` reports, and `sbomctl audit` of container images, by the id at the end of each line; `sbomctl help ID` shows one entry in a terminal. " +
	"An error is wrong in what ships, or cannot be trusted; a warning is likely wrong; a note is worth knowing. " +
	"Errors end `check` and `audit` with exit code 3, and `build` with 1 beside its outputs. A rule of your own reports others: see " +
	"[finding_rule](rules.md#finding_rule) and [text.search](rules.md#textsearch)."

// capital is a sentence that began in lower case; what begins with a name in code is left.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
