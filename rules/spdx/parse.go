package spdx

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/ident"
)

// MaxDocument bounds a document that is read, in bytes: ten times a base SBOM of 40,000 files.
const MaxDocument = 256 << 20

// maxParseErrors bounds how many errors of one document are reported.
const maxParseErrors = 20

// The JSON of a checked-in document, as far as it is used. Other fields are allowed; comparisons
// see them through Document.raw.
type documentJSON struct {
	SPDXID        string             `json:"SPDXID"`
	SPDXVersion   string             `json:"spdxVersion"`
	Namespace     string             `json:"documentNamespace"`
	Packages      []packageJSON      `json:"packages"`
	Files         *[]fileJSON        `json:"files"`
	Relationships []relationshipJSON `json:"relationships"`
}

type packageJSON struct {
	SPDXID      string            `json:"SPDXID"`
	Name        string            `json:"name"`
	Version     string            `json:"versionInfo"`
	License     string            `json:"licenseConcluded"`
	Originator  string            `json:"originator"`
	Supplier    string            `json:"supplier"`
	DownloadURL string            `json:"downloadLocation"`
	FileName    string            `json:"packageFileName"`
	Purpose     string            `json:"primaryPackagePurpose"`
	Comment     string            `json:"comment"`
	Checksums   []common.Checksum `json:"checksums"`
	Refs        []refJSON         `json:"externalRefs"`
}

// refJSON is a reference without the library's own decoding, which rewrites PACKAGE_MANAGER.
type refJSON v2_3.PackageExternalReference

type fileJSON struct {
	SPDXID    string            `json:"SPDXID"`
	FileName  string            `json:"fileName"`
	Checksums []common.Checksum `json:"checksums"`
	Comment   string            `json:"comment"`
}

type relationshipJSON struct {
	Element string `json:"spdxElementId"`
	Type    string `json:"relationshipType"`
	Related string `json:"relatedSpdxElement"`
}

// Parse reads a checked-in document (Misc/sbom.spdx.json), which may come from anywhere. path is
// where it lies, for messages. Every identifier must be well-formed and stand for one element, every
// file must have its SHA-1 and SHA-256, and every relationship must be between elements that exist.
func Parse(path string, data []byte) (*Document, error) {
	if len(data) > MaxDocument {
		return nil, &diag.Error{Pos: diag.File(path), Msg: fmt.Sprintf("SPDX document is larger than %d bytes", MaxDocument)}
	}
	if err := diag.CheckText(path, data); err != nil {
		return nil, err
	}
	var in documentJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, JSONError(path, data, err)
	}
	p := &parser{path: path, data: data, elements: make(map[string]string, len(in.Packages)+1)}
	if in.SPDXID != documentID || in.SPDXVersion != spdxVersion {
		return nil, &diag.Error{Pos: diag.File(path), Msg: fmt.Sprintf("not an %s document: SPDXID is %q and spdxVersion is %q", spdxVersion, in.SPDXID, in.SPDXVersion)}
	}
	p.elements[documentID] = "the document"
	doc := &Document{raw: data, PackagesOnly: in.Files == nil, whole: in.Namespace != ""}
	p.packages(doc, in.Packages)
	if in.Files != nil {
		p.files(doc, *in.Files)
	}
	p.relationships(doc, in.Relationships)
	return doc, p.errs.Err()
}

type parser struct {
	path     string
	data     []byte
	elements map[string]string // identifier -> what has it, for messages
	errs     diag.List
}

// fail notes an error at the first place where the document has text as a string.
func (p *parser) fail(text, format string, args ...any) {
	if len(p.errs) >= maxParseErrors {
		return
	}
	pos := diag.File(p.path)
	if i := bytes.Index(p.data, appendString(nil, text)); i >= 0 && text != "" {
		pos = diag.At(p.path, p.data, i)
	}
	p.errs = append(p.errs, &diag.Error{Pos: pos, Msg: fmt.Sprintf(format, args...)})
}

// element notes that what has the identifier.
func (p *parser) element(id, what string) {
	if !isID(id) {
		p.fail(id, "%s has the SPDX id %q; it must be \"SPDXRef-\" and letters, digits, \".\" and \"-\"", what, clip(id))
		return
	}
	if before, taken := p.elements[id]; taken {
		p.fail(id, "%s and %s have the same SPDX id %s", before, what, id)
		return
	}
	p.elements[id] = what
}

func (p *parser) packages(doc *Document, in []packageJSON) {
	names := make(map[string]bool, len(in))
	doc.Packages = make([]Package, 0, len(in))
	for _, j := range in {
		if err := checkWord(j.Name); err != nil {
			p.fail(j.SPDXID, "package %s: name %q %s", j.SPDXID, clip(j.Name), err)
			continue
		}
		p.element(j.SPDXID, fmt.Sprintf("package %q", j.Name))
		if names[j.Name] {
			p.fail(j.Name, "two packages are named %q", j.Name)
		}
		names[j.Name] = true
		for _, c := range j.Checksums {
			if err := ident.Checksum(string(c.Algorithm), c.Value); err != nil {
				p.fail(j.SPDXID, "package %q: %s", j.Name, err)
			}
		}
		var refs []v2_3.PackageExternalReference
		for _, r := range j.Refs {
			refs = append(refs, v2_3.PackageExternalReference(r))
		}
		doc.Packages = append(doc.Packages, Package{
			ID: j.SPDXID, Name: j.Name, Version: j.Version, License: orNoAssertion(j.License), Originator: j.Originator,
			Supplier: j.Supplier, DownloadURL: orNoAssertion(j.DownloadURL), FileName: j.FileName, Purpose: j.Purpose,
			Comment: j.Comment, Checksums: j.Checksums, Refs: refs,
		})
	}
}

func (p *parser) files(doc *Document, in []fileJSON) {
	paths := make(map[string]bool, len(in))
	doc.Files = make([]File, 0, len(in))
	for _, j := range in {
		p.element(j.SPDXID, "file "+j.FileName)
		if j.FileName == "" || strings.ContainsRune(j.FileName, 0) {
			p.fail(j.SPDXID, "file %s has no valid fileName", j.SPDXID)
		} else if paths[j.FileName] {
			p.fail(j.FileName, "file %q is listed twice", j.FileName)
		}
		paths[j.FileName] = true
		f := File{ID: j.SPDXID, Path: j.FileName, Comment: j.Comment}
		var sha1, sha256 bool
		for _, c := range j.Checksums {
			switch c.Algorithm {
			case common.SHA1:
				sha1 = decodeHex(f.SHA1[:], c.Value)
			case common.SHA256:
				sha256 = decodeHex(f.SHA256[:], c.Value)
			}
		}
		if !sha1 || !sha256 {
			p.fail(j.FileName, "file %q has no valid SHA1 and SHA256", clip(j.FileName))
		}
		doc.Files = append(doc.Files, f)
	}
}

func (p *parser) relationships(doc *Document, in []relationshipJSON) {
	owner := make(map[string]string, len(doc.Files))
	doc.Relationships = make([]Relationship, 0, len(in))
	for _, j := range in {
		for _, id := range []string{j.Element, j.Related} {
			if p.elements[id] == "" && !(id == j.Related && (id == ident.NoAssertion || id == ident.None)) {
				p.fail(id, "a relationship %s names %q, which the document does not have", clip(j.Type), clip(id))
			}
		}
		if !isRelationshipType(j.Type) {
			p.fail(j.Type, "%q is not a relationship type", clip(j.Type))
		}
		if j.Type == contains {
			if before, twice := owner[j.Related]; twice {
				p.fail(j.Related, "%s is in %s and in %s", p.elements[j.Related], p.elements[before], p.elements[j.Element])
			}
			owner[j.Related] = j.Element
		}
		doc.Relationships = append(doc.Relationships, Relationship(j))
	}
}

func isRelationshipType(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}

func decodeHex(dst []byte, s string) bool {
	if len(s) != 2*len(dst) || s != strings.ToLower(s) {
		return false
	}
	_, err := hex.Decode(dst, []byte(s))
	return err == nil
}

// JSONError turns an error of encoding/json into a diagnostic with its line and column.
func JSONError(path string, data []byte, err error) error {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		at := int(syntax.Offset)
		msg := "malformed JSON"
		if strings.Contains(err.Error(), "unexpected end") {
			msg += ": it ends too early"
		} else if at--; at >= 0 && at < len(data) {
			msg += fmt.Sprintf(": %q is not expected here", data[at:at+1])
		}
		return &diag.Error{Pos: diag.At(path, data, at), Msg: msg, Err: err}
	case errors.As(err, &typ):
		return &diag.Error{Pos: diag.At(path, data, int(typ.Offset)-1), Err: err,
			Msg: fmt.Sprintf("%s holds a JSON %s, which is not what SPDX has there", clip(orDocument(typ.Field)), typ.Value)}
	}
	return &diag.Error{Pos: diag.File(path), Msg: "malformed JSON", Err: err}
}

func orDocument(field string) string {
	if field == "" {
		return "the document"
	}
	return "field " + field
}

// clip shortens what a hostile document may have made long.
func clip(s string) string {
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "") + "..."
	}
	return s
}
