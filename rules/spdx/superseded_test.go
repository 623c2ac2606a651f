package spdx

import (
	"strings"
	"testing"
)

// TestSupersede: what an entry covers, what it does not, and what of it is stale.
func TestSupersede(t *testing.T) {
	version := Difference{Package: "x", Field: "versionInfo", Own: `"1"`, Built: `"2"`}
	url := Difference{Package: "x", Field: "downloadLocation", Own: `"https://e/R_1"`, Built: `"https://e/R_2"`}
	license := Difference{Package: "x", Field: "licenseConcluded", Own: `"NOASSERTION"`, Built: `"MIT"`}
	other := Difference{Package: "y", Field: "licenseConcluded", Own: `"NOASSERTION"`, Built: `"ISC"`}
	says := func(pkg string, pairs ...string) Superseded {
		s := Superseded{Package: pkg, Reason: "why", Says: map[string]string{}}
		for i := 0; i < len(pairs); i += 2 {
			s.Says[pairs[i]] = pairs[i+1]
		}
		return s
	}
	for _, c := range []struct {
		name        string
		differences []Difference
		entries     []Superseded
		covered     int
		want        string // "" when nothing is wrong
	}{
		{"agree", nil, nil, 0, ""},
		{"says", []Difference{version}, []Superseded{says("x", "versionInfo", "1")}, 1, ""},
		{"fields", []Difference{url, version}, []Superseded{{Package: "x", Reason: "why", Fields: []string{"versionInfo", "downloadLocation"}}}, 1, ""},
		{"all packages", []Difference{license, other}, []Superseded{{Package: "*", Reason: "why", Fields: []string{"licenseConcluded"}}}, 2, ""},
		{"one by its own entry", []Difference{license, other}, []Superseded{says("x", "licenseConcluded", "NOASSERTION"), says("*", "licenseConcluded", "NOASSERTION")}, 2, ""},
		{"two entries for one package", []Difference{license, version}, []Superseded{says("x", "versionInfo", "1"), says("*", "licenseConcluded", "NOASSERTION")}, 2, ""},
		{"another difference", []Difference{url}, []Superseded{says("x", "versionInfo", "1")}, 0,
			`o.json: package "x": downloadLocation is "https://e/R_1" in o.json of t, but "https://e/R_2" in //:b
  hint: where it cannot be mended, add to superseded of the target: superseded("x", reason = "why the declaration is right", says = {"downloadLocation": "https://e/R_1"})
superseded names versionInfo of package "x", but o.json of t does not differ from //:b in it
  hint: remove the entry`},
		{"it says something else now", []Difference{version}, []Superseded{says("x", "versionInfo", "0")}, 0,
			`superseded says that versionInfo of "x" is "0" in o.json of t, but it is "1" there
  hint: look whether the reason holds for it, then write: superseded("x", reason = "why", says = {"versionInfo": "1"})`},
		{"the old form", []Difference{url, version}, []Superseded{{Package: "x", Reason: "why"}}, 0,
			`superseded of "x" names neither fields nor what o.json says in them, so that it would hide any difference
  hint: package "x": downloadLocation is "https://e/R_1" in o.json of t, but "https://e/R_2" in //:b
  hint: package "x": versionInfo is "1" in o.json of t, but "2" in //:b
  hint: where the declaration is right in that, write: superseded("x", reason = "why", says = {"downloadLocation": "https://e/R_1", "versionInfo": "1"})`},
		{"the old form of what agrees", nil, []Superseded{{Package: "x", Reason: "why"}}, 0,
			`superseded names package "x", but o.json of t does not differ from //:b in it
  hint: remove the entry`},
		{"a slip", []Difference{version}, []Superseded{says("x", "versionInf", "1")}, 0,
			`o.json: package "x": versionInfo is "1" in o.json of t, but "2" in //:b
  hint: where it cannot be mended, add to superseded of the target: superseded("x", reason = "why the declaration is right", says = {"versionInfo": "1"})
superseded names versionInf of package "x", but o.json of t does not differ from //:b in it; did you mean "versionInfo"?
  hint: remove the entry`},
		{"one of two is gone", []Difference{version}, []Superseded{says("x", "versionInfo", "1", "downloadLocation", "https://e/R_1")}, 1,
			`superseded names downloadLocation of package "x", but o.json of t does not differ from //:b in it
  hint: take it out of the entry`},
		{"twice", []Difference{version}, []Superseded{says("x", "versionInfo", "1"), {Package: "x", Reason: "why", Fields: []string{"versionInfo"}}}, 1,
			`superseded[0] and superseded[1] both speak of versionInfo of "x"`},
		{"all packages without fields", nil, []Superseded{{Package: "*", Reason: "why"}}, 0,
			`superseded of all packages names no fields
  hint: name fields: superseded("*", reason = "...", fields = ["licenseConcluded"])`},
		{"a reason that a terminal obeys", []Difference{version}, []Superseded{{Package: "x", Reason: "\x1b[2J", Fields: []string{"versionInfo"}}}, 1,
			`reason of "x": line 1 has the control character '\x1b'`},
		{"not in it", []Difference{{Package: "x", Field: "package", Built: `"1"`}}, []Superseded{says("x", "package", "absent")}, 1, ""},
	} {
		got, err := Supersede(c.differences, OwnSBOM{Path: "o.json", Of: "t", Built: "//:b", Entries: c.entries})
		text := ""
		if err != nil {
			text = err.Error()
		}
		if text != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, text, c.want)
		}
		if len(got) != c.covered {
			t.Errorf("%s: %d are superseded, expected %d: %+v", c.name, len(got), c.covered, got)
		}
	}
}

// TestSupersedeLong: what is too long to be pasted is proposed by its field's name.
func TestSupersedeLong(t *testing.T) {
	d := Difference{Package: "x", Field: "files", Own: "9", Built: "0", Detail: "also " + strings.Repeat("a/b.c, ", 200), Shown: "a/b.c is only in the former"}
	_, err := Supersede([]Difference{d}, OwnSBOM{Path: "o.json", Of: "t", Built: "//:b", Label: "//:b", On: "//:s"})
	const want = `o.json: package "x": files are 9 in o.json of t and 0 in //:b: a/b.c is only in the former
  hint: regenerate it: sbomctl build //:b
  hint: or, where it cannot be mended, add to superseded of //:s: superseded("x", reason = "why the declaration is right", fields = ["files"])`
	wantError(t, "long", err, want)
}
