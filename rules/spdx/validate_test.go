package spdx

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

func problems(list []Problem) string {
	var out []string
	for _, p := range list {
		path := p.Path
		if path != "" {
			path += ": "
		}
		if p.Minimum {
			path = "minimum: " + path
		}
		out = append(out, path+p.Msg)
	}
	return strings.Join(out, "\n")
}

// TestValidateGoldens: upstream's release documents are valid; the two that are checked in are fragments, and what they lack is said.
func TestValidateGoldens(t *testing.T) {
	const fragment = "has no creationInfo\nhas no dataLicense\nhas no name\nhas no documentNamespace\nminimum: nothing says what the document describes (a relationship DESCRIBES)"
	for name, want := range map[string]string{
		"Python-3.13.5.tar.xz.spdx.json": "", "python-3.13.5-amd64.exe.spdx.json": "", "python-3.13.5-embed-amd64.zip.spdx.json": "",
		"Misc-sbom.spdx.json": fragment, "Misc-externals.spdx.json": fragment,
	} {
		doc, err := os.ReadFile("../../testdata/golden/" + name)
		if err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(Validate(doc), func(p Problem) bool { return p.Minimum && strings.Contains(p.Msg, "supplier") })
		if problems(got) != want {
			t.Errorf("%s:\n%s\nwant:\n%s", name, problems(got), want)
		}
	}
}

const validDocument = `{
  "SPDXID": "SPDXRef-DOCUMENT", "spdxVersion": "SPDX-2.3", "name": "x", "dataLicense": "CC0-1.0", "documentNamespace": "https://example.org/x",
  "creationInfo": {"created": "2025-06-11T00:00:00Z", "creators": ["Tool: x"]},
  "externalDocumentRefs": [{"externalDocumentId": "DocumentRef-a", "spdxDocument": "https://example.org/a", "checksum": {"algorithm": "SHA1", "checksumValue": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}}],
  "hasExtractedLicensingInfos": [{"licenseId": "LicenseRef-x", "extractedText": "do as you like"}],
  "packages": [{"SPDXID": "SPDXRef-p", "name": "p", "versionInfo": "1", "supplier": "NOASSERTION", "downloadLocation": "NOASSERTION", "licenseConcluded": "(MIT OR LicenseRef-x)",
    "checksums": [{"algorithm": "SHA256", "checksumValue": "0cce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2"}],
    "externalRefs": [{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl", "referenceLocator": "pkg:generic/p@1"}], "primaryPackagePurpose": "SOURCE", "filesAnalyzed": true}],
  "files": [{"SPDXID": "SPDXRef-f", "fileName": "./f", "checksums": [{"algorithm": "SHA1", "checksumValue": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}]}],
  "relationships": [
    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-p"},
    {"spdxElementId": "SPDXRef-p", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-f"},
    {"spdxElementId": "SPDXRef-p", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "NONE"},
    {"spdxElementId": "SPDXRef-p", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "DocumentRef-a:SPDXRef-q"}]
}`

// TestValidate: each edit of a valid document is told by its path.
func TestValidate(t *testing.T) {
	if got := problems(Validate([]byte(validDocument))); got != "" {
		t.Fatalf("the valid one:\n%s", got)
	}
	for _, c := range []struct{ old, new, want string }{
		{`"name": "x", `, ``, "has no name"},
		{`"name": "x"`, `"name": ""`, "name: is empty"},
		{`"name": "x"`, `"name": 1`, "name: is a JSON integer, expected a string"},
		{`"name": "x"`, `"name": null`, "name: is a JSON null, expected a string"},
		{`"name": "x"`, `"name": "x", "name": "y"`, "name: is there twice"},
		{`"name": "x"`, `"name": "x", "nmae": {"a": ["b", {}]}`, `nmae: is no field of SPDX; did you mean "name"?`},
		{`"SPDXRef-DOCUMENT", "spdxV`, `"SPDXRef-D", "spdxV`, `SPDXID: is "SPDXRef-D", expected "SPDXRef-DOCUMENT"` + "\n" +
			`relationships[0].spdxElementId: is "SPDXRef-DOCUMENT", which no element of the document has`},
		{`SPDX-2.3`, `SPDX-2.2`, `spdxVersion: is "SPDX-2.2", expected "SPDX-2.3"`},
		{`CC0-1.0`, `MIT`, `dataLicense: is "MIT", expected "CC0-1.0"`},
		{`https://example.org/x`, `https://example.org/x#y`, `documentNamespace: is "https://example.org/x#y", and may not have a "#"`},
		{`https://example.org/x`, `/x`, `documentNamespace: is "/x", expected an absolute URI`},
		{`2025-06-11T00:00:00Z`, `2025-06-11T00:00:00+00:00`, `creationInfo.created: is "2025-06-11T00:00:00+00:00", expected a time in UTC, such as 2025-06-11T00:00:00Z`},
		{`2025-06-11T00:00:00Z`, `2025-02-30T00:00:00Z`, `creationInfo.created: is "2025-02-30T00:00:00Z", expected a time in UTC, such as 2025-06-11T00:00:00Z`},
		{`["Tool: x"]`, `[]`, "creationInfo.creators: has 0 items, expected at least 1"},
		{`["Tool: x"]`, `["x"]`, `creationInfo.creators[0]: is "x", expected "Person: NAME", "Organization: NAME" or "Tool: NAME"`},
		{`["Tool: x"]`, `"Tool: x"`, "creationInfo.creators: is a JSON string, expected an array"},
		{`"SPDXRef-p", "name"`, `"SPDXRef-p_", "name"`, `packages[0].SPDXID: is "SPDXRef-p_", expected "SPDXRef-" and letters, digits, "." and "-"` + "\n" + notThere("SPDXRef-p", "0].relatedSpdxElement", "1].spdxElementId", "2].spdxElementId", "3].spdxElementId")},
		{`"SPDXRef-f", "fileName"`, `"SPDXRef-p", "fileName"`, `files[0].SPDXID: is "SPDXRef-p", which another element has too` + "\n" + notThere("SPDXRef-f", "1].relatedSpdxElement")},
		{`"relatedSpdxElement": "SPDXRef-f"`, `"relatedSpdxElement": "SPDXRef-g"`, notThere("SPDXRef-g", "1].relatedSpdxElement")},
		{`DocumentRef-a:SPDXRef-q`, `DocumentRef-b:SPDXRef-q`, `relationships[3].relatedSpdxElement: is "DocumentRef-b:SPDXRef-q", and externalDocumentRefs has no such document`},
		{`"CONTAINS"`, `"CONTAIN"`, `relationships[1].relationshipType: is "CONTAIN", which is not among the words of SPDX; did you mean "CONTAINS"?`},
		{`"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES"`, `"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "AMENDS"`, "minimum: nothing says what the document describes (a relationship DESCRIBES)"},
		{`"supplier": "NOASSERTION"`, `"comment": "\u0022"`, `minimum: packages[0]: package "p" has no supplier`},
		{`"versionInfo": "1"`, `"versionInfo": ""`, `minimum: packages[0]: package "p" has no versionInfo`},
		{`"supplier": "NOASSERTION"`, `"supplier": "PSF"`, `packages[0].supplier: is "PSF", expected "Person: NAME", "Organization: NAME" or NOASSERTION`},
		{`"downloadLocation": "NOASSERTION", `, ``, "packages[0]: has no downloadLocation"},
		{`MIT OR LicenseRef-x`, `MIT OR LicenseRef-y`, `packages[0].licenseConcluded: names "LicenseRef-y", which hasExtractedLicensingInfos does not have`},
		{`"SHA256"`, `"SHA-256"`, `packages[0].checksums[0].algorithm: is "SHA-256", which is not among the words of SPDX; did you mean "SHA256"?`},
		{`"SHA256"`, `"SHA512"`, "packages[0].checksums[0]: has 64 digits, and a checksum of SHA512 has 128"},
		{`0cce2e6e`, `xcce2e6e`, `packages[0].checksums[0].checksumValue: is "xcce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2", expected hexadecimal digits`},
		{`"PACKAGE_MANAGER"`, `"PACKAGES"`, `packages[0].externalRefs[0].referenceCategory: is "PACKAGES", which is not among the words of SPDX`},
		{`"PACKAGE_MANAGER"`, `"PACKAGE-MANAGER"`, ""},
		{`"PACKAGE_MANAGER"`, `"SECURITY"`, `packages[0].externalRefs[0]: is of the category "SECURITY", expected PACKAGE-MANAGER`},
		{`pkg:generic/p@1`, `generic/p@1`, `packages[0].externalRefs[0]: package URL "generic/p@1" does not begin with "pkg:"`},
		{`"purl"`, `"cpe23Type"`, `packages[0].externalRefs[0]: CPE "pkg:generic/p@1" does not begin with "cpe:2.3:"` + "\n" +
			`packages[0].externalRefs[0]: is of the category "PACKAGE_MANAGER", expected SECURITY`},
		{`"filesAnalyzed": true`, `"filesAnalyzed": false`, ""},
		{`"filesAnalyzed": true`, `"filesAnalyzed": false, "packageVerificationCode": {"packageVerificationCodeValue": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}`,
			"packages[0]: has a packageVerificationCode, and filesAnalyzed is false"},
		{`"filesAnalyzed": true`, `"filesAnalyzed": "true"`, "packages[0].filesAnalyzed: is a JSON string, expected a boolean"},
		{`"SOURCE"`, `"OPERATING-SYSTEM"`, `packages[0].primaryPackagePurpose: is "OPERATING-SYSTEM", which is not among the words of SPDX; did you mean "OPERATING_SYSTEM"?`},
		{`"fileName": "./f", `, ``, "files[0]: has no fileName"},
		{`, "checksums": [{"algorithm": "SHA1", "checksumValue": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}]}],`, `}],`, "files[0]: has no checksums"},
	} {
		if strings.Count(validDocument, c.old) == 0 {
			t.Errorf("%s is not in the document", c.old)
			continue
		}
		doc := strings.Replace(validDocument, c.old, c.new, 1)
		got := Validate([]byte(doc))
		if problems(got) != c.want {
			t.Errorf("%s -> %s:\n%s\nwant:\n%s", c.old, c.new, problems(got), c.want)
		}
	}
	for doc, want := range map[string]string{
		"": "cannot be read: malformed JSON: it ends too early", "[]": "is a JSON array, expected an object", "{}x": `cannot be read: malformed JSON: "x" is not expected here`, "\xff": "cannot be read: the byte 0xff is not UTF-8; the file must be text in UTF-8",
	} {
		if got := problems(Validate([]byte(doc))); !strings.HasPrefix(got, want) {
			t.Errorf("%q: %s, want %s", doc, got, want)
		}
	}
}

func notThere(id string, places ...string) string {
	lines := make([]string, len(places))
	for i, p := range places {
		lines[i] = fmt.Sprintf("relationships[%s: is %q, which no element of the document has", p, id)
	}
	return strings.Join(lines, "\n")
}

// TestValidateMany: what is wrong everywhere is told a hundred times.
func TestValidateMany(t *testing.T) {
	doc := strings.Replace(validDocument, `"packages": [`, `"packages": [`+strings.Repeat(`{},`, 10000), 1)
	if got := Validate([]byte(doc)); len(got) != maxProblems+1 || got[maxProblems].Msg != "there are more problems than are listed" {
		t.Errorf("%d problems", len(got))
	}
}

func BenchmarkValidate(b *testing.B) {
	doc, err := os.ReadFile("../../testdata/golden/Python-3.13.5.tar.xz.spdx.json")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		Validate(doc)
	}
}

// FuzzValidate: any bytes end in problems or none, never in a panic, at places inside the document; what encoding/json refuses is refused.
func FuzzValidate(f *testing.F) {
	f.Add([]byte(validDocument))
	f.Add([]byte(`{"packages":[{"name":"\ud800","checksums":[{"algorithm":"SHA1","checksumValue":""}]}],"SPDXID":[1e400,-0,{}]}`))
	f.Add([]byte(`{"creationInfo":{"created":{"a":[]},"creators":[null,true,1.5,[],{}]}} `))
	f.Fuzz(func(t *testing.T, doc []byte) {
		got := Validate(doc)
		if !json.Valid(doc) && len(got) == 0 {
			t.Error("what is no JSON is valid")
		}
		for _, p := range got {
			if p.Offset < 0 || p.Offset > len(doc) || p.Msg == "" {
				t.Errorf("%+v in %d bytes", p, len(doc))
			}
		}
	})
}
