package sbomdiff

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/sbomctl/sbomctl/engine/event"
)

// How much of a list and of a value the forms for people show; JSON has all.
const (
	maxFiles     = 10
	maxRelations = 20
	maxValue     = 300
	maxLine      = 100
)

// Text is d for a terminal: "+" is added, "-" removed, "!" changed. It is "" when the documents say the same.
func (d *Diff) Text() string {
	if d.Same() {
		return ""
	}
	w := &textWriter{}
	w.line(0, "%s", d.Summary())
	if len(d.Document) > 0 {
		w.line(0, "document")
		w.changes(2, d.Document)
	}
	for _, r := range d.Added {
		w.line(0, "+ %s%s", r.title(), fileCount(r.Files))
	}
	for _, r := range d.Removed {
		w.line(0, "- %s%s", r.title(), fileCount(r.Files))
	}
	for _, p := range d.Changed {
		w.line(0, "! %s", p.title())
		w.changes(4, p.Fields)
		if p.Files.Len() > 0 {
			w.line(4, "files: %s", p.Files.Counts())
			w.files(6, p.Files)
		}
	}
	if d.Files.Len() > 0 {
		w.line(0, "files of no package: %s", d.Files.Counts())
		w.files(2, d.Files)
	}
	w.relations(d.Relationships)
	return w.b.String()
}

// Summary counts in one line what differs.
func (d *Diff) Summary() string {
	bumped := 0
	files := FileDiff{}
	add := func(f FileDiff) {
		files.Added = append(files.Added, f.Added...)
		files.Removed = append(files.Removed, f.Removed...)
		files.Changed = append(files.Changed, f.Changed...)
	}
	add(d.Files)
	for _, p := range d.Changed {
		if p.Bumped {
			bumped++
		}
		add(p.Files)
	}
	var parts []string
	for _, c := range []struct {
		n    int
		word string
	}{{len(d.Added), "added"}, {len(d.Removed), "removed"}, {bumped, "of another version"}, {len(d.Changed) - bumped, "changed"}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.word))
		}
	}
	text := "packages: " + strings.Join(parts, ", ")
	if len(parts) == 0 {
		text = "packages: the same"
	}
	if files.Len() > 0 {
		text += "; files: " + files.Counts()
	}
	return text
}

// Counts is how many files differ, such as "1 added, 3 changed".
func (f FileDiff) Counts() string {
	var parts []string
	for _, c := range []struct {
		n    int
		word string
	}{{len(f.Added), "added"}, {len(f.Removed), "removed"}, {len(f.Changed), "changed"}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.word))
		}
	}
	return strings.Join(parts, ", ")
}

func (r Ref) title() string { return strings.TrimSpace(orNoName(r.Name) + " " + r.Version) }

func (p PackageDiff) title() string {
	if !p.Bumped {
		return strings.TrimSpace(orNoName(p.Name) + " " + p.To)
	}
	return fmt.Sprintf("%s %s -> %s", orNoName(p.Name), orNone(p.From), orNone(p.To))
}

func orNoName(name string) string { return cmp.Or(name, "(no name)") }

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

func fileCount(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return " (1 file)"
	}
	return fmt.Sprintf(" (%d files)", n)
}

type textWriter struct{ b strings.Builder }

// line writes one line; nothing in it moves the cursor.
func (w *textWriter) line(indent int, format string, args ...any) {
	fmt.Fprintf(&w.b, "%*s%s\n", indent, "", event.Printable(fmt.Sprintf(format, args...)))
}

func (w *textWriter) changes(indent int, changes []Change) {
	for _, c := range changes {
		from, to := clip(c.From), clip(c.To)
		switch {
		case c.From == "":
			w.line(indent, "+ %s: %s", c.Field, to)
		case c.To == "":
			w.line(indent, "- %s: %s", c.Field, from)
		case len(c.Field)+len(from)+len(to) <= maxLine:
			w.line(indent, "%s: %s -> %s", c.Field, from, to)
		default:
			if from == to { // they differ in what is not shown
				from, to = apart(c.From, c.To)
			}
			w.line(indent, "%s:", c.Field)
			w.line(indent+2, "- %s", from)
			w.line(indent+2, "+ %s", to)
		}
	}
}

// clip is a value as it is shown.
func clip(s string) string {
	if len(s) > maxValue {
		return strings.ToValidUTF8(s[:maxValue], "") + "..."
	}
	return s
}

// apart are two long values from shortly before the place where they begin to differ.
func apart(a, b string) (string, string) {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	i = max(i-40, 0)
	return "..." + clip(strings.ToValidUTF8(a[i:], "")), "..." + clip(strings.ToValidUTF8(b[i:], ""))
}

// files lists the first files of each kind.
func (w *textWriter) files(indent int, f FileDiff) {
	left := maxFiles
	list := func(sign string, n int, path func(i int) string) {
		for i := range n {
			if left--; left >= 0 {
				w.line(indent, "%s %s", sign, path(i))
			}
		}
	}
	list("+", len(f.Added), func(i int) string { return f.Added[i] })
	list("-", len(f.Removed), func(i int) string { return f.Removed[i] })
	list("!", len(f.Changed), func(i int) string { return f.Changed[i].Path })
	if left < 0 {
		w.line(indent, "and %d more", -left)
	}
}

// relations lists the relationships that do not follow from packages that came or went.
func (w *textWriter) relations(r Relations) {
	type signed struct {
		sign string
		Relation
	}
	var list []signed
	implied := 0
	for _, of := range []struct {
		sign string
		all  []Relation
	}{{"+", r.Added}, {"-", r.Removed}} {
		for _, rel := range of.all {
			if rel.implied {
				implied++
				continue
			}
			list = append(list, signed{of.sign, rel})
		}
	}
	if len(list)+implied == 0 {
		return
	}
	w.line(0, "relationships")
	for i, rel := range list {
		if i == maxRelations {
			w.line(2, "and %d more", len(list)-i)
			break
		}
		w.line(2, "%s %s %s %s", rel.sign, rel.From, rel.Kind, rel.To)
	}
	if implied > 0 {
		w.line(2, "%d of packages that were added or removed", implied)
	}
}
