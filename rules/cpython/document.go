package cpython

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/spdx/tools-golang/spdx/v2/common"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/spdx"
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

// templated is a text of a declaration in which the version is written as {version}, as somebody would who means to change
// it: wherever it stands as a whole.
func templated(text, version string) string {
	if version == "" {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		if strings.HasPrefix(text[i:], version) && !continues(text[:i], version[0], false) && !continues(text[i+len(version):], version[len(version)-1], true) {
			b.WriteString("{version}")
			i += len(version)
			continue
		}
		b.WriteByte(text[i])
		i++
	}
	return b.String()
}

// continues reports whether what stands beside a version is more of it: 1.0 is not the version in 21.0 or in 1.0.5.
func continues(beside string, edge byte, after bool) bool {
	if beside == "" {
		return false
	}
	if after {
		next := beside[0]
		return isDigit(next) && isDigit(edge) || next == '.' && len(beside) > 1 && isDigit(beside[1])
	}
	last := beside[len(beside)-1]
	return isDigit(last) && isDigit(edge) || last == '.' && len(beside) > 1 && isDigit(beside[len(beside)-2])
}
