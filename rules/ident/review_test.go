package ident

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestReview(t *testing.T) {
	good := Declared{Name: "expat", Version: "2.7.1", License: "MIT AND CC0-1.0", URL: "https://github.com/libexpat/libexpat/releases/download/R_2_7_1/expat-2.7.1.tar.gz",
		SHA256: strings.Repeat("a", 64), CPE: "cpe:2.3:a:libexpat_project:libexpat:2.7.1:*:*:*:*:*:*:*", PURL: "pkg:generic/expat@2.7.1"}
	with := func(change func(*Declared)) Declared {
		d := good
		change(&d)
		return d
	}
	for name, c := range map[string]struct {
		d    Declared
		want []string
	}{
		"good":                {good, nil},
		"nothing stated":      {Declared{Name: "x", Version: "1"}, nil},
		"NOASSERTION":         {Declared{Name: "x", Version: "1", License: "NOASSERTION", URL: "NOASSERTION", SHA256: "NOASSERTION"}, nil},
		"http":                {with(func(d *Declared) { d.URL = "http://x.org/expat-2.7.1.tar.gz" }), []string{`download_url: URL "http://x.org/expat-2.7.1.tar.gz" is not https: whoever answers for the server can answer with another file`}},
		"no checksum":         {with(func(d *Declared) { d.SHA256 = "" }), []string{"sha256: no checksum is declared of the download, so nobody can tell whether it is the right file"}},
		"none to be had":      {with(func(d *Declared) { d.SHA256 = "NOASSERTION" }), nil},
		"MD5":                 {with(func(d *Declared) { d.SHA256, d.MD5 = "", "x" }), []string{"md5: an MD5 is the only checksum of the download, and another file can be made to have it"}},
		"both":                {with(func(d *Declared) { d.MD5 = "x" }), nil},
		"deprecated":          {with(func(d *Declared) { d.License = "GPL-2.0 OR (LGPL-2.1+ AND GPL-2.0)" }), []string{"license: licence id GPL-2.0 and LGPL-2.1+ is deprecated by SPDX fix GPL-2.0-only OR (LGPL-2.1-or-later AND GPL-2.0-only)"}},
		"without a successor": {with(func(d *Declared) { d.License = "eCos-2.0" }), []string{"license: licence id eCos-2.0 is deprecated by SPDX"}},
		"CPE with capitals":   {with(func(d *Declared) { d.CPE = "cpe:2.3:a:LibExpat:libexpat:2.7.1:*:*:*:*:*:*:*" }), []string{`cpe: CPE "cpe:2.3:a:LibExpat:libexpat:2.7.1:*:*:*:*:*:*:*" has capitals, and the dictionary that scanners compare with has none fix cpe:2.3:a:libexpat:libexpat:{version}:*:*:*:*:*:*:*`}},
		"CPE of anybody":      {with(func(d *Declared) { d.CPE = "cpe:2.3:a:*:libexpat:2.7.1:*:*:*:*:*:*:*" }), []string{`cpe: CPE "cpe:2.3:a:*:libexpat:2.7.1:*:*:*:*:*:*:*" has a wildcard for vendor or product, so it is of every such package`}},
	} {
		var got []string
		for _, f := range Review(c.d) {
			s := fmt.Sprintf("%s: %s", f.Attr, f.Msg)
			if f.Fix != nil {
				s += " fix " + f.Fix.Value
			}
			got = append(got, s)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, c.want)
		}
	}
	for old, now := range successors {
		if !deprecatedIDs()[old] || License(now) != nil || deprecatedIDs()[now] {
			t.Errorf("%s became %s", old, now)
		}
	}
}

// FuzzReview: a fix of what is valid is valid, and needs no other.
func FuzzReview(f *testing.F) {
	f.Add("GPL-2.0+ AND MIT", "cpe:2.3:a:X:y:1.0:*:*:*:*:*:*:*", "http://x.org/R_1_1/y-1.0", "1.0")
	f.Fuzz(func(t *testing.T, license, cpe, url, version string) {
		if License(license) != nil || CPEOf(cpe, version) != nil || URL(url) != nil {
			return
		}
		for _, found := range Review(Declared{Name: "x", Version: version, License: license, CPE: cpe, URL: url}) {
			if found.Fix == nil {
				continue
			}
			value := strings.ReplaceAll(found.Fix.Value, "{version}", version)
			var err error
			again := Declared{Version: version}
			switch found.Attr {
			case "license":
				err, again.License = License(value), value
			case "cpe":
				err, again.CPE = CPEOf(value, version), value
			}
			if err != nil {
				t.Errorf("%q became %q: %v", found.Declared, value, err)
			}
			for _, f := range Review(again) {
				if f.Fix != nil {
					t.Errorf("%q became %q, which becomes %q", found.Declared, value, f.Fix.Value)
				}
			}
		}
	})
}
