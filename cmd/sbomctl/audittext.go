package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/sbomctl/sbomctl/cmd/sbomctl/format"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/rules/audit"
)

// writeTextAudit writes a table of verdicts, the findings as check does, and what is not known.
func (a *app) writeTextAudit(w io.Writer, r *report) error {
	if len(r.audit.Images) > 0 {
		if err := a.writeVerdicts(w, r.audit); err != nil {
			return err
		}
	}
	if len(r.Findings) > 0 {
		fmt.Fprintln(w)
		if err := a.writeTextReport(w, r); err != nil {
			return err
		}
	}
	writeAttached(w, r.audit)
	hinted := map[string]bool{}
	for i, u := range r.audit.Inconclusive() {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s%s: %s [%s]\n", placeText(u.Site), event.Printable(u.Label), event.Printable(u.Text()), u.Kind)
		for _, l := range u.Levels {
			if text := r.audit.Instead(u.Label, l); text != "" {
				fmt.Fprintf(w, "    %s: %s\n", audit.Names[l], event.Printable(text))
			}
		}
		for _, h := range u.Hints {
			if !hinted[h] {
				fmt.Fprintf(w, "    hint: %s\n", event.Printable(h))
			}
			hinted[h] = true
		}
	}
	for i, u := range r.audit.Skipped() {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s: not tried (%s): %s\n", event.Printable(u.Label), levelNames(u.Levels), event.Printable(u.Why))
	}
	return nil
}

// writeAttached lists what is attached to each image.
func writeAttached(w io.Writer, r *format.Audit) {
	for i := range r.Images {
		im := &r.Images[i]
		if len(im.Attachments) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s: attached\n", event.Printable(im.Image.Label))
		for _, at := range im.Attachments {
			what := string(at.Kind) + " " + at.Digest.String()
			if at.Platform != "" {
				what += " of " + at.Platform
			}
			switch {
			case len(at.Verified) > 0:
				what += ", verified: signed by " + at.Signed
			case at.Problem != "":
				what += ", " + at.Problem
			case at.Signed != "":
				what += ", not verified: says that it is signed by " + at.Signed
			}
			fmt.Fprintf(w, "    %s\n", event.Printable(what))
		}
	}
}

func placeText(p diag.Pos) string {
	if p.IsZero() {
		return ""
	}
	p.File = event.Printable(p.File)
	return p.String() + ": "
}

func levelNames(levels []int) string {
	var names []string
	for _, l := range levels {
		names = append(names, audit.Names[l])
	}
	return strings.Join(names, ", ")
}

// writeVerdicts writes the table, a row an image; with --verbose what each verdict rests on.
func (a *app) writeVerdicts(w io.Writer, r *format.Audit) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "image")
	for l := range r.Level + 1 {
		fmt.Fprintf(table, "\t%d %s", l, audit.Names[l])
	}
	fmt.Fprintln(table)
	before := 0
	for i := range r.Images {
		im := &r.Images[i]
		fmt.Fprint(table, event.Printable(im.Image.Label))
		for _, v := range im.Verdicts[:r.Level+1] {
			fmt.Fprintf(table, "\t%s", strings.ReplaceAll(string(v.Outcome), "-", " "))
		}
		fmt.Fprintln(table)
		before += im.Verdicts[audit.Complete].Before
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if a.flags.verbose {
		for i := range r.Images {
			im := &r.Images[i]
			fmt.Fprintf(w, "\n%s\n", event.Printable(im.Image.Label))
			for l, v := range im.Verdicts[:r.Level+1] {
				if v.Outcome == audit.Proven {
					fmt.Fprintf(w, "    %s: %s\n", audit.Names[l], event.Printable(v.Text))
				}
			}
		}
	}
	if before > 0 || r.Level < audit.MaxLevel {
		fmt.Fprintln(w)
	}
	if before > 0 {
		fmt.Fprintf(w, "%s hashed by an earlier audit: the registry was asked whether it has them; --rehash downloads them\n", plural(before, "blob"))
	}
	if r.Level < audit.MaxLevel {
		fmt.Fprintf(w, "not asked for: %s; --level=%d has all\n", strings.Join(audit.Names[r.Level+1:], ", "), audit.MaxLevel)
	}
	return nil
}

// audited is the last line of an audit.
func (u *ui) audited(c counts, unknown int, r *report) {
	n := len(r.audit.Images)
	if n == 0 {
		if r.unchecked == nil {
			u.note("no container image is among the targets, nor below them: there is nothing to audit")
		}
		return
	}
	u.undated(r.Undated)
	var parts []string
	switch {
	case c.errors+c.warnings+c.notes > 0:
		parts = append(parts, c.String())
	case c.waived > 0:
		parts = append(parts, strconv.Itoa(c.waived)+" waived")
	}
	if unknown > 0 {
		parts = append(parts, strconv.Itoa(unknown)+" inconclusive")
	}
	if skipped := len(r.audit.Skipped()); skipped > 0 {
		parts = append(parts, strconv.Itoa(skipped)+" not tried")
	}
	if r.unchecked != nil {
		parts = append(parts, "not everything could be audited")
	}
	if len(parts) == 0 {
		parts = []string{"all proven"}
	}
	u.note(plural(n, "image") + " to level " + strconv.Itoa(r.audit.Level) + ": " + strings.Join(parts, ", "))
}
