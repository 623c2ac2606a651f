package spdx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents returns, of one set of declarations, a source and a binary document of the profile.
func documents(t *testing.T, profile Profile) []map[string]any {
	t.Helper()
	product := Product{Name: "CPython", License: "PSF-2.0", LicenseDeclared: "PSF-2.0", Copyright: "Copyright (c) 2001 PSF", Homepage: "https://www.python.org/", Supplier: "Organization: PSF",
		CPE: "cpe:2.3:a:python:python:{version}:*:*:*:*:*:*:*", DownloadURL: "https://example.org/{artifact}", VCSURL: "git+https://github.com/python/cpython@v{version}",
		Created: "2025-12-05T00:00:00Z", Creators: []string{"Tool: sbomctl-1"}, LicenseListVersion: "3.22", Profile: profile,
		Naming: Naming{Patterns: []string{`[Pp]ython-(?P<version>\d+\.\d+\.\d+(?:rc\d+)?)(?P<freethreaded>t?)(?:\.tgz|\.exe)`}, Builds: map[string]map[string]string{"freethreaded": {"t": "freethreaded"}}}}
	declared := []Metadata{
		{Name: "expat", Version: "2.7.1", License: "MIT", LicenseDeclared: "MIT", Copyright: "Copyright (c) 2001", Homepage: "https://libexpat.github.io/", Supplier: "Organization: Expat",
			SHA512: strings.Repeat("ab", 64), CPE: "cpe:2.3:a:libexpat_project:libexpat:2.7.1:*:*:*:*:*:*:*", CPEs: []string{"cpe:2.3:a:jclark:expat:2.7.1:*:*:*:*:*:*:*"}},
		{Name: "unknown", Version: ""},
	}
	sum := strings.Repeat("cd", 32)
	wheel := Wheel{Path: "pip.whl", Package: Metadata{Name: "pip", Version: "1", SHA256: sum, PURL: "pkg:pypi/pip@1"},
		Vendored: []Metadata{{Name: "typing_extensions", Version: "4", PURL: "pkg:pypi/typing_extensions@4"}}}
	parse := func(doc *Document) map[string]any {
		var b bytes.Buffer
		if err := doc.Write(&b); err != nil {
			t.Fatal(err)
		}
		if found := Validate(b.Bytes()); slices.ContainsFunc(found, func(p Problem) bool { return !p.Minimum }) {
			t.Errorf("%s: not valid: %s", profile, problems(found))
		}
		var out map[string]any
		if err := json.Unmarshal(b.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	artifactOf := func(name string) (Artifact, []Package) {
		a, err := product.Naming.Artifact(name)
		if err != nil {
			t.Fatal(err)
		}
		packages, err := packagesOf(declared, product.scope(a))
		if err != nil {
			t.Fatal(err)
		}
		return a, packages
	}
	a, packages := artifactOf("Python-3.14.0rc1.tgz")
	base := &Document{Packages: slices.Clone(packages), Files: []File{{ID: "SPDXRef-FILE-e.c", Path: "e.c", Comment: "pristine: identical to upstream's e.c"}},
		Relationships: []Relationship{{"SPDXRef-PACKAGE-expat", contains, "SPDXRef-FILE-e.c"}}}
	for i := range base.Packages {
		base.Packages[i].ID = "SPDXRef-PACKAGE-" + base.Packages[i].Name
	}
	source := SourceInput{Artifact: a, SHA256: sum, SHA512: strings.Repeat("ef", 64), Product: product, Base: base, Members: []Member{{Path: "e.c"}, {Path: "own.c"}}}
	if profile == Complete {
		source.Packages = packages
		source.Members = append(source.Members, Member{Path: "link", Link: "own.c"}) // the rule asks for links in this profile only
	}
	doc, _, err := Source(source)
	if err != nil {
		t.Fatal(err)
	}
	out := []map[string]any{parse(doc)}
	a, packages = artifactOf("python-3.14.0rc1t.exe")
	doc, err = Binary(BinaryInput{Artifact: a, Sums: Sums{SHA256: sum, SHA512: strings.Repeat("ef", 64)}, Product: product, Base: packages, Wheels: []Wheel{wheel}})
	if err != nil {
		t.Fatal(err)
	}
	return append(out, parse(doc))
}

// facts flattens a document into what it says, each fact with the field that the docs call it by.
func facts(doc map[string]any) map[string][]string {
	out := map[string][]string{}
	say := func(field string, what ...any) {
		text, _ := json.Marshal(what)
		out[field] = append(out[field], string(text))
	}
	items := func(v any, do func(map[string]any)) {
		list, _ := v.([]any)
		for _, item := range list {
			do(item.(map[string]any))
		}
	}
	for field, v := range doc {
		switch field {
		case "packages":
			items(v, func(p map[string]any) {
				for field, v := range p {
					switch field {
					case "checksums":
						items(v, func(c map[string]any) { say("packages.checksums."+c["algorithm"].(string), p["SPDXID"], c) })
					case "externalRefs":
						items(v, func(r map[string]any) { say("packages.externalRefs."+r["referenceType"].(string), p["SPDXID"], r) })
					default:
						say("packages."+field, p["SPDXID"], v)
					}
				}
			})
		case "files":
			items(v, func(f map[string]any) {
				if c, _ := f["comment"].(string); strings.HasPrefix(c, "symbolic link") {
					say("files.fileName", f) // a file that only one document has differs in all fields
					return
				}
				for field, v := range f {
					say("files."+field, f["SPDXID"], v)
				}
			})
		case "relationships":
			items(v, func(r map[string]any) { say("relationships."+r["relationshipType"].(string), r) })
		case "creationInfo":
			for field, v := range v.(map[string]any) {
				say("document.creationInfo."+field, v)
			}
		default:
			say("document."+field, v)
		}
	}
	for _, said := range out {
		slices.Sort(said)
	}
	return out
}

// TestProfiles: each difference between the two profiles has its section in docs/profiles.md, and each section its difference.
func TestProfiles(t *testing.T) {
	differs := map[string]bool{}
	upstream, complete := documents(t, Upstream), documents(t, Complete)
	for i := range upstream {
		a, b := facts(upstream[i]), facts(complete[i])
		for _, field := range sortedUnion(a, b) {
			if !slices.Equal(a[field], b[field]) {
				differs[field] = true
			}
		}
	}
	text, err := os.ReadFile("../../docs/profiles.md")
	if err != nil {
		t.Fatal(err)
	}
	explained := map[string]string{}
	for _, section := range strings.Split(string(text), "\n## ")[1:] {
		title, body, _ := strings.Cut(section, "\n")
		_, line, ok := strings.Cut(body, "*Differs:* ")
		if !ok {
			continue
		}
		for _, want := range []string{"**What:**", "**Why:**", "**Who:**"} {
			if !strings.Contains(body, want) {
				t.Errorf("docs/profiles.md, %s: no %s", title, want)
			}
		}
		line, _, _ = strings.Cut(line, "\n")
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(line, -1) {
			if before, twice := explained[m[1]]; twice {
				t.Errorf("docs/profiles.md explains %s in %s and in %s", m[1], before, title)
			}
			explained[m[1]] = title
		}
	}
	for field := range differs {
		if explained[field] == "" {
			t.Errorf("the profiles differ in %s, which no section of docs/profiles.md names", field)
		}
	}
	for field, title := range explained {
		if !differs[field] {
			t.Errorf("docs/profiles.md, %s: the profiles do not differ in %s", title, field)
		}
	}
}

// TestCompleteValues: what the complete profile makes up, it makes up right.
func TestCompleteValues(t *testing.T) {
	said := map[string]bool{}
	for _, doc := range documents(t, Complete) {
		for field, list := range facts(doc) {
			for _, s := range list {
				said[field+" "+s] = true
			}
		}
	}
	all := fmt.Sprint(said)
	for _, want := range []string{
		`packages.externalRefs.cpe23Type ["SPDXRef-PACKAGE-cpython",{"referenceCategory":"SECURITY","referenceLocator":"cpe:2.3:a:python:python:3.14.0:rc1:*:*:*:*:*:*","referenceType":"cpe23Type"}]`,
		`packages.externalRefs.cpe23Type ["SPDXRef-PACKAGE-cpython",{"referenceCategory":"SECURITY","referenceLocator":"cpe:2.3:a:python:python:3.14.0rc1:*:*:*:*:*:*:*","referenceType":"cpe23Type"}]`,
		`packages.externalRefs.purl ["SPDXRef-PACKAGE-expat",{"referenceCategory":"PACKAGE-MANAGER","referenceLocator":"pkg:generic/expat@2.7.1?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fpython%2Fcpython%40v3.14.0rc1","referenceType":"purl"}]`,
		`packages.externalRefs.purl ["SPDXRef-PACKAGE-unknown",{"referenceCategory":"PACKAGE-MANAGER","referenceLocator":"pkg:generic/unknown?vcs_url=git%2Bhttps:%2F%2Fgithub.com%2Fpython%2Fcpython%40v3.14.0rc1","referenceType":"purl"}]`,
		`packages.externalRefs.purl ["SPDXRef-PACKAGE-typing-extensions",{"referenceCategory":"PACKAGE-MANAGER","referenceLocator":"pkg:pypi/typing-extensions@4","referenceType":"purl"}]`,
		`packages.supplier ["SPDXRef-PACKAGE-expat","Organization: Expat"]`,
		`packages.supplier ["SPDXRef-PACKAGE-unknown","NOASSERTION"]`,
		`packages.copyrightText ["SPDXRef-PACKAGE-unknown","NOASSERTION"]`,
		`packages.filesAnalyzed ["SPDXRef-PACKAGE-unknown",false]`,
		`packages.filesAnalyzed ["SPDXRef-PACKAGE-expat",true]`,
		`document.creationInfo.licenseListVersion ["3.29"]`,
		`files.comment ["SPDXRef-FILE-e.c","pristine: identical to upstream's e.c"]`,
	} {
		if !said[want] {
			t.Errorf("nothing says %s in\n%s", want, all)
			all = "(see above)"
		}
	}
	for s := range said {
		if strings.HasPrefix(s, "packages.versionInfo [\"SPDXRef-PACKAGE-unknown\"") || strings.HasPrefix(s, "packages.packageVerificationCode [\"SPDXRef-PACKAGE-unknown\"") {
			t.Errorf("nobody knows %s", s)
		}
	}
}

// TestNamespaces: equal content has one namespace, other content another.
func TestNamespaces(t *testing.T) {
	namespace := func(edit func(*Product)) string {
		p := Product{Name: "x", DownloadURL: "https://example.org/", Created: "2025-12-05T00:00:00Z", Creators: []string{"Tool: t-1"}, Profile: Complete}
		edit(&p)
		doc, err := Whole(WholeInput{Name: "all", Product: p, Version: "1", Packages: []Package{{Name: "a", Version: "1"}}})
		if err != nil {
			t.Fatal(err)
		}
		return doc.Creation.Namespace
	}
	same := func(*Product) {}
	a, b := namespace(same), namespace(same)
	other := namespace(func(p *Product) { p.License = "MIT" })
	if a != b || a == other || !strings.HasPrefix(a, "https://example.org/.spdx.json/") || strings.Contains(a, "#") {
		t.Errorf("%s, %s; another content %s", a, b, other)
	}
}
