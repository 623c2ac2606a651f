package spdx

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/rules/ident"
)

// TestElements: a document of the complete profile says how it was made, what is not known of its packages and what kind of file the
// artifact is; one of upstream's profile says nothing of it.
func TestElements(t *testing.T) {
	document := func(profile Profile) *Document {
		product := Product{Name: "X", License: "MIT", Originator: "Organization: X", Supplier: "Organization: X", DownloadURL: "https://example.org/{artifact}",
			Created: "2025-06-11T00:00:00Z", Creators: []string{"Organization: X", "Tool: x-1.0"}, Profile: profile}
		a := Artifact{Name: "x-3.14.2.zip", Version: "3.14.2", BaseVersion: "3.14.2"}
		packages, err := packagesOf([]Metadata{{Label: "//:a", Name: "a", Version: "1", PURL: "pkg:generic/a@1", Originator: "Organization: A"}, {Label: "//:b", Name: "b", Version: "1", PURL: "pkg:generic/b@1"}}, product.scope(a))
		if err != nil {
			t.Fatal(err)
		}
		d, err := Binary(BinaryInput{Artifact: a, Sums: Sums{SHA256: strings.Repeat("1", 64)}, Product: product, Deps: packages})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := document(Complete)
	if !strings.HasPrefix(d.Creation.Comment, "Source: ") {
		t.Errorf("comment %q", d.Creation.Comment)
	}
	for _, p := range d.Packages {
		unknown := slices.Contains(d.Relationships, Relationship{p.ID, dependsOn, ident.NoAssertion})
		if product := p.Name == "X"; unknown == product || product != (len(p.Annotations) == 1) {
			t.Errorf("%s: what it depends on is said to be unknown: %v; annotations: %v", p.ID, unknown, p.Annotations)
		}
		if want := map[string]string{"X": "Organization: X", "a": "Organization: A", "b": ident.NoAssertion}[p.Name]; p.Originator != want {
			t.Errorf("%s: originator %q, want %q", p.ID, p.Originator, want)
		}
	}
	var b bytes.Buffer
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, p := range Validate(b.Bytes()) {
		if !p.Minimum {
			t.Errorf("%s %s", p.Path, p.Msg)
		}
	}
	if !strings.Contains(b.String(), `"annotator": "Tool: x-1.0"`) {
		t.Errorf("%s", b.Bytes())
	}

	d = document(Upstream)
	for _, p := range d.Packages {
		if p.Annotations != nil || p.Originator == ident.NoAssertion {
			t.Errorf("%+v", p)
		}
	}
	if d.Creation.Comment != "" || slices.ContainsFunc(d.Relationships, func(r Relationship) bool { return r.Related == ident.NoAssertion }) {
		t.Errorf("%+v %v", d.Creation, d.Relationships)
	}
}

// TestFileKind: only what the name of a file tells.
func TestFileKind(t *testing.T) {
	d := &Document{Creation: &Creation{Creators: []string{"Person: X"}, Created: "2025-06-11T00:00:00Z"}}
	for name, want := range map[string]string{
		"":               "",
		"x-1.pkg":        "",
		"x-1.tgz.asc":    "",
		"x-1.exe":        "bsi:component:executable=executable",
		"x-1.tar.xz":     "bsi:component:archive=archive bsi:component:executable=non-executable bsi:component:structured=structured",
		"x-1-py3.whl":    "bsi:component:archive=archive bsi:component:executable=non-executable bsi:component:structured=structured",
		"x-1.2.zip":      "bsi:component:archive=archive bsi:component:executable=non-executable bsi:component:structured=structured",
		"x-1.2.zip.spdx": "",
	} {
		var got string
		for _, a := range d.fileKind(name) {
			got += a.Comment
			if a.Annotator != "Person: X" || a.Date != d.Creation.Created {
				t.Errorf("%+v", a)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
