package spdx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/rules/evidence"
)

// binaryDocument is what "spdx.binary" makes of packages that are declared so.
func binaryDocument(t *testing.T, name string, change func(*BinaryParams)) (comment string, packages []string, err error) {
	t.Helper()
	p := BinaryParams{Artifact: name, SHA256: sum([]byte("x")), Product: cpython(),
		Deps: []Metadata{{Label: "//:windows/tk", Name: "tk", Version: "8.6", NotIn: map[string][]string{"variant": {"embed"}}},
			{Label: "//:windows/mpdecimal", Name: "mpdecimal", Version: "4.0.0", Replaces: []string{"//:mpdecimal"}}},
		Base: []Metadata{{Label: "//:mpdecimal", Name: "mpdecimal", Version: "2.5.1"}, {Label: "//:expat", Name: "expat", Version: "2.7.1"}},
	}
	if change != nil {
		change(&p)
	}
	c := &actiontest.Call{Parameters: p}
	if len(p.Wheels) > 0 {
		c.Inputs = map[string][]action.File{"wheels": {wheelFile(t)}}
	}
	if err := run(t, "spdx.binary", c); err != nil {
		return "", nil, err
	}
	var doc struct {
		Comment  string
		Packages []struct{ Name, VersionInfo string }
	}
	if err := json.NewDecoder(bytes.NewReader(c.Outputs["document"])).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	for _, p := range doc.Packages {
		packages = append(packages, p.Name+" "+p.VersionInfo)
	}
	slices.Sort(packages)
	return doc.Comment, packages, nil
}

func TestConditions(t *testing.T) {
	for _, c := range []struct {
		name, packages, comment string
		change                  func(*BinaryParams)
	}{
		{"python-3.13.5-amd64.exe", "CPython 3.13.5, expat 2.7.1, mpdecimal 4.0.0, tk 8.6",
			"Not in python-3.13.5-amd64.exe, though declared for the release:\n- mpdecimal 2.5.1: mpdecimal 4.0.0 stands in for it", nil},
		{"python-3.13.5-embed-amd64.zip", "CPython 3.13.5, expat 2.7.1, mpdecimal 4.0.0",
			"Not in python-3.13.5-embed-amd64.zip, though declared for the release:\n- tk 8.6: it is in no artifact whose variant is embed\n- mpdecimal 2.5.1: mpdecimal 4.0.0 stands in for it", nil},
		// What is left out replaces nothing.
		{"python-3.13.5-amd64.exe", "CPython 3.13.5, expat 2.7.1, mpdecimal 2.5.1, tk 8.6",
			"Not in python-3.13.5-amd64.exe, though declared for the release:\n- mpdecimal 4.0.0: it is only in artifacts whose freethreaded is t",
			func(p *BinaryParams) { p.Deps[1].Only = map[string][]string{"freethreaded": {"t"}} }},
		{"python-3.13.5.exe", "CPython 3.13.5, expat 2.7.1, mpdecimal 4.0.0, tk 8.6, vcruntime ",
			"Not in python-3.13.5.exe, though declared for the release:\n- mpdecimal 2.5.1: mpdecimal 4.0.0 stands in for it",
			func(p *BinaryParams) {
				p.Packages = []Metadata{{Label: "//:vcruntime", Name: "vcruntime", Only: map[string][]string{"arch": {"", "amd64"}}}}
			}},
	} {
		comment, packages, err := binaryDocument(t, c.name, c.change)
		if got := strings.Join(packages, ", "); err != nil || got != c.packages {
			t.Errorf("%s: packages are %s, want %s (%v)", c.name, got, c.packages, err)
		}
		if comment != c.comment {
			t.Errorf("%s: comment is\n%s\nwant\n%s", c.name, comment, c.comment)
		}
	}
}

func TestConditionErrors(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(*BinaryParams)
	}{
		{"//:windows/tk: no pattern of the product's naming has the group \"varient\"; did you mean \"variant\"?\n" +
			"  hint: its groups are arch, base_version, format, freethreaded, prerelease, variant, version",
			func(p *BinaryParams) { p.Deps[0].NotIn = map[string][]string{"varient": {"embed"}} }},
		{"//:windows/tk: no name can have variant = \"embd\", by the patterns of the product's naming; did you mean \"embed\"?\n  hint: it can be \"\", \"embed\", \"test\"",
			func(p *BinaryParams) { p.Deps[0].NotIn = map[string][]string{"variant": {"embd"}} }},
		{"//:expat: no name can have freethreaded = \"yes\", by the patterns of the product's naming\n  hint: it can be \"\", \"t\"",
			func(p *BinaryParams) { p.Base[1].Only = map[string][]string{"freethreaded": {"yes"}} }},
		{"//:pip: no name can have arch = \"x86\", by the patterns of the product's naming\n  hint: it can be \"\", \"amd64\", \"arm64\", \"win32\"",
			func(p *BinaryParams) {
				p.Wheels = []WheelContext{{Label: "//:pip", Only: map[string][]string{"arch": {"x86"}}}}
			}},
		{"//:windows/mpdecimal: //:mpdecmal is no package of the base SBOM, so that there is nothing to replace; did you mean \"//:mpdecimal\"?",
			func(p *BinaryParams) { p.Deps[1].Replaces = []string{"//:mpdecmal"} }},
		{"//:windows/mpdecimal: //:mpdecimal cannot be replaced: the SBOM has no base", func(p *BinaryParams) { p.Base = nil }},
	} {
		_, packages, err := binaryDocument(t, "python-3.13.5-amd64.exe", c.change)
		wantError(t, fmt.Sprint(packages), err, c.want)
	}
}

// TestPossible: what a group can be is read in the patterns, whatever they look like.
func TestPossible(t *testing.T) {
	for _, c := range []struct {
		pattern, value string
		want           bool
		examples       string
	}{
		{`a-(?P<version>\d)(?P<g>x|y)`, "x", true, "[x y]"},
		{`a-(?P<version>\d)(?P<g>x|y)`, "", false, "[x y]"},
		{`a-(?P<version>\d)(?P<g>x|y)?`, "", true, "[ x y]"},
		{`a-(?P<version>\d)(?:-(?P<g>x|y))?`, "", true, "[ x y]"},
		{`a-(?P<version>\d)(?:-(?P<g>x)|-(y))`, "", true, "[ x]"},
		{`a-(?P<version>\d)(?P<g>t?)`, "", true, "[ t]"},
		{`a-(?P<version>\d)(?P<g>[a-c]\d?)`, "d", false, "[]"},
		{`a-(?P<version>\d)(?P<g>[a-c]1)`, "b1", true, "[a1 b1 c1]"},
		{`a-(?P<version>\d)(?P<g>\w+)`, "anything", true, "[]"},
		{`(?i)a-(?P<version>\d)(?P<g>x)`, "X", true, "[]"},
		{`a-(?P<version>\d)(?:(?P<g>x)){0,2}`, "", true, "[ x]"},
		{`a-(?P<version>\d)`, "x", false, "[]"},
	} {
		n := Naming{Patterns: []string{c.pattern}}
		got, examples := n.possible("g", c.value)
		if c.pattern == `a-(?P<version>\d)` {
			c.examples = "[]"
			examples = slices.DeleteFunc(examples, func(s string) bool { return s == "" })
		}
		if got != c.want || fmt.Sprint(examples) != c.examples {
			t.Errorf("%s: %q is possible: %v, want %v; examples %q, want %s", c.pattern, c.value, got, c.want, examples, c.examples)
		}
	}
}

func TestOperationVersion(t *testing.T) {
	rules := []evidence.Rule{{Path: "version.h", Pattern: `VERSION "(?P<version>[^"]+)"`}}
	c := func(name, content string, rules []evidence.Rule) *actiontest.Call {
		return &actiontest.Call{Parameters: VersionParams{Artifact: name, Label: "//:product", Naming: pythonNaming, Rules: rules},
			Inputs: map[string][]action.File{"evidence": {file("version.h", []byte(content))}}}
	}
	ok := c("python-3.13.5-amd64.exe", "#define VERSION \"3.13.5\"\n", rules)
	mustRun(t, "spdx.version", "report", ok)
	if len(ok.Findings) != 0 {
		t.Errorf("findings are %+v", ok.Findings)
	}
	bad := c("python-3.14.0b1-amd64.exe", "\n#define VERSION \"3.13.5\"\n", rules)
	mustRun(t, "spdx.version", "report", bad)
	if len(bad.Findings) != 1 {
		t.Fatalf("findings are %+v", bad.Findings)
	}
	wantError(t, "other", bad.Findings[0].Diagnostic(), `version.h:2:18: the tree is version "3.13.5", but the artifact is of version "3.14.0b1"
  hint: check out the tag of the release, or declare the artifact that is made of this tree: python-3.14.0b1-amd64.exe is of 3.14.0b1`)
	twice := c("python-3.14.0b1-amd64.exe", "VERSION \"3.13.5\"\nVERSION \"3.14.0b1\"\nVERSION \"3.13.5\"\n", rules)
	mustRun(t, "spdx.version", "report", twice)
	if len(twice.Findings) != 1 {
		t.Fatalf("findings are %+v", twice.Findings)
	}
	wantError(t, "twice", twice.Findings[0].Diagnostic(), `version.h:1:10: the tree is version "3.13.5", but the artifact is of version "3.14.0b1"
  hint: it is stated at version.h:3, too
  hint: check out the tag of the release, or declare the artifact that is made of this tree: python-3.14.0b1-amd64.exe is of 3.14.0b1`)
	err := run(t, "spdx.version", c("python-3.13.5-amd64.exe", "nothing", rules))
	if err == nil || !strings.Contains(err.Error(), "matches nothing in version.h") || !strings.Contains(err.Error(), "//:product") {
		t.Errorf("got %v", err)
	}
}
