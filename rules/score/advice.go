package score

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// maxNames bounds how many components or targets one line names.
const maxNames = 5

// advice says in one line what makes an element held.
func (e *evaluation) advice(h ElementHeld, c *check) string {
	if h.Status == StatusHeld || h.Status == StatusNotAsked {
		return ""
	}
	if h.document {
		if c.mend.product != "" && e.source.Product != "" {
			return fmt.Sprintf("set %s of %s", c.mend.product, e.source.Product)
		}
		if e.source.foreign() {
			return "who made the document can mend it; SPDX 2.3 has it in " + strings.ReplaceAll(c.where, "`", "")
		}
		return "no attribute states it; SPDX 2.3 has it in " + strings.ReplaceAll(c.where, "`", "")
	}
	if len(e.document.Components) == 0 {
		return "the document lists no component"
	}
	var attrs []string // in the order in which they are met
	labels := map[string][]string{}
	strangers := 0  // that no target declares
	silent := false // a target declares it, and has no attribute for this
	for _, l := range h.Lacking {
		if l.Label == "" {
			strangers++
			continue
		}
		if l.Attr == "" {
			silent = true
			continue
		}
		if labels[l.Attr] == nil {
			attrs = append(attrs, l.Attr)
		}
		if !slices.Contains(labels[l.Attr], l.Label) {
			labels[l.Attr] = append(labels[l.Attr], l.Label)
		}
	}
	var steps []string
	for _, a := range attrs {
		steps = append(steps, step(a, labels[a]))
	}
	if silent {
		steps = append(steps, "no attribute states it; SPDX 2.3 has it in "+strings.ReplaceAll(c.where, "`", ""))
	}
	if strangers == len(h.Lacking) {
		strangers = h.Of - h.Held // not all are listed
	}
	if strangers > 0 {
		steps = append(steps, fmt.Sprintf("no target declares %s of the document: who made it can mend it", count(strangers, "component")))
	}
	return strings.Join(steps, "; ")
}

// Attributes that are not mended by writing a value.
const (
	attrLock     = "lock"
	attrArtifact = "artifact"
)

// step is what to do about an attribute of some targets.
func step(attr string, labels []string) string {
	switch attr {
	case attrLock:
		return "write the lock file again, which has what the package index says: sbomctl lock " + few(labels)
	case attrArtifact:
		return fmt.Sprintf("give the file itself, or its sha512, to the artifact of %s", few(labels))
	}
	return fmt.Sprintf("set %s of %s", attr, few(labels))
}

// few lists the first of some words.
func few(words []string) string {
	text := strings.Join(words[:min(len(words), maxNames)], ", ")
	if more := len(words) - maxNames; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// names lists the first components that lack an element; all is how many lack it.
func names(lacking []Lacking, all int) string {
	var out []string
	for _, l := range lacking[:min(len(lacking), maxNames)] {
		out = append(out, fmt.Sprintf("%q", clip(l.Name)))
	}
	text := strings.Join(out, ", ")
	switch more := all - len(out); {
	case more > 0 && text == "": // none of them is listed
		text = count(more, "component")
	case more > 0:
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// clip makes a text of a document fit for a line: it comes from anywhere.
func clip(s string) string {
	const most = 80
	r := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s))
	if len(r) > most {
		r = append(r[:most-1], '…')
	}
	return string(r)
}
