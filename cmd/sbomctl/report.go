package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/sbomctl/sbomctl/cmd/sbomctl/format"
	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// report is what check hands to a format: all that it found, and what it could not look at.
type report struct {
	engine.Report
	unchecked error // a *diag.Error or a diag.List of them; nil when everything was checked

	fixes     *engine.Fixes   // nil when no format asks for them
	fixed     []engine.Change // that were made
	unwritten error           // why not all of them were
	own       []finding.Rule  // that the workspace describes
	audit     *format.Audit   // what else an audit says; nil for a check
}

// reportFormats are the values of --format, and what writes each. What is written depends on the report alone.
var reportFormats = map[string]func(a *app, w io.Writer, r *report) error{
	"text":   (*app).writeTextReport,
	"json":   writer(format.JSON),
	"sarif":  writer(format.SARIF),
	"github": writer(format.GitHub),
}

// counts are how many findings there are: of each severity those that count, and those that are waived.
type counts struct{ errors, warnings, notes, waived int }

func (c *counts) add(f engine.Found) {
	switch {
	case f.Waiver != nil:
		c.waived++
	case f.Severity == finding.Error:
		c.errors++
	case f.Severity == finding.Warning:
		c.warnings++
	default:
		c.notes++
	}
}

// String says what there is, the worst first; "nothing found" for nothing.
func (c counts) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		noun string
	}{{c.errors, "error"}, {c.warnings, "warning"}, {c.notes, "note"}} {
		if p.n > 0 {
			parts = append(parts, plural(p.n, p.noun))
		}
	}
	if len(parts) == 0 {
		parts = []string{"nothing found"}
	}
	if c.waived > 0 {
		parts = append(parts, strconv.Itoa(c.waived)+" waived")
	}
	return strings.Join(parts, ", ")
}

// count counts the findings of a report.
func (r *report) count() (c counts) {
	for _, f := range r.Findings {
		c.add(f)
	}
	return c
}

// writeTextReport writes the findings that count as a compiler writes its own, those of a target together, and a table of how many there
// are by rule. What can be done about a warning or note is said of the first few of a rule, unless --verbose wants more: what is there has to
// fit a screen.
func (a *app) writeTextReport(w io.Writer, r *report) error {
	const most = 3
	said := map[string]int{}
	label, begun := "", false
	for _, f := range r.Findings {
		if f.Waiver != nil {
			continue
		}
		if begun && f.Label != label {
			io.WriteString(w, "\n")
		}
		label, begun = f.Label, true
		said[f.Rule]++
		writeFound(w, f, f.Severity == finding.Error || said[f.Rule] <= most || a.flags.verbose)
	}
	if begun {
		io.WriteString(w, "\n")
	}
	for _, rule := range slices.Sorted(maps.Keys(said)) {
		if more := said[rule] - most; more > 0 && !a.flags.verbose && slices.ContainsFunc(r.Findings, func(f engine.Found) bool {
			return f.Rule == rule && f.Severity != finding.Error
		}) {
			fmt.Fprintf(w, "of %s, hints are left out after the first %d: --verbose has them all; sbomctl help %[1]s explains\n\n", event.Printable(rule), most)
		}
	}
	return writeCounts(w, r.Findings)
}

// writeFound writes a finding, and with details what is declared, what was found and what can be done.
func writeFound(w io.Writer, f engine.Found, details bool) {
	d := f.Diagnostic()
	if pos := d.Pos; !pos.IsZero() {
		pos.File = event.Printable(pos.File)
		io.WriteString(w, pos.String()+": ")
	}
	io.WriteString(w, f.Severity.String()+": ")
	if f.Label != "" {
		io.WriteString(w, event.Printable(f.Label)+": ")
	}
	fmt.Fprintf(w, "%s [%s]\n", event.Printable(d.Msg), event.Printable(f.Rule))
	if !details {
		return
	}
	line := func(what, text string) {
		if text != "" {
			fmt.Fprintf(w, "    %s: %s\n", what, event.Printable(text))
		}
	}
	if !strings.Contains(d.Msg, f.Declared) || !strings.Contains(d.Msg, f.Found) { // else it was said
		line("declared", f.Declared)
		if !strings.Contains(f.Found, "\n") || !strings.Contains(strings.Join(d.Hints, "\n"), firstLines(f.Found)) { // else a hint shows it
			line("found", f.Found)
		}
	}
	for _, hint := range d.Hints {
		line("hint", hint)
	}
	line("fix", fixText(f.Fix))
}

// firstLines is the beginning of a text of several lines, as far as hints would have it.
func firstLines(s string) string {
	lines := strings.Split(s, "\n")
	return strings.Join(lines[:min(len(lines), 3)], "\n")
}

// fixText says what a fix does; "" for none.
func fixText(f *finding.Fix) string {
	switch {
	case f == nil:
		return ""
	case f.Command != "":
		return f.Command
	case f.Attr != "" && f.Remove:
		return "remove " + f.Attr
	case f.Attr != "":
		return fmt.Sprintf("%s = %q", f.Attr, f.Value)
	}
	return fmt.Sprintf("write %q instead of %q", f.New, f.Old)
}

// writeCounts writes how many findings there are, by rule and severity; nothing when there are none.
func writeCounts(w io.Writer, findings []engine.Found) error {
	if len(findings) == 0 {
		return nil
	}
	byRule := map[string]*counts{}
	for _, f := range findings {
		if byRule[f.Rule] == nil {
			byRule[f.Rule] = &counts{}
		}
		byRule[f.Rule].add(f)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "errors\twarnings\tnotes\twaived\t  rule")
	for _, rule := range slices.Sorted(maps.Keys(byRule)) {
		c := byRule[rule]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t  %s\n", cellCount(c.errors), cellCount(c.warnings), cellCount(c.notes), cellCount(c.waived), event.Printable(rule))
	}
	return table.Flush()
}

// cellCount is a number in a table, where nothing should not catch the eye.
func cellCount(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}
