package score

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/score.md")

// TestDocs: docs/score.md has all standards and all elements, as the code has them.
func TestDocs(t *testing.T) {
	const path = "../../docs/score.md"
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	after := string(before)
	for name, text := range map[string]string{"standards": sources(), "elements": elements()} {
		start, end := fmt.Sprintf("<!-- %s -->\n", name), fmt.Sprintf("<!-- /%s -->\n", name)
		head, rest, ok := strings.Cut(after, start)
		_, tail, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s has no %s", path, start)
		}
		after = head + start + "\n" + text + "\n" + end + tail
	}
	if bytes.Equal(before, []byte(after)) {
		return
	}
	if !*update {
		t.Fatalf("%s is stale: go test ./rules/score -run TestDocs -update", path)
	}
	if err := os.WriteFile(path, []byte(after), 0o666); err != nil {
		t.Fatal(err)
	}
}

// sources is the list of standards.
func sources() string {
	var b strings.Builder
	b.WriteString("| in `minimum` | standard | elements that count |\n|---|---|---:|\n")
	for _, s := range Standards {
		n := 0
		for _, e := range s.Elements {
			if e.check.document != nil || e.check.component != nil {
				n++
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %d |\n", s.ID, s.Source, n)
	}
	return b.String()
}

// elements is the list of all elements: what asks for each, where SPDX has it, where it comes from.
func elements() string {
	var b strings.Builder
	b.WriteString("| element | ")
	for _, s := range Standards {
		b.WriteString(s.Title + " | ")
	}
	b.WriteString("in SPDX 2.3 | comes from |\n|---|")
	for range Standards {
		b.WriteString("---|")
	}
	b.WriteString("---|---|\n")
	for _, c := range checks {
		fmt.Fprintf(&b, "| `%s` | ", c.id)
		for _, s := range Standards {
			var cells []string
			for _, e := range s.Elements {
				if e.check == c {
					cells = append(cells, fmt.Sprintf("%s (%s)", e.Title, e.Section))
				}
			}
			b.WriteString(strings.Join(cells, "; ") + " | ")
		}
		where := c.where
		if c.formats != nil {
			where += "; " + strings.Join(c.formats, ", ") + " have a place"
		}
		fmt.Fprintf(&b, "%s | %s |\n", where, c.from)
	}
	return b.String()
}
