package peers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
	"github.com/spdx/tools-golang/spdx/v3/v3_0"
	"github.com/spdx/tools-golang/tagvalue"
)

// formats are the endings of the files that each format has.
var formats = map[string]string{"spdx-2.3-json": ".spdx.json", "spdx-2.3-tag-value": ".spdx", "cyclonedx-1.6": ".cdx.json", "cyclonedx-1.7": ".1.7.cdx.json", "spdx-3.0.1": ".spdx3.json"}

// document is an SBOM in all formats, by the name of the format.
type document map[string][]byte

var built struct {
	sync.Mutex
	documents map[string]document
}

// documents are all whole SBOMs of the small release, and of CPython's and git's where their tarballs are at hand, one with every field of SPDX
// 2.3, one with almost nothing and one with odd values, in all formats, by their names.
func documents(t *testing.T) map[string]document {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if built.documents != nil {
		return built.documents
	}
	small := t.TempDir()
	copySmall(t, small)
	run(t, small, 0, "build", "//...")
	sources := map[string]string{"every": "../rules/convert/testdata/every.spdx.json", "minimal": "testdata/minimal.spdx.json", "roots": "testdata/roots.spdx.json"}
	collect(t, sources, "small", small)
	if distdir := distdir(t, "Python-3.13.5.tar.xz"); distdir != "" {
		example := filepath.Join(t.TempDir(), "cpython")
		copyInto(t, example, "../examples/cpython")
		run(t, example, 0, "build", "//release:all", "--distdir="+distdir)
		collect(t, sources, "cpython", example)
	}
	if distdir := distdir(t, "git-2.39.5.tar.xz"); distdir != "" {
		example := filepath.Join(t.TempDir(), "git")
		copyInto(t, example, "../examples/git")
		run(t, example, 0, "build", "//:git-2.39.5.tar.xz", "//:vendored", "--distdir="+distdir)
		collect(t, sources, "git", example)
	}
	if len(sources) < 6 {
		t.Fatalf("only %d whole documents", len(sources))
	}
	// The documents as they were built, in a workspace that makes all other formats of them.
	dir := t.TempDir()
	build := "load(\"@sbomctl//:rules.star\", \"spdx_document\")\n"
	for name, path := range sources {
		copyInto(t, filepath.Join(dir, name+".json"), path)
		build += fmt.Sprintf("spdx_document(name = %q, src = %q, formats = [\"spdx-2.3-tag-value\", \"cyclonedx-1.6\", \"cyclonedx-1.7\", \"spdx-3.0.1\"])\n", name, name+".json")
	}
	for name, text := range map[string]string{"BUILD.star": build, "sbom.star": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, 0, "build", "//...")
	out := map[string]document{}
	for name := range sources {
		d := document{}
		for format, ending := range formats {
			path := filepath.Join(dir, "sbom-out", name+ending)
			if format == "spdx-2.3-json" {
				path = filepath.Join(dir, name+".json")
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			d[format] = text
		}
		out[name] = d
	}
	t.Logf("%d documents", len(out))
	built.documents = out
	return out
}

// distdir is the folder with a real archive, that of $SBOMCTL_DISTDIR or one beside it; "" when there is none.
func distdir(t *testing.T, archive string) string {
	for _, dir := range []string{os.Getenv("SBOMCTL_DISTDIR"), "../../shared/cpython"} {
		for _, dir := range []string{dir, filepath.Join(filepath.Dir(filepath.Clean(dir)), "git")} {
			if dir, err := filepath.Abs(dir); err == nil {
				if _, err := os.Stat(filepath.Join(dir, archive)); err == nil {
					return dir
				}
			}
		}
	}
	t.Logf("its documents are not looked at: SBOMCTL_DISTDIR has no %s", archive)
	return ""
}

// copySmall copies the workspace of the small release, since building leaves an output folder: the files of the root, the packages
// below it, and what they are made of.
func copySmall(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"testdata", "BUILD.star", "sbom.star", "pip.lock.json"} {
		copyInto(t, filepath.Join(dir, name), "../"+name)
	}
	packages, err := filepath.Glob("../*/BUILD.star")
	if err != nil || len(packages) == 0 {
		t.Fatalf("%d packages, %v", len(packages), err)
	}
	for _, p := range packages {
		copyInto(t, filepath.Join(dir, filepath.Base(filepath.Dir(p))), filepath.Dir(p))
	}
}

// copyInto copies a file or a folder.
func copyInto(t *testing.T, to, from string) {
	t.Helper()
	info, err := os.Stat(from)
	if err == nil && info.IsDir() {
		err = os.CopyFS(to, os.DirFS(from))
	} else if err == nil {
		var text []byte
		if text, err = os.ReadFile(from); err == nil {
			err = os.WriteFile(to, text, 0o666)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// collect adds the whole documents that lie in a workspace's output.
func collect(t *testing.T, sources map[string]string, workspace, dir string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, "sbom-out"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".spdx.json") {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil && bytes.Contains(text, []byte(`"documentNamespace"`)) {
			sources[workspace+"-"+strings.TrimSuffix(filepath.Base(path), ".spdx.json")] = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// moduleDir is where a module lies.
func moduleDir(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// cycloneDXSchema compiles a schema that the library ships; it names two others by addresses.
func cycloneDXSchema(t *testing.T, version string) *jsonschema.Schema {
	t.Helper()
	dir := filepath.Join(moduleDir(t, "github.com/CycloneDX/cyclonedx-go"), "schema")
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	main := "http://cyclonedx.org/schema/bom-" + version + ".schema.json"
	resources := map[string]string{main: "bom-" + version + ".schema.json", "http://cyclonedx.org/schema/spdx.schema.json": "spdx.schema.json", "http://cyclonedx.org/schema/jsf-0.82.schema.json": "jsf-0.82.schemax.json"}
	for _, missing := range []string{"http://cyclonedx.org/schema/cryptography-defs.schema.json"} { // of 1.7, not shipped; nothing here is about it
		if err := c.AddResource(missing, map[string]any{"definitions": map[string]any{"algorithmFamiliesEnum": map[string]any{}, "ellipticCurvesEnum": map[string]any{}}}); err != nil {
			t.Fatal(err)
		}
	}
	for url, name := range resources {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = c.AddResource(url, decode(t, text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile(main)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestFormatsBySchema: each format of each document is valid by its schema.
func TestFormatsBySchema(t *testing.T) {
	judges := map[string][]*jsonschema.Schema{
		"spdx-2.3-json": {schema(t, "spdx-schema-2.3.1.json"), schema(t, "spdx-schema-2.3.json")},
		"cyclonedx-1.6": {cycloneDXSchema(t, "1.6")}, "cyclonedx-1.7": {cycloneDXSchema(t, "1.7")},
		"spdx-3.0.1": {schema(t, "spdx-3.0.1-classes.json")},
	}
	for name, d := range documents(t) {
		for format, list := range judges {
			for i, judge := range list {
				if name == "every" && format == "spdx-2.3-json" && i == 0 {
					continue // 2.3 and 2.3.1 write OPERATING_SYSTEM in two ways, and it has all purposes
				}
				if err := judge.Validate(decode(t, d[format])); err != nil {
					t.Errorf("%s in %s: %v", name, format, err)
				}
			}
		}
	}
}

// TestFormatsSchemasRefuse: the schemas look at what they are given.
func TestFormatsSchemasRefuse(t *testing.T) {
	d := documents(t)["every"]
	for format, judge := range map[string]*jsonschema.Schema{"spdx-2.3-json": schema(t, "spdx-schema-2.3.json"), "cyclonedx-1.6": cycloneDXSchema(t, "1.6"), "cyclonedx-1.7": cycloneDXSchema(t, "1.7"), "spdx-3.0.1": schema(t, "spdx-3.0.1-classes.json")} {
		for _, change := range [][2]string{{`"comment":`, `"coment":`}, {`2025-06-11T00:00:00Z`, `2025-06-11`}} {
			text := strings.Replace(strings.ReplaceAll(string(d[format]), `" : `, `":`), change[0], change[1], 1)
			if text == string(d[format]) {
				t.Fatalf("%s: there is no %s", format, change[0])
			}
			if format == "spdx-2.3-json" && strings.HasPrefix(change[1], "2025") {
				continue // the schema of 2.3 takes any text for a date
			}
			if judge.Validate(decode(t, []byte(text))) == nil {
				t.Errorf("%s: the schema takes %s", format, change[1])
			}
		}
	}
}

// found is what a reader found: name, version, purls and CPEs of each package, as "NAME VERSION PURL... CPE...".
type found []string

func (f *found) add(name, version string, identifiers []string) {
	slices.Sort(identifiers)
	*f = append(*f, strings.TrimSpace(name+" "+version+" "+strings.Join(slices.Compact(identifiers), " ")))
}

// written is what the SPDX 2.3 JSON says, read without any library.
func written(t *testing.T, text []byte) (out found) {
	t.Helper()
	var d struct {
		Packages []struct {
			Name    string `json:"name"`
			Version string `json:"versionInfo"`
			Refs    []struct {
				Type    string `json:"referenceType"`
				Locator string `json:"referenceLocator"`
			} `json:"externalRefs"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	for _, p := range d.Packages {
		var ids []string
		for _, r := range p.Refs {
			if r.Type == "purl" || r.Type == "cpe23Type" {
				ids = append(ids, r.Locator)
			}
		}
		out.add(p.Name, p.Version, ids)
	}
	return out
}

// TestFormatsByReaders: independent readers find the packages, versions, package URLs and CPEs that were written, in every format.
func TestFormatsByReaders(t *testing.T) {
	readers := map[string]func(*testing.T, []byte) found{"spdx-2.3-tag-value": readTagValue, "cyclonedx-1.6": readCycloneDX, "cyclonedx-1.7": readCycloneDX, "spdx-3.0.1": readSPDX3}
	for name, d := range documents(t) {
		want := written(t, d["spdx-2.3-json"])
		slices.Sort(want)
		if len(want) == 0 && name != "minimal" {
			t.Errorf("%s has no packages", name)
		}
		for format, reader := range readers {
			if name == "every" && format == "spdx-3.0.1" {
				continue // tools-golang v0.6.0-rc4 takes no relationship to an element of another document
			}
			got := reader(t, d[format])
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s in %s: read are\n%s\nwritten are\n%s", name, format, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
}

func readTagValue(t *testing.T, text []byte) (out found) {
	t.Helper()
	d, err := tagvalue.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	v := v2_3.Document(*d)
	for _, p := range v.Packages {
		var ids []string
		for _, r := range p.PackageExternalReferences {
			if r.RefType == "purl" || r.RefType == "cpe23Type" {
				ids = append(ids, r.Locator)
			}
		}
		out.add(p.PackageName, p.PackageVersion, ids)
	}
	return out
}

func readCycloneDX(t *testing.T, text []byte) (out found) {
	t.Helper()
	bom := cyclonedx.NewBOM()
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(text), cyclonedx.BOMFileFormatJSON).Decode(bom); err != nil {
		t.Fatal(err)
	}
	refs := map[string]bool{}
	var walk func(c cyclonedx.Component)
	walk = func(c cyclonedx.Component) {
		if refs[c.BOMRef] {
			t.Errorf("two components are %s", c.BOMRef)
		}
		refs[c.BOMRef] = true
		isPackage := false
		for _, p := range deref(c.Properties) {
			isPackage = isPackage || p.Name == "spdx:spdxid"
		}
		if isPackage {
			var ids []string
			for _, id := range []string{c.PackageURL, c.CPE} {
				if id != "" {
					ids = append(ids, id)
				}
			}
			if c.Evidence != nil {
				for _, e := range identities(c.Evidence.Identity) {
					ids = append(ids, e.ConcludedValue)
				}
			}
			out.add(c.Name, c.Version, ids)
		}
		for _, inner := range deref(c.Components) {
			walk(inner)
		}
	}
	if bom.Metadata.Component != nil {
		walk(*bom.Metadata.Component)
	}
	for _, c := range deref(bom.Components) {
		walk(c)
	}
	for _, d := range deref(bom.Dependencies) {
		for _, ref := range append([]string{d.Ref}, deref(d.Dependencies)...) {
			if !refs[ref] {
				t.Errorf("a dependency names %s, which is no component", ref)
			}
		}
	}
	return out
}

func deref[T any](list *[]T) []T {
	if list == nil {
		return nil
	}
	return *list
}

func readSPDX3(t *testing.T, text []byte) (out found) {
	t.Helper()
	var d v3_0.Document
	if err := d.FromJSON(bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	if err := d.Validate(false); err != nil {
		for _, line := range strings.Split(err.Error(), "\n") {
			// NoneElement and the like are part of the model; the library has them without what it asks of each element.
			if !strings.Contains(line, "<Individual") {
				t.Error(line)
			}
		}
	}
	for _, e := range d.Elements.Elements() {
		p, ok := e.(*v3_0.Package)
		if !ok {
			continue
		}
		var ids []string
		if p.PackageURL != "" {
			ids = append(ids, string(p.PackageURL))
		}
		for _, id := range p.ExternalIdentifiers.ExternalIdentifiers() {
			if k := id.GetType(); k == v3_0.ExternalIdentifierType_Cpe23 || k == v3_0.ExternalIdentifierType_PackageURL {
				ids = append(ids, id.GetIdentifier())
			}
		}
		out.add(p.Name, p.Version, ids)
	}
	return out
}

func identities(c *cyclonedx.EvidenceIdentityChoice) []cyclonedx.EvidenceIdentity {
	if c == nil {
		return nil
	}
	return deref(c.Identities)
}
