package score

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/action/actiontest"
)

// sample is a document with one component that has everything, and one of which nothing is known; %s is more of the second.
const sample = `{
  "SPDXID": "SPDXRef-DOCUMENT", "spdxVersion": "SPDX-2.3", "name": "x", "documentNamespace": "https://example.org/x",
  "creationInfo": {"created": "2025-06-11T00:00:00Z", "creators": ["Tool: sbomctl-1.2.3", "Organization: X (sbom@example.org)"], "comment": "SBOM type: Build"},
  "packages": [
    {"SPDXID": "SPDXRef-x", "name": "x", "versionInfo": "1", "packageFileName": "x-1.exe", "primaryPackagePurpose": "APPLICATION",
     "supplier": "Organization: X (x@example.org)", "originator": "Organization: X", "homepage": "https://example.org/", "downloadLocation": "https://example.org/x-1.exe",
     "licenseConcluded": "MIT", "licenseDeclared": "MIT",
     "checksums": [{"algorithm": "SHA256", "checksumValue": "00"}, {"algorithm": "SHA512", "checksumValue": "00"}],
     "annotations": [{"comment": "bsi:component:executable=executable bsi:component:archive=archive bsi:component:structured=structured"}],
     "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:generic/x@1"}]},
    {"SPDXID": "SPDXRef-y"%s}
  ],
  "relationships": [
    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-x"},
    {"spdxElementId": "SPDXRef-x", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-y"},
    {"spdxElementId": "SPDXRef-y", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "NOASSERTION"}
  ]
}`

var all = Source{Label: "//:sbom", Formats: []string{"cyclonedx-1.6"}, Product: "//:product"}

func evaluate(t *testing.T, document string, src Source) *Report {
	t.Helper()
	r, err := Evaluate([]byte(document), src)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// element finds an element of a report.
func element(t *testing.T, r *Report, standard, id string) ElementHeld {
	t.Helper()
	for _, s := range r.Standards {
		for _, e := range s.Elements {
			if s.ID == standard && e.ID == id {
				return e
			}
		}
	}
	t.Fatalf("%s has no %s", standard, id)
	return ElementHeld{}
}

// TestComponentElements: each value that a component may have, and what it is to each element that looks at it. What is listed is
// held or unknown; everything else is missing, but for the two that the relationships of the sample say.
func TestComponentElements(t *testing.T) {
	for _, test := range []struct {
		fields  string
		held    string
		unknown string
	}{
		{``, "", ""},
		{`"name": "y"`, "name", ""},
		{`"name": " "`, "", ""},
		{`"name": "NOASSERTION"`, "", "name"},
		{`"versionInfo": "0"`, "version", ""},
		{`"versionInfo": "NOASSERTION"`, "", "version"},
		{`"supplier": "Organization: Y"`, "supplier", ""},
		{`"supplier": "Organization: Y (y@example.org)"`, "supplier creator-contact", ""},
		{`"supplier": "NOASSERTION"`, "", "supplier creator-contact"},
		{`"supplier": "Organization: NOASSERTION"`, "", "supplier creator-contact"},
		{`"supplier": "Organization: "`, "", ""},
		{`"originator": "Person: Y (https://example.org/y)"`, "producer creator-contact", ""},
		{`"originator": "Person: Y", "supplier": "NOASSERTION"`, "producer", "supplier"},
		{`"originator": "NOASSERTION"`, "", "producer creator-contact"},
		{`"homepage": "https://example.org/y"`, "creator-contact", ""},
		{`"homepage": "NOASSERTION"`, "", ""},
		{`"licenseConcluded": "MIT"`, "license license-concluded", ""},
		{`"licenseConcluded": "NONE"`, "license license-concluded", ""},
		{`"licenseDeclared": "MIT"`, "license license-declared", ""},
		{`"licenseConcluded": "NOASSERTION", "licenseDeclared": "MIT"`, "license license-declared", "license-concluded"},
		{`"licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION"`, "", "license license-concluded license-declared"},
		{`"downloadLocation": "https://example.org/y.tgz"`, "source-uri", ""},
		{`"downloadLocation": "NOASSERTION"`, "", "source-uri"},
		{`"downloadLocation": "NONE"`, "", ""},
		{`"checksums": [{"algorithm": "MD5", "checksumValue": "00"}]`, "hash", ""},
		{`"checksums": [{"algorithm": "SHA1", "checksumValue": "00"}]`, "hash", ""},
		{`"checksums": [{"algorithm": "SHA256", "checksumValue": "00"}]`, "hash hash-algorithm", ""},
		{`"checksums": [{"algorithm": "SHA3-256", "checksumValue": "00"}]`, "hash hash-algorithm", ""},
		{`"checksums": [{"algorithm": "SHA256", "checksumValue": ""}]`, "", ""},
		{`"externalRefs": [{"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:y:y:1:*:*:*:*:*:*:*"}]`, "identifier common-identifier", ""},
		{`"externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:generic/y"}]`, "identifier common-identifier", ""},
		{`"externalRefs": [{"referenceType": "swh", "referenceLocator": "swh:1:cnt:00"}]`, "identifier", ""},
		{`"externalRefs": [{"referenceType": "purl", "referenceLocator": ""}, {"referenceType": "advisory", "referenceLocator": "https://example.org"}]`, "", ""},
		{`"supplier": "NOASSERTION", "originator": "NOASSERTION", "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION", "downloadLocation": "NOASSERTION"`,
			"unknowns", "supplier producer creator-contact license license-concluded license-declared source-uri"},
		// A component with a file name is deployed, and more is asked of it.
		{`"packageFileName": "y.whl"`, "filename", ""},
		{`"packageFileName": "y.whl", "checksums": [{"algorithm": "SHA512", "checksumValue": "00"}]`, "filename hash hash-algorithm sha512", ""},
		{`"packageFileName": "y.whl", "downloadLocation": "https://example.org/y.whl"`, "filename deployable-uri", ""},
		{`"packageFileName": "y.tgz", "primaryPackagePurpose": "SOURCE", "downloadLocation": "https://example.org/y.tgz"`, "filename source-uri deployable-uri", ""},
		{`"packageFileName": "y.whl", "annotations": [{"comment": "bsi:component:archive=archive bsi:component:executable="}]`, "filename archive", ""},
	} {
		if test.fields != "" {
			test.fields = ", " + test.fields
		}
		r := evaluate(t, fmt.Sprintf(sample, test.fields), all)
		heldAt, unknownAt := map[string]bool{"relationship": true, "completeness": true}, map[string]bool{}
		for _, id := range strings.Fields(test.held) {
			heldAt[id] = true
		}
		for _, id := range strings.Fields(test.unknown) {
			unknownAt[id] = true
		}
		for _, s := range r.Standards {
			for _, e := range s.Elements {
				if e.document || e.Status == StatusOutside || e.Status == StatusNotAsked {
					continue
				}
				if e.Of == 1 && !heldAt[e.ID] { // the other component alone: it is not asked of this one
					continue
				}
				if got := e.Held == e.Of; got != heldAt[e.ID] || (e.Unknown == 1) != unknownAt[e.ID] {
					t.Errorf("%s: %s %s: held by %d of %d, %d unknown; want held %v, unknown %v", test.fields, s.ID, e.ID, e.Held, e.Of, e.Unknown, heldAt[e.ID], unknownAt[e.ID])
				}
			}
		}
	}
}

// TestDocumentElements: each element of the document is held by the sample, and is not when its part of the document is changed.
func TestDocumentElements(t *testing.T) {
	document := fmt.Sprintf(sample, "")
	for _, test := range []struct{ id, standard, old, new string }{
		{"author", "ntia-2021", "Organization: X (sbom@example.org)", "Tool: y"},
		{"author", "cisa-2026", "Organization: X (sbom@example.org)", "Organization: NOASSERTION"},
		{"author-contact", "bsi-tr-03183-2", " (sbom@example.org)", ""},
		{"generation-context", "cisa-2026", "SBOM type: Build", "made while rebuilding"},
		{"timestamp", "ntia-2021", "2025-06-11T00:00:00Z", "2025-06-11"},
		{"tool", "cisa-2026", "Tool: sbomctl-1.2.3", "Person: Y"},
		{"tool", "cisa-2026", "Tool: sbomctl-1.2.3", "Tool: "},
		{"tool-version", "cisa-2026", "sbomctl-1.2.3", "sbom-ctl"},
		{"sbom-uri", "bsi-tr-03183-2", "https://example.org/x\",", "\","},
		{"sbom-uri", "cisa-2026", "https://example.org/x\",", "\","},
	} {
		if e := element(t, evaluate(t, document, all), test.standard, test.id); e.Status != StatusHeld || e.Mend != "" {
			t.Errorf("%s %s: %s (%s)", test.standard, test.id, e.Status, e.Mend)
		}
		changed := strings.Replace(document, test.old, test.new, 1)
		if changed == document {
			t.Fatalf("%q is not in the document", test.old)
		}
		if e := element(t, evaluate(t, changed, all), test.standard, test.id); e.Status != StatusNotHeld || e.Mend == "" {
			t.Errorf("%s %s with %q: %s (%s)", test.standard, test.id, test.new, e.Status, e.Mend)
		}
	}
}

// TestScore: the mean of the shares, rounded down; what cannot be counts as nothing; what lies outside does not count.
func TestScore(t *testing.T) {
	document := fmt.Sprintf(sample, "")
	for _, test := range []struct {
		name, document string
		formats        []string
		want           [3]int // NTIA, CISA, BSI
		blocked        bool
	}{
		// The second component lacks 4, 8 and 6 elements, which are half held; and the one that BSI asks of it alone.
		{"half", document, []string{"cyclonedx-1.6"}, [3]int{75, 100 * (18*2 - 8) / (18 * 2), 100 * (18*2 - 6 - 2) / (18 * 2)}, false},
		{"none of BSI's formats", document, []string{"spdx-2.3-tag-value"}, [3]int{75, 100 * (18*2 - 8) / (18 * 2), 0}, true},
		{"nothing is listed", `{"spdxVersion": "SPDX-2.3"}`, []string{"spdx-3.0.1"}, [3]int{12, 100 * 2 / 18, 100 * 1 / 18}, false},
	} {
		src := all
		src.Formats = test.formats
		r := evaluate(t, test.document, src)
		for i, s := range r.Standards {
			if s.Score != test.want[i] {
				t.Errorf("%s: %s is %d, want %d\n%s", test.name, s.ID, s.Score, test.want[i], r.Page())
			}
		}
		if (r.Standards[2].Blocked != "") != test.blocked {
			t.Errorf("%s: blocked: %q", test.name, r.Standards[2].Blocked)
		}
	}
	// Everything, without the second component: 100.
	var d map[string]any
	if err := json.Unmarshal([]byte(document), &d); err != nil {
		t.Fatal(err)
	}
	d["packages"] = d["packages"].([]any)[:1]
	d["relationships"] = []any{d["relationships"].([]any)[0], map[string]string{"spdxElementId": "SPDXRef-x", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "NONE"}}
	whole, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range evaluate(t, string(whole), all).Standards {
		if s.Score != 100 || s.Held != s.Counted {
			t.Errorf("%s: %d %%, %d of %d elements, want all", s.ID, s.Score, s.Held, s.Counted)
		}
	}
	// 100 is never rounded up to: one of many components lacks one thing.
	var many []string
	for i := range 1000 {
		supplier := `, "supplier": "Organization: X"`
		if i == 500 {
			supplier = ""
		}
		many = append(many, fmt.Sprintf(`{"SPDXID": "SPDXRef-%d", "name": "a", "versionInfo": "1", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:a/b"}]%s}`, i, supplier))
	}
	text := strings.Replace(document, `{"SPDXID": "SPDXRef-y"}`, strings.Join(many, ","), 1)
	if s := evaluate(t, text, all).Standards[0]; s.Score != 99-12 { // 7 of 8 and 999 of 1000, but for the relationships, which only one has
		t.Errorf("%d %%", s.Score)
	}
}

// TestMends: what lacks an element names the target that declares it, and the attribute for what that is.
func TestMends(t *testing.T) {
	document := strings.NewReplacer(`"supplier": "Organization: X (x@example.org)",`, "", `{"SPDXID": "SPDXRef-y"}`,
		`{"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1"}, {"SPDXID": "SPDXRef-b", "name": "b", "versionInfo": "1"}, {"SPDXID": "SPDXRef-c", "name": "c", "versionInfo": "1"},`+
			`{"SPDXID": "SPDXRef-a2", "name": "a", "versionInfo": "2"}, {"SPDXID": "SPDXRef-d", "name": "d", "supplier": "NOASSERTION"}`).Replace(fmt.Sprintf(sample, ""))
	src := all
	src.Packages = []Declared{{"a", "1", "//:a"}}
	src.Wheels = []Declared{{"b", "1", "//:wheel"}}
	src.Vendored = []Declared{{"c", "1", "//:wheel"}}
	e := element(t, evaluate(t, document, src), "ntia-2021", "supplier")
	want := []Lacking{{"x", "1", false, "//:product", "supplier"}, {"a", "1", false, "//:a", "supplier"}, {"b", "1", false, "//:wheel", "supplier"},
		{"c", "1", false, "//:wheel", "supplier"}, {"a", "2", false, "", ""}, {"d", "", true, "", ""}}
	if !slices.Equal(e.Lacking, want) {
		t.Errorf("got %v\nwant %v", e.Lacking, want)
	}
	if want := `set supplier of //:product, //:a, //:wheel; no target declares 2 components of the document: who made it can mend it`; e.Mend != want {
		t.Errorf("got %s\nwant %s", e.Mend, want)
	}
}

// TestMendsOfAPackage: the document of a package alone describes what the package's own target declares, and was made as its product says.
func TestMendsOfAPackage(t *testing.T) {
	document := strings.NewReplacer(`"supplier": "Organization: X (x@example.org)",`, "", `{"SPDXID": "SPDXRef-y"}`, `{"SPDXID": "SPDXRef-y", "supplier": "Person: Y"}`).Replace(fmt.Sprintf(sample, ""))
	src := all
	src.Packages = []Declared{{"x", "1", src.Label}}
	e := element(t, evaluate(t, document, src), "ntia-2021", "supplier")
	if want := "set supplier of //:sbom"; e.Mend != want {
		t.Errorf("got %s\nwant %s", e.Mend, want)
	}
	src.Packages[0].Label = "//:dep" // of the product's own name, in a document of more
	e = element(t, evaluate(t, document, src), "ntia-2021", "supplier")
	if want := "set supplier of //:product"; e.Mend != want {
		t.Errorf("got %s\nwant %s", e.Mend, want)
	}
}

// TestMany: what is listed and named is bounded, and what is counted is not.
func TestMany(t *testing.T) {
	const n = 3000
	var many []string
	for i := range n {
		supplier := `, "supplier": "NOASSERTION"`
		if i >= 2000 {
			supplier = ""
		}
		many = append(many, fmt.Sprintf(`{"SPDXID": "SPDXRef-%d", "name": "n%d"%s}`, i, i, supplier))
	}
	r := evaluate(t, strings.Replace(fmt.Sprintf(sample, ""), `{"SPDXID": "SPDXRef-y"}`, strings.Join(many, ","), 1), all)
	e := element(t, r, "ntia-2021", "supplier")
	if e.Held != 1 || e.Unknown != 2000 || e.Of != n+1 || len(e.Lacking) != maxLacking {
		t.Errorf("%d held, %d unknown of %d, %d listed", e.Held, e.Unknown, e.Of, len(e.Lacking))
	}
	if want := `not of 1000 components; said to be unknown of "n0", "n1", "n2", "n3", "n4" and 1995 more`; e.of(false) != want {
		t.Errorf("got %s\nwant %s", e.of(false), want)
	}
	if want := "no target declares 3000 components of the document: who made it can mend it"; e.Mend != want {
		t.Errorf("got %s\nwant %s", e.Mend, want)
	}
}

// TestHostile: names come from anywhere; in the page they are text, and in a message one short line.
func TestHostile(t *testing.T) {
	name := "a|b\n# c <script>\u202e`*_" + strings.Repeat("x", 1000)
	j, err := json.Marshal(name)
	if err != nil {
		t.Fatal(err)
	}
	r := evaluate(t, fmt.Sprintf(sample, `, "name": `+string(j)), all)
	page := string(r.Page())
	for _, bad := range []string{"<script>", "\n# c", "\u202e", "a|b", strings.Repeat("x", 100)} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	f := r.below(Minimum{"ntia-2021", 100}, 0)
	if f == nil || strings.ContainsAny(strings.Join(f.Hints, ""), "\n\u202e") {
		t.Errorf("%+v", f)
	}
}

// TestNoDocument: what is no SPDX 2 document in JSON is an error, whatever it is.
func TestNoDocument(t *testing.T) {
	for _, test := range []struct{ document, want string }{
		{"", "malformed JSON"},
		{"{", "malformed JSON"},
		{"[]", "JSON array"},
		{"\xff", "UTF-8"},
		{`{"bomFormat": "CycloneDX"}`, `no SPDX 2 document in JSON: spdxVersion is ""`},
		{`{"spdxVersion": "SPDX-3.0"}`, `spdxVersion is "SPDX-3.0"`},
		{`{"spdxVersion": 2}`, "spdxVersion"},
	} {
		if _, err := Evaluate([]byte(test.document), all); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.document, err, test.want)
		}
	}
}

// TestOperation: the finding stands at the element of minimum that is not held, in declared order.
func TestOperation(t *testing.T) {
	call := &actiontest.Call{
		Parameters: Params{Label: "//:sbom", Minimum: []Minimum{{"cisa-2026", 1}, {"ntia-2021", 76}, {"bsi-tr-03183-2", 0}}, Packages: []Declared{}, Wheels: []string{}},
		Inputs:     map[string][]action.File{"document": {actiontest.File("x.spdx.json", []byte(fmt.Sprintf(sample, "")))}},
	}
	if err := Operation().Run(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	if len(call.Findings) != 1 || call.Findings[0].Attr != "minimum[1]" || !strings.Contains(call.Findings[0].Msg, "75 % of NTIA 2021, expected at least 76 %") {
		t.Errorf("%+v", call.Findings)
	}
	var r Report
	if err := json.Unmarshal(call.Outputs["json"], &r); err != nil || r.Components != 2 || len(r.Standards) != len(Standards) {
		t.Errorf("%v: %s", err, call.Outputs["json"])
	}
}

// TestStandards: every check is some standard's, every element has a check, and names are names.
func TestStandards(t *testing.T) {
	used := map[*check]bool{}
	for _, s := range Standards {
		seen := map[string]bool{}
		for _, e := range s.Elements {
			used[e.check] = true
			if seen[e.check.id] || e.Title == "" || e.Section == "" {
				t.Errorf("%s: %q is there twice, or has no title or section", s.ID, e.check.id)
			}
			seen[e.check.id] = true
		}
	}
	for _, c := range checks {
		if !used[c] {
			t.Errorf("no standard asks for %s", c.id)
		}
	}
	if len(used) != len(checks) {
		t.Errorf("%d checks are used, %d listed", len(used), len(checks))
	}
	if err := CheckStandard("ntia2021"); err == nil || !strings.Contains(err.Error(), `did you mean "ntia-2021"?`) {
		t.Error(err)
	}
}

// TestMendAttributes: the attributes that are to be set are attributes of the rules.
func TestMendAttributes(t *testing.T) {
	read := func(names ...string) (text string) {
		for _, name := range names {
			b, err := os.ReadFile(filepath.Join("..", name))
			if err != nil {
				t.Fatal(err)
			}
			text += string(b)
		}
		return text
	}
	packages, product, wheel := read("package.star"), read("release.star"), read("wheel.star")
	for _, c := range checks {
		for text, attr := range map[string][]string{packages: {c.mend.pkg}, product: {c.mend.product}, wheel: {c.mend.wheel, c.mend.vendored}} {
			for _, a := range attr {
				if a != "" && !regexp.MustCompile(`\b`+a+`"?\s*[:=]\s*attr\.`).MatchString(text) {
					t.Errorf("%s: no rule has the attribute %s", c.id, a)
				}
			}
		}
	}
}

// FuzzEvaluate: no document makes it fail otherwise than by an error, and what it says is bounded and consistent.
func FuzzEvaluate(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(sample, "")))
	f.Add([]byte(`{"spdxVersion": "SPDX-2.3"}`))
	f.Add([]byte(`{"spdxVersion": "SPDX-2.3", "packages": [{}, {"SPDXID": "a"}], "relationships": [{"spdxElementId": "a", "relationshipType": "CONTAINS", "relatedSpdxElement": "a"}], "documentDescribes": ["a"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Evaluate(data, all)
		if err != nil {
			return
		}
		for _, s := range r.Standards {
			if s.Score < 0 || s.Score > 100 || s.Held > s.Counted || (s.Score == 100) != (s.Held == s.Counted && s.Blocked == "") {
				t.Errorf("%+v", s)
			}
			for _, e := range s.Elements {
				if e.Held+e.Unknown > e.Of {
					t.Errorf("%+v", e)
				}
			}
		}
		r.Page()
	})
}
