package event

import (
	"bufio"
	"io"
	"slices"
)

// Explain is the listener of --explain=FILE: one line for each node that ran or failed, with
// the whole chain of reasons down to what changed first:
//
//	ran action //:base_sbom (SpdxBase): input //:expat (Checksums) changed 12ab34cd -> 56ef7890, because ...
//
// Nodes finish in an order that depends on the machine, so the lines are sorted by text:
// the files of two builds can be compared. They are written by Close.
type Explain struct {
	w     io.Writer
	lines []string
}

// NewExplain returns a listener that writes to w on Close.
func NewExplain(w io.Writer) *Explain { return &Explain{w: w} }

// Handle takes note of nodes that ran.
func (x *Explain) Handle(e Event) {
	n, ok := e.(NodeFinished)
	if !ok || n.Outcome == Cached || n.Outcome == Abandoned {
		return
	}
	line := n.Outcome.String() + " " + Printable(n.Kind) + " " + Title(n.Label, n.Name) + ": " + n.Reason.Full()
	if n.Outcome == Ran && !n.Changed {
		line += " (its value did not change)"
	}
	x.lines = append(x.lines, line)
}

// Close writes the lines and returns the first error of the writer, which it does not close.
func (x *Explain) Close() error {
	slices.Sort(x.lines)
	w := bufio.NewWriter(x.w)
	for _, line := range x.lines {
		w.WriteString(line)
		w.WriteByte('\n')
	}
	x.lines = nil
	return w.Flush()
}
