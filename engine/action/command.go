package action

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// How much of what a failed command printed is told.
const (
	tailLines = 20
	tailBytes = 4 << 10
)

// Failure is the error of a command that did not do its work. how says what became of it ("ended with exit code 2"), and log is what it
// printed, of which the end is told.
func Failure(s *Spec, how string, log []byte, hints ...string) *diag.Error {
	d := &diag.Error{Msg: fmt.Sprintf("%s %s", s, how), Lines: Tail(log), Hints: hints}
	if len(d.Lines) == 0 {
		d.Msg += ", and printed nothing"
	}
	return d
}

// Tail is the end of what a command printed, at most 20 lines.
func Tail(log []byte) []string {
	log = bytes.TrimRight(log, "\r\n\t ")
	cut := len(log) > tailBytes
	if cut {
		log = log[len(log)-tailBytes:]
		if i := bytes.IndexByte(log, '\n'); i >= 0 {
			log = log[i+1:]
		}
	}
	if len(log) == 0 {
		return nil
	}
	lines := strings.Split(strings.ReplaceAll(string(log), "\t", "        "), "\n")
	if len(lines) > tailLines {
		lines, cut = lines[len(lines)-tailLines:], true
	}
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, "\r")
	}
	if cut {
		lines = append([]string{"..."}, lines...)
	}
	return lines
}
