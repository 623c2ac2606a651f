package main

import (
	"io"
	"regexp"
	"strings"

	"github.com/sbomctl/sbomctl/engine/event"
)

// Doc strings are Markdown, for docs/rules.md. A terminal gets them as plain text, wrapped.

// textWidthDefault is the width of text that goes to no terminal.
const textWidthDefault = 80

// The marks of Markdown that doc strings use. What is in a code span is text, whatever it looks like.
var (
	codeSpan = regexp.MustCompile("`([^`]*)`")
	mdStrong = regexp.MustCompile(`\*\*([^*\s](?:[^*]*[^*\s])?)\*\*`)
	mdLink   = regexp.MustCompile(`\[([^\]]+)\]\(([^)\s]*)\)`)
)

// plain is a line of Markdown without its marks. The address of a link is kept where it leads out of the page.
func plain(md string) string {
	const hidden = "\x00" // stands for a code span while the other marks go
	md = strings.ReplaceAll(md, hidden, "")
	var spans []string
	md = codeSpan.ReplaceAllStringFunc(md, func(span string) string {
		spans = append(spans, strings.Trim(span, "`"))
		return hidden
	})
	md = mdStrong.ReplaceAllString(md, "$1")
	md = mdLink.ReplaceAllStringFunc(md, func(link string) string {
		m := mdLink.FindStringSubmatch(link)
		if m[2] == "" || strings.HasPrefix(m[2], "#") {
			return m[1]
		}
		return m[1] + " (" + m[2] + ")"
	})
	for _, span := range spans {
		md = strings.Replace(md, hidden, span, 1)
	}
	return md
}

// writeText writes Markdown as plain text, each line after indent and none wider than width: paragraphs
// and the items of lists are wrapped, indented lines and fenced ones stay as they are.
func writeText(w io.Writer, md, indent string, width int) {
	var paragraph []string
	hang := ""
	flush := func() {
		if len(paragraph) > 0 {
			writeWrapped(w, plain(strings.Join(paragraph, " ")), indent, indent+hang, width)
		}
		paragraph, hang = nil, ""
	}
	fenced := false
	for line := range strings.Lines(strings.Trim(md, "\n")) {
		line = strings.TrimRight(line, " \r\n")
		text := strings.TrimLeft(line, " ")
		switch {
		case strings.HasPrefix(text, "```"):
			flush()
			fenced = !fenced
		case fenced:
			io.WriteString(w, strings.TrimRight(indent+"    "+event.Printable(line), " ")+"\n")
		case text == "":
			flush()
			io.WriteString(w, "\n")
		case strings.HasPrefix(text, "- "):
			flush()
			paragraph, hang = []string{text}, "  "
		case strings.HasPrefix(line, "  ") && len(paragraph) == 0:
			io.WriteString(w, indent+event.Printable(line)+"\n")
		default:
			paragraph = append(paragraph, text)
		}
	}
	flush()
}

// writeWrapped writes the words of text, first before the first line and next before the others. A word
// that is wider than a line has one of its own.
func writeWrapped(w io.Writer, text, first, next string, width int) {
	writeWords(w, strings.Fields(text), first, next, width)
}

func writeWords(w io.Writer, words []string, first, next string, width int) {
	line, empty := first, true
	for _, word := range words {
		word = event.Printable(word)
		if !empty && textWidth(line)+1+textWidth(word) > width {
			io.WriteString(w, line+"\n")
			line, empty = next, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	if !empty {
		io.WriteString(w, line+"\n")
	}
}

// definition is a term and what it means, in Markdown.
type definition struct{ term, text string }

// writeDefinitions writes a table of two columns; where the terms leave too little room, the texts lie below them.
func writeDefinitions(w io.Writer, rows []definition, width int) {
	const least = 30 // columns that a text needs
	column := 0
	for _, r := range rows {
		column = max(column, textWidth(r.term)+4)
	}
	for _, r := range rows {
		if column+least > width {
			io.WriteString(w, "  "+r.term+"\n")
			writeWrapped(w, plain(r.text), "      ", "      ", width)
			continue
		}
		pad := strings.Repeat(" ", column)
		if r.text == "" {
			io.WriteString(w, "  "+r.term+"\n")
			continue
		}
		writeWrapped(w, plain(r.text), "  "+r.term+pad[2+textWidth(r.term):], pad, width)
	}
}
