package spdx

import (
	"archive/tar"
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdxlib"

	"github.com/sbomctl/sbomctl/rules/archive/xz"
)

func golden(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "golden", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// same fails at the first byte that differs.
func same(t testing.TB, name string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	from := max(0, i-120)
	t.Errorf("%s: differs at byte %d of %d (got %d)\n got ...%s\nwant ...%s", name, i, len(want), len(got),
		got[from:min(len(got), i+120)], want[from:min(len(want), i+120)])
}

// valid checks a document with the SPDX project's own reader.
func valid(t testing.TB, name string, data []byte) {
	t.Helper()
	doc, err := spdxjson.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: tools-golang cannot read it: %v", name, err)
	}
	if err := spdxlib.ValidateDocument(doc); err != nil {
		t.Errorf("%s: tools-golang finds it invalid: %v", name, err)
	}
}

func render(t testing.TB, doc *Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := doc.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func parse(t testing.TB, name string) *Document {
	t.Helper()
	doc, err := Parse(name, golden(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// metadata turns a parsed package into what Starlark would have declared.
func metadata(p Package) Metadata {
	m := Metadata{Name: p.Name, Version: p.Version, License: p.License, Originator: p.Originator, DownloadURL: p.DownloadURL}
	for _, c := range p.Checksums {
		m.SHA256 = c.Value
	}
	for _, r := range p.Refs {
		if r.RefType == "purl" {
			m.PURL = r.Locator
		} else {
			m.CPE = r.Locator
		}
	}
	return m
}

// declared returns the packages of a checked-in golden, made again from their metadata.
func declared(t testing.TB, name string) []Package {
	t.Helper()
	var out []Package
	for _, p := range parse(t, name).Packages {
		data, err := json.Marshal(metadata(p))
		if err != nil {
			t.Fatal(err)
		}
		q, err := parseMetadata(data)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, q)
	}
	return out
}

// pythonNaming is a part of how CPython names what it releases.
var pythonNaming = Naming{
	Patterns: []string{
		`Python-(?P<version>(?P<base_version>\d+(?:\.\d+)+)(?:(?:a|b|rc)\d+)?)\.(?P<format>tgz|tar\.xz)`,
		`python-(?P<version>(?P<base_version>\d+(?:\.\d+)+)(?:(?:a|b|rc)\d+)?)(?P<freethreaded>t?)(?:-(?P<variant>embed|test))?(?:-(?P<arch>amd64|arm64|win32))?\.(?P<format>exe|zip)`,
		`python-(?P<version>(?P<base_version>\d+(?:\.\d+)+)(?:(?:a|b|rc)\d+)?)-macos\d+\.(?P<format>pkg)`,
		`python\.(?P<base_version>\d+(?:\.\d+)+)(?:-(?P<prerelease>(?:a|b|rc)\d+))?\.(?P<format>nupkg)`,
	},
	Builds: map[string]map[string]string{"freethreaded": {"t": "free-threaded"}},
}

func cpython() Product {
	return Product{
		Naming: pythonNaming,
		Name:   "CPython", License: "PSF-2.0",
		Originator: "Organization: Python Software Foundation", Supplier: "Organization: Python Software Foundation",
		CPE:         "cpe:2.3:a:python:python:{version}:*:*:*:*:*:*:*",
		DownloadURL: "https://www.python.org/ftp/python/{base_version}/{artifact}",
		Creators:    []string{"Tool: ReleaseTools-0000000000000000000000000000000000000000", "Person: Python Release Managers"},
		Created:     "2025-06-11T00:00:00Z", LicenseListVersion: "3.22",
	}
}

// pip is the wheel of 3.13.5 with the package-index answers that the goldens were made with.
func pip() Wheel {
	var w Wheel
	entry := func(name, version string) Metadata {
		sum := sha256.Sum256([]byte(name + "==" + version))
		return Metadata{Name: name, Version: version, SHA256: hex.EncodeToString(sum[:]), PURL: "pkg:pypi/" + name + "@" + version,
			DownloadURL: "https://files.pythonhosted.org/packages/fixture/" + name + "-" + version + "-py3-none-any.whl"}
	}
	w.Package = entry("pip", "25.1.1")
	w.Package.SHA256 = "2913a38a2abf4ea6b64ab507bd9e967f3b53dc1ede74b01b0931e1ce548751af"
	w.Package.CPE = "cpe:2.3:a:pypa:pip:25.1.1:*:*:*:*:*:*:*"
	w.Package.Originator = "Organization: Python Packaging Authority"
	for _, line := range strings.Fields(`cachecontrol==0.14.2 distlib==0.3.9 distro==1.9.0 msgpack==1.1.0 packaging==25.0
		platformdirs==4.3.7 pyproject-hooks==1.2.0 requests==2.32.3 certifi==2025.1.31 idna==3.10 urllib3==1.26.20 rich==14.0.0
		pygments==2.19.1 typing_extensions==4.13.2 resolvelib==1.1.0 setuptools==70.3.0 tomli==2.2.1 tomli-w==1.2.0
		truststore==0.10.1 dependency-groups==1.3.1`) {
		name, version, _ := strings.Cut(line, "==")
		w.Vendored = append(w.Vendored, entry(name, version))
	}
	return w
}

func artifact(t testing.TB, name string) Artifact {
	t.Helper()
	a, err := pythonNaming.Artifact(name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// baseLists returns the files of each package of the base golden, through the list's own format.
func baseLists(t testing.TB) func(int) ([]File, error) {
	doc := parse(t, "Misc-sbom.spdx.json")
	owner := ownersOf(doc)
	return func(i int) ([]File, error) {
		var files []File
		for _, f := range doc.Files {
			if owner[f.ID] == doc.Packages[i].Name {
				files = append(files, File{Path: f.Path, SHA1: f.SHA1, SHA256: f.SHA256})
			}
		}
		return ParseChecksums(EncodeChecksums(files))
	}
}

func TestBaseGolden(t *testing.T) {
	var b bytes.Buffer
	if err := WriteBase(&b, declared(t, "Misc-sbom.spdx.json"), nil, baseLists(t), nil); err != nil {
		t.Fatal(err)
	}
	same(t, "base", b.Bytes(), golden(t, "Misc-sbom.spdx.json"))
	same(t, "parsed and written", render(t, parse(t, "Misc-sbom.spdx.json")), golden(t, "Misc-sbom.spdx.json"))
}

func TestDepsGolden(t *testing.T) {
	doc, err := Deps(declared(t, "Misc-externals.spdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "deps", render(t, doc), golden(t, "Misc-externals.spdx.json"))
}

func binaryInput(t testing.TB, name string, content byte) BinaryInput {
	return BinaryInput{
		Artifact: artifact(t, name), Sums: Sums{SHA256: sum(bytes.Repeat([]byte{content}, 1000))}, Product: cpython(),
		Deps: declared(t, "Misc-externals.spdx.json"), Base: declared(t, "Misc-sbom.spdx.json"), Wheels: wheelsOf(name),
	}
}

// wheelsOf are the wheels of an artifact: embeddable packages have none.
func wheelsOf(name string) []Wheel {
	if strings.Contains(name, "-embed-") {
		return nil
	}
	return []Wheel{pip()}
}

func TestWindowsGoldens(t *testing.T) {
	for name, content := range map[string]byte{"python-3.13.5-amd64.exe": 'A', "python-3.13.5-embed-amd64.zip": 'B'} {
		doc, err := Binary(binaryInput(t, name, content))
		if err != nil {
			t.Fatal(err)
		}
		same(t, name, render(t, doc), golden(t, name+".spdx.json"))
		valid(t, name, render(t, doc))
	}
}

// TestBinaryOthers checks what no golden shows: each kind of artifact differs from its golden in
// the artifact's own name, checksum and version only.
func TestBinaryOthers(t *testing.T) {
	for _, c := range []struct{ name, like string }{
		{"python-3.13.5-macos11.pkg", "python-3.13.5-amd64.exe"},
		{"python-3.13.5t-amd64.zip", "python-3.13.5-amd64.exe"},
		{"python-3.13.5.exe", "python-3.13.5-amd64.exe"},
		{"python-3.13.5t-embed-arm64.zip", "python-3.13.5-embed-amd64.zip"},
	} {
		in := binaryInput(t, c.name, 'C')
		doc, err := Binary(in)
		if err != nil {
			t.Fatal(err)
		}
		got := render(t, doc)
		valid(t, c.name, got)
		content := map[string]byte{"python-3.13.5-amd64.exe": 'A', "python-3.13.5-embed-amd64.zip": 'B'}[c.like]
		want := strings.NewReplacer(c.like, c.name, sum(bytes.Repeat([]byte{content}, 1000)), in.Sums.SHA256).Replace(string(golden(t, c.like+".spdx.json")))
		same(t, c.name, got, []byte(want))
	}
	pre, err := Binary(binaryInput(t, "python-3.14.0b1-arm64.exe", 'C'))
	if err != nil {
		t.Fatal(err)
	}
	text := string(render(t, pre))
	for _, want := range []string{`"https://www.python.org/ftp/python/3.14.0/python-3.14.0b1-arm64.exe"`,
		`"cpe:2.3:a:python:python:3.14.0b1:*:*:*:*:*:*:*"`, `"versionInfo": "3.14.0b1"`} {
		if !strings.Contains(text, want) {
			t.Errorf("pre-release document lacks %s", want)
		}
	}
}

const tarball = "Python-3.13.5.tar.xz"

func sourceInput(t testing.TB, members []Member) SourceInput {
	return SourceInput{
		Artifact: artifact(t, tarball), SHA256: "93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640", Product: cpython(),
		Base: parse(t, "Misc-sbom.spdx.json"), Own: parse(t, "Misc-sbom.spdx.json"), OwnPath: "Misc/sbom.spdx.json",
		BaseLabel: "//:base_sbom", Members: members, Wheels: []Wheel{pip()},
	}
}

// goldenMembers returns the files of the source golden. In its order bare identifiers precede
// those with a suffix, as their files do in the tarball.
func goldenMembers(t testing.TB) []Member {
	var members []Member
	for _, f := range parse(t, tarball+".spdx.json").Files {
		members = append(members, Member{Path: f.Path, SHA1: f.SHA1, SHA256: f.SHA256})
	}
	return members
}

func TestSourceGolden(t *testing.T) {
	in := sourceInput(t, goldenMembers(t))
	doc, notes, err := Source(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(notes) > 0 {
		t.Errorf("notes %q for nothing", notes)
	}
	got := render(t, doc)
	same(t, "source", got, golden(t, tarball+".spdx.json"))
	valid(t, "source", got)

	// Normalising undoes any order.
	shuffle := func(n int, swap func(i, j int)) { rand.New(rand.NewPCG(1, 2)).Shuffle(n, swap) }
	shuffle(len(doc.Files), func(i, j int) { doc.Files[i], doc.Files[j] = doc.Files[j], doc.Files[i] })
	shuffle(len(doc.Packages), func(i, j int) { doc.Packages[i], doc.Packages[j] = doc.Packages[j], doc.Packages[i] })
	shuffle(len(doc.Relationships), func(i, j int) {
		doc.Relationships[i], doc.Relationships[j] = doc.Relationships[j], doc.Relationships[i]
	})
	for _, p := range doc.Packages {
		shuffle(len(p.Refs), func(i, j int) { p.Refs[i], p.Refs[j] = p.Refs[j], p.Refs[i] })
	}
	doc.Normalize()
	same(t, "shuffled", render(t, doc), golden(t, tarball+".spdx.json"))
}

// TestSourceTarball reads the real tarball.
func TestSourceTarball(t *testing.T) {
	dir := os.Getenv("SBOMCTL_DISTDIR")
	if dir == "" {
		t.Skip("SBOMCTL_DISTDIR does not name the folder that holds " + tarball)
	}
	f, err := os.Open(filepath.Join(dir, tarball))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := xz.NewReader(f, 1<<26)
	var members []Member
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		s1, s256 := sha1.New(), sha256.New()
		if _, err := io.Copy(io.MultiWriter(s1, s256), tr); err != nil {
			t.Fatal(err)
		}
		members = append(members, Member{Path: strings.TrimPrefix(h.Name, "Python-3.13.5/"),
			SHA1: [20]byte(s1.Sum(nil)), SHA256: [32]byte(s256.Sum(nil))})
	}
	in := sourceInput(t, members)
	start := time.Now()
	doc, _, err := Source(in)
	if err != nil {
		t.Fatal(err)
	}
	got := render(t, doc)
	t.Logf("built, normalised and written in %v", time.Since(start))
	same(t, tarball, got, golden(t, tarball+".spdx.json"))
}

// TestCheckedInValid reads the checked-in documents with the SPDX project's reader, which accepts
// them although they have no creation information.
func TestCheckedInValid(t *testing.T) {
	for _, name := range []string{"Misc-sbom.spdx.json", "Misc-externals.spdx.json"} {
		if _, err := spdxjson.Read(bytes.NewReader(golden(t, name))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// manyFiles is a base SBOM of 2,000 packages with 100,000 files.
func manyFiles() ([]Package, func(int) ([]File, error)) {
	packages := make([]Package, 2000)
	for i := range packages {
		packages[i] = Package{Name: fmt.Sprintf("package-%04d", i), Version: "1.0", License: "MIT", DownloadURL: "NOASSERTION"}
	}
	return packages, func(i int) ([]File, error) {
		files := make([]File, 50)
		for k := range files {
			files[k] = File{Path: fmt.Sprintf("Modules/package-%04d/source/directory/file_%03d.c", i, k), SHA256: [32]byte{byte(i), byte(k)}}
		}
		return files, nil
	}
}

func BenchmarkSource(b *testing.B) {
	members := goldenMembers(b)
	in := sourceInput(b, members)
	b.ReportAllocs()
	for b.Loop() {
		doc, _, err := Source(in)
		if err != nil {
			b.Fatal(err)
		}
		if err := doc.Write(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBase100k(b *testing.B) {
	packages, files := manyFiles()
	b.ReportAllocs()
	for b.Loop() {
		if err := WriteBase(io.Discard, packages, nil, files, nil); err != nil {
			b.Fatal(err)
		}
	}
}
