package wheel

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/rules/archive/xz"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

func runCall(t *testing.T, c *call) error {
	t.Helper()
	err := Operations()[0].Run(context.Background(), c)
	if sealed := c.Outputs["packages"] != nil; (err == nil) != sealed {
		t.Errorf("error %v, output sealed: %v", err, sealed)
	}
	return err
}

// packages reads the output as the release documents do: the wheel's package first.
func (c *call) packages(t *testing.T) []spdx.Metadata {
	t.Helper()
	w, err := spdx.ParseWheel(c.Outputs["packages"])
	if err != nil {
		t.Fatal(err)
	}
	if w.Path != wheelPath {
		t.Errorf("path of the wheel: %s", w.Path)
	}
	return append([]spdx.Metadata{w.Package}, w.Vendored...)
}

func TestWithoutLock(t *testing.T) {
	content := smallWheel(t)
	c := newCall(vendorPath).add("wheel", wheelPath, content)
	if err := runCall(t, c); err != nil {
		t.Fatal(err)
	}
	want := []spdx.Metadata{
		{Name: "pip", Version: "25.1.1", DownloadURL: "NOASSERTION", SHA256: cache.Of(content).Hex(), PURL: "pkg:pypi/pip@25.1.1"},
		{Name: "cachecontrol", Version: "0.14.2", DownloadURL: "NOASSERTION", PURL: "pkg:pypi/cachecontrol@0.14.2"},
		{Name: "requests", Version: "2.32.3", DownloadURL: "NOASSERTION", PURL: "pkg:pypi/requests@2.32.3"},
		{Name: "typing_extensions", Version: "4.13.2", DownloadURL: "NOASSERTION", PURL: "pkg:pypi/typing_extensions@4.13.2"},
	}
	if got := c.packages(t); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	want1 := finding.Finding{Rule: "wheel-lock", Severity: finding.Warning, Attr: "lock", Msg: "no lock file is named: URLs and checksums of what the wheel vendors are NOASSERTION",
		Hints: []string{`add lock = "pip.lock.json" and run: sbomctl lock //:pip`}}
	if len(c.Findings) != 1 || !reflect.DeepEqual(c.Findings[0], want1) {
		t.Errorf("findings: %+v", c.Findings)
	}
}

// The CPE is of the version that the wheel is, and an error about it is at the attribute.
func TestCPE(t *testing.T) {
	for cpe, want := range map[string]string{
		"cpe:2.3:a:pypa:pip:{version}:*:*:*:*:*:*:*":   "",
		"cpe:2.3:a:pypa:pip:25.1.1:*:*:*:*:*:*:*":      "",
		"cpe:2.3:a:pypa:pip:25.1:*:*:*:*:*:*:*":        `states version "25.1", expected "25.1.1"`,
		"cpe:2.3:a:pypa:pip:{versoin}:*:*:*:*:*:*:*":   "{versoin} is not a placeholder; did you mean {version}?",
		"cpe:2.3:a:pypa:pip:{{version}}:*:*:*:*:*:*:*": "belongs to no placeholder",
		"pip": `does not begin with "cpe:2.3:"`,
	} {
		c := newCall(vendorPath).add("wheel", wheelPath, smallWheel(t))
		c.params.CPE = cpe
		err := runCall(t, c)
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", cpe, err)
			} else if got := c.packages(t)[0].CPE; got != "cpe:2.3:a:pypa:pip:25.1.1:*:*:*:*:*:*:*" {
				t.Errorf("%s: %s", cpe, got)
			}
			continue
		}
		var d *diag.Error
		if !errors.As(err, &d) || !strings.Contains(d.Msg, want) || d.Attr != "cpe" || d.Label != "//:pip" {
			t.Errorf("%s: %#v", cpe, err)
		}
	}
}

func TestWithLock(t *testing.T) {
	content := smallWheel(t)
	text := strings.Replace(smallLockText, sum5, cache.Of(content).Hex(), 1)
	c := newCall(vendorPath).add("wheel", wheelPath, content).add("lock", "pip.lock.json", []byte(text))
	c.params.Supplier = "Organization: Python Packaging Authority"
	c.params.License = "MIT"
	c.params.CPE = "cpe:2.3:a:pypa:pip:{version}:*:*:*:*:*:*:*"
	c.params.Originator = "Organization: Python Packaging Authority"
	if err := runCall(t, c); err != nil {
		t.Fatal(err)
	}
	want := []spdx.Metadata{
		{Name: "pip", Version: "25.1.1", License: "MIT", Originator: "Organization: Python Packaging Authority", Supplier: "Organization: Python Packaging Authority",
			DownloadURL: "https://files.example/pip-25.1.1-py3-none-any.whl", SHA256: cache.Of(content).Hex(),
			CPE: "cpe:2.3:a:pypa:pip:25.1.1:*:*:*:*:*:*:*", PURL: "pkg:pypi/pip@25.1.1"},
		{Name: "cachecontrol", Version: "0.14.2", DownloadURL: "https://files.example/cachecontrol-0.14.2.tar.gz", SHA256: sum5, PURL: "pkg:pypi/cachecontrol@0.14.2",
			Supplier: "Organization: Python Packaging Authority"},
		{Name: "requests", Version: "2.32.3", DownloadURL: "NOASSERTION", SHA256: sum5, PURL: "pkg:pypi/requests@2.32.3",
			Originator: "Person: Kenneth Reitz (me@example.org)", Homepage: "https://requests.example/", Supplier: "Organization: Python Packaging Authority"},
		{Name: "typing_extensions", Version: "4.13.2", LicenseDeclared: "PSF-2.0", DownloadURL: "NOASSERTION", PURL: "pkg:pypi/typing_extensions@4.13.2",
			Supplier: "Organization: Python Packaging Authority"},
	}
	if got := c.packages(t); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if len(c.Findings) != 1 || c.Findings[0].Pos.File != "pip.lock.json" || c.Findings[0].Pos.Line == 0 ||
		!strings.HasPrefix(c.Findings[0].Msg, "typing_extensions 4.13.2 is locked without a file") {
		t.Errorf("findings: %+v", c.Findings)
	}
}

// TestConcluded: a licence that somebody wrote into the lock, with where it was read, is concluded. One that the index states is declared only.
func TestConcluded(t *testing.T) {
	for source, want := range map[string]string{"": "", fromExpression: "", fromLicense: "", fromClassifier: "", "certifi/LICENSE, line 15": "MPL-2.0"} {
		if got := (Stated{License: "MPL-2.0", LicenseSource: source}).concluded(); got != want {
			t.Errorf("%q: got %q, want %q", source, got, want)
		}
	}
}

func TestOperationErrors(t *testing.T) {
	content := smallWheel(t)
	wants(t, runCall(t, newCall(vendorPath)), "//:pip: the tree has no wheel where one is declared")
	wants(t, runCall(t, newCall(vendorPath).add("wheel", "a/pip-1.whl", content).add("wheel", "a/pip-2.whl", content)),
		"//:pip: 2 files are taken for the wheel, expected one: a/pip-1.whl, a/pip-2.whl")
	wants(t, runCall(t, newCall(vendorPath).add("wheel", wheelPath, content).add("lock", "pip.lock.json", []byte(smallLockText))),
		"pip.lock.json:3:3: //:pip: lock is for a wheel of sha256 "+sum5+", but that of "+wheelPath+" is "+cache.Of(content).Hex(), "hint: run: sbomctl lock //:pip")
	wants(t, runCall(t, newCall(vendorPath).add("wheel", wheelPath, content).add("lock", "pip.lock.json", []byte("{"))),
		"pip.lock.json:1:2: //:pip: not valid JSON from here on")
	wants(t, runCall(t, newCall("pip/vendor.txt").add("wheel", wheelPath, content)), wheelPath+`: //:pip: wheel has no "pip/vendor.txt"`)
	c := newCall("").add("wheel", wheelPath, content)
	wants(t, runCall(t, c))
	if got := c.packages(t); len(got) != 1 {
		t.Errorf("a wheel that vendors nothing: %+v", got)
	}
	c = newCall(vendorPath).add("wheel", wheelPath, content).add("lock", "sub/pip.lock.json", []byte("["))
	c.params.Lock = "pkg/sub/pip.lock.json"
	wants(t, runCall(t, c), "pkg/sub/pip.lock.json:1:1: //:pip: the lock is no object")
}

// realWheel returns pip's wheel in CPython 3.13.5's source tarball.
func realWheel(t *testing.T) []byte {
	t.Helper()
	dir := os.Getenv("SBOMCTL_DISTDIR")
	if dir == "" {
		t.Skip("SBOMCTL_DISTDIR does not name the folder that holds Python-3.13.5.tar.xz")
	}
	f, err := os.Open(filepath.Join(dir, "Python-3.13.5.tar.xz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := xz.NewReader(f, 1<<26)
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			t.Fatal("no wheel in the tarball")
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == "Python-3.13.5/"+wheelPath {
			b, err := io.ReadAll(tr)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
}

// TestRealWheel: the real wheel with the locks of this repository; with the fixture lock, the
// packages are those of upstream's own document.
func TestRealWheel(t *testing.T) {
	content := realWheel(t)
	run := func(lock string) []spdx.Metadata {
		text, err := os.ReadFile(filepath.FromSlash(lock))
		if err != nil {
			t.Fatal(err)
		}
		c := newCall(vendorPath).add("wheel", wheelPath, content).add("lock", lock, text)
		c.params.CPE = "cpe:2.3:a:pypa:pip:{version}:*:*:*:*:*:*:*"
		if err := runCall(t, c); err != nil {
			t.Fatal(err)
		}
		return c.packages(t)
	}
	run("../../examples/cpython/pip.lock.json")
	components := run("../../testdata/golden/workspace/pip.lock.json")

	var doc struct {
		Packages []struct {
			Name, VersionInfo, DownloadLocation string
			Checksums                           []struct{ ChecksumValue string }
			ExternalRefs                        []struct{ ReferenceLocator string }
		}
	}
	golden, err := os.ReadFile(filepath.FromSlash("../../testdata/golden/Python-3.13.5.tar.xz.spdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(golden, &doc); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, p := range doc.Packages {
		if strings.Contains(p.DownloadLocation, "/packages/fixture/") {
			want[p.Name] = strings.Join([]string{p.VersionInfo, p.DownloadLocation, p.Checksums[0].ChecksumValue, p.ExternalRefs[0].ReferenceLocator}, " ")
		}
	}
	got := map[string]string{}
	for _, m := range components {
		got[m.Name] = strings.Join([]string{m.Version, m.DownloadURL, m.SHA256, m.PURL}, " ")
	}
	if len(got) != 21 || len(want) != 21 {
		t.Errorf("%d packages, expected %d", len(got), len(want))
	}
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: got %s\nexpected %s", name, got[name], want[name])
		}
	}
}
