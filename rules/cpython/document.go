package cpython

import (
	"bytes"
	"encoding/json"

	"github.com/spdx/tools-golang/spdx/v2/common"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/spdx"
	"github.com/sbomctl/sbomctl/rules/version"
)

// The documents of a tree.
const (
	basePath = "Misc/sbom.spdx.json"
	depsPath = "Misc/externals.spdx.json"
)

// spdxDocument is one of the two, with the places of its packages.
type spdxDocument struct {
	*spdx.Document
	path string
	src  []byte
	at   []int // offset of each package's object
	end  []int // and behind it
}

func readDocument(path string, src []byte) (*spdxDocument, error) {
	parsed, err := spdx.Parse(path, src)
	if err != nil {
		return nil, err
	}
	d := &spdxDocument{Document: parsed, path: path, src: src}
	var raw struct {
		Packages []json.RawMessage `json:"packages"`
	}
	if err := json.Unmarshal(src, &raw); err != nil {
		return nil, &diag.Error{Pos: diag.File(path), Msg: "malformed JSON", Err: err} // Parse has read it
	}
	from := 0
	for _, r := range raw.Packages {
		i := bytes.Index(src[from:], r)
		if i < 0 { // never: these are bytes of src
			i = 0
		}
		d.at, d.end = append(d.at, from+i), append(d.end, from+i+len(r))
		from += i + len(r)
	}
	return d, nil
}

// pos is where package i has a string as a value, or else where it begins.
func (d *spdxDocument) pos(i int, value string) diag.Pos {
	if i >= len(d.at) {
		return diag.File(d.path)
	}
	quoted, err := json.Marshal(value)
	if n := bytes.Index(d.src[d.at[i]:d.end[i]], quoted); err == nil && value != "" && n >= 0 {
		return diag.At(d.path, d.src, d.at[i]+n)
	}
	return diag.At(d.path, d.src, d.at[i])
}

// checksum is the package's checksum by an algorithm; "" when there is none.
func checksum(p *spdx.Package, algorithm common.ChecksumAlgorithm) string {
	for _, c := range p.Checksums {
		if c.Algorithm == algorithm {
			return c.Value
		}
	}
	return ""
}

// reference is the first reference of a type; "" when there is none.
func reference(p *spdx.Package, kind string) string {
	for _, r := range p.Refs {
		if r.RefType == kind {
			return r.Locator
		}
	}
	return ""
}

// templated is a text of a declaration in which placeholders stand for the version, as somebody would write it who means to change
// it: {version}, or R_{version:_} where a tag has it in another form.
func templated(text, v string) string { return version.Fold(text, v) }
