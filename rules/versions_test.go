package rules

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/checkedin"
	"github.com/sbomctl/sbomctl/rules/convert"
	"github.com/sbomctl/sbomctl/rules/evidence"
	"github.com/sbomctl/sbomctl/rules/fetch"
	"github.com/sbomctl/sbomctl/rules/pin"
	"github.com/sbomctl/sbomctl/rules/reproduce"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

var update = flag.Bool("update", false, "rewrite testdata/operations.json")

// resultsFile has, of each operation, its version and the digest of what it makes of a fixed input.
const resultsFile = "testdata/operations.json"

type result struct {
	Version int    `json:"version"`
	Digest  string `json:"digest"`
}

// TestVersions: an operation whose results change has another version; users get the old results out of their caches otherwise. A
// result is rewritten (-update) only together with a higher version.
func TestVersions(t *testing.T) {
	text, err := os.ReadFile(resultsFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	recorded := map[string]result{}
	if text != nil {
		if err := json.Unmarshal(text, &recorded); err != nil {
			t.Fatal(err)
		}
	}
	now := map[string]result{}
	for _, op := range append(Set(&fetch.Fetcher{}).Operations, action.WriteOperation) {
		got, before := result{op.Version, resultOf(t, op)}, recorded[op.Name]
		now[op.Name] = got
		switch {
		case got == before:
		case got.Version <= before.Version:
			t.Errorf("%s: the result of version %d is not what it was: raise the operation's Version", op.Name, before.Version)
			now[op.Name] = before
		case !*update:
			t.Errorf("%s: version %d has no recorded result: go test ./rules -run TestVersions -update", op.Name, op.Version)
		}
	}
	for name := range recorded {
		if _, ok := now[name]; !ok && !*update {
			t.Errorf("%s is no operation any more: go test ./rules -run TestVersions -update", name)
		}
	}
	if !*update {
		return
	}
	after, err := json.MarshalIndent(now, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(resultsFile, append(after, '\n'), 0o666); err != nil {
		t.Fatal(err)
	}
}

// resultOf is the digest of outputs and findings.
func resultOf(t *testing.T, op action.Operation) string {
	t.Helper()
	c := fixedCall(t, op.Name)
	if c == nil {
		t.Fatalf("%s: give it a fixed input in fixedCall", op.Name)
	}
	if err := op.Run(context.Background(), c); err != nil {
		t.Fatalf("%s: %v", op.Name, err)
	}
	var names []string
	for name := range c.Outputs {
		names = append(names, name)
	}
	slices.Sort(names)
	h := sha256.New()
	for _, name := range names {
		fmt.Fprintf(h, "%s %s\n", name, cache.Of(c.Outputs[name]))
	}
	found, err := finding.Encode(c.Findings)
	if err != nil {
		t.Fatal(err)
	}
	h.Write(found)
	return hex.EncodeToString(h.Sum(nil))
}

// hashed is an input file with all its checksums.
func hashed(path, content string) action.File {
	h := files.NewHasher(Facet)
	h.Write([]byte(content))
	s := h.Sum()
	f := actiontest.File(path, []byte(content))
	f.Facet = s.Facet
	return f
}

const (
	fixedPackage = `{"cpe":"cpe:2.3:a:libexpat_project:libexpat:2.7.1:*:*:*:*:*:*:*","download_url":"https://example.org/expat-2.7.1.tar.gz","label":"//:expat",` +
		`"license":"MIT","name":"expat","originator":"Organization: Expat development team","sha256":"0cce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2","version":"2.7.1"}`
	fixedWheel = `{"path":"Lib/ensurepip/_bundled/pip-25.1.1-py3-none-any.whl","package":{"name":"pip","version":"25.1.1","download_url":"https://example.org/pip-25.1.1-py3-none-any.whl",` +
		`"sha256":"fcab7fcc2b4cffd9bb45003bfc2e468a04ef6f77ca8200a7341f027631584d25","purl":"pkg:pypi/pip@25.1.1"},"vendored":[{"name":"certifi","version":"2025.1.31","download_url":"NOASSERTION","purl":"pkg:pypi/certifi@2025.1.31"}]}`
	fixedVersion = "#define VERSION \"3.14.2\"\n"
	fixedNews    = "v1.05 now\r\nv1.04 then\r\n"
)

var fixedVersionRules = []evidence.Rule{{Path: "version.h", Pattern: `VERSION "(?P<version>[^"]+)"`}}

var fixedProduct = spdx.Product{Name: "CPython", License: "PSF-2.0", DownloadURL: "https://example.org/{base_version}/{artifact}", Created: "2025-12-05T00:00:00Z",
	Creators: []string{"Tool: sbomctl"}, CPE: "cpe:2.3:a:python:python:{version}:*:*:*:*:*:*:*", LicenseListVersion: "3.22", Profile: spdx.Complete}

// fixedCall is the fixed input of an operation; nil when there is none. Nothing in it is made by another operation, whose
// change would look like one of this.
func fixedCall(t *testing.T, operation string) *actiontest.Call {
	t.Helper()
	type object = map[string]any
	type inputs = map[string][]action.File
	one := func(path, content string) []action.File { return []action.File{hashed(path, content)} }
	var expat spdx.Metadata
	if err := json.Unmarshal([]byte(fixedPackage), &expat); err != nil {
		t.Fatal(err)
	}
	packages := spdx.PackagesParams{Packages: []spdx.Metadata{expat}}
	switch operation {
	case "engine.write":
		return actiontest.New(object{"content": "text\n"})
	case "archive.index":
		return &actiontest.Call{Parameters: object{"facet": Facet.ID()}, Inputs: inputs{"archive": one("a.tar", fixedTar(t))}}
	case "archive.pack":
		run := hashed("bin/run", "#!/bin/sh\n")
		run.Executable = true
		return &actiontest.Call{Parameters: object{"format": "tgz", "mtime": 1749656160, "overlays": []string{"b"}, "prefix": "a-1"},
			Inputs: inputs{"tree": {run, hashed("a", "a\n"), hashed("b", "old\n")}, "overlay:b": one("new", "new\n")}}
	case "evidence.check":
		return &actiontest.Call{Inputs: inputs{"files": one("NEWS", fixedNews)}, Parameters: object{"label": "//:x", "declared": object{"version": "1.05", "sha256": "", "revision": ""},
			"rules": []object{{"path": "NEWS", "pattern": `v(?P<version>[0-9.]+) now`}, {"path": "NEWS", "pattern": `v(?P<version>[0-9.]+) then`}, {"path": "NEWS", "pattern": `v(?P<version>[0-9.]+)`}}}}
	case "text.search":
		return &actiontest.Call{Inputs: inputs{"files": {hashed("a.md", "see http://a.example,\nhttp://b.example\n"), hashed("b.md", "\n")}}, Parameters: object{"rule": "no-http", "severity": "warning",
			"message": "{match} in {path} is not https", "patterns": []string{`http://(?P<host>[a-z.]+)`}, "replace": "https://{host}", "hints": []string{"use https"}, "attr": "srcs"}}
	case "evidence.url":
		return &actiontest.Call{Parameters: object{"attr": "download_url", "url": "https://x.example/R_1_0_4/v-1.0.5.tgz", "version": "1.0.5"}}
	case "evidence.recipes":
		return &actiontest.Call{Inputs: inputs{"files": one("NEWS", fixedNews)}, Parameters: object{"recipes": []object{{"path": "NEWS", "pattern": `(?P<name>v)(?P<version>[0-9.]+) now`}},
			"deps": []object{{"label": "//:x", "rules": []object{{"path": "NEWS", "pattern": `v(?P<version>[0-9.]+) then`}}}, {"label": "//:y", "rules": []object{}}}}}
	case "inventory.table":
		older := expat
		older.Version, older.License = "2.6.3", "Zlib OR ISC"
		return &actiontest.Call{Inputs: inputs{"wheels": one("pip.json", fixedWheel)}, Parameters: object{"label": "//:inventory", "skew": "note", "allowed_licenses": []string{"MIT"}, "wheels": []string{"//:pip"},
			"documents": []object{{"label": "//:a", "packages": packages.Packages}, {"label": "//:b", "packages": []spdx.Metadata{older}}}}}
	case "inventory.unclaimed":
		return &actiontest.Call{Inputs: inputs{"files": {hashed("LICENSE", "Copyright 2001 Own Foundation\n"), hashed("a/x.c", "Copyright 2020 Some Labs\nMIT License\n"), hashed("a/y.c", "int y;\n"), hashed("a/z.c", "int z;\n"),
			hashed("b/COPYING", ""), hashed("third_party/c/c.c", "")}},
			Parameters: object{"claims": []object{{"srcs": []string{"b/**"}, "exclude": []string{}}}, "own": []string{}, "roots": []string{"third_party"}}}
	case "fetch.http":
		return &actiontest.Call{Parameters: fetch.Params{URLs: []string{"https://example.org/a"}, SHA256: cache.Of([]byte("a")).Hex()}, Stored: map[[32]byte][]byte{cache.Of([]byte("a")).Hash: []byte("a")}}
	case "vendor.compare":
		diff := "--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-int a;\n+int b;\n"
		return &actiontest.Call{Parameters: object{"label": "//:x", "archive": true, "mapping": object{"src": "lib"}, "local": []string{"lib/own.c"}}, Inputs: inputs{
			"files":    {hashed("lib/same.c", "int s;\n"), hashed("lib/x.c", "int b;\n"), hashed("lib/own.c", ""), hashed("lib/odd.c", "int o;\n"), hashed("lib/new.c", "")},
			"upstream": {hashed("src/same.c", "int s;\n"), hashed("src/x.c", "int a;\n"), hashed("src/odd.c", "int i;\n")},
			"patches":  one("x.patch", diff), "stray": one("lib/y.patch", diff+"\n")}}
	case "wheel.packages":
		return &actiontest.Call{Parameters: object{"label": "//:pip", "package_name": "pip", "vendor_txt": "pip/_vendor/vendor.txt"}, Inputs: inputs{"wheel": one("pip-25.1.1-py3-none-any.whl", fixedZip(t))}}
	case reproduce.CheckedInName, reproduce.CompareName:
		return fixedReproduce(operation)
	case pin.OperationName, pin.GroupOperationName:
		return fixedPin(operation)
	case convert.OperationName:
		return fixedConvert(t)
	case "sbom.score":
		return fixedScore()
	case "spdx.checksums":
		return &actiontest.Call{Parameters: object{"patterns": []string{"**"}}, Inputs: inputs{"files": {hashed("a.c", "int a;\n"), hashed("NEWS", fixedNews)}}}
	case "spdx.base":
		list := spdx.EncodeChecksums([]spdx.File{{Path: "NEWS", SHA1: [20]byte{1}, SHA256: [32]byte{2}}})
		return &actiontest.Call{Parameters: packages, Inputs: inputs{"checksums": one("expat.checksums", string(list))}}
	case "spdx.checked_in":
		return &actiontest.Call{Parameters: checkedin.Params{Label: "//:base", Path: "Misc/sbom.spdx.json", Tree: "//:tree", Packages: []checkedin.PackageParams{{Label: "//:expat"}}},
			Inputs: inputs{"checked_in": one("Misc/sbom.spdx.json", fixedDocument("2.6.3")), "document": one("base.json", strings.Replace(fixedDocument("2.7.1"), "ddaa", "eeaa", 1)), "files:0": one("NEWS", fixedNews)}}
	case "spdx.deps":
		return &actiontest.Call{Parameters: packages}
	case "spdx.whole":
		list := spdx.EncodeChecksums([]spdx.File{{Path: "NEWS", SHA1: [20]byte{1}, SHA256: [32]byte{2}}})
		return &actiontest.Call{Parameters: spdx.WholeParams{Name: "base_sbom", Product: fixedProduct, Packages: packages.Packages, Rules: fixedVersionRules},
			Inputs: inputs{"checksums": one("expat.checksums", string(list)), "evidence": one("version.h", fixedVersion)}}
	case "spdx.product":
		return &actiontest.Call{Parameters: spdx.ProductParams{Creators: fixedProduct.Creators, LicenseListVersion: "3.22", Profile: spdx.Complete}}
	case "spdx.sha512":
		return &actiontest.Call{Parameters: object{}, Inputs: inputs{"file": one("a", "a")}}
	case "spdx.valid":
		return &actiontest.Call{Parameters: spdx.ValidParams{Path: "x.spdx.json"}, Inputs: inputs{"document": one("x.spdx.json", fixedDocument("2.7.1"))}}
	case "spdx.version":
		return &actiontest.Call{Parameters: spdx.VersionParams{Artifact: "python-3.14.1.exe", Rules: fixedVersionRules}, Inputs: inputs{"evidence": one("version.h", fixedVersion)}}
	case "spdx.own":
		return &actiontest.Call{Parameters: spdx.OwnParams{Label: "//:deps", Own: "Misc/externals.spdx.json", Tree: "//:tree", Superseded: []spdx.Superseded{{Package: "expat", Reason: "it is newer", Says: map[string]string{"versionInfo": "2.6.3"}}}},
			Inputs: inputs{"own": one("Misc/externals.spdx.json", fixedDocument("2.6.3")), "document": one("x.spdx.json", fixedDocument("2.7.1"))}}
	case "spdx.binary":
		return &actiontest.Call{Parameters: spdx.BinaryParams{Artifact: "python-3.14.2-embed.exe", Product: fixedProduct, Deps: packages.Packages, Base: packages.Packages,
			Packages: []spdx.Metadata{{Label: "//:tk", Name: "tk", Version: "1", NotIn: map[string][]string{"variant": {"embed"}}}}},
			Inputs: inputs{"artifact": one("python-3.14.2-embed.exe", "MZ"), "wheels": one("pip.json", fixedWheel)}}
	case "spdx.source":
		base := fixedDocument("2.7.1")
		return &actiontest.Call{Parameters: spdx.SourceParams{Artifact: "Python-3.14.2.tgz", Product: fixedProduct, BaseLabel: "//:base", Packages: packages.Packages, Own: "Misc/sbom.spdx.json", Superseded: []spdx.Superseded{{Package: "expat", Reason: "it is newer", Fields: []string{"versionInfo", "externalRefs"}}}},
			Inputs: inputs{"archive": one("Python-3.14.2.tgz", "gz"), "own": one("Misc/sbom.spdx.json", fixedDocument("2.6.3")), "base": one("base.json", base), "wheels": one("pip.json", fixedWheel),
				"members": {hashed("Misc/sbom.spdx.json", base), hashed("NEWS", fixedNews),
					hashed("Lib/ensurepip/_bundled/pip-25.1.1-py3-none-any.whl", "PK")}}}
	}
	return nil
}

func fixedTar(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range [][2]string{{"a-1/NEWS", fixedNews}, {"a-1/src/a.c", "int a;\n"}} {
		if err := w.WriteHeader(&tar.Header{Name: f[0], Mode: 0o755, Size: int64(len(f[1])), Format: tar.FormatUSTAR}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func fixedZip(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range [][2]string{{"pip/_vendor/vendor.txt", "certifi==2025.1.31\n"}, {"pip-25.1.1.dist-info/METADATA", "Metadata-Version: 2.4\nName: pip\nVersion: 25.1.1\n"}} {
		e, err := w.CreateHeader(&zip.FileHeader{Name: f[0], Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// fixedDocument is a base SBOM that lists one file of one version of expat.
func fixedDocument(version string) string {
	return `{
  "SPDXID": "SPDXRef-DOCUMENT",
  "files": [
    {
      "SPDXID": "SPDXRef-FILE-NEWS",
      "checksums": [
        {"algorithm": "SHA1", "checksumValue": "1c63a14d209772de30c96627af9464eed469c86f"},
        {"algorithm": "SHA256", "checksumValue": "ddaaf6f14f1374f6a15121cb1239f0ce39d843526ccc57f7697d27cb8de06dc0"}
      ],
      "fileName": "NEWS"
    }
  ],
  "packages": [
    {
      "SPDXID": "SPDXRef-PACKAGE-expat",
      "checksums": [{"algorithm": "SHA256", "checksumValue": "0cce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2"}],
      "downloadLocation": "https://example.org/expat.tar.gz",
      "externalRefs": [{"referenceCategory": "SECURITY", "referenceLocator": "cpe:2.3:a:libexpat_project:libexpat:` + version + `:*:*:*:*:*:*:*", "referenceType": "cpe23Type"}],
      "licenseConcluded": "MIT",
      "name": "expat",
      "originator": "Organization: Expat development team",
      "primaryPackagePurpose": "SOURCE",
      "versionInfo": "` + version + `"
    }
  ],
  "relationships": [
    {"relatedSpdxElement": "SPDXRef-FILE-NEWS", "relationshipType": "CONTAINS", "spdxElementId": "SPDXRef-PACKAGE-expat"}
  ],
  "spdxVersion": "SPDX-2.3"
}
`
}
