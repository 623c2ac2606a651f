package evidence

import (
	"context"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

func newCall(p Params, files ...string) *actiontest.Call {
	c := actiontest.New(p)
	for i := 0; i < len(files); i += 2 {
		c.Add("files", files[i], []byte(files[i+1]))
	}
	return c
}

const refresh = "Modules/expat/refresh.sh"

// refreshSh has the lines of CPython 3.13.5's file that state what is vendored.
const refreshSh = `#!/usr/bin/env bash

expected_libexpat_tag="R_2_7_1"
expected_libexpat_version="2.7.1"
expected_libexpat_sha256="0cce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2"
`

const expatH = `#define XML_MAJOR_VERSION 2
#define XML_MINOR_VERSION 7
#define XML_MICRO_VERSION 1
`

var expatRules = []Rule{
	{Path: refresh, Pattern: `expected_libexpat_version="(?P<version>[^"]+)"`},
	{Path: refresh, Pattern: `expected_libexpat_sha256="(?P<sha256>[0-9a-f]{64})"`},
	{Path: "Modules/expat/expat.h", Pattern: `MAJOR_VERSION (?P<version_1>\d+)\n.*MINOR_VERSION (?P<version_2>\d+)\n.*MICRO_VERSION (?P<version_3>\d+)`},
}

// run1 returns what the operation found, as the errors that a build makes of it.
func run1(t *testing.T, c *actiontest.Call) error {
	t.Helper()
	if err := Operation().Run(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	if c.Outputs["report"] == nil {
		t.Error("no report")
	}
	var errs diag.List
	for _, f := range c.Findings {
		if f.Severity != finding.Error || f.Rule != RuleID {
			t.Errorf("finding %+v", f)
		}
		errs = append(errs, f.Diagnostic())
	}
	if _, err := finding.Encode(c.Findings); err != nil {
		t.Error(err)
	}
	return errs.Err()
}

func TestAgrees(t *testing.T) {
	c := newCall(Params{Label: "//:expat", Rules: expatRules, Declared: Declared{Version: "2.7.1",
		SHA256: "0CCE2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2"}},
		refresh, refreshSh, "Modules/expat/expat.h", expatH)
	if err := run1(t, c); err != nil {
		t.Fatal(err)
	}
	want := `{
  "declared": {
    "version": "2.7.1",
    "sha256": "0CCE2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2",
    "revision": ""
  },
  "facts": [
    {
      "path": "Modules/expat/refresh.sh",
      "line": 4,
      "column": 28,
      "fact": "version",
      "value": "2.7.1"
    },
    {
      "path": "Modules/expat/refresh.sh",
      "line": 5,
      "column": 27,
      "fact": "sha256",
      "value": "0cce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2"
    },
    {
      "path": "Modules/expat/expat.h",
      "line": 1,
      "column": 27,
      "fact": "version",
      "value": "2.7.1"
    }
  ]
}
`
	if got := string(c.Outputs["report"]); got != want {
		t.Errorf("report:\n%s\nexpected:\n%s", got, want)
	}
	if c.Reads != 2 {
		t.Errorf("%d reads of 2 files", c.Reads)
	}
}

// TestExpat is the error that CPython 3.13.5 was released with.
func TestExpat(t *testing.T) {
	c := newCall(Params{Label: "//:expat", Rules: expatRules, Declared: Declared{Version: "2.6.3",
		SHA256: "17aa6cfc5c4c219c09287abfc10bc13f0c06f30bb654b28bfe6f567ca646eb79"}},
		refresh, refreshSh, "Modules/expat/expat.h", expatH)
	err := run1(t, c)
	want := `Modules/expat/refresh.sh:4:28: version is "2.7.1" here, but "2.6.3" is declared
  hint: if the tree is right, set version = "2.7.1" in //:expat
Modules/expat/refresh.sh:5:27: sha256 is "0cce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2" here, but "17aa6cfc5c4c219c09287abfc10bc13f0c06f30bb654b28bfe6f567ca646eb79" is declared
  hint: if the tree is right, set sha256 = "0cce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2" in //:expat
Modules/expat/expat.h:1:27: version is "2.7.1" here, but "2.6.3" is declared
  hint: if the tree is right, set version = "2.7.1" in //:expat`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nexpected:\n%s", err, want)
	}
	if n := len(diag.Flatten(err)); n != 3 {
		t.Errorf("%d errors, expected 3", n)
	}
}

// TestBump: what an edit of the version would leave behind makes the fix a bump.
func TestBump(t *testing.T) {
	const bump, other = "sbomctl bump //:expat 2.7.1", "17aa6cfc5c4c219c09287abfc10bc13f0c06f30bb654b28bfe6f567ca646eb79"
	same := "0cce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2"
	for _, test := range []struct {
		name   string
		params Params
		want   string // the command; "" for edits
	}{
		{"a version alone", Params{Declared: Declared{Version: "2.6.3"}}, ""},
		{"a tag", Params{Declared: Declared{Version: "2.6.3", SHA256: same}, Written: []string{"R_2_6_3"}, Checksum: true}, bump},
		{"another checksum", Params{Declared: Declared{Version: "2.6.3", SHA256: other}, Checksum: true}, bump},
		{"the same checksum", Params{Declared: Declared{Version: "2.6.3", SHA256: same}, Checksum: true}, ""},
	} {
		test.params.Label, test.params.Rules = "//:expat", expatRules
		c := newCall(test.params, refresh, refreshSh, "Modules/expat/expat.h", expatH)
		if err := run1(t, c); err == nil {
			t.Fatalf("%s: nothing is found", test.name)
		}
		for _, f := range c.Findings {
			if f.Fix == nil || f.Fix.Command != test.want || f.Fix.Edit() != (test.want == "") {
				t.Errorf("%s: %s: fix %+v, expected the command %q", test.name, f.Msg, f.Fix, test.want)
			}
		}
	}
	// What a shell would not take as it is, is told and edited, and no command.
	c := newCall(Params{Label: "//:x", Declared: Declared{Version: "1"}, Written: []string{"R_2_6_3"}, Rules: []Rule{{Path: "a", Pattern: `v=(?P<version>.*)`}}}, "a", "v=$(x)")
	if err := run1(t, c); err == nil || !c.Findings[0].Fix.Edit() {
		t.Errorf("found %+v", c.Findings)
	}
}

func TestCheck(t *testing.T) {
	rule := func(path, pattern string) []Rule { return []Rule{{Path: path, Pattern: pattern}} }
	tests := []struct {
		name     string
		declared Declared
		rules    []Rule
		files    []string
		want     string // "" when it agrees
	}{
		{"not found", Declared{Version: "1"}, rule("a", `v=(?P<version>\d)`), []string{"a", "nothing"},
			"a: evidence not found: pattern \"v=(?P<version>\\\\d)\" matches nothing in a\n  hint: look how"},
		{"not found in any", Declared{Version: "1"}, rule("*", `v=(?P<version>\d)`), []string{"a", "", "b", ""},
			"matches nothing in any of the 2 files of *"},
		{"found in one of two", Declared{Version: "1"}, rule("*", `v=(?P<version>\d)`), []string{"a", "", "b", "v=1"}, ""},
		{"no such file", Declared{Version: "1"}, rule("Modules/refesh.sh", `(?P<version>\d)`), []string{"Modules/refresh.sh", "1"},
			`evidence names "Modules/refesh.sh", but the tree has no such file; did you mean "Modules/refresh.sh"?`},
		{"every match counts", Declared{Version: "1"}, rule("a", `v=(?P<version>\d)`), []string{"a", "v=2\nv=2"},
			`a:2:3: version is "2" here, but "1" is declared`},
		{"too loose", Declared{Version: "1"}, rule("a", `v=(?P<version>\d)`), []string{"a", "v=1\nv=2\nv=2\nv=3\nv=4"},
			`a:2:3: pattern "v=(?P<version>\\d)" is too loose: it matches 5 places that state version differently, "1" at a:1:3, "2" at a:2:3, "3" at a:4:3` +
				"\n  hint: narrow the pattern until it matches only where the tree states the version of the package"},
		{"too loose over files", Declared{Version: "1"}, rule("*", `v=(?P<version>\d)`), []string{"a", "v=2", "b", "v=3"},
			`a:1:3: pattern "v=(?P<version>\\d)" is too loose: it matches 2 places that state version differently, "2" at a:1:3, "3" at b:1:3`},
		{"no substring", Declared{Version: "1.0"}, rule("a", `v=(?P<version>[0-9.]+)`), []string{"a", "v=21.0.5"},
			`version is "21.0.5" here, but "1.0" is declared`},
		{"revision", Declared{Version: "1", Revision: "abc"}, rule("a", `rev=(?P<revision>\w+)`), []string{"a", "rev=abc"}, ""},
		{"revision is the version", Declared{Version: "abc"}, rule("a", `rev=(?P<revision>\w+)`), []string{"a", "rev=abd"},
			`a:1:5: revision is "abd" here, but "abc" is declared` + "\n  hint: if the tree is right, set version = \"abd\""},
		{"none declared", Declared{Version: "1"}, rule("a", `sum=(?P<sha256>\w+)`), []string{"a", "sum=00"},
			`sha256 is "00" here, but none is declared`},
		{"optional part", Declared{Version: "1.2"}, rule("a", `(?P<version_1>\d)\.(?P<version_2>\d)(\.(?P<version_3>\d))?`), []string{"a", "1.2"}, ""},
		{"two facts", Declared{Version: "1", SHA256: "ab"}, rule("a", `(?s)v=(?P<version>\d).*s=(?P<sha256>\w+)`), []string{"a", "v=1\ns=ab"}, ""},
		{"no group took part", Declared{Version: "1"}, rule("a", `x|v=(?P<version>\d)`), []string{"a", "v=1 x"},
			`a:1:5: pattern "x|v=(?P<version>\\d)" matches here without any of its groups`},
		{"empty", Declared{Version: "1"}, rule("a", `v=(?P<version>\d*)`), []string{"a", "v="},
			`version is "" here, but "1" is declared`},
		{"too many", Declared{Version: "1"}, rule("a", `(?P<version>1)`), []string{"a", strings.Repeat("1", 65)},
			`matches more than 64 times`},
		{"binary", Declared{Version: "1"}, rule("a", `(?s)v(?P<version>..)`), []string{"a", "v\xff\n"},
			`version is "\xff\n" here`},
		{"bad pattern", Declared{Version: "1"}, rule("a", `(`), []string{"a", ""},
			`pattern "(" is not a regular expression`},
		{"absent", Declared{Version: "1"}, []Rule{{Path: "*", Pattern: `version \d`, Absent: true}}, []string{"a", "nothing", "b", ""}, ""},
		{"no more absent", Declared{Version: "1"}, []Rule{{Path: "*", Pattern: `version \d`, Absent: true}}, []string{"a", "\n  version 2.0 */\n"},
			`a:2:3: "version 2.0 */" is stated here, and absent() says that nothing is` + "\n  hint: if the tree states it now, write regex(...) instead"},
		{"absent file", Declared{Version: "1"}, []Rule{{Path: "b", Pattern: `version \d`, Absent: true}}, []string{"a", ""}, `evidence names "b", but the tree has no such file`},
		{"url", Declared{Version: "1.2", URL: "https://e/1.1/x"}, rule("a", `(?P<url>https://\S+)`), []string{"a", "https://e/1.2/x"},
			"a:1:1: url is \"https://e/1.2/x\" here, but \"https://e/1.1/x\" is declared\n  hint: if the tree is right, set download_url = \"https://e/{version}/x\" in //:x"},
		{"tag", Declared{Version: "1.2", URL: "https://e/v1.1/x"}, rule("a", `(?P<tag>v\S+)`), []string{"a", "v1.2"},
			"a:1:1: tag is \"v1.2\" here, but download_url names no such tag: \"https://e/v1.1/x\"\n  hint: if the tree is right, download_url of //:x is to have the tag \"v1.2\" in it"},
		{"two licences", Declared{License: "MIT"}, rule("a", `L: (?P<license>\S+)`), []string{"a", "L: MIT\nL: ISC"}, `a:2:4: license is "ISC" here, but "MIT" is declared`},
		{"sha512", Declared{SHA512: "ab"}, rule("a", `(?P<sha512>\w+)`), []string{"a", "cd"}, "a:1:1: sha512 is \"cd\" here, but \"ab\" is declared\n  hint: if the tree is right, set sha512 = \"cd\""},
		{"date", Declared{Created: "2025-06-11T00:00:00Z"}, rule("a", `(?P<date>[\d-]+)`), []string{"a", "2025-08-06"}, "a:1:1: date is \"2025-08-06\" here, but \"2025-06-11T00:00:00Z\" is declared\n  hint: if the tree is right, set created = \"2025-08-06T00:00:00Z\" in //:x"},
		{"bad path", Declared{Version: "1"}, rule("[", `(?P<version>1)`), []string{"a", ""},
			`pattern "[" is malformed`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := run1(t, newCall(Params{Label: "//:x", Declared: tt.declared, Rules: tt.rules}, tt.files...))
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got:\n%v\nexpected:\n%s", err, tt.want)
			}
		})
	}
}

func TestTooLarge(t *testing.T) {
	c := newCall(Params{Label: "//:x", Declared: Declared{Version: "1"}, Rules: []Rule{{Path: "a", Pattern: `(?P<version>1)`}}}, "a", "1")
	c.Inputs["files"][0].Digest.Size = MaxFileBytes + 1
	err := run1(t, c)
	if err == nil || err.Error() != "a: evidence is looked for in a file of 16777217 bytes, expected at most 16777216" {
		t.Errorf("got: %v", err)
	}
}

func TestValidate(t *testing.T) {
	tests := []struct{ pattern, want string }{
		{`v(?P<version>\d+)`, ""},
		{`(?s)(?P<version_1>\d).*(?P<version_2>\d) (?P<sha256>x) (?P<revision>y)`, ""},
		{`(?<version>\d+)`, ""},
		{`v\d+`, `names no group, expected version, revision, tag, url, name, license, date, sha512, sha256, sha1, md5, version_1 to version_9, or one that a template names`},
		{`(?P<versoin>\d+)`, `has a group "versoin", expected version, revision, tag, url, name, license, date, sha512, sha256, sha1, md5, version_1 to version_9, or one that a template names; did you mean "version"?`},
		{`(?P<version_0>\d+)`, `has a group "version_0"`},
		{`(?P<version_2>\d+)`, `has no group version_1, but a later one`},
		{`(?P<version_1>a)(?P<version_3>b)`, `has no group version_2, but a later one`},
		{`(?P<version>a)(?P<version_1>b)`, `expected one or the other`},
		{`(?P<version>a)(?P<version>b)`, `has two groups "version", expected one`},
		{`(?=x)(?P<version>a)`, `RE2 has no look-ahead`},
		{`(?P<version>a)\1`, `RE2 has no back-references`},
		{`(?P<version>((a{100}){100}){100})`, `is not a regular expression (RE2)`},
		{strings.Repeat("a", MaxPatternBytes+1), `has 4097 bytes, expected at most 4096`},
	}
	for _, tt := range tests {
		err := Validate(Rule{Pattern: tt.pattern})
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.pattern, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: got %v, expected %s", tt.pattern, err, tt.want)
		}
	}
}

// TestCatastrophic has a pattern that takes a backtracking matcher exponential time.
func TestCatastrophic(t *testing.T) {
	c := newCall(Params{Label: "//:x", Declared: Declared{Version: "1"}, Rules: []Rule{{Path: "a", Pattern: `^(?P<version>(a+)+)+$`}}},
		"a", strings.Repeat("a", 100_000)+"!")
	if err := run1(t, c); err == nil || !strings.Contains(err.Error(), "evidence not found") {
		t.Errorf("got: %v", err)
	}
}

func FuzzSearch(f *testing.F) {
	f.Add(`v=(?P<version>\d+)`, "v=1\nv=2")
	f.Add(`(?P<version_1>.)(?P<version_2>.)?`, "a\xffb")
	f.Add(`(?P<sha256>)`, "abc")
	f.Add(`(?P<version_10>)`, "")
	f.Fuzz(func(t *testing.T, expr, content string) {
		p, err := compile(Rule{Pattern: expr})
		if err != nil {
			msg, _, _ := strings.Cut(err.Error(), "\n  hint: ")
			if strings.ContainsAny(msg, "\n\x00\x1b") {
				t.Errorf("unquoted text in %q", err)
			}
			return
		}
		if len(content) > 1000 {
			return
		}
		facts, err := p.search("f", []byte(content))
		if err != nil {
			return
		}
		for _, x := range facts {
			if !strings.HasPrefix(content[x.at:], x.value) && len(p.parts) == 0 {
				t.Errorf("%q is not at %d of %q", x.value, x.at, content)
			}
		}
	})
}
