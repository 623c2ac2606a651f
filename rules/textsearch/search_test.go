package textsearch

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/engine/finding"
)

func ptr(s string) *string { return &s }

// run1 returns the findings, each in a line: severity, place, message, what it becomes.
func run1(t *testing.T, p Params, files ...string) ([]finding.Finding, error) {
	t.Helper()
	c := actiontest.New(p)
	for i := 0; i < len(files); i += 2 {
		c.Add("files", files[i], []byte(files[i+1]))
	}
	if err := Operation([]string{"evidence"}).Run(context.Background(), c); err != nil {
		return nil, err
	}
	if n := strings.Count(string(c.Outputs["report"]), "\n"); n != len(finding.Canonical(append([]finding.Finding{}, c.Findings...))) {
		t.Errorf("%d lines for %d findings", n, len(c.Findings))
	}
	b, err := finding.Encode(c.Findings)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := finding.Decode(b); err != nil {
		t.Error(err)
	}
	return c.Findings, nil
}

func text(f finding.Finding) string {
	s := strings.TrimPrefix(fmt.Sprintf("%s %s: %s", f.Severity, f.Pos, f.Msg), " ")
	if f.Fix != nil {
		s += fmt.Sprintf(" %q->%q", f.Fix.Old, f.Fix.New)
	}
	return s
}

func TestSearch(t *testing.T) {
	base := Params{Rule: "no-http", Severity: "warning", Message: "{match} is not https"}
	with := func(change func(*Params)) Params { p := base; change(&p); return p }
	tests := []struct {
		name  string
		p     Params
		files []string
		want  []string
	}{
		{"matches", with(func(p *Params) { p.Patterns = []string{`http://\w+`} }), []string{"a", "x\n http://b http://c\n", "b", "none"},
			[]string{"warning a:2:2: http://b is not https", "warning a:2:11: http://c is not https"}},
		{"fix", with(func(p *Params) { p.Patterns, p.Replace = []string{`http://(?P<host>\w+)`}, ptr("https://{host}{{}}") }), []string{"a", "é http://b"},
			[]string{`warning a:1:4: http://b is not https "http://b"->"https://b{}"`}},
		{"a fix that matches again is none", with(func(p *Params) { p.Patterns, p.Replace = []string{`ab*`}, ptr("ab") }), []string{"a", "a xa"},
			[]string{"warning a:1:1: a is not https", "warning a:1:4: a is not https"}},
		{"a fix that makes a match with its neighbour is none", with(func(p *Params) { p.Patterns, p.Replace = []string{`xy`}, ptr("x") }), []string{"a", "xyy xy"},
			[]string{"warning a:1:1: xy is not https", `warning a:1:5: xy is not https "xy"->"x"`}},
		{"deleting", with(func(p *Params) { p.Patterns, p.Replace = []string{`(?m)[ \t]+$`}, ptr("") }), []string{"a", "x \ny\t\t\n"},
			[]string{`warning a:1:2:   is not https " "->""`, `warning a:2:2: \t\t is not https "\t\t"->""`}},
		{"no text is no fix", with(func(p *Params) { p.Patterns, p.Replace = []string{`(?s)a.`}, ptr("b") }), []string{"a", "a\xff a\xe9"},
			[]string{`warning a:1:1: a\xff is not https`, `warning a:1:4: a\xe9 is not https`}},
		{"empty match", with(func(p *Params) { p.Patterns, p.Replace, p.Message = []string{`^`}, ptr("x"), "{match}" }), []string{"a", "x"},
			[]string{`warning a:1:1: matches "^"`}},
		{"each file", with(func(p *Params) {
			p.Patterns, p.Expect, p.Message = []string{"SPDX", "Copyright"}, "each_file", "{path} lacks {pattern}"
		}), []string{"a", "SPDX", "b c", "Copyright SPDX"},
			[]string{"warning a: a lacks Copyright"}},
		{"any file", with(func(p *Params) {
			p.Patterns, p.Expect, p.Message = []string{"SPDX", "Copyright"}, "any_file", "nothing has {pattern}"
		}), []string{"a", "SPDX", "b", ""},
			[]string{"warning : nothing has Copyright"}},
		{"no file", with(func(p *Params) { p.Patterns, p.Expect, p.Message = []string{"SPDX"}, "any_file", "nothing" }), nil, []string{"warning : nothing"}},
		{"groups", with(func(p *Params) {
			p.Patterns, p.Message = []string{`(?P<a>x)|(?P<match>y)`}, "[{a}] [{match}] {pattern} {path}"
		}), []string{"f\n", "xy"},
			[]string{"warning f\n:1:1: [x] [] (?P<a>x)|(?P<match>y) f\\n", "warning f\n:1:2: [] [y] (?P<a>x)|(?P<match>y) f\\n"}},
		{"long", with(func(p *Params) { p.Patterns = []string{`a+`} }), []string{"f", strings.Repeat("a", 500)}, []string{"warning f:1:1: " + strings.Repeat("a", maxQuoted) + "... is not https"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found, err := run1(t, tt.p, tt.files...)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range found {
				got = append(got, text(f))
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

// TestRefused has the message of each way to use the operation wrongly.
func TestRefused(t *testing.T) {
	ok := Params{Rule: "r", Severity: "error", Message: "m", Patterns: []string{"p"}}
	tests := []struct {
		change func(*Params)
		want   string
	}{
		{func(p *Params) { p.Rule = "" }, `text.search: rule "" is no id: expected lower-case words joined by "-", such as "no-http"`},
		{func(p *Params) { p.Rule = "No http" }, `rule "No http" is no id`},
		{func(p *Params) { p.Rule = "evidence" }, `rule "evidence" is one of sbomctl's own; give yours another id`},
		{func(p *Params) { p.Severity = "warn" }, `severity is "warn", expected "error", "warning" or "note"`},
		{func(p *Params) { p.Message = " " }, "message is empty"},
		{func(p *Params) { p.Message = "a\nb" }, "message and hints are of one line each"},
		{func(p *Params) { p.Message = "{mtach}" }, `message "{mtach}" has {mtach}, expected {pattern}, {path}, {match}; did you mean "match"?`},
		{func(p *Params) { p.Message = "a } b" }, `message "a } b" has a single "}"; "}}" is one in the text`},
		{func(p *Params) { p.Message = "{a" }, `message "{a" has a single "{"; "{{" is one in the text`},
		{func(p *Params) { p.Message = strings.Repeat("a", MaxTemplateBytes+1) }, "has 4097 bytes, expected at most 4096"},
		{func(p *Params) { p.Message, p.Expect = "{match}", "each_file" }, `has {match}, expected {pattern}, {path}`},
		{func(p *Params) { p.Message, p.Expect = "{path}", "any_file" }, `has {path}, expected {pattern}`},
		{func(p *Params) { p.Patterns = nil }, "there are 0 patterns, expected 1 to 64"},
		{func(p *Params) { p.Patterns = []string{"("} }, `pattern "(" is not a regular expression (RE2): missing closing ) at "("`},
		{func(p *Params) { p.Patterns = []string{"(?=a)"} }, "RE2 has no look-ahead"},
		{func(p *Params) { p.Patterns = []string{strings.Repeat("a", MaxPatternBytes+1)} }, "has 4097 bytes, expected at most 4096"},
		{func(p *Params) { p.Expect = "eachfile" }, `expect is "eachfile", expected "none", "each_file" or "any_file"; did you mean "each_file"?`},
		{func(p *Params) { p.Replace, p.Expect = ptr(""), "any_file" }, "replace is for one pattern that must match nothing"},
		{func(p *Params) { p.Replace, p.Patterns = ptr(""), []string{"a", "b"} }, "replace is for one pattern that must match nothing"},
		{func(p *Params) { p.Replace = ptr("{path}") }, `replace "{path}" has {path}, expected {match}`},
		{func(p *Params) { p.Hints = make([]string, 65) }, "there are 65 hints"},
	}
	for _, tt := range tests {
		p := ok
		tt.change(&p)
		_, err := run1(t, p, "f", "x")
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v\nwant %s", err, tt.want)
		}
	}
}

func TestBounds(t *testing.T) {
	p := Params{Rule: "r", Severity: "error", Message: "m", Patterns: []string{"a"}, Replace: ptr("b")}
	found, err := run1(t, p, "f", strings.Repeat("a", MaxFindings))
	if err != nil || len(found) != MaxFindings {
		t.Errorf("%d findings, %v", len(found), err)
	}
	if _, err := run1(t, p, "f", strings.Repeat("a", MaxFindings), "g", "a"); err == nil || !strings.Contains(err.Error(), "g:1:1: text.search: more than 10000 findings of rule r\n  hint: narrow") {
		t.Errorf("got %v", err)
	}
	if _, err := run1(t, p, "f", strings.Repeat(" ", MaxFileBytes+1)); err == nil || !strings.Contains(err.Error(), "f: text.search: the file has 16777217 bytes, expected at most 16777216") {
		t.Errorf("got %v", err)
	}
}

// FuzzSearch: whatever a rule and a file say, messages are of one line, and when all fixes are made there is none left.
func FuzzSearch(f *testing.F) {
	f.Add(`http://(?P<host>\w+)`, "https://{host}", "{match}", "see http://a http://b\n")
	f.Add(`a*`, "{match}b", "{{{pattern}}}", "aaa\xff\n")
	f.Add(`(?m)^x|y$`, "", "{path}", "x\ny\r\n")
	f.Fuzz(func(t *testing.T, pattern, replace, message, content string) {
		if len(pattern) > 200 || len(content) > 1000 {
			return
		}
		p := Params{Rule: "r", Severity: "note", Message: message, Patterns: []string{pattern}, Replace: &replace}
		search := func(content string) []finding.Finding {
			c := actiontest.New(p).Add("files", "f", []byte(content))
			s, err := newSearch(p, nil)
			if err != nil {
				if msg, _, _ := strings.Cut(err.Error(), "\n  hint: "); strings.ContainsAny(msg, "\n\x00\x1b") {
					t.Errorf("unquoted text in %q", err)
				}
				return nil
			}
			if err := s.run(context.Background(), c); err != nil {
				return nil
			}
			return s.found
		}
		found := search(content)
		for _, x := range found {
			if strings.ContainsAny(x.Msg, "\n\r") || x.Msg == "" {
				t.Errorf("message %q", x.Msg)
			}
		}
		fixed, n := fix(t, content, found)
		if n == 0 {
			return
		}
		if again, _ := fix(t, fixed, search(fixed)); again != fixed {
			t.Errorf("%q becomes %q, and that %q", content, fixed, again)
		}
	})
}

// fix makes the edits, which are in order and do not overlap, and counts them.
func fix(t *testing.T, content string, found []finding.Finding) (string, int) {
	var b strings.Builder
	n, offset, line, col := 0, 0, 1, 1
	for _, f := range found {
		if f.Fix == nil {
			continue
		}
		for ; offset < len(content) && (line != f.Pos.Line || col != f.Pos.Col); offset++ {
			b.WriteByte(content[offset])
			if col++; content[offset] == '\n' {
				line, col = line+1, 1
			}
		}
		if !strings.HasPrefix(content[offset:], f.Fix.Old) {
			t.Fatalf("%q is not at %s of %q", f.Fix.Old, f.Pos, content)
		}
		n++
		b.WriteString(f.Fix.New)
		for range len(f.Fix.Old) {
			if col++; content[offset] == '\n' {
				line, col = line+1, 1
			}
			offset++
		}
	}
	b.WriteString(content[offset:])
	return b.String(), n
}
