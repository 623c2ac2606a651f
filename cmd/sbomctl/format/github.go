package format

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// GitHub writes the report as workflow commands, one line for each finding that is not waived and for each thing that could not be
// checked. GitHub shows them at their lines in the pull request. Nothing in a finding can end its line or begin another command.
func GitHub(w io.Writer, r *Report) error {
	b := bufio.NewWriter(w)
	p := newPlacer(r, characters)
	for _, f := range r.Findings {
		if f.Waiver != nil {
			continue
		}
		d := *f.Diagnostic()
		d.Hints = withCommand(d.Hints, f.Fix)
		at := p.place(f.Pos)
		if inside := at.inside != "" || !at.inRepository() && !f.Pos.IsZero(); inside {
			d.Hints = append([]string{"found at " + f.Pos.String()}, d.Hints...)
		}
		if !at.inRepository() {
			at = p.place(f.Declaration)
		}
		annotate(b, commands[f.Severity], f.Rule, at, &d)
	}
	for _, e := range r.Unchecked {
		annotate(b, commands[finding.Error], "not checked", p.place(e.Pos), e)
	}
	if r.Audit != nil {
		for _, u := range r.Audit.Inconclusive() {
			annotate(b, commands[finding.Warning], "inconclusive, "+string(u.Kind), p.place(u.Site), &diag.Error{Label: u.Label, Msg: u.Text(), Hints: u.Hints})
		}
	}
	return b.Flush()
}

var commands = map[finding.Severity]string{finding.Error: "error", finding.Warning: "warning", finding.Note: "notice"}

// annotate writes one command. Its message is the diagnostic without its place.
func annotate(b *bufio.Writer, command, title string, p place, d *diag.Error) {
	b.WriteString("::" + command + " ")
	if p.inRepository() {
		b.WriteString("file=" + property(p.file) + ",")
		if p.region != nil {
			b.WriteString("line=" + strconv.Itoa(p.region.line) + ",")
			if p.region.column > 0 {
				b.WriteString("col=" + strconv.Itoa(p.region.column) + ",")
			}
		}
	}
	b.WriteString("title=" + property("sbomctl: "+event.Printable(title)) + "::")
	text := event.Printable(d.Msg)
	if d.Label != "" {
		text = event.Printable(d.Label) + ": " + text
	}
	for _, l := range d.Lines {
		text += "\n" + event.Printable(l)
	}
	for _, h := range d.Hints {
		text += "\nhint: " + event.Printable(h)
	}
	b.WriteString(data(text) + "\n")
}

// The escapes of @actions/core, which are the only ones that the runner knows.
var (
	dataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func data(s string) string     { return dataEscapes.Replace(strings.ToValidUTF8(s, "\ufffd")) }
func property(s string) string { return propertyEscapes.Replace(strings.ToValidUTF8(s, "\ufffd")) }
