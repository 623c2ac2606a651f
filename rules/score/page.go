package score

import (
	"fmt"
	"strings"
)

// Page is the report for people, in Markdown.
func (r *Report) Page() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# How complete %s is\n\n", code(r.Document))
	fmt.Fprintf(&b, "It lists %s, and is made in %s.\n\n", count(r.Components, "component"), strings.Join(r.Formats, ", "))
	b.WriteString("| standard | score | elements held |\n|---|---:|---:|\n")
	for _, s := range r.Standards {
		fmt.Fprintf(&b, "| %s | %d %% | %d of %d |\n", s.Title, s.Score, s.Held, s.Counted)
	}
	b.WriteString("\n" + howCounted)
	for _, s := range r.Standards {
		s.page(&b)
	}
	return []byte(b.String())
}

// howCounted is what a score means.
const howCounted = "The score of an element is the share of components that hold it, among those that it is asked of. The score of a standard is the mean of its elements, " +
	"in whole per cent, rounded down. `NOASSERTION` says that a value is not known: that is better than silence, and is not held. What is not in a document " +
	"at all does not count. A waiver changes no score.\n"

func (s *StandardHeld) page(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s: %d %%\n\n%s.\n\n", s.Title, s.Score, s.Source)
	if s.Blocked != "" {
		fmt.Fprintf(b, "The score is 0, since %s. What is in the document is shown all the same.\n\n", s.Blocked)
	}
	b.WriteString("| element | section | status | components |\n|---|---|---|---:|\n")
	for _, e := range s.Elements {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", e.Title, e.Section, e.Status, e.share())
	}
	var lines []string
	for _, e := range s.Elements {
		if text := e.explain(); text != "" {
			lines = append(lines, "- "+text)
		}
	}
	if lines != nil {
		b.WriteString("\nWhat is not held:\n\n" + strings.Join(lines, "\n") + "\n")
	}
}

// share is how many hold the element, of how many.
func (e *ElementHeld) share() string {
	if e.document || e.Of == 0 || e.Status == StatusImpossible {
		return ""
	}
	text := fmt.Sprintf("%d of %d", e.Held, e.Of)
	if e.Unknown > 0 {
		text += fmt.Sprintf(", %d unknown", e.Unknown)
	}
	return text
}

// explain says why the element is not held, and what to do; "" when it is.
func (e *ElementHeld) explain() string {
	if e.Status == StatusHeld || e.Status == StatusNotAsked {
		return ""
	}
	text := "**" + e.Title + "**: " + e.Status
	if of := e.of(true); of != "" {
		text += ": " + of
	}
	if e.Mend != "" {
		text += ". To do: " + escape(e.Mend)
	}
	return text + "."
}

// of names the components that lack the element, known unknowns apart; in Markdown or not.
func (e *ElementHeld) of(markdown bool) string {
	if e.document || e.Status == StatusImpossible {
		return ""
	}
	var unstated, known []Lacking
	for _, l := range e.Lacking {
		if l.Unknown {
			known = append(known, l)
		} else {
			unstated = append(unstated, l)
		}
	}
	var parts []string
	if text := names(unstated, e.Of-e.Held-e.Unknown); text != "" {
		parts = append(parts, "not of "+text)
	}
	if text := names(known, e.Unknown); text != "" {
		parts = append(parts, "said to be unknown of "+text)
	}
	text := strings.Join(parts, "; ")
	if markdown {
		text = escape(text)
	}
	return text
}

// escape keeps what a document says from being read as Markdown or HTML.
func escape(s string) string { return escaper.Replace(s) }

var escaper = func() *strings.Replacer {
	var pairs []string
	for _, c := range "\\`*_{}[]<>|#&~!" {
		pairs = append(pairs, string(c), "\\"+string(c))
	}
	return strings.NewReplacer(pairs...)
}()

// code is a text as code; a label has no backtick.
func code(s string) string { return "`" + strings.ReplaceAll(clip(s), "`", "'") + "`" }
