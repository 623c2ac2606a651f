package sbomdiff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

const golden = "../../testdata/golden/"

func read(t testing.TB, name, text string) *Document {
	t.Helper()
	d, err := Read(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func readFile(t testing.TB, name string) (*Document, string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, name, string(b)), string(b)
}

// TestGoldens: each of upstream's documents is read whole, is the same as itself in any order, and is not the same with a byte of a checksum
// changed.
func TestGoldens(t *testing.T) {
	for name, want := range map[string][3]int{ // packages, files, relationships that are no file's
		"Misc-sbom.spdx.json":                     {5, 111, 0},
		"Misc-externals.spdx.json":                {9, 0, 0},
		"Python-3.13.5.tar.xz.spdx.json":          {27, 4808, 27},
		"python-3.13.5-amd64.exe.spdx.json":       {36, 0, 36},
		"python-3.13.5-embed-amd64.zip.spdx.json": {15, 0, 15},
	} {
		d, text := readFile(t, golden+name)
		files := len(d.Files)
		for _, p := range d.Packages {
			files += len(p.Files)
		}
		if got := [3]int{len(d.Packages), files, len(d.relationships)}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if how := Compare(d, d).How; how != Identical {
			t.Errorf("%s and itself are %s", name, how)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if how := Compare(d, read(t, name, compact.String())).How; how != Formatting {
			t.Errorf("%s and its compact form are %s", name, how)
		}
		turned := reversed(t, text)
		if diff := Compare(d, read(t, name, turned)); diff.How != Order {
			t.Errorf("%s in another order with other identifiers is %s:\n%s", name, diff.How, diff.Text())
		}
		i := strings.Index(text, `"checksumValue": "`) + len(`"checksumValue": "`)
		other := text[:i] + "f" + text[i+1:]
		if text[i] == 'f' {
			other = text[:i] + "e" + text[i+1:]
		}
		diff := Compare(d, read(t, name, other))
		if n := len(diff.Changed) + diff.Files.Len(); diff.How != Different || n != 1 {
			t.Errorf("%s with another checksum: %s, %d changes", name, diff.How, n)
		}
	}
}

// reversed is a document with its lists the other way round and other identifiers.
func reversed(t testing.TB, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(text, "SPDXRef-PACKAGE-", "SPDXRef-x-")), &v); err != nil {
		t.Fatal(err)
	}
	var turn func(v any)
	turn = func(v any) {
		switch v := v.(type) {
		case []any:
			slices.Reverse(v)
			for _, item := range v {
				turn(item)
			}
		case map[string]any:
			for _, item := range v {
				turn(item)
			}
		}
	}
	turn(v)
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestSourceAndWindows: the two real documents of one release share names at other versions, and the mpdecimal that is in both
// is the same one.
func TestSourceAndWindows(t *testing.T) {
	source, _ := readFile(t, golden+"Python-3.13.5.tar.xz.spdx.json")
	windows, _ := readFile(t, golden+"python-3.13.5-amd64.exe.spdx.json")
	d := Compare(source, windows)
	var added []string
	for _, r := range d.Added {
		added = append(added, r.title())
	}
	want := []string{"bzip2 1.0.8", "libffi 3.4.4", "mpdecimal 4.0.0", "openssl 3.0.16", "sqlite 3.49.1.0", "tcl-core 8.6.15.0", "tk 8.6.15.0", "xz 5.2.5", "zlib 1.3.1"}
	if !slices.Equal(added, want) || len(d.Removed) != 0 {
		t.Errorf("added %v, removed %v", added, d.Removed)
	}
	for _, p := range d.Changed {
		if p.Bumped {
			t.Errorf("%s is taken for another version", p.title())
		}
	}
}

// TestOddTypes: a number where a string should be is compared as it is written, and a package without a name is called so.
func TestOddTypes(t *testing.T) {
	read := func(version string) *Document {
		d, err := Read("x.json", []byte(`{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-x","versionInfo":`+version+`}]}`))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if got := string(Compare(read("17"), read("18")).Text()); !strings.Contains(got, "! (no name) 17 -> 18") {
		t.Errorf("17 and 18 compare as %q", got)
	}
}

// pkg is a package: name, version, then key=value for purl, cpe, url and id.
func pkg(name, version string, more ...string) string {
	fields := map[string]any{"name": name, "versionInfo": version, "SPDXID": "SPDXRef-" + name + "-" + version, "downloadLocation": "NOASSERTION"}
	var refs []map[string]string
	for _, m := range more {
		key, value, _ := strings.Cut(m, "=")
		switch key {
		case "purl":
			refs = append(refs, map[string]string{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": value})
		case "cpe":
			refs = append(refs, map[string]string{"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": value})
		case "url":
			fields["downloadLocation"] = value
		case "id":
			fields["SPDXID"] = value
		default:
			fields[key] = value
		}
	}
	if refs != nil {
		fields["externalRefs"] = refs
	}
	b, _ := json.Marshal(fields)
	return string(b)
}

func doc(packages ...string) string {
	return `{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","packages":[` + strings.Join(packages, ",") + `]}`
}

// TestMatch: which package is which.
func TestMatch(t *testing.T) {
	const tclCPE = "cpe=cpe:2.3:a:tcl_tk:tcl_tk:"
	for name, c := range map[string]struct{ a, b, want string }{
		"one of two of a name moves": {doc(pkg("mpdecimal", "2.5.1"), pkg("mpdecimal", "4.0.0")), doc(pkg("mpdecimal", "4.0.1"), pkg("mpdecimal", "2.5.1")), "mpdecimal 4.0.0 -> 4.0.1"},
		"both move":                  {doc(pkg("mpdecimal", "2.5.1"), pkg("mpdecimal", "4.0.0")), doc(pkg("mpdecimal", "4.0.1"), pkg("mpdecimal", "2.6.0")), "mpdecimal 2.5.1 -> 2.6.0, mpdecimal 4.0.0 -> 4.0.1"},
		"one goes":                   {doc(pkg("mpdecimal", "2.5.1"), pkg("mpdecimal", "4.0.0")), doc(pkg("mpdecimal", "4.0.0")), "-mpdecimal 2.5.1"},
		"one comes":                  {doc(pkg("mpdecimal", "4.0.0")), doc(pkg("mpdecimal", "2.5.1"), pkg("mpdecimal", "4.0.0")), "+mpdecimal 2.5.1"},
		"told by where from": {doc(pkg("a", "1.0", "url=https://one/a-1.0.tgz"), pkg("a", "1.1", "url=https://two/a-1.1.tgz")),
			doc(pkg("a", "1.3", "url=https://one/a-1.3.tgz"), pkg("a", "1.2", "url=https://two/a-1.2.tgz")), "a 1.1 -> 1.2, a 1.0 -> 1.3"},
		"told by purl": {doc(pkg("a", "1.0", "purl=pkg:npm/a@1.0"), pkg("a", "1.1", "purl=pkg:pypi/a@1.1")),
			doc(pkg("a", "1.3", "purl=pkg:npm/a@1.3"), pkg("a", "1.2", "purl=pkg:pypi/a@1.2")), "a 1.1 -> 1.2, a 1.0 -> 1.3"},
		"one CPE of two packages": {doc(pkg("tcl-core", "8.6.15.0", tclCPE+"8.6.15.0:*:*:*:*:*:*:*"), pkg("tk", "8.6.15.0", tclCPE+"8.6.15.0:*:*:*:*:*:*:*")),
			doc(pkg("tcl", "8.6.16", tclCPE+"8.6.16:*:*:*:*:*:*:*"), pkg("tk", "8.6.16", tclCPE+"8.6.16:*:*:*:*:*:*:*")), "+tcl 8.6.16, -tcl-core 8.6.15.0, tk 8.6.15.0 -> 8.6.16"},
		"renamed, known by its CPE":  {doc(pkg("libmpdec", "4.0.0", "cpe=cpe:2.3:a:bytereef:mpdecimal:4.0.0:*:*:*:*:*:*:*")), doc(pkg("mpdecimal", "4.0.1", "cpe=cpe:2.3:a:bytereef:mpdecimal:4.0.1:*:*:*:*:*:*:*")), "mpdecimal 4.0.0 -> 4.0.1"},
		"renamed, known by its purl": {doc(pkg("Foo", "1", "purl=pkg:github/x/y@1")), doc(pkg("bar", "2", "purl=pkg:github/x/y@2?a=b#c")), "bar 1 -> 2"},
		"spelt otherwise":            {doc(pkg("typing_extensions", "1")), doc(pkg("typing-extensions", "1")), "typing-extensions 1"},
		"case":                       {doc(pkg("Pygments", "1")), doc(pkg("pygments", "1")), "pygments 1"},
		"no version":                 {doc(pkg("a", "")), doc(pkg("a", "1")), "a (none) -> 1"},
	} {
		d := Compare(read(t, "a", c.a), read(t, "b", c.b))
		var got []string
		for _, r := range d.Added {
			got = append(got, "+"+r.title())
		}
		for _, r := range d.Removed {
			got = append(got, "-"+r.title())
		}
		for _, p := range d.Changed {
			got = append(got, p.title())
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %q, want %q", name, strings.Join(got, ", "), c.want)
		}
	}
}

// TestForms: other makers say the same in other ways.
func TestForms(t *testing.T) {
	body := func(pkgMore, fileName, rels string) string {
		return `{"spdxVersion":"SPDX-2.3","packages":[{"name":"a","SPDXID":"SPDXRef-a"` + pkgMore + `}],"files":[{"SPDXID":"SPDXRef-f","fileName":"` + fileName + `","checksums":[{"algorithm":"SHA1","checksumValue":"AB"}]}]` + rels + `}`
	}
	contains := `,"relationships":[{"spdxElementId":"SPDXRef-a","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-f"},{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-a"}]`
	a := read(t, "a", body("", "x/f", contains))
	for name, text := range map[string]string{
		"hasFiles and documentDescribes": body(`,"hasFiles":["SPDXRef-f"]`, "./x/f", `,"documentDescribes":["SPDXRef-a"]`),
		"the other directions": body("", "./x/f", `,"relationships":[{"spdxElementId":"SPDXRef-f","relationshipType":"CONTAINED_BY","relatedSpdxElement":"SPDXRef-a"},`+
			`{"spdxElementId":"SPDXRef-a","relationshipType":"DESCRIBED_BY","relatedSpdxElement":"SPDXRef-DOCUMENT"}]`),
		"upper case":        strings.Replace(body("", "x/f", contains), "AB", "ab", 1),
		"unstated licence":  body(`,"licenseConcluded":"NOASSERTION","licenseInfoFromFiles":["NOASSERTION"]`, "x/f", contains),
		"a mark in front":   "\ufeff" + body("", "x/f", contains) + " ",
		"GitHub's wrapping": `{"sbom":` + body("", "x/f", contains) + `}`,
	} {
		if d := Compare(a, read(t, name, text)); !d.Same() {
			t.Errorf("%s differs:\n%s", name, d.Text())
		}
	}
	for name, c := range map[string]struct{ text, want string }{
		"another file name": {body("", "x/g", contains), "packages: 1 changed; files: 1 added, 1 removed\n! a\n    files: 1 added, 1 removed\n      + x/g\n      - x/f\n"},
		"a lost file":       {body("", "x/f", `,"documentDescribes":["SPDXRef-a"]`), "packages: 1 changed; files: 1 added, 1 removed\n! a\n    files: 1 removed\n      - x/f\nfiles of no package: 1 added\n  + x/f\n"},
		"a relationship":    {body("", "x/f", strings.Replace(contains, "DESCRIBES", "AMENDS", 1)), "packages: the same\nrelationships\n  + the document AMENDS a\n  - the document DESCRIBES a\n"},
		"hostile text":      {body(`,"comment":"\u001b[2J\nx"`, "x/f", contains), "packages: 1 changed\n! a\n    + comment: \\x1b[2J\\nx\n"},
	} {
		if got := Compare(a, read(t, name, c.text)).Text(); got != c.want {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, c.want)
		}
	}
}

// TestNotSPDX: what is something else is told as what it is.
func TestNotSPDX(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "f:1:1: malformed JSON: it ends too early",
		"{":                          "f:1:2: malformed JSON: it ends too early",
		"[]":                         "f:1:1: the document holds a JSON array, which is not what SPDX has there",
		"{}":                         "f: is JSON, but no SPDX document: it has no spdxVersion\n  hint: SPDX 2.3 in JSON is what is read here: give it the .spdx.json that other formats are made from",
		`{"bomFormat":"CycloneDX"}`:  "f: is a CycloneDX document\n  hint: SPDX 2.3 in JSON is what is read here: give it the .spdx.json that other formats are made from",
		`{"@context":"x"}`:           "f: is an SPDX 3 document\n  hint: SPDX 2.3 in JSON is what is read here: give it the .spdx.json that other formats are made from",
		"SPDXVersion: SPDX-2.3\n":    "f: is SPDX in tag-value form\n  hint: SPDX 2.3 in JSON is what is read here: give it the .spdx.json that other formats are made from",
		`{"spdxVersion":"SPDX-3.0"}`: "f: has spdxVersion \"SPDX-3.0\"\n  hint: SPDX 2.3 in JSON is what is read here: give it the .spdx.json that other formats are made from",
		`{"spdxVersion":"SPDX-2.3","packages":7}`:   "f: packages is not what SPDX has there",
		`{"spdxVersion":"SPDX-2.3","packages":[7]}`: "f: packages[0] is not what SPDX has there",
		"a\x00b":                   "f:1:2: there is a NUL byte; the file must be text in UTF-8",
		strings.Repeat("[", 20000): "f:1:10001: malformed JSON",
	} {
		_, err := Read("f", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

// TestMarkdown: for release notes; no name breaks out of its cell.
func TestMarkdown(t *testing.T) {
	a := doc(pkg("expat", "2.6.3", "url=https://e/expat-2.6.3.tgz"), pkg("old|x", "1"), pkg("c", "1", "supplier=A"))
	b := doc(pkg("expat", "2.7.1", "url=https://e/expat-2.7.1.tgz"), pkg("mimalloc", "2.1.2"), pkg("c", "1", "supplier=B"))
	want := `## Software Bill of Materials

### Updated

| Package | From | To | Changed with it |
|---|---|---|---|
| expat | 2.6.3 | 2.7.1 | downloadLocation |

### Added

- mimalloc 2.1.2

### Removed

- old\|x 1

### Changed at the same version

- c 1: supplier
`
	if got := Compare(read(t, "a", a), read(t, "b", b)).Markdown(); got != want {
		t.Errorf("%s", got)
	}
	if got := Compare(read(t, "a", a), read(t, "a", a)).Markdown(); got != "## Software Bill of Materials\n\nNothing changed.\n" {
		t.Errorf("%s", got)
	}
}

// TestManyAlike: packages that are all alike do not make the search slow; a quadratic one would take minutes.
func TestManyAlike(t *testing.T) {
	var a, b []string
	for i := range 20000 {
		a = append(a, pkg("x", fmt.Sprint(i)))
		b = append(b, pkg("x", fmt.Sprint(i+1)))
	}
	d := Compare(read(t, "a", doc(a...)), read(t, "b", doc(b...)))
	if len(d.Changed) != 1 || d.Changed[0].title() != "x 0 -> 20000" {
		t.Errorf("%d changed, %d added, %d removed", len(d.Changed), len(d.Added), len(d.Removed))
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"Misc-externals.spdx.json", "python-3.13.5-embed-amd64.zip.spdx.json"} {
		b, err := os.ReadFile(golden + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(doc(pkg("a", "1", "purl=pkg:x/y@1"))))
	f.Add([]byte(`{"spdxVersion":"SPDX-2.3","packages":[null,{}],"files":[{},{"SPDXID":"","fileName":"a"}],"relationships":[{}]}`))
	base, err := Read("base", []byte(doc(pkg("a", "1"))))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Read("f", data)
		if err != nil {
			return
		}
		if how := Compare(d, d).How; how != Identical {
			t.Errorf("a document and itself are %s", how)
		}
		there, back := Compare(base, d), Compare(d, base)
		if len(there.Added) != len(back.Removed) || len(there.Changed) != len(back.Changed) || there.Same() != back.Same() {
			t.Errorf("there: %s\nback: %s", there.Text(), back.Text())
		}
		there.Markdown()
		if text := there.Text(); strings.ContainsAny(text, "\x1b\r\x00") {
			t.Errorf("text moves the cursor: %q", text)
		}
	})
}
