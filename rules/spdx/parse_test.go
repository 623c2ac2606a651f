package spdx

import (
	"strings"
	"testing"
)

const smallDocument = `{
  "SPDXID": "SPDXRef-DOCUMENT",
  "files": [
    {
      "SPDXID": "SPDXRef-FILE-a.c",
      "checksums": [
        {"algorithm": "SHA1", "checksumValue": "0000000000000000000000000000000000000001"},
        {"algorithm": "SHA256", "checksumValue": "0000000000000000000000000000000000000000000000000000000000000002"}
      ],
      "fileName": "a.c"
    }
  ],
  "packages": [
    {"SPDXID": "SPDXRef-PACKAGE-a", "name": "a", "versionInfo": "1", "licenseConcluded": "MIT", "downloadLocation": "NOASSERTION"}
  ],
  "relationships": [
    {"relatedSpdxElement": "SPDXRef-FILE-a.c", "relationshipType": "CONTAINS", "spdxElementId": "SPDXRef-PACKAGE-a"}
  ],
  "spdxVersion": "SPDX-2.3"
}`

func TestParseErrors(t *testing.T) {
	if _, err := Parse("x", []byte(smallDocument)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"no text", `"MIT"`, "\"caf\xe9\"", "m.json:14:94: the byte 0xe9 is not UTF-8; the file must be text in UTF-8"},
		{"syntax", `"name": "a",`, `"name": "a"`, `m.json:14:49: malformed JSON: "\"" is not expected here`},
		{"short", "\n}", "", "m.json:19:28: malformed JSON: it ends too early"},
		{"behind", "SPDX-2.3\"\n}", "SPDX-2.3\"\n}}", `m.json:20:2: malformed JSON: "}" is not expected here`},
		{"type", `"name": "a"`, `"name": 7`, "m.json:14:45: field packages.name holds a JSON number, which is not what SPDX has there"},
		{"version", "SPDX-2.3", "SPDX-2.2", `m.json: not an SPDX-2.3 document: SPDXID is "SPDXRef-DOCUMENT" and spdxVersion is "SPDX-2.2"`},
		{"no name", `"name": "a"`, `"name": ""`, `m.json:14:16: package SPDXRef-PACKAGE-a: name "" is empty` +
			"\nm.json:14:16: a relationship CONTAINS names \"SPDXRef-PACKAGE-a\", which the document does not have"},
		{"bad id", `"SPDXRef-FILE-a.c",`, `"SPDXRef-FILE-a_c",`, `m.json:5:17: file a.c has the SPDX id "SPDXRef-FILE-a_c"; it must be "SPDXRef-" and letters, digits, "." and "-"` +
			"\nm.json:17:28: a relationship CONTAINS names \"SPDXRef-FILE-a.c\", which the document does not have"},
		{"collision", `"packages": [`, `"packages": [{"SPDXID": "SPDXRef-PACKAGE-a", "name": "b"},`,
			`m.json:13:27: package "b" and package "a" have the same SPDX id SPDXRef-PACKAGE-a`},
		{"same name", `"packages": [`, `"packages": [{"SPDXID": "SPDXRef-PACKAGE-b", "name": "a"},`, `m.json:13:56: two packages are named "a"`},
		{"checksum", `"SHA256", "checksumValue": "00`, `"SHA256", "checksumValue": "0X`, `m.json:10:19: file "a.c" has no valid SHA1 and SHA256`},
		{"no SHA1", `"SHA1"`, `"SHA224"`, `m.json:10:19: file "a.c" has no valid SHA1 and SHA256`},
		{"package checksum", `"name": "a"`, `"name": "a", "checksums": [{"algorithm": "SHA256", "checksumValue": "12"}]`,
			`m.json:14:16: package "a": SHA256 "12" has 2 characters, expected 64 hexadecimal digits`},
		{"unknown element", `"spdxElementId": "SPDXRef-PACKAGE-a"`, `"spdxElementId": "SPDXRef-PACKAGE-z"`,
			`m.json:17:97: a relationship CONTAINS names "SPDXRef-PACKAGE-z", which the document does not have`},
		{"relationship type", `"CONTAINS"`, `"contains"`, `m.json:17:68: "contains" is not a relationship type`},
	} {
		_, err := Parse("m.json", []byte(strings.Replace(smallDocument, c.old, c.new, 1)))
		if err == nil {
			t.Errorf("%s: accepted", c.name)
		} else if got := err.Error(); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}
