package sbomdiff

import (
	"fmt"
	"strings"

	"github.com/sbomctl/sbomctl/engine/event"
)

// Markdown is d for release notes: what a reader of them wants to know, which is packages and versions.
func (d *Diff) Markdown() string {
	var b strings.Builder
	section := func(title string) { fmt.Fprintf(&b, "\n### %s\n\n", title) }
	var bumped, changed []PackageDiff
	for _, p := range d.Changed {
		if p.Bumped {
			bumped = append(bumped, p)
		} else {
			changed = append(changed, p)
		}
	}
	b.WriteString("## Software Bill of Materials\n")
	if d.Same() {
		b.WriteString("\nNothing changed.\n")
		return b.String()
	}
	if len(bumped) > 0 {
		section("Updated")
		b.WriteString("| Package | From | To | Changed with it |\n|---|---|---|---|\n")
		for _, p := range bumped {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", plain(orNoName(p.Name)), plain(orNone(p.From)), plain(orNone(p.To)), plain(p.with()))
		}
	}
	list := func(title string, refs []Ref) {
		if len(refs) == 0 {
			return
		}
		section(title)
		for _, r := range refs {
			fmt.Fprintf(&b, "- %s%s\n", plain(r.title()), fileCount(r.Files))
		}
	}
	list("Added", d.Added)
	list("Removed", d.Removed)
	if len(changed) > 0 {
		section("Changed at the same version")
		for _, p := range changed {
			fmt.Fprintf(&b, "- %s: %s\n", plain(p.title()), plain(p.with()))
		}
	}
	if rest := d.rest(); len(rest) > 0 {
		section("The document itself")
		for _, line := range rest {
			fmt.Fprintf(&b, "- %s\n", plain(line))
		}
	}
	return b.String()
}

// with names what else of a package changed.
func (p PackageDiff) with() string {
	var parts []string
	for _, c := range p.Fields {
		parts = append(parts, c.Field)
	}
	if p.Files.Len() > 0 {
		parts = append(parts, "files ("+p.Files.Counts()+")")
	}
	return strings.Join(parts, ", ")
}

// rest is what no package is about.
func (d *Diff) rest() (lines []string) {
	for _, c := range d.Document {
		lines = append(lines, fmt.Sprintf("%s: %s -> %s", c.Field, orNone(clip(c.From)), orNone(clip(c.To))))
	}
	if d.Files.Len() > 0 {
		lines = append(lines, "files of no package: "+d.Files.Counts())
	}
	if n, m := len(d.Relationships.Added), len(d.Relationships.Removed); n+m > 0 {
		lines = append(lines, fmt.Sprintf("relationships: %d added, %d removed", n, m))
	}
	return lines
}

var markdownEscapes = strings.NewReplacer(`\`, `\\`, "`", "\\`", "|", `\|`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", "&", "&amp;", "#", `\#`, "~", `\~`, "@", "&#64;")

// plain is text that stays what it is in Markdown: one line, and no markup, mention or HTML.
func plain(s string) string { return markdownEscapes.Replace(event.Printable(s)) }
