package wheel

import (
	"context"
	"strings"
	"testing"
)

func TestStatedLicense(t *testing.T) {
	class := func(names ...string) (out []string) {
		for _, n := range names {
			out = append(out, "License :: "+n)
		}
		return append(out, "Programming Language :: Python")
	}
	for _, tt := range []struct {
		expression, license string
		classifiers         []string
		want, source        string
	}{
		{"MIT OR Apache-2.0", "BSD", class("OSI Approved :: ISC License (ISCL)"), "MIT OR Apache-2.0", "license_expression"},
		{"", " PSF-2.0 ", nil, "PSF-2.0", "license"},
		{"", "MPL", class("OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)"), "MPL-2.0", "classifier"},
		{"", "", class("OSI Approved", "OSI Approved :: MIT License"), "MIT", "classifier"},
		{"", "", class("CC0 1.0 Universal (CC0 1.0) Public Domain Dedication"), "CC0-1.0", "classifier"},
		{"", "", class("OSI Approved :: MIT License", "OSI Approved :: ISC License (ISCL)"), "", ""}, // AND or OR?
		{"", "BSD", class("OSI Approved :: BSD License"), "", ""},                                    // which?
		{"", "Apache 2.0", class("OSI Approved :: Apache Software License"), "", ""},
		{"", "", class("OSI Approved :: GNU General Public License v3 (GPLv3)"), "", ""},
		{"LicenseRef-Proprietary", "", nil, "", ""}, // its text is not at hand
		{"MIT; rm", "UNKNOWN", nil, "", ""},
		{"NONE", "NOASSERTION", nil, "", ""},
		{strings.Repeat("MIT OR ", 50) + "MIT", "", nil, "", ""},
		{"", "MIT\nPermission is hereby granted", nil, "", ""},
	} {
		got, source := statedLicense(tt.expression, tt.license, tt.classifiers)
		if got != tt.want || source != tt.source {
			t.Errorf("%+v: %q by %q", tt, got, source)
		}
	}
	for classifier, id := range classified {
		if !usableLicense(id) {
			t.Errorf("%s: %s is on no list", classifier, id)
		}
	}
}

func TestStatedAuthor(t *testing.T) {
	for _, tt := range []struct{ name, addresses, want string }{
		{"Kenneth Reitz", "me@kennethreitz.org", "Person: Kenneth Reitz (me@kennethreitz.org)"},
		{"", "The pip developers <distutils-sig@python.org>", "Person: The pip developers (distutils-sig@python.org)"},
		{"", `"A, B" <a@example.org>`, "Person: A, B (a@example.org)"},
		{"", "A <a@example.org>, B <b@example.org>", "Person: A, B"},
		{"A  \n B", "", "Person: A B"},
		{"A", "no address", "Person: A"},
		{"", "a@example.org", ""}, {"UNKNOWN", "", ""}, {"", "", ""}, {"A\x1b[2J", "", ""}, {strings.Repeat("a", 300), "", ""},
	} {
		if got := statedAuthor(tt.name, tt.addresses); got != tt.want {
			t.Errorf("%q, %q: %q, expected %q", tt.name, tt.addresses, got, tt.want)
		}
	}
}

func TestStatedHomepage(t *testing.T) {
	for _, tt := range []struct {
		page  string
		links []link
		want  string
	}{
		{"https://a.example/", []link{{"Homepage", "https://b.example/"}}, "https://a.example/"},
		{"UNKNOWN", []link{{"Source", "https://c.example/"}, {"Home-Page", "https://b.example/"}}, "https://b.example/"},
		{"", []link{{"Source", "https://c.example/"}}, ""},
		{"", []link{{"homepage", "javascript:alert(1)"}, {"Home Page", "https://d.example/"}}, "https://d.example/"},
	} {
		if got := statedHomepage(tt.page, tt.links); got != tt.want {
			t.Errorf("%q, %v: %q, expected %q", tt.page, tt.links, got, tt.want)
		}
	}
}

// TestMetadataStates: what a wheel states of itself stands in its METADATA.
func TestMetadataStates(t *testing.T) {
	header := "\ufeffMetadata-Version: 2.4\r\nName: pip\r\nVersion: 25.1.1\r\nAuthor-email: The pip developers <distutils-sig@python.org>\r\n" +
		"License: MIT\r\n  with more\r\nProject-URL: Changelog, https://c.example/\r\nProject-URL: Homepage, https://pip.pypa.io/\r\n" +
		"Classifier: License :: OSI Approved :: MIT License\r\n\r\nName: no field\r\nLicense-Expression: ISC\r\n"
	w, err := inspect(zipOf(t, vendorPath, "\ufeff# of Windows\r\nCacheControl==0.14.2\r\n", infoPath, header), wheelPath)
	if err != nil {
		t.Fatal(err)
	}
	want := Stated{License: "MIT", LicenseSource: "classifier", Author: "Person: The pip developers (distutils-sig@python.org)", Homepage: "https://pip.pypa.io/"}
	if w.Stated != want {
		t.Errorf("got %+v", w.Stated)
	}
	if len(w.Vendored) != 1 || w.Vendored[0].Name != "CacheControl" || w.Vendored[0].Line != 2 {
		t.Errorf("vendored: %+v", w.Vendored)
	}
	w, err = inspect(zipOf(t, vendorPath, "\ufeffa==1\n", infoPath, strings.Replace(smallMetadata, "Summary", "License-Expression: MIT OR ISC\nSummary", 1)), wheelPath)
	if err != nil {
		t.Fatal(err)
	}
	if w.Stated.License != "MIT OR ISC" || w.Stated.LicenseSource != "license_expression" {
		t.Errorf("got %+v", w.Stated)
	}
}

// TestIndexStates: what a project states to the index, in a lock.
func TestIndexStates(t *testing.T) {
	w, err := inspect(smallWheel(t), wheelPath)
	if err != nil {
		t.Fatal(err)
	}
	answers := goodIndex()
	info := answers["requests/2.32.3"].(map[string]any)["info"].(map[string]any)
	for key, value := range map[string]any{"license_expression": nil, "license": "Apache-2.0", "author": "Kenneth Reitz", "author_email": "me@kennethreitz.org",
		"home_page": "", "project_urls": map[string]any{"Source": "https://github.com/psf/requests", "Homepage": "https://requests.readthedocs.io"}} {
		info[key] = value
	}
	bare := answers["typing-extensions/4.13.2"].(map[string]any)["info"].(map[string]any)
	for key, value := range map[string]any{"license_expression": nil, "license": nil, "author": nil, "author_email": nil, "home_page": nil, "project_urls": nil, "classifiers": nil} {
		bare[key] = value
	}
	l, err := Generate(context.Background(), serve(t, answers), w)
	if err != nil {
		t.Fatal(err)
	}
	want := Stated{License: "Apache-2.0", LicenseSource: "license", Author: "Person: Kenneth Reitz (me@kennethreitz.org)", Homepage: "https://requests.readthedocs.io"}
	if got := l.Packages["requests"].Stated; got != want {
		t.Errorf("got %+v", got)
	}
	if got := l.Packages["typing_extensions"].Stated; got != (Stated{}) {
		t.Errorf("got %+v", got)
	}
}

// TestSpellings: the index answers for the version that was asked for in its own spelling, and some know that one only.
func TestSpellings(t *testing.T) {
	w, err := inspect(zipOf(t, infoPath, smallMetadata, vendorPath, "certifi==2021.10.08\nzope.interface==1.0-1\n"), wheelPath)
	if err != nil {
		t.Fatal(err)
	}
	for _, spelling := range []string{"2021.10.08", "2021.10.8"} {
		answers := map[string]any{
			"pip/25.1.1":           goodIndex()["pip/25.1.1"],
			"certifi/" + spelling:  answer("certifi", "2021.10.8", file("certifi-2021.10.8-py2.py3-none-any.whl", '2')),
			"zope-interface/1.0-1": answer("zope.interface", "1.0.post1", file("zope_interface-1.0.post0-py3-none-any.whl", '3'), file("zope.interface-1.0-1.tar.gz", '4')),
		}
		l, err := Generate(context.Background(), serve(t, answers), w)
		if err != nil {
			t.Fatal(err)
		}
		if e := l.Packages["certifi"]; e.Version != "2021.10.08" || e.Filename != "certifi-2021.10.8-py2.py3-none-any.whl" {
			t.Errorf("%s: %+v", spelling, e)
		}
		if e := l.Packages["zope.interface"]; e.Filename != "zope.interface-1.0-1.tar.gz" {
			t.Errorf("%+v", e)
		}
	}
}
