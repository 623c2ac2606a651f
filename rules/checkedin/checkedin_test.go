package checkedin

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

const path = "Misc/sbom.spdx.json"

// goldenCall holds upstream's base SBOM of 3.13.5, edited, against itself.
func goldenCall(t testing.TB, edit func(found string) string) *actiontest.Call {
	t.Helper()
	b, err := os.ReadFile("../../testdata/golden/Misc-sbom.spdx.json")
	if err != nil {
		t.Fatal(err)
	}
	p := Params{Label: "//:base_sbom", Path: path, Tree: "//:cpython"}
	for _, name := range []string{"expat", "hacl-star", "libb2", "macholib", "mpdecimal"} {
		p.Packages = append(p.Packages, PackageParams{Label: "//:" + name})
	}
	return actiontest.New(p).Add(InputBuilt, "base_sbom.spdx.json", b).Add(InputFound, path, []byte(edit(string(b)))).
		Add("files:0", "Modules/expat/xmlparse.c", nil).Add("files:0", "Modules/expat/gone.c", nil)
}

func run1(t testing.TB, c *actiontest.Call) string {
	t.Helper()
	if err := run(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Outputs["report"]; !ok {
		t.Error("there is no report")
	}
	var out []string
	for _, f := range finding.Canonical(c.Findings) {
		out = append(out, f.Rule+" "+f.Diagnostic().Error())
	}
	return strings.Join(out, "\n")
}

// TestGolden: the real document in what states it can be in.
func TestGolden(t *testing.T) {
	replace := func(old, new string) func(string) string {
		return func(s string) string {
			if strings.Count(s, old) == 0 {
				t.Fatalf("%s is not in the document", old)
			}
			return strings.Replace(s, old, new, 1)
		}
	}
	const xmlparse = `"fileName": "Modules/expat/xmlparse.c"`
	for name, c := range map[string]struct {
		edit func(string) string
		want []string // each is in the messages; "!" in front: it is not
	}{
		"the same":       {func(s string) string { return s }, nil},
		"a newline":      {func(s string) string { return s + "\n" }, []string{"stale Misc/sbom.spdx.json: says what is built, but its white space"}},
		"line ends":      {func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }, []string{"its white space"}},
		"escapes":        {replace("Expat development", `\u0045xpat development`), []string{"in another order, or with other identifiers or spelling"}},
		"an id":          {func(s string) string { return strings.ReplaceAll(s, "SPDXRef-PACKAGE-expat", "SPDXRef-PACKAGE-x") }, []string{"in another order, or with other identifiers or spelling"}},
		"a version":      {replace(`"versionInfo": "2.6.3"`, `"versionInfo": "2.6.2"`), []string{`stale Misc/sbom.spdx.json:1580:22: package "expat": versionInfo is "2.6.2" here, but "2.6.3" is declared`, "!drift"}},
		"a field less":   {replace(`      "originator": "Organization: Expat development team",`+"\n", ""), []string{`package "expat": originator is not stated here, but "Organization: Expat development team" is declared`}},
		"a field more":   {replace(`"versionInfo": "2.6.3"`, `"versionInfo": "2.6.3", "summary": "x"`), []string{`package "expat": summary is "x" here, but none is declared`}},
		"a name":         {replace(`"name": "expat"`, `"name": "libexpat"`), []string{`package "expat": name is "libexpat" here, but "expat" is declared`}},
		"a file changed": {replace("3e4d8ba6ceb9dc2bf8e2b0b5a5a1e3fa7bd5b3b4", "x"), nil},
		"a file that is there under another name": {replace(xmlparse, `"fileName": "Modules/expat/removed.c"`), []string{
			`drift Modules/expat/xmlparse.c: //:expat: files of package "expat" are not those of Misc/sbom.spdx.json, and its version is still "2.6.3": Modules/expat/xmlparse.c added; Modules/expat/removed.c removed`,
			"if it is another version: sbomctl bump //:expat NEWVERSION", "!stale"}},
		"a file that is still in the tree": {replace(xmlparse, `"fileName": "Modules/expat/gone.c"`), []string{
			"Modules/expat/xmlparse.c added", "!gone.c removed", `package "expat": files: Modules/expat/gone.c no longer declared`}},
		"a hostile name":    {replace(xmlparse, `"fileName": "../../etc/passwd\u001b[2J"`), []string{"drift"}},
		"a document's name": {replace(`"SPDXID": "SPDXRef-DOCUMENT"`, `"SPDXID": "SPDXRef-DOCUMENT", "name": "x"`), []string{`the document itself: name is "x" here, but none is declared`}},
		"cut off":           {func(s string) string { return s[:len(s)/2] }, []string{"stale Misc/sbom.spdx.json:", "cannot be compared with what is built: malformed JSON: it ends too early"}},
		"UTF-16":            {func(s string) string { return "\xff\xfe" }, []string{"the file is in UTF-16"}},
		"empty":             {func(s string) string { return "" }, []string{"it ends too early"}},
		"of another tool":   {func(s string) string { return `{"bomFormat":"CycloneDX"}` }, []string{"is a CycloneDX document"}},
	} {
		if name == "a file changed" {
			c.edit = func(s string) string {
				i := strings.Index(s, xmlparse)
				i = strings.LastIndex(s[:i], `"checksumValue": "`) + len(`"checksumValue": "`)
				return s[:i] + "0000" + s[i+4:]
			}
			c.want = []string{`drift Modules/expat/xmlparse.c: //:expat: `, "Modules/expat/xmlparse.c changed", "!stale"}
		}
		got := run1(t, goldenCall(t, c.edit))
		if c.want == nil && got != "" {
			t.Errorf("%s: %s", name, got)
		}
		for _, want := range c.want {
			if not, ok := strings.CutPrefix(want, "!"); ok == strings.Contains(got, strings.TrimPrefix(not, "!")) {
				t.Errorf("%s: want %q in\n%s", name, want, got)
			}
		}
		for _, f := range goldenFindings(t, c.edit) {
			if f.Rule == StaleID && (f.Fix == nil || f.Fix.Command != "sbomctl regen //:base_sbom") {
				t.Errorf("%s: no command that mends it: %+v", name, f)
			}
		}
	}
}

func goldenFindings(t testing.TB, edit func(string) string) []finding.Finding {
	c := goldenCall(t, edit)
	run1(t, c)
	return c.Findings
}

// TestTooLarge: such a file is not read.
func TestTooLarge(t *testing.T) {
	c := goldenCall(t, func(s string) string { return s })
	c.Inputs[InputFound] = []action.File{{Path: path, Digest: cache.Digest{Size: spdx.MaxDocument + 1}}}
	if got := run1(t, c); !strings.Contains(got, "is larger than 268435456 bytes") {
		t.Errorf("%s", got)
	}
	c.Inputs[InputFound] = nil
	c.Findings, c.Outputs = nil, nil
	c = goldenCall(t, func(s string) string { return s })
	c.Inputs[InputFound] = nil
	if got := run1(t, c); got != "stale there is no Misc/sbom.spdx.json in the tree" {
		t.Errorf("%s", got)
	}
}

// FuzzCompare: whatever lies in the tree, there is a finding or the bytes are the same; and nothing panics.
func FuzzCompare(f *testing.F) {
	built, err := os.ReadFile("../../testdata/golden/Misc-externals.spdx.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(built)
	f.Add([]byte(`{"spdxVersion":"SPDX-2.3"}`))
	f.Add([]byte(`{"spdxVersion":"SPDX-2.3","packages":[{"name":"zlib","versionInfo":"1.3.1"},null]}`))
	packages := make([]Package, 9)
	f.Fuzz(func(t *testing.T, found []byte) {
		got, err := Compare(path, found, built, "//:x", packages)
		if err != nil {
			t.Fatal(err)
		}
		if (len(got) == 0) != (string(found) == string(built)) {
			t.Errorf("%d findings", len(got))
		}
	})
}
