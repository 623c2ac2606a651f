package ident

import (
	"strings"
	"testing"
)

func TestPrereleaseCPE(t *testing.T) {
	for in, want := range map[string]string{
		"cpe:2.3:a:python:python:3.14.0rc1:*:*:*:*:*:*:*":        "cpe:2.3:a:python:python:3.14.0:rc1:*:*:*:*:*:*",
		"cpe:2.3:a:python:python:3.14.0b2:*:*:*:*:*:*:*":         "cpe:2.3:a:python:python:3.14.0:beta2:*:*:*:*:*:*",
		"cpe:2.3:a:python:python:3.14.0a7:*:*:*:*:*:*:*":         "cpe:2.3:a:python:python:3.14.0:alpha7:*:*:*:*:*:*",
		`cpe:2.3:a:x:y:2.0.0-beta.1:*:*:*:*:*:*:*`:               "cpe:2.3:a:x:y:2.0.0:beta1:*:*:*:*:*:*",
		`cpe:2.3:a:x\:z:y:1.0-RC2:*:*:*:*:node.js:*:*`:           `cpe:2.3:a:x\:z:y:1.0:rc2:*:*:*:node.js:*:*`,
		"cpe:2.3:a:python:python:3.14.0:*:*:*:*:*:*:*":           "",
		"cpe:2.3:a:openssl:openssl:1.1.1b:*:*:*:*:*:*:*":         "", // a letter is a patch level there
		"cpe:2.3:a:python:python:3.14.0rc1:x:*:*:*:*:*:*":        "",
		"cpe:2.3:a:x:y:bb3d0dc8d9d15a5cd51094d5b69e:*:*:*:*:*:*": "",
		"cpe": "",
	} {
		got := PrereleaseCPE(in)
		if got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
		if got != "" {
			if _, err := ParseCPE(got); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestGenericPURL(t *testing.T) {
	for _, c := range []struct{ name, version, vcs, want string }{
		{"expat", "2.7.1", "", "pkg:generic/expat@2.7.1"},
		{"expat", "", "", "pkg:generic/expat"},
		{"a b/c", "1.0+x", "git+https://h/p@v1", "pkg:generic/a%20b%2Fc@1.0%2Bx?vcs_url=git%2Bhttps:%2F%2Fh%2Fp%40v1"},
	} {
		got := GenericPURL(c.name, c.version, c.vcs)
		if got != c.want {
			t.Errorf("%s %s: %s, want %s", c.name, c.version, got, c.want)
		}
		check(t, got, PURL(got, c.version), "") // it is canonical
	}
}

func TestTags(t *testing.T) {
	for _, c := range []struct {
		purl, version string
		ok            bool
	}{
		{"pkg:github/libexpat/libexpat@R_2_7_1", "2.7.1", true},
		{"pkg:github/openssl/openssl@openssl-3.0.16", "3.0.16", true},
		{"pkg:github/python/cpython@v3.13.5", "3.13.5", true},
		{"pkg:github/x/y@3.13.5", "3.13.5", true},
		{"pkg:gitlab/x/y@release-1-2-3", "1.2.3", true},
		{"pkg:github/x/y@v13.13.5", "3.13.5", false},
		{"pkg:github/x/y@v1.3.13.5", "3.13.5", false},
		{"pkg:github/x/y@v3.13.50", "3.13.5", false},
		{"pkg:github/x/y@main", "3.13.5", false},
		{"pkg:generic/y@v3.13.5", "3.13.5", false}, // no code host
		{"pkg:github/x/y@v1", "", false},
	} {
		if err := PURL(c.purl, c.version); (err == nil) != c.ok {
			t.Errorf("%s of %q: %v", c.purl, c.version, err)
		}
	}
}

func TestVCS(t *testing.T) {
	for in, want := range map[string]string{
		"git+https://github.com/python/cpython@v3.13.5": "",
		"git+https://example.org/x.git@releases/2.0":    "",
		"git+https://github.com/python/cpython":         `"git+https://github.com/python/cpython" names no tag or commit: it ends in @TAG, such as @v{version}`,
		"git+https://github.com/python/cpython@":        `"git+https://github.com/python/cpython@" names no tag or commit: it ends in @TAG, such as @v{version}`,
		"https://github.com/python/cpython@v1":          "\"https://github.com/python/cpython@v1\" is not of the form git+https://HOST/PATH@TAG\n  hint: write git+https://github.com/python/cpython@v1",
		"git+https://github.com/python/cpython@v1#Lib":  `"git+https://github.com/python/cpython@v1#Lib" has a "#", which leads into the sources`,
		"git+ssh://git@github.com/x/y@v1":               `URL "ssh://git@github.com/x/y@v1" is not an http or https URL`,
		"git+https://user:secret@github.com/x/y@v1":     "URL has a user name or password in it",
		"svn+https://svn.example.org/x/trunk@1234":      "",
		"":                     `"" is not of the form git+https://HOST/PATH@TAG`,
		"git+https://h/x y@v1": `URL "https://h/x y@v1" has a character at column 12 that must be percent-encoded`,
		"git+https://" + strings.Repeat("a", 5000) + "/x": "URL is longer than 4096 bytes",
	} {
		check(t, in, VCS(in), want)
	}
}

func TestLicenseRefs(t *testing.T) {
	for in, want := range map[string]string{
		"LicenseRef-x.1-Y": "",
		"x":                "\"x\" does not begin with \"LicenseRef-\"\n  hint: write LicenseRef-x",
		"LicenseRef-":      `"LicenseRef-" is not of the form LicenseRef-<id>, <id> being letters, digits, "." and "-"`,
		"LicenseRef-a_b":   `"LicenseRef-a_b" is not of the form LicenseRef-<id>, <id> being letters, digits, "." and "-"`,
	} {
		check(t, in, LicenseRef(in), want)
	}
	const hint = "\n  hint: a reader has no other way to know what it says: license_refs = [license_ref(\"LicenseRef-x\", text = ...)]"
	for in, want := range map[string]string{
		"MIT AND LicenseRef-a":                   "",
		"(LicenseRef-a OR MIT)":                  "",
		"NOASSERTION":                            "",
		"LicenseRef-x":                           `licence expression "LicenseRef-x" names LicenseRef-x, whose text is nowhere; did you mean "LicenseRef-a"?` + hint,
		"(MIT OR LicenseRef-a) AND LicenseRef-x": `licence expression "(MIT OR LicenseRef-a) AND LicenseRef-x" names LicenseRef-x, whose text is nowhere; did you mean "LicenseRef-a"?` + hint,
		"DocumentRef-d:LicenseRef-a": "licence expression \"DocumentRef-d:LicenseRef-a\" names a licence of another document, and documents made here refer to none\n" +
			"  hint: define it: license_refs = [license_ref(\"LicenseRef-NAME\", text = ...)]",
		"mit": `licence "mit" is spelled "MIT"`,
	} {
		check(t, in, LicenseOf(in, []string{"LicenseRef-a"}), want)
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":                           "",
		"a\n\tb\r\nÜrün 日本":          "",
		"a\nb\x00":                   `line 2 has the control character '\x00'`,
		"\x1b[31m":                   `line 1 has the control character '\x1b'`,
		"\u0085":                     `line 1 has the control character '\u0085'`,
		"\xff":                       "text is not UTF-8",
		strings.Repeat("x", 1<<20+1): "text is longer than 1048576 bytes",
	} {
		check(t, in, Text(in), want)
	}
}
