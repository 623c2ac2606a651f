package spdx

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// file is an input file with its bytes.
func file(path string, data []byte) action.File {
	return actiontest.File(path, data)
}

// asJSON is a file of v's JSON.
func asJSON(t testing.TB, path string, v any) action.File {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return file(path, data)
}

// metadataOf is what is declared of a checked-in golden's packages.
func metadataOf(t testing.TB, name string) []Metadata {
	var out []Metadata
	for _, p := range parse(t, name).Packages {
		out = append(out, metadata(p))
	}
	return out
}

// parseMetadata decodes and checks one package.
func parseMetadata(data []byte) (Package, error) {
	var m Metadata
	if err := decodeStrict(data, "package metadata", &m); err != nil {
		return Package{}, err
	}
	packages, err := packagesOf([]Metadata{m}, scope{})
	return packages[0], err
}

func run(t testing.TB, operation string, c *actiontest.Call) error {
	t.Helper()
	for _, op := range Operations() {
		if op.Name == operation {
			return op.Run(context.Background(), c)
		}
	}
	t.Fatal("no operation " + operation)
	return nil
}

// wheelFile is the output of "wheel.packages" for pip.
func wheelFile(t testing.TB) action.File { return asJSON(t, "packages", pip()) }

func mustRun(t testing.TB, operation, output string, c *actiontest.Call) []byte {
	t.Helper()
	if err := run(t, operation, c); err != nil {
		t.Fatalf("%s: %v", operation, err)
	}
	return c.Outputs[output]
}

// members are the files of the source golden as an archive's index gives them: without bytes.
func indexed(t testing.TB) []action.File {
	var out []action.File
	for _, m := range goldenMembers(t) {
		out = append(out, action.File{Path: m.Path, Digest: cache.Digest{Hash: m.SHA256}, Facet: string(sums{SHA1: m.SHA1}.encode())})
	}
	return out
}

func TestOperationChecksumsAndBase(t *testing.T) {
	doc := parse(t, "Misc-sbom.spdx.json")
	owner := ownersOf(doc)
	params := PackagesParams{metadataOf(t, "Misc-sbom.spdx.json")}
	in := map[string][]action.File{}
	for _, p := range doc.Packages {
		var files []action.File
		for _, f := range doc.Files {
			if owner[f.ID] == p.Name { // the order is the operation's to make; CRLF files count by their LF form
				files = append([]action.File{{Path: f.Path, Facet: string(sums{SHA1: [20]byte{9}, Text: &textSums{SHA1: f.SHA1, SHA256: f.SHA256}}.encode())}}, files...)
			}
		}
		list := mustRun(t, "spdx.checksums", "checksums", &actiontest.Call{
			Parameters: ChecksumsParams{Patterns: []string{"x/**"}}, Inputs: map[string][]action.File{"files": files}})
		in["checksums"] = append(in["checksums"], file(p.Name, list))
	}
	same(t, "base", mustRun(t, "spdx.base", "document", &actiontest.Call{Parameters: params, Inputs: in}), golden(t, "Misc-sbom.spdx.json"))

	in["checksums"] = in["checksums"][1:]
	if err := run(t, "spdx.base", &actiontest.Call{Parameters: params, Inputs: in}); err == nil {
		t.Error("a list of checksums is missing and nothing was said")
	}
}

func TestOperationChecksumsOrder(t *testing.T) {
	facet := string(sums{}.encode())
	files := []action.File{{Path: "b/2", Facet: facet, Pattern: 0}, {Path: "a/1", Facet: facet, Pattern: 1}, {Path: "b/1", Facet: facet, Pattern: 0}}
	for _, c := range []struct {
		patterns []string
		want     string
	}{{[]string{"b/**", "a/**"}, "a/1 b/1 b/2"}, {nil, "b/1 b/2 a/1"}} {
		list := mustRun(t, "spdx.checksums", "checksums", &actiontest.Call{Parameters: ChecksumsParams{Patterns: c.patterns}, Inputs: map[string][]action.File{"files": files}})
		parsed, err := ParseChecksums(list)
		if err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, f := range parsed {
			paths = append(paths, f.Path)
		}
		if got := strings.Join(paths, " "); got != c.want {
			t.Errorf("patterns %q: order is %s, want %s", c.patterns, got, c.want)
		}
	}
	wantError(t, "empty", run(t, "spdx.checksums", &actiontest.Call{Parameters: ChecksumsParams{}}), "no file belongs to the package")
}

func TestOperationDeps(t *testing.T) {
	c := &actiontest.Call{Parameters: PackagesParams{metadataOf(t, "Misc-externals.spdx.json")}}
	same(t, "deps", mustRun(t, "spdx.deps", "document", c), golden(t, "Misc-externals.spdx.json"))
}

func binaryParams(t testing.TB, name, sha256 string) BinaryParams {
	return BinaryParams{Artifact: name, SHA256: sha256, Product: cpython(), Deps: metadataOf(t, "Misc-externals.spdx.json"), Base: metadataOf(t, "Misc-sbom.spdx.json"),
		Wheels: []WheelContext{{Label: "//:pip", NotIn: map[string][]string{"variant": {"embed"}}}}}
}

func binaryCall(t testing.TB, name string, content byte) *actiontest.Call {
	return &actiontest.Call{
		Parameters: binaryParams(t, name, ""),
		Inputs: map[string][]action.File{
			"artifact": {{Path: "x", Digest: cache.Of(bytes.Repeat([]byte{content}, 1000))}},
			"wheels":   {wheelFile(t)},
		},
	}
}

func TestOperationBinary(t *testing.T) {
	for name, content := range map[string]byte{"python-3.13.5-amd64.exe": 'A', "python-3.13.5-embed-amd64.zip": 'B'} {
		c := binaryCall(t, name, content)
		want := golden(t, name+".spdx.json")
		if content == 'B' { // what is left out is explained, which upstream's does not
			want = withComment(want, "Not in python-3.13.5-embed-amd64.zip, though declared for the release:\\n- pip 25.1.1: it is in no artifact whose variant is embed")
		}
		same(t, name, mustRun(t, "spdx.binary", "document", c), want)

		// The same from a declared checksum, without the artifact.
		c = binaryCall(t, name, content)
		c.Parameters = binaryParams(t, name, sum(bytes.Repeat([]byte{content}, 1000)))
		c.Inputs["artifact"] = nil
		same(t, name+" declared", mustRun(t, "spdx.binary", "document", c), want)
	}
	for _, e := range []struct {
		name   string
		params BinaryParams
		want   string
	}{
		{"checksum", BinaryParams{Artifact: "python-3.13.5-amd64.exe", SHA256: "ab"},
			"SHA-256 of python-3.13.5-amd64.exe is " + sum(bytes.Repeat([]byte{'A'}, 1000)) + ", but ab is declared"},
	} {
		c := binaryCall(t, "x", 'A')
		c.Parameters = e.params
		wantError(t, e.name, run(t, "spdx.binary", c), e.want)
	}
	c := binaryCall(t, "python-3.13.5-amd64.exe", 'A')
	c.Inputs["artifact"] = nil
	wantError(t, "no checksum", run(t, "spdx.binary", c), "artifact python-3.13.5-amd64.exe has neither a file nor a declared sha256")
}

// withComment returns a document with a comment of its own.
func withComment(doc []byte, comment string) []byte {
	const id = "\"SPDXID\": \"SPDXRef-DOCUMENT\",\n"
	return bytes.Replace(doc, []byte(id), []byte(id+"  \"comment\": \""+comment+"\",\n"), 1)
}

func sourceCall(t testing.TB) *actiontest.Call {
	base := golden(t, "Misc-sbom.spdx.json")
	return &actiontest.Call{
		Parameters: SourceParams{Artifact: tarball, Product: cpython(), BaseLabel: "//:base_sbom", Own: "Misc/sbom.spdx.json"},
		Inputs: map[string][]action.File{
			"archive": {{Path: tarball, Digest: digestOf(t, "93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640")}},
			"own":     {file("Misc/sbom.spdx.json", base)}, "base": {file("base_sbom.spdx.json", base)},
			"wheels":  {wheelFile(t)},
			"members": indexed(t),
		},
	}
}

func digestOf(t testing.TB, hex string) cache.Digest {
	t.Helper()
	d, err := cache.ParseDigest(hex + "/1")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestOperationSource(t *testing.T) {
	same(t, "source", mustRun(t, "spdx.source", "document", sourceCall(t)), golden(t, tarball+".spdx.json"))
	// The .tgz differs in the artifact's own name, URL and checksum only.
	c := sourceCall(t)
	c.Parameters = SourceParams{Artifact: "Python-3.13.5.tgz", Product: cpython()}
	c.Inputs["archive"][0].Digest = cache.Of([]byte("tgz"))
	want := strings.NewReplacer(tarball, "Python-3.13.5.tgz", "93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640", sum([]byte("tgz"))).
		Replace(string(golden(t, tarball+".spdx.json")))
	same(t, "tgz", mustRun(t, "spdx.source", "document", c), []byte(want))

	c = sourceCall(t)
	c.Inputs["own"] = nil
	// An archive that carries none is compared with none, which is said; what is declared superseded then is nothing.
	same(t, "no own SBOM", mustRun(t, "spdx.source", "document", c), golden(t, tarball+".spdx.json"))
	if len(c.Findings) != 1 || c.Findings[0].Rule != OwnID || c.Findings[0].Severity != finding.Note {
		t.Errorf("findings are %+v", c.Findings)
	}
	c = sourceCall(t)
	c.Inputs["own"] = nil
	c.Parameters = SourceParams{Artifact: tarball, Product: cpython(), Own: "Misc/sbom.spdx.json", Superseded: []Superseded{{Package: "libb2", Reason: "it is newer", Fields: []string{"versionInfo", "downloadLocation", "externalRefs"}}}}
	wantError(t, "nothing to supersede", run(t, "spdx.source", c), "it speaks of Misc/sbom.spdx.json in Python-3.13.5.tar.xz, which is not there")
	c = sourceCall(t)
	c.Inputs["own"] = []action.File{file("Misc/sbom.spdx.json", []byte("{\n x"))}
	wantError(t, "malformed", run(t, "spdx.source", c), `Misc/sbom.spdx.json:2:2: malformed JSON: "x" is not expected here`)

	// What is superseded is printed.
	c = sourceCall(t)
	c.Parameters = SourceParams{Artifact: tarball, Product: cpython(), Superseded: []Superseded{{Package: "libb2", Reason: "it is newer", Fields: []string{"versionInfo", "downloadLocation", "externalRefs"}}}}
	c.Inputs["own"] = []action.File{file("Misc/sbom.spdx.json", bytes.ReplaceAll(golden(t, "Misc-sbom.spdx.json"), []byte("0.98.1"), []byte("0.98.0")))}
	mustRun(t, "spdx.source", "document", c)
	if len(c.Findings) != 1 || c.Findings[0].Severity != finding.Warning || !slices.Contains(c.Findings[0].Hints, "declared why: it is newer") {
		t.Errorf("findings are %+v", c.Findings)
	}
}
