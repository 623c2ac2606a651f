package evidence

import (
	"strings"
	"testing"
)

func TestUnpack(t *testing.T) {
	for _, c := range []struct{ number, picture, want string }{
		{"212", "9.9.9", "2.1.2"}, {"1000", "9.9.9", "10.0.0"}, {"1000", "9.99.9", "1.0.0"}, {"3049001", "9.999.999", "3.49.1"}, {"10506", "9.99.99", "1.5.6"},
		{"50020052", "9.999.9990", "5.2.5"}, {"0x02030100", "f.ff.ff.00", "2.3.1"}, {"0X1310", "f.f.f.0", "1.3.1"}, {"02030100", "f.ff.ff.00", "0.30.250"}, {"131841", "f.ff.ff", "2.3.1"},
		{"0x0d0a", "ff.ff", "13.10"}, {"d0a", "f.ff", "13.10"}, {"5", "9.9.9", "0.0.5"}, {"107400", "9_999_99", "1_74_0"}, {"18446744073709551615", "9", "18446744073709551615"},
		{"", "9.9", ""}, {"x", "9.9", ""}, {"-5", "9.9", ""}, {"+5", "9.9", ""}, {"99999999999999999999", "9.9", ""}, {"1_0", "9.9", ""},
	} {
		got, err := unpack(c.number, c.picture)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s by %s is %q, %v; want %q", c.number, c.picture, got, err, c.want)
		}
	}
}

func TestCheckPicture(t *testing.T) {
	for p, want := range map[string]bool{"9.9.9": true, "9": true, "f.ff.ff.00": true, "99_99-9": true, "9990": true, "": false, "9.f": false, "0.9": false, ".9": false, "9.": false, "9..9": false, "x": false, "9.9.9 ": false,
		strings.Repeat("9", 65): false} {
		if err := checkPicture(p); (err == nil) != want {
			t.Errorf("%q: %v", p, err)
		}
	}
}

func TestTemplates(t *testing.T) {
	for _, c := range []struct {
		name, pattern string
		facts         map[string]string
		content, want string // facts, or the error's beginning
	}{
		{"any order", `micro (?P<c>\d+) minor (?P<b>\d+) major (?P<a>\d+)`, map[string]string{"version": "{a}.{b}.{c}"}, "micro 1 minor 7 major 2", "version=2.7.1"},
		{"packed", `N (?P<n>\w+)`, map[string]string{"version": "{n:9.9.9}"}, "N 212", "version=2.1.2"},
		{"its own group", `N (?P<version>\w+)`, map[string]string{"version": "{version:9.999.999}"}, "N 3049001", "version=3.49.1"},
		{"a group that is missing", `(?P<a>\d+)\.(?P<b>\d+)(?:\.(?P<c>\d+))?`, map[string]string{"version": "{a}.{b}.{c}"}, "2.7", "version=2.7"},
		{"the first is missing", `x(?P<a>\d+)?`, map[string]string{"version": "{a}.0"}, "x", `f:1:1: pattern "x(?P<a>\\d+)?" matches here without any of its groups`},
		{"a constant", `free of charge`, map[string]string{"license": "MIT"}, "is free of charge", "license=MIT"},
		{"several", `(?P<version>[\d.]+) (?P<base>\S+)`, map[string]string{"url": "{base}x-{version}.tgz"}, "1.2 https://e/", "version=1.2 url=https://e/x-1.2.tgz"},
		{"of another target", `(?P<version>[\d.]+) (?P<tcl_sha256>\w+) (?P<tk_sha256>\w+)`, map[string]string{"sha256": "{tk_sha256}"}, "8.6 aa bb", "version=8.6 sha256=bb"},
		{"no number", `N (?P<n>\w+)`, map[string]string{"version": "{n:9.9.9}"}, "N abc", `f:1:3: "abc" is no number that the picture 9.9.9 could take apart`},
		{"no such group", `(?P<a>.)`, map[string]string{"version": "{b}"}, "", `version: "{b}" names the group "b", which the pattern does not have`},
		{"a stray brace", `(?P<a>.)`, map[string]string{"version": "{a}}"}, "", `version: "{a}}" has a "}" that belongs to no group`},
		{"no such fact", `(?P<a>.)`, map[string]string{"versoin": "{a}"}, "", `pattern "(?P<a>.)" has a template for "versoin", which is no fact; did you mean "version"?`},
		{"a group nobody uses", `(?P<a>.)(?P<b>.)`, map[string]string{"version": "{a}"}, "", `pattern "(?P<a>.)(?P<b>.)" has a group "b", expected`},
		{"a bad picture", `(?P<a>.)`, map[string]string{"version": "{a:9.x}"}, "", `version: "9.x" is no picture of a packed number`},
	} {
		facts, err := StatesBy(Rule{Pattern: c.pattern, Facts: c.facts}, "f", []byte(c.content))
		var words []string
		for _, f := range facts {
			words = append(words, f.Fact+"="+f.Value)
		}
		got := strings.Join(words, " ")
		if err != nil {
			got = err.Error()
		}
		if got != c.want && (err == nil || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// TestFacts: what of each fact is the declared value, and what is not.
func TestFacts(t *testing.T) {
	d := Declared{Version: "2.7.1", URL: "https://e/releases/download/R_2_7_1/expat-2.7.1.tar.gz", PURL: "pkg:github/o/n@v2.7.1", Name: "expat", License: "MIT AND CC0-1.0", SHA256: "ab", SHA512: "cd", SHA1: "ef", MD5: "NOASSERTION",
		Created: "2025-06-11T12:00:00Z"}
	for _, c := range []struct {
		fact, found string
		want        bool
	}{
		{version, "2.7.1", true}, {version, "2.7.10", false}, {revision, "2.7.1", true},
		{tag, "R_2_7_1", true}, {tag, "v2.7.1", true}, {tag, "2_7_1", false}, {tag, "R_2_7", false}, {tag, "", false}, {tag, "expat-2.7.1", true},
		{urlFact, "https://e/releases/download/R_2_7_1/expat-2.7.1.tar.gz", true}, {urlFact, "https://e/", false}, {name, "Expat", true}, {name, "expat2", false},
		{license, "MIT", true}, {license, "cc0-1.0", true}, {license, "MIT AND (CC0-1.0)", true}, {license, "ISC", false}, {license, "MIT OR ISC", false}, {license, "", false},
		{date, "2025-06-11", true}, {date, "2025-06-1", false}, {sha256, "AB", true}, {sha512, "cd", true}, {sha1, "ef", true}, {sha1, "ee", false}, {md5, "NOASSERTION", false},
	} {
		if got := d.Agrees(c.fact, c.found); got != c.want {
			t.Errorf("%s %q: %v", c.fact, c.found, got)
		}
	}
	d.LicenseDeclared = "ISC"
	if !d.Agrees(license, "ISC") || d.Agrees(license, "MIT") {
		t.Error("what is declared of the licence is not what is compared")
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add(`(?P<a>\d+)`, "{a:9.9}", "212")
	f.Add(`(?P<a>.)(?P<b>.)?`, "x{b}-{a}", "ab")
	f.Add(`(?P<a>.*)`, "{a:f.ff.00}", "0xffff")
	f.Fuzz(func(t *testing.T, pattern, template, content string) {
		if len(content) > 1000 || len(template) > 1000 {
			return
		}
		facts, err := StatesBy(Rule{Pattern: pattern, Facts: map[string]string{"version": template}}, "f", []byte(content))
		if err != nil {
			return
		}
		for _, x := range facts {
			if x.Fact == "version" && len(x.Value) > len(template)+MaxMatches*20*(1+len(content)) {
				t.Errorf("%q of %d bytes", x.Value, len(x.Value))
			}
		}
	})
}
