package peers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// workspace has many kinds of findings, and odd names. Its rule reports what a file says: the message is hostile.
var workspace = map[string]string{
	".git/HEAD": "", // the workspace lies in a folder of the repository
	"ws/sbom.star": `
load("@sbomctl//:providers.star", "TreeInfo")

WORD = finding_rule(id = "word", severity = "warning", doc = "a bad word\n\nHelp with a [link](https://example.org) and {0}.")

def _word(ctx):
    ctx.actions.validate(
        "text.search",
        params = {"rule": ctx.attr.id, "severity": ctx.attr.severity, "message": "{match} in {path} [see](https://evil.example) {{0}}", "patterns": [ctx.attr.bad], "replace": "good"},
        inputs = {"files": ctx.actions.fileset(ctx.attr.tree[TreeInfo].tree, ctx.attr.srcs)},
    )
    return []

word = rule(implementation = _word, attrs = {
    "tree": attr.label(providers = [TreeInfo]), "srcs": attr.string_list(), "bad": attr.string(), "id": attr.string(default = "word"), "severity": attr.string(default = "warning"),
})
`,
	"ws/BUILD.star": `
load("@sbomctl//:rules.star", "regex", "source_tree", "vendored_package")
load("//:sbom.star", "word")

print("printed")
source_tree(name = "tree", path = "tree")
vendored_package(
    name = "lib",
    version = "1.0",
    tree = ":tree",
    srcs = ["*.h"],
    exclude = ["gone.h"],
    evidence = [regex("lib.h", "VERSION (?P<version>.*)\n")],
)
word(name = "odd/names", tree = ":tree", srcs = ["odd/**"], bad = "bad")
word(name = "waived", tree = ":tree", srcs = ["lib.h"], bad = "VERSION", waivers = [waive("word", reason = "it is \"needed\"")])
word(name = "stated", tree = ":tree", srcs = ["lib.h"], bad = "2", id = "note", severity = "note")
word(name = "broken", tree = ":tree", srcs = ["lib.h"], bad = "(")
`,
	"ws/tree/lib.h":                     "VERSION 2.0\n",
	"ws/tree/odd/a b%20c#?.txt":         "\u00e9\U0001f600 bad\r\nbad\r\n",
	"ws/tree/odd/x:y,[z]{0}.txt":        "bad",
	"ws/tree/odd/\u00fcn\u0131code.txt": "bad bad\n",
}

func makeWorkspace(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range workspace {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// log is what the tests read of a SARIF log.
type log struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Rules []struct {
					ID string `json:"id"`
				} `json:"rules"`
			} `json:"driver"`
		} `json:"tool"`
		Invocations []struct {
			ExecutionSuccessful bool              `json:"executionSuccessful"`
			Notifications       []json.RawMessage `json:"toolExecutionNotifications"`
		} `json:"invocations"`
		Results []result `json:"results"`
	} `json:"runs"`
}

type result struct {
	RuleID    string `json:"ruleId"`
	RuleIndex int    `json:"ruleIndex"`
	Level     string `json:"level"`
	Message   struct {
		Text string `json:"text"`
	} `json:"message"`
	Locations    []location        `json:"locations"`
	Related      []location        `json:"relatedLocations"`
	Fingerprints map[string]string `json:"partialFingerprints"`
	Suppressions []struct {
		Justification string `json:"justification"`
	} `json:"suppressions"`
	Fixes []struct {
		Changes []struct {
			Artifact     artifact `json:"artifactLocation"`
			Replacements []struct {
				Deleted  region `json:"deletedRegion"`
				Inserted struct {
					Text string `json:"text"`
				} `json:"insertedContent"`
			} `json:"replacements"`
		} `json:"artifactChanges"`
	} `json:"fixes"`
}

type location struct {
	Physical struct {
		Artifact artifact `json:"artifactLocation"`
		Region   *region  `json:"region"`
	} `json:"physicalLocation"`
}

type artifact struct {
	URI  string `json:"uri"`
	Base string `json:"uriBaseId"`
}

type region struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
	EndLine     int `json:"endLine"`
	EndColumn   int `json:"endColumn"`
}

func check(t *testing.T, root string, code int, args ...string) (log, []byte) {
	t.Helper()
	text := run(t, filepath.Join(root, "ws"), code, append([]string{"check", "--format=sarif"}, args...)...)
	if err := schema(t, "sarif-schema-2.1.0.json").Validate(decode(t, text)); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var l log
	if err := json.Unmarshal(text, &l); err != nil || len(l.Runs) != 1 {
		t.Fatalf("%d runs, %v", len(l.Runs), err)
	}
	return l, text
}

// offset finds a place as a reader of the log does: lines end with "\n", columns count UTF-16 units.
func offset(t *testing.T, content string, line, column int) int {
	t.Helper()
	at := 0
	for range line - 1 {
		i := strings.IndexByte(content[at:], '\n')
		if i < 0 {
			t.Fatalf("there is no line %d", line)
		}
		at += i + 1
	}
	for units := 1; units < column; {
		for i, r := range content[at:] {
			if i > 0 {
				at += i
				break
			}
			if units++; r > 0xffff {
				units++
			}
			if len(string(r)) == len(content[at:]) {
				at = len(content)
				break
			}
		}
	}
	return at
}

// TestSARIF: a check with many kinds of findings is a valid log, and its places and fixes are right for a reader who knows
// nothing but the log and the repository.
func TestSARIF(t *testing.T) {
	root := makeWorkspace(t)
	l, text := check(t, root, 1, "//...")
	if _, again := check(t, root, 1, "//..."); !bytes.Equal(text, again) {
		t.Error("the same workspace gives another log")
	}
	r := l.Runs[0]
	if r.Invocations[0].ExecutionSuccessful || len(r.Invocations[0].Notifications) != 1 {
		t.Errorf("what could not be checked: %+v", r.Invocations)
	}
	kinds := map[string]int{}
	fixes := 0
	for _, f := range r.Results {
		kinds[f.RuleID]++
		if r.Tool.Driver.Rules[f.RuleIndex].ID != f.RuleID {
			t.Errorf("rule %d is not %s", f.RuleIndex, f.RuleID)
		}
		if f.RuleID == "print" && len(f.Locations) == 0 {
			continue
		}
		path := func(a artifact) string {
			u, err := url.Parse(a.URI)
			if err != nil || u.Scheme != "" || a.Base != "%SRCROOT%" || !strings.HasPrefix(u.Path, "ws/") {
				t.Fatalf("%s: artifact %+v, %v", f.Message.Text, a, err)
			}
			return filepath.Join(root, u.Path)
		}
		if len(f.Locations) != 1 {
			t.Fatalf("%s: %d locations", f.Message.Text, len(f.Locations))
		}
		file := path(f.Locations[0].Physical.Artifact)
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if at := f.Locations[0].Physical.Region; f.RuleID == "word" && len(f.Suppressions) == 0 {
			if n := offset(t, string(content), at.StartLine, at.StartColumn); !strings.HasPrefix(string(content[n:]), "bad") {
				t.Errorf("%s: %d:%d of %s is %q", f.Message.Text, at.StartLine, at.StartColumn, file, content[n:])
			}
		}
		for _, x := range f.Fixes {
			for _, c := range x.Changes {
				before, err := os.ReadFile(path(c.Artifact))
				if err != nil {
					t.Fatal(err)
				}
				after := string(before)
				for _, p := range c.Replacements {
					d := p.Deleted
					after = after[:offset(t, after, d.StartLine, d.StartColumn)] + p.Inserted.Text + after[offset(t, after, d.EndLine, d.EndColumn):]
				}
				if strings.Count(after, "bad") >= strings.Count(string(before), "bad") && !strings.Contains(after, `version = "2.0"`) && strings.Contains(after, "gone.h") && f.RuleID != "note" {
					t.Errorf("%s is fixed by making %s\n%s", f.Message.Text, file, after)
				}
				fixes++
			}
		}
	}
	if want := "map[evidence:1 note:1 print:1 unmatched:1 word:6]"; fmt.Sprint(kinds) != want {
		t.Errorf("found %v, want %s", kinds, want)
	}
	if fixes < 7 {
		t.Errorf("%d fixes", fixes)
	}
	if !bytes.Contains(text, []byte(`"justification": "it is \"needed\""`)) {
		t.Error("the waiver's reason is not there")
	}
	if !bytes.Contains(text, []byte(`\\[see\\](https://evil.example) {{0}}`)) && !bytes.Contains(text, []byte(`\\[see](https://evil.example) {{0}}`)) {
		t.Error("a link in a message is one")
	}
}

// TestFingerprints: when lines are put in above, each finding is the same one; what is new has a new one.
func TestFingerprints(t *testing.T) {
	root := makeWorkspace(t)
	prints := func() map[string]bool {
		out := map[string]bool{}
		l, _ := check(t, root, 3, "//:lib", "//:odd/names", "//:stated")
		for _, f := range l.Runs[0].Results {
			for name, value := range f.Fingerprints {
				if out[name+value] {
					t.Errorf("%s: two findings have one fingerprint", f.Message.Text)
				}
				out[name+value] = true
			}
		}
		return out
	}
	before := prints()
	for _, name := range []string{"ws/BUILD.star", "ws/tree/odd/a b%20c#?.txt"} {
		text := "# moved\n\n" + workspace[name]
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	after := prints()
	if fmt.Sprint(before) != fmt.Sprint(after) || len(before) < 6 {
		t.Errorf("%d fingerprints\n%v\nbecame\n%v", len(before), before, after)
	}
	if err := os.WriteFile(filepath.Join(root, "ws/tree/odd/new.txt"), []byte("bad\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	more := prints()
	for p := range before {
		delete(more, p)
	}
	if len(more) != 1 {
		t.Errorf("one finding more has fingerprints %v", more)
	}
}

// TestClean: a check that finds nothing is a valid log, too.
func TestClean(t *testing.T) {
	l, _ := check(t, makeWorkspace(t), 0, "//:tree")
	if r := l.Runs[0]; len(r.Results) != 0 && r.Results[0].RuleID != "print" || !r.Invocations[0].ExecutionSuccessful {
		t.Errorf("%+v", r)
	}
}

// TestJudge: the judge refuses logs that are not what they should be.
func TestJudge(t *testing.T) {
	judge := schema(t, "sarif-schema-2.1.0.json")
	_, text := check(t, makeWorkspace(t), 1, "//...")
	for _, m := range []mutation{
		{Name: "no version", Path: []any{"version"}, Remove: true},
		{Name: "other version", Path: []any{"version"}, Value: json.RawMessage(`"2.0.0"`)},
		{Name: "unknown field", Path: []any{"runs", 0.0, "results", 0.0, "label"}, Value: json.RawMessage(`"x"`)},
		{Name: "bad level", Path: []any{"runs", 0.0, "results", 0.0, "level"}, Value: json.RawMessage(`"fatal"`)},
		{Name: "no message", Path: []any{"runs", 0.0, "results", 0.0, "message"}, Remove: true},
		{Name: "line 0", Path: []any{"runs", 0.0, "results", 1.0, "locations", 0.0, "physicalLocation", "region"}, Value: json.RawMessage(`{"startLine": 0}`)},
		{Name: "bad URI", Path: []any{"runs", 0.0, "results", 1.0, "locations", 0.0, "physicalLocation", "artifactLocation", "uri"}, Value: json.RawMessage(`"%zz"`)},
	} {
		if err := judge.Validate(m.apply(t, text)); err == nil {
			t.Errorf("%s: the judge takes it", m.Name)
		}
	}
}

// TestMany: a log of 10,000 findings is valid.
func TestMany(t *testing.T) {
	root := makeWorkspace(t)
	if err := os.WriteFile(filepath.Join(root, "ws/tree/odd/many.txt"), []byte(strings.Repeat("\u00e9 bad\n", 9_000)), 0o666); err != nil {
		t.Fatal(err)
	}
	l, _ := check(t, root, 0, "//:odd/names")
	if n := len(l.Runs[0].Results); n < 9_000 {
		t.Errorf("%d findings", n)
	}
}
