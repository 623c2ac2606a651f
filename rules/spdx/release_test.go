package spdx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// wantError compares the whole text of err, which must consist of diagnostics.
func wantError(t *testing.T, what string, err error, want string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want %s", what, want)
		return
	}
	if got := err.Error(); got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
	for _, e := range diag.Flatten(err) {
		if d := (*diag.Error)(nil); !errors.As(e, &d) {
			t.Errorf("%s: a %T is no *diag.Error", what, e)
		}
	}
}

func TestMetadataErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"name": "a", "version": "1", "sha3": ""}`, `package metadata has the unknown field "sha3"`},
		{`[]`, "package metadata is not the JSON that is expected"},
		{`{"name": "a", "version": "1"} {}`, "package metadata is not the JSON that is expected"},
		{`{"label": "//:a", "name": "a", "version": " ", "license": "mit", "cpe": "cpe:2.3:a:v:p:2:*:*:*:*:*:*:*"}`,
			`//:a: package "a": version: " " has a space or control character, or more than 255 bytes` + "\n" + `//:a: package "a": license: licence "mit" is spelled "MIT"` + "\n" +
				`//:a: package "a": cpe: CPE "cpe:2.3:a:v:p:2:*:*:*:*:*:*:*" states version "2", expected " "`},
		{`{"label": "//:a", "name": "a", "version": "", "cpe": "cpe:2.3:a:v:p:2:*:*:*:*:*:*:*"}`,
			`//:a: package "a": cpe: CPE "cpe:2.3:a:v:p:2:*:*:*:*:*:*:*" states version "2", and none is declared`},
		{`{"name": "a", "version": "1", "license_declared": "LicenseRef-x"}`,
			`package "a": license_declared: licence expression "LicenseRef-x" names LicenseRef-x, whose text is nowhere` + "\n" +
				`  hint: a reader has no other way to know what it says: license_refs = [license_ref("LicenseRef-x", text = ...)]`},
		{`{"name": "a", "version": "1", "sha256": "00"}`, `package "a": sha256: SHA256 "00" has 2 characters, expected 64 hexadecimal digits`},
		{`{"name": "a", "version": "1", "purl": "pkg:pypi/a_b@1"}`,
			`package "a": purl: package URL "pkg:pypi/a_b@1" is not in canonical form` + "\n  hint: write pkg:pypi/a-b@1"},
		{`{"name": "a", "version": "1", "purpose": "LIBARY"}`, `package "a": purpose: "LIBARY" is not a package purpose of SPDX; did you mean "LIBRARY"?`},
	} {
		_, err := parseMetadata([]byte(c.in))
		wantError(t, c.in, err, c.want)
	}
	// What is not stated is left out or NOASSERTION.
	p, err := parseMetadata([]byte(`{"name": "a", "version": "1", "sha256": "NOASSERTION", "download_url": "NOASSERTION"}`))
	if err != nil || p.Checksums != nil || p.DownloadURL != "NOASSERTION" || p.License != "NOASSERTION" || p.Purpose != "SOURCE" {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestWheelErrors(t *testing.T) {
	sha := strings.Repeat("ab", 32)
	w, err := ParseWheel([]byte(`{"path": "x.whl", "package": {"name": "pip", "version": "1", "sha256": "` + sha + `"}, "vendored": [{"name": "a_b", "version": "2",
		"purl": "pkg:pypi/a_b@2", "download_url": "NOASSERTION", "sha256": ""}]}`))
	if err != nil || w.Path != "x.whl" || len(w.Vendored) != 1 {
		t.Errorf("got %+v, %v", w, err)
	}
	for _, c := range []struct{ in, want string }{
		{`[]`, "description of a wheel is not the JSON that is expected"},
		{`{}`, `package "": name: is empty` + "\n" + `package "": version: is empty` + "\n" + `wheel "": SHA256 "" has 0 characters, expected 64 hexadecimal digits`},
		{`{"package": {"name": "pip", "version": "1", "sha256": "` + sha + `"}, "vendored": [{"name": "a", "version": "1", "purl": "pkg:pypi/a@2"}]}`,
			`package "a": purl: package URL "pkg:pypi/a@2" states version "2", expected "1"`},
	} {
		_, err := ParseWheel([]byte(c.in))
		wantError(t, c.in, err, c.want)
	}
}

func FuzzParseWheel(f *testing.F) {
	f.Add([]byte(`{"package": {"name": "pip", "version": "1", "sha256": "ab"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if w, err := ParseWheel(data); err == nil && (w.Package.Name == "" || w.Package.SHA256 == "") {
			t.Errorf("accepted %q", data)
		}
	})
}

func TestProductErrors(t *testing.T) {
	p := cpython()
	p.CPE, p.Created, p.Creators, p.DownloadURL = "cpe:2.3:a:python:python:3.1:*:*:*:*:*:*:*", "now", nil, "https://x/{verison}"
	_, _, err := p.document(artifact(t, "Python-3.13.5.tgz"), Sums{SHA256: strings.Repeat("0", 64)})
	wantError(t, "product", err, `for Python-3.13.5.tgz: download_url: {verison} is not a placeholder; did you mean {version}?
  hint: there are {arch}, {artifact}, {base_version}, {format}, {freethreaded}, {prerelease}, {variant} and {version}
for Python-3.13.5.tgz: created: created "now" is not a UTC time of the form YYYY-MM-DDThh:mm:ssZ
for Python-3.13.5.tgz: creators: is empty; SPDX wants one at least
package "CPython": cpe: CPE "cpe:2.3:a:python:python:3.1:*:*:*:*:*:*:*" states version "3.1", expected "3.13.5"
artifact Python-3.13.5.tgz: SHA256 is all zeros, which is the checksum of nothing`)
}

func TestCollisions(t *testing.T) {
	files := func(lists ...[]string) func(int) ([]File, error) {
		return func(i int) ([]File, error) {
			var out []File
			for _, p := range lists[i] {
				out = append(out, File{Path: p})
			}
			return out, nil
		}
	}
	packages := []Package{{Name: "b_", Version: "1"}, {Name: "a", Version: "2"}}
	var b bytes.Buffer
	if err := WriteBase(&b, packages, nil, files([]string{"x_y", "x-y"}, []string{"x/y"}), nil); err != nil {
		t.Fatal(err)
	}
	// Package "a" comes first, so its x/y keeps the bare identifier.
	for _, want := range []string{`"SPDXID": "SPDXRef-FILE-x-y",`, `"SPDXRef-FILE-x-y-` + sum([]byte("SPDXRef-FILE-x_y"))[:8] + `"`,
		`"SPDXRef-FILE-x-y-` + sum([]byte("SPDXRef-FILE-x-y"))[:8] + `"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in %s", want, b.String())
		}
	}
	b.Reset()
	told := ""
	if err := WriteBase(&b, packages, nil, files([]string{"x"}, []string{"w", "x"}), func(first, second int, path string) { told += fmt.Sprint(first, second, path) }); err != nil {
		t.Fatal(err)
	}
	if told != "1 0x" || strings.Count(b.String(), `"fileName": "x"`) != 1 || strings.Count(b.String(), `"relatedSpdxElement": "SPDXRef-FILE-x"`) != 2 {
		t.Errorf("a file of two packages: told %q; %s", told, b.String())
	}
	wantError(t, "file twice", WriteBase(io.Discard, packages, nil, files([]string{"x", "x"}, nil), nil), `x: file belongs to package "b_" twice`)
	wantError(t, "not UTF-8", WriteBase(io.Discard, packages, nil, files([]string{"\xff"}, nil), nil),
		"\uFFFD: file name \"\\xff\" is not UTF-8, so no SPDX document can name it")
	_, err := Deps([]Package{{Name: "a", Version: "1"}, {Name: "a", Version: "2"}})
	wantError(t, "package twice", err, `two packages have the SPDX id SPDXRef-PACKAGE-a: "a 1" and "a 2"`+"\n  hint: leave one of them out, or set its package_name")

	in := binaryInput(t, "python-3.13.5-amd64.exe", 'A')
	in.Base = append(in.Base, Package{Name: "expat", Version: "2.6.3"})
	_, err = Binary(in)
	wantError(t, "base twice", err, `two packages have the SPDX id SPDXRef-PACKAGE-expat-2.6.3: "expat 2.6.3" and "expat 2.6.3"`+"\n  hint: leave one of them out, or set its package_name")
	in = binaryInput(t, "python-3.13.5-amd64.exe", 'A')
	in.Deps = append(in.Deps, Package{Name: "cpython", Version: "1"})
	_, err = Binary(in)
	wantError(t, "product", err, `two packages have the SPDX id SPDXRef-PACKAGE-cpython: "cpython 1" and the product "CPython"`)
	in = binaryInput(t, "python-3.13.5-amd64.exe", 'A')
	in.Deps = append(in.Deps, Package{Name: "rich", Version: "1"})
	doc, err := Binary(in)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, p := range doc.Packages {
		ids[p.Name+" "+p.Version] = p.ID
	}
	if ids["rich 1"] != "SPDXRef-PACKAGE-rich" || ids["rich 14.0.0"] != "SPDXRef-PACKAGE-rich-14.0.0" {
		t.Errorf("a wheel brings another version of a package: %v", ids)
	}
}

// TestTwoWheels: what two wheels vendor alike is one package that both depend on.
func TestTwoWheels(t *testing.T) {
	in := binaryInput(t, "python-3.13.5-amd64.exe", 'A')
	other := Wheel{Package: Metadata{Name: "wheel", Version: "1", SHA256: in.Sums.SHA256}, Vendored: in.Wheels[0].Vendored[:1]}
	in.Wheels = append(in.Wheels, other)
	doc, err := Binary(in)
	if err != nil {
		t.Fatal(err)
	}
	var on []string
	for _, r := range doc.Relationships {
		if r.Related == "SPDXRef-PACKAGE-cachecontrol" {
			on = append(on, r.Element)
		}
	}
	if strings.Join(on, " ") != "SPDXRef-PACKAGE-pip SPDXRef-PACKAGE-wheel" || len(doc.Packages) != 37 {
		t.Errorf("cachecontrol is wanted by %v; %d packages", on, len(doc.Packages))
	}
}

// TestBaseMemory: a base SBOM of 100,000 files (65 MB) is streamed. The bound is on all that is
// ever allocated, not only on the peak, and includes the lists of files that the test makes.
func TestBaseMemory(t *testing.T) {
	packages, files := manyFiles()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := WriteBase(io.Discard, packages, nil, files, nil); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := (after.TotalAlloc - before.TotalAlloc) >> 20; got > 80 {
		t.Errorf("allocated %d MB", got)
	}
}
