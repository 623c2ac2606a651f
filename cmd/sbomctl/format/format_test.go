package format

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

var update = flag.Bool("update", false, "rewrite testdata")

var formats = map[string]func(io.Writer, *Report) error{"json": JSON, "sarif": SARIF, "github": GitHub}

// sample has a finding of each sort that a format treats in its own way.
func sample() *Report {
	files := map[string]string{
		"BUILD.star":    "x(\n    name = \"expat\",\n    version = \"2.6.3\",\n)\n",
		"tree/expat.h":  "/* \u00e9\U0001f600 2.7.1 */\n",
		"odd 100%,:é.c": "x\n",
		"a!b":           "1\n2\n",
	}
	at := func(file string, line, col int) diag.Pos { return diag.Pos{File: file, Line: line, Col: col} }
	return &Report{
		Version: "1.2.3",
		Rules: []finding.Rule{
			{ID: "evidence", Severity: finding.Error, Title: "the tree states another version", Help: "First `paragraph`,\nof two lines.\n\nSecond."},
			{ID: "skew", Severity: finding.Note, Title: "several versions", Help: "Help."},
		},
		OwnRules: []finding.Rule{{ID: "no-http", Severity: finding.Warning, Title: "http"}},
		Findings: []Finding{
			{Found: engine.Found{Finding: finding.Finding{Rule: "evidence", Severity: finding.Error, Label: "//:expat", Pos: at("tree/expat.h", 1, 11), Attr: "version",
				Msg: `version is "2.7.1" here, but "2.6.3" is declared`, Declared: "2.6.3", Found: "2.7.1", Hints: []string{"set it"}, Fix: &finding.Fix{Attr: "version", Value: "2.7.1"}},
				Declaration: at("BUILD.star", 3, 5)}, Edits: []engine.Edit{{File: "BUILD.star", Start: 36, End: 39, New: "7.1"}}},
			{Found: engine.Found{Finding: finding.Finding{Rule: "evidence", Severity: finding.Error, Label: "//:expat", Pos: at("tree.tgz!a/b.c", 3, 4), Msg: "in an archive"}, Declaration: at("BUILD.star", 1, 1)}},
			{Found: engine.Found{Finding: finding.Finding{Rule: "evidence", Severity: finding.Error, Pos: at("@sbomctl//:rules.star", 3, 4), Msg: "in a module"}, Declaration: at("BUILD.star", 1, 1)}},
			{Found: engine.Found{Finding: finding.Finding{Rule: "skew", Severity: finding.Note, Label: "//:inventory", Msg: "two versions", Fix: &finding.Fix{Command: "sbomctl bump //:xz"}}, Declaration: at("BUILD.star", 1, 1)}},
			{Found: engine.Found{Finding: finding.Finding{Rule: "no-http", Severity: finding.Warning, Pos: at("odd 100%,:é.c", 1, 2), Msg: "see [this](https://evil.example) {0}\n::error::x 100%",
				Found: "http", Fix: &finding.Fix{Old: "http", New: ""}}}},
			{Found: engine.Found{Finding: finding.Finding{Rule: "no-http", Severity: finding.Warning, Pos: at("a!b", 2, 1), Msg: "waived"}, Waiver: &engine.Waiver{Reason: "it is known", Until: "2027-03-01"}}},
			{Found: engine.Found{Finding: finding.Finding{Rule: "other", Severity: finding.Error, Pos: diag.File("/elsewhere/x y"), Msg: "elsewhere"}}},
			{Found: engine.Found{Finding: finding.Finding{Rule: "print", Severity: finding.Warning, Msg: "nowhere"}}},
		},
		Unchecked: []*diag.Error{{Pos: at("BUILD.star", 1, 1), Label: "//:broken", Msg: "no such file", Hints: []string{"make it"}}, {Msg: "the network is down"}},
		Prefix:    "sub dir",
		Source: func(file string) []byte {
			if text, ok := files[file]; ok {
				return []byte(text)
			}
			return nil
		},
	}
}

func render(t *testing.T, format string, r *Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := formats[format](&b, r); err != nil {
		t.Fatal(err)
	}
	if !utf8.Valid(b.Bytes()) {
		t.Errorf("%s is not UTF-8", format)
	}
	if format != "github" && !json.Valid(b.Bytes()) {
		t.Errorf("%s is not JSON", format)
	}
	return b.Bytes()
}

// TestFormats holds each format against testdata; -update rewrites it. peers/ holds SARIF against its schema.
func TestFormats(t *testing.T) {
	for format := range formats {
		got := render(t, format, sample())
		path := "testdata/sample." + format
		if *update {
			if err := os.WriteFile(path, got, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what testdata has:\n%s", format, got)
		}
	}
}

// TestNothing: a clean check is a complete document, with lists that are empty and not null.
func TestNothing(t *testing.T) {
	empty := &Report{Version: "1"}
	if got := string(render(t, "github", empty)); got != "" {
		t.Errorf("%q", got)
	}
	for _, format := range []string{"json", "sarif"} {
		if got := string(render(t, format, empty)); strings.Contains(got, "null") || !strings.Contains(got, "[]") {
			t.Errorf("%s", got)
		}
	}
}

// TestFingerprints: the same finding is the same one when its lines moved, and others are others.
func TestFingerprints(t *testing.T) {
	r := sample()
	before := fingerprints(r.Findings)
	for i := range r.Findings {
		r.Findings[i].Pos.Line += 7
		r.Findings[i].Declaration.Line += 3
		r.Findings[i].Severity = finding.Note
		r.Findings[i].Hints = nil
	}
	if after := fingerprints(r.Findings); !slices.Equal(before, after) {
		t.Errorf("%v became %v", before, after)
	}
	if sorted := slices.Sorted(slices.Values(before)); len(slices.Compact(sorted)) != len(before) {
		t.Errorf("two findings have one fingerprint: %v", before)
	}
	base := finding.Finding{Rule: "r", Label: "//:a", Pos: diag.File("f"), Msg: "pattern is at a.c:1:2 and b.c:3"}
	moved := base
	moved.Msg = "pattern is at a.c:12:22 and b.c:4"
	others := []finding.Finding{base, base, base, base, base, base, base}
	others[1].Rule, others[2].Label, others[3].Pos.File, others[4].Attr, others[5].Found, others[6].Msg = "s", "//:b", "g", "x", "1", "another"
	one := func(f finding.Finding) string { return fingerprints([]Finding{{Found: engine.Found{Finding: f}}})[0] }
	if one(base) != one(moved) {
		t.Error("positions in a message make another fingerprint")
	}
	seen := map[string]int{}
	for i, f := range others {
		if j, ok := seen[one(f)]; ok {
			t.Errorf("%+v and %+v have one fingerprint", others[i], others[j])
		}
		seen[one(f)] = i
	}
	twice := fingerprints([]Finding{{Found: engine.Found{Finding: base}}, {Found: engine.Found{Finding: moved}}})
	if twice[0] == twice[1] || strings.TrimSuffix(twice[0], "0") != strings.TrimSuffix(twice[1], "1") {
		t.Errorf("duplicates: %v", twice)
	}
}

// TestColumns: a column in bytes becomes one in the unit, also beyond the line and in what is no text.
func TestColumns(t *testing.T) {
	for _, s := range []string{"", "abc", "é\U0001f600x", "a\xff\xfeb", "\U0001f600\U0001f600"} {
		for at := range len(s) + 3 {
			if at < len(s) && !utf8.RuneStart(s[at]) && utf8.ValidString(s) {
				continue
			}
			before := s[:min(at, len(s))]
			chars := utf8.RuneCountInString(before) + at - len(before)
			units := len(utf16.Encode([]rune(before))) + at - len(before)
			if got := characters.column([]byte(s), at+1); got != chars+1 {
				t.Errorf("byte %d of %q is character %d, want %d", at, s, got, chars+1)
			}
			if got := utf16Units.column([]byte(s), at+1); got != units+1 {
				t.Errorf("byte %d of %q is unit %d, want %d", at, s, got, units+1)
			}
		}
	}
}

// TestStretch: the region of a stretch of bytes, at the borders of lines and of the file.
func TestStretch(t *testing.T) {
	content := "ab\né\r\n\nend"
	p := newPlacer(&Report{Source: func(string) []byte { return []byte(content) }}, characters)
	for at := range len(content) + 1 {
		if got, want := p.source("f").at(at), diag.At("", []byte(content), at); got != want {
			t.Errorf("offset %d is %s, want %s", at, got, want)
		}
	}
	if got, want := p.stretch("f", 1, 6), (region{1, 2, 2, 3}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// FuzzGitHub: whatever a finding says, it is one line of one command, and undoing the escapes gives its text back.
func FuzzGitHub(f *testing.F) {
	f.Add("msg\n::error::x", "a,b:c%2C\r", "rule", "//:x", "hint")
	f.Add("\x1b[2J", "\xff", "::stop-commands::x", "%0A", "\u202e")
	f.Fuzz(func(t *testing.T, msg, file, rule, label, hint string) {
		r := &Report{Findings: []Finding{{Found: engine.Found{Finding: finding.Finding{Rule: rule, Severity: finding.Warning, Label: label, Msg: msg, Pos: diag.Pos{File: file, Line: 1, Col: 1}, Hints: []string{hint}}}}}}
		for _, format := range []string{"json", "sarif"} {
			render(t, format, r)
		}
		got := string(render(t, "github", r))
		if strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, "\n") || strings.ContainsAny(got, "\r\x1b\u202e") {
			t.Fatalf("more than a line: %q", got)
		}
		head, _, ok := strings.Cut(strings.TrimPrefix(got, "::"), "::")
		if !ok || !strings.HasPrefix(got, "::warning ") {
			t.Fatalf("no command: %q", got)
		}
		for i, property := range strings.Split(strings.TrimPrefix(head, "warning "), ",") {
			name, value, ok := strings.Cut(property, "=")
			if !ok || !slices.Contains([]string{"file", "line", "col", "title"}, name) || strings.Contains(value, ":") {
				t.Errorf("property %d of %q", i, got)
			}
		}
	})
}

// TestMany: ten thousand findings in one large file, with places to be looked up in it.
func TestMany(t *testing.T) {
	content := []byte(strings.Repeat(strings.Repeat("é", 50)+"\n", 20_000))
	asked := 0
	r := &Report{Source: func(string) []byte { asked++; return content }}
	for i := range 10_000 {
		r.Findings = append(r.Findings, Finding{Found: engine.Found{Finding: finding.Finding{Rule: "r", Severity: finding.Error, Msg: fmt.Sprint(i), Pos: diag.Pos{File: "f", Line: 2*i + 1, Col: 101}}}})
	}
	for format := range formats {
		asked = 0
		got := render(t, format, r)
		if n := bytes.Count(got, []byte("19999")); n == 0 || asked > 1 {
			t.Errorf("%s: the last line is there %d times, the file was read %d times", format, n, asked)
		}
		if !bytes.Equal(got, render(t, format, r)) {
			t.Errorf("%s: another one the second time", format)
		}
	}
}
