package ident

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/github/go-spdx/v2/spdxexp"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// check compares err's whole text (hints included) with want, where "" means no error.
func check(t *testing.T, what string, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
		if e := (*diag.Error)(nil); !errors.As(err, &e) {
			t.Errorf("%s: error is a %T, want *diag.Error", what, err)
		}
	}
	if got != want {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

func TestLicense(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"NOASSERTION", ""}, {"NONE", ""}, {"PSF-2.0", ""}, {"MIT", ""}, {"GPL-2.0+", ""}, {"Apache-2.0+", ""},
		{"Apache-2.0 OR BSD-2-Clause", ""}, {"(MIT AND (ISC OR CC0-1.0))", ""},
		{"GPL-2.0-or-later WITH Classpath-exception-2.0", ""}, {"LicenseRef-mine", ""}, {"DocumentRef-a:LicenseRef-b.1", ""},
		{"", `licence expression "" ends where a licence is expected`},
		{"mit", `licence "mit" is spelled "MIT"`},
		{"Apache2.0", `licence "Apache2.0" is not on the SPDX list; did you mean "Apache-2.0"?`},
		{"Zqxwv", "licence \"Zqxwv\" is not on the SPDX list\n  hint: the list is at https://spdx.org/licenses; a licence that is not on it is written LicenseRef-NAME"},
		{"MIT and ISC", "licence expression \"MIT and ISC\" has \"and\" at column 5 where AND, OR, WITH or the end is expected\n  hint: operators are written in capitals: AND"},
		{"MIT ISC", `licence expression "MIT ISC" has "ISC" at column 5 where AND, OR, WITH or the end is expected`},
		{"(MIT", `licence expression "(MIT" ends where ")" is expected`},
		{"MIT)", `licence expression "MIT)" has ")" at column 4 where AND, OR, WITH or the end is expected`},
		{"MIT OR", `licence expression "MIT OR" ends where a licence is expected`},
		{"MIT WITH ISC", `licence exception "ISC" is not on the SPDX list`},
		{"MIT OR NOASSERTION", `NOASSERTION stands alone; it cannot be part of a licence expression`},
		{"LicenseRef-", `"LicenseRef-" is not of the form LicenseRef-<id>, <id> being letters, digits, "." and "-"`},
		{strings.Repeat("(", 70) + "MIT" + strings.Repeat(")", 70), "licence expression is nested deeper than 64 parentheses"},
		{strings.Repeat("x", 5000), "licence expression is longer than 4096 bytes"},
	} {
		check(t, c.in, License(c.in), c.want)
	}
}

// FuzzLicense holds what is accepted against another parser of the same grammar.
func FuzzLicense(f *testing.F) {
	for _, s := range []string{"MIT", "(MIT AND ISC) OR GPL-2.0+", "LicenseRef-a", "MIT WITH Classpath-exception-2.0", "( )"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if License(s) != nil || s == NoAssertion || s == None {
			return
		}
		if ok, bad := spdxexp.ValidateLicenses([]string{s}); !ok {
			t.Errorf("accepted %q, which go-spdx rejects: %q", s, bad)
		}
	})
}

func TestCPEOf(t *testing.T) {
	const any7 = ":*:*:*:*:*:*:*"
	for _, c := range []struct{ in, version, want string }{
		{"cpe:2.3:a:libexpat_project:libexpat:2.6.3" + any7, "2.6.3", ""},
		{`cpe:2.3:a:v:p\:q:1.0\+b` + any7, "1.0+b", ""},
		{"cpe:2.3:a:v:p:1:*:*:en-US:*:*:*:*", "1", ""},
		{"cpe:2.3:a:v:p:21.0.5" + any7, "1.0", `CPE "cpe:2.3:a:v:p:21.0.5:*:*:*:*:*:*:*" states version "21.0.5", expected "1.0"`},
		{"cpe:/a:v:p:1", "1", "CPE \"cpe:/a:v:p:1\" does not begin with \"cpe:2.3:\"\n  hint: this is the CPE 2.2 URI form; the formatted string of CPE 2.3 is expected"},
		{"cpe:2.3:a:v:p:1", "1", `CPE "cpe:2.3:a:v:p:1" has 4 components after "cpe:2.3:", expected 11`},
		{"cpe:2.3:x:v:p:1" + any7, "1", `CPE "cpe:2.3:x:v:p:1:*:*:*:*:*:*:*": part "x" is not "a" (application), "o" (operating system) or "h" (hardware)`},
		{"cpe:2.3:a:v::1" + any7, "1", `CPE "cpe:2.3:a:v::1:*:*:*:*:*:*:*": product "" is empty; write "*" for any`},
		{"cpe:2.3:a:v:a b:1" + any7, "1", `CPE "cpe:2.3:a:v:a b:1:*:*:*:*:*:*:*": product "a b" has a character that a CPE cannot hold`},
		{"cpe:2.3:a:v:a+b:1" + any7, "1", `CPE "cpe:2.3:a:v:a+b:1:*:*:*:*:*:*:*": product "a+b" has "+" without a backslash before it`},
		{"cpe:2.3:a:v:a*b:1" + any7, "1", `CPE "cpe:2.3:a:v:a*b:1:*:*:*:*:*:*:*": product "a*b" has a wildcard that is not at its beginning or end`},
		{"cpe:2.3:a:v:p:1:*:*:english:*:*:*:*", "1", `CPE "cpe:2.3:a:v:p:1:*:*:english:*:*:*:*": language "english" is not a language tag such as "en" or "en-US"`},
		{"cpe:2.3:a:v:p:*" + any7, "1", `CPE "cpe:2.3:a:v:p:*:*:*:*:*:*:*:*" states version "*", expected "1"`},
	} {
		check(t, c.in, CPEOf(c.in, c.version), c.want)
	}
}

// cpePattern is the regular expression that SPDX 2.3 (annex F) and NISTIR 7695 give for the form.
var cpePattern = regexp.MustCompile(`^cpe:2\.3:[aho\*\-](:(((\?*|\*?)([a-zA-Z0-9\-\._]|(\\[\\\*\?!"#$%&'\(\)\+,/:;<=>@\[\]\^` + "`" + `\{\|}~]))+(\?*|\*?))|[\*\-])){5}(:(([a-zA-Z]{2,3}(-([a-zA-Z]{2}|[0-9]{3}))?)|[\*\-]))(:(((\?*|\*?)([a-zA-Z0-9\-\._]|(\\[\\\*\?!"#$%&'\(\)\+,/:;<=>@\[\]\^` + "`" + `\{\|}~]))+(\?*|\*?))|[\*\-])){4}$`)

// FuzzCPE compares the parser with the published regular expression, both ways.
func FuzzCPE(f *testing.F) {
	for _, s := range []string{
		"cpe:2.3:a:bzip:bzip2:1.0.8:*:*:*:*:*:*:*", `cpe:2.3:o:a\:b:*x??:-:?:\??:en-029:*:*:*:\*`, `cpe:2.3:h:a:b\\:c*:*:*:*:*:*:*:*`,
		`cpe:2.3:h:?a:b\\?:\**:*:*:*:*:*:*:*`, "cpe:2.3:a::::::::::",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > maxLength {
			return
		}
		_, err := ParseCPE(s)
		if want := cpePattern.MatchString(s); (err == nil) != want {
			t.Errorf("ParseCPE(%q) = %v, but the pattern matches: %t", s, err, want)
		}
	})
}

func TestPURL(t *testing.T) {
	for _, c := range []struct{ in, version, want string }{
		{"pkg:pypi/pip@25.1.1", "25.1.1", ""},
		{"pkg:github/libexpat/libexpat@R_2_7_1", "R_2_7_1", ""},
		{"pkg:pypi/typing_extensions@4.13.2", "4.13.2", "package URL \"pkg:pypi/typing_extensions@4.13.2\" is not in canonical form\n  hint: write pkg:pypi/typing-extensions@4.13.2"},
		{"pkg:pypi/pip@25.1.1", "5.1.1", `package URL "pkg:pypi/pip@25.1.1" states version "25.1.1", expected "5.1.1"`},
		{"pkg:pypi/pip", "1", `package URL "pkg:pypi/pip" states version "", expected "1"`},
		{"pypi/pip@1", "1", `package URL "pypi/pip@1" does not begin with "pkg:"`},
		{"pkg:pypi", "1", `package URL "pkg:pypi" is not of the form pkg:<type>/<name>@<version>`},
	} {
		check(t, c.in, PURL(c.in, c.version), c.want)
	}
	check(t, "not canonical", PURLOf("pkg:pypi/typing_extensions@4.13.2", "4.13.2"), "")
}

// FuzzPURL checks that the canonical form is a fixed point.
func FuzzPURL(f *testing.F) {
	for _, s := range []string{"pkg:pypi/pip@25.1.1", "pkg:github/a/b@1?x=y#c/d", "pkg:pypi/A_b@1%2B2", "pkg:golang/x//y@v1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		canonical, err := CanonicalPURL(s)
		if err != nil {
			return
		}
		again, err := CanonicalPURL(canonical)
		if err == nil && again != canonical {
			t.Errorf("canonical form of %q is %q, and of that %q", s, canonical, again)
		}
	})
}

func TestChecksum(t *testing.T) {
	sha := strings.Repeat("0a", 32)
	for _, c := range []struct{ alg, in, want string }{
		{"SHA256", sha, ""}, {"MD5", strings.Repeat("1", 32), ""}, {"SHA1", strings.Repeat("f", 40), ""},
		{"SHA256", sha[1:], `SHA256 "` + sha[1:] + `" has 63 characters, expected 64 hexadecimal digits`},
		{"SHA256", strings.ToUpper(sha), `SHA256 "` + strings.ToUpper(sha) + `" is not lower-case hexadecimal`},
		{"SHA256", strings.Repeat("0", 64), "SHA256 is all zeros, which is the checksum of nothing"},
		{"CRC", "1", `checksum algorithm "CRC" is not known`},
	} {
		check(t, c.alg+" "+c.in, Checksum(c.alg, c.in), c.want)
	}
}

func TestURL(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"https://github.com/a/b.tar.gz", ""}, {"http://tukaani.org/xz/xz-5.2.3.tar.gz", ""},
		{"ftp://x/y", `URL "ftp://x/y" is not an http or https URL`}, {"https:///x", `URL "https:///x" has no host`},
		{"https://a b", `URL "https://a b" has a character at column 10 that must be percent-encoded`},
		{"https://u:p@h/", "URL has a user name or password in it"}, {"https://%zz", `URL "https://%zz" is malformed`},
	} {
		check(t, c.in, URL(c.in), c.want)
	}
}

func TestAgentCreatorCreated(t *testing.T) {
	check(t, "agent", Agent("Organization: Expat development team"), "")
	check(t, "agent", Agent("Expat"), `"Expat" is not of the form "Organization: NAME" or "Person: NAME"`)
	check(t, "agent", Agent("Tool: x"), `"Tool: x" is not of the form "Organization: NAME" or "Person: NAME"`)
	check(t, "creator", Creator("Tool: x-1"), "")
	check(t, "creator", Creator("Tool: "), `creator "Tool: " is not of the form "Tool: NAME", "Organization: NAME" or "Person: NAME"`)
	check(t, "created", Created("2025-06-11T00:00:00Z"), "")
	for _, bad := range []string{"", "2025-06-11", "2025-13-11T00:00:00Z", "2025-06-11T00:00:00+00:00", "2025-06-11T00:00:00.5Z"} {
		if Created(bad) == nil {
			t.Errorf("Created(%q) accepted", bad)
		}
	}
}
