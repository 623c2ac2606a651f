package convert

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/finding"
)

// large is a document of so many files, all of one package, as the source SBOM of CPython is (4,808).
func large(files int) []byte {
	var f, r strings.Builder
	for i := range files {
		fmt.Fprintf(&f, `{"SPDXID":"SPDXRef-FILE-%d","fileName":"Lib/a/file-%d.py","checksums":[{"algorithm":"SHA1","checksumValue":"%040x"},{"algorithm":"SHA256","checksumValue":"%064x"}]},`, i, i, i, i)
		fmt.Fprintf(&r, `{"spdxElementId":"SPDXRef-p","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-FILE-%d"},`, i)
	}
	return []byte(`{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","dataLicense":"CC0-1.0","name":"large","documentNamespace":"https://example.org/large","creationInfo":{"created":"2025-06-11T00:00:00Z","creators":["Tool: x-1"]},` +
		`"packages":[{"SPDXID":"SPDXRef-p","name":"p","downloadLocation":"NOASSERTION"}],"files":[` + strings.TrimSuffix(f.String(), ",") + `],` +
		`"relationships":[` + r.String() + `{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-p"}]}`)
}

func BenchmarkConvert(b *testing.B) {
	data := large(4808)
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			if _, err := Read(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	d, err := Read(data)
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range Formats {
		b.Run(f.Name, func(b *testing.B) {
			for b.Loop() {
				if err := d.Write(io.Discard, f.Name, func(finding.Finding) {}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
