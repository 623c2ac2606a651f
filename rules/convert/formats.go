package convert

import (
	"io"
	"slices"
)

// Format is one in which an SBOM can be had besides SPDX 2.3 in JSON.
type Format struct {
	Name  string // as users write it: "cyclonedx-1.6"
	write func(w io.Writer, d *document, lost func(lost)) error
}

// Formats are those that [Document.Write] writes.
var Formats = []Format{
	{Name: TagValue, write: writeTagValue},
	{Name: CycloneDX16, write: writeCycloneDX("1.6")},
	{Name: CycloneDX17, write: writeCycloneDX("1.7")},
	{Name: SPDX3, write: writeSPDX3},
}

// The names of formats.
const (
	TagValue    = "spdx-2.3-tag-value"
	CycloneDX16 = "cyclonedx-1.6"
	CycloneDX17 = "cyclonedx-1.7"
	SPDX3       = "spdx-3.0.1"
)

// lost is something of a document that a format cannot hold.
type lost struct {
	where string // "packages[3].comment"
	why   string
}

func format(name string) (Format, bool) {
	i := slices.IndexFunc(Formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return Formats[i], true
}
