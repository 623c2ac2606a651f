package sbomdiff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/ident"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// Document is what an SBOM says.
type Document struct {
	Fields   map[string]string // of the document itself
	Packages []*Package        // in the document's order
	Files    map[string]string // files of no package, as Package.Files

	relationships []relationship
	paths         map[string]string // of files, by identifier
	raw           []byte
}

// Package is one package of a document.
type Package struct {
	ID      string
	Name    string
	Version string
	PURLs   []string          // sorted
	CPEs    []string          // sorted
	Fields  map[string]string // all but name, version and identifier
	Files   map[string]string // path -> what is said of the file: its checksums, and its other fields

	offset int // of its text in the document; -1 when that is not known
	raw    json.RawMessage
}

// relationship is between identifiers.
type relationship struct{ from, kind, to string }

// inverse are the kinds of relationship that say what another says from the other side.
var inverse = map[string]string{
	"CONTAINED_BY": "CONTAINS", "DESCRIBED_BY": "DESCRIBES", "DEPENDENCY_OF": "DEPENDS_ON",
	"GENERATES": "GENERATED_FROM", "ANCESTOR_OF": "DESCENDANT_OF", "HAS_PREREQUISITE": "PREREQUISITE_FOR",
}

// canonical is r in the one of its two directions that is compared.
func (r relationship) canonical() relationship {
	if kind, ok := inverse[r.kind]; ok {
		return relationship{r.to, kind, r.from}
	}
	return r
}

// unstated are the fields of which NOASSERTION says the same as leaving them out (SPDX 2.3, 7.13 and following).
var unstated = map[string]bool{"licenseConcluded": true, "licenseDeclared": true, "copyrightText": true, "licenseInfoFromFiles": true, "licenseInfoInFiles": true}

const (
	noAssertion = ident.NoAssertion
	documentID  = "SPDXRef-DOCUMENT"
)

// Read reads an SPDX 2.x document in JSON: a whole one, a fragment without creation information such as CPython's Misc/sbom.spdx.json,
// or GitHub's export, which wraps it. name is where it lies, for messages.
func Read(name string, data []byte) (*Document, error) {
	if len(data) > spdx.MaxDocument {
		return nil, &diag.Error{Pos: diag.File(name), Msg: fmt.Sprintf("the document is larger than %d bytes", spdx.MaxDocument)}
	}
	if err := diag.CheckText(name, data); err != nil {
		return nil, err
	}
	text := bytes.TrimPrefix(data, []byte("\ufeff"))
	if tagValue(text) {
		return nil, notSPDX(name, "is SPDX in tag-value form")
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(text, &top); err != nil {
		return nil, spdx.JSONError(name, text, err)
	}
	if inner, ok := top["sbom"]; ok && top["spdxVersion"] == nil {
		var wrapped map[string]json.RawMessage
		if json.Unmarshal(inner, &wrapped) == nil && wrapped["spdxVersion"] != nil {
			top = wrapped
		}
	}
	version := str(top["spdxVersion"])
	switch {
	case top["bomFormat"] != nil:
		return nil, notSPDX(name, "is a CycloneDX document")
	case top["@context"] != nil:
		return nil, notSPDX(name, "is an SPDX 3 document")
	case top["spdxVersion"] == nil:
		return nil, notSPDX(name, "is JSON, but no SPDX document: it has no spdxVersion")
	case !strings.HasPrefix(version, "SPDX-2."):
		return nil, notSPDX(name, fmt.Sprintf("has spdxVersion %.40q", version))
	}
	r := &reader{name: name, data: data, doc: &Document{Fields: map[string]string{}, Files: map[string]string{}, paths: map[string]string{}, raw: text},
		packages: map[string]*Package{}, files: map[string]fileText{}}
	if err := r.read(top); err != nil {
		return nil, err
	}
	return r.doc, nil
}

func tagValue(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(text), []byte("SPDXVersion:"))
}

func notSPDX(name, what string) error {
	return &diag.Error{Pos: diag.File(name), Msg: what, Hints: []string{"SPDX 2.3 in JSON is what is read here: give it the .spdx.json that other formats are made from"}}
}

// fileText is a file before it is known whose it is.
type fileText struct{ path, text string }

type reader struct {
	name     string
	data     []byte
	doc      *Document
	packages map[string]*Package // by identifier
	files    map[string]fileText // likewise
	order    []string            // identifiers of files
}

func (r *reader) fail(field string, err error) error {
	return &diag.Error{Pos: diag.File(r.name), Msg: fmt.Sprintf("%s is not what SPDX has there", field), Err: err}
}

func (r *reader) read(top map[string]json.RawMessage) error {
	var packages, files []json.RawMessage
	var relationships []struct {
		From string `json:"spdxElementId"`
		Kind string `json:"relationshipType"`
		To   string `json:"relatedSpdxElement"`
	}
	var describes []string
	for field, into := range map[string]any{"packages": &packages, "files": &files, "relationships": &relationships, "documentDescribes": &describes} {
		if raw := top[field]; raw != nil {
			if err := json.Unmarshal(raw, into); err != nil {
				return r.fail(field, err)
			}
		}
	}
	for _, field := range slices.Sorted(maps.Keys(top)) {
		switch field {
		case "SPDXID", "packages", "files", "relationships", "documentDescribes":
			continue
		}
		if err := flatten(r.doc.Fields, field, top[field]); err != nil {
			return r.fail(field, err)
		}
	}
	var owned []relationship // what packages say of their files themselves
	for i, raw := range packages {
		more, err := r.addPackage(raw)
		if err != nil {
			return r.fail(fmt.Sprintf("packages[%d]", i), err)
		}
		owned = append(owned, more...)
	}
	for i, raw := range files {
		if err := r.addFile(raw); err != nil {
			return r.fail(fmt.Sprintf("files[%d]", i), err)
		}
	}
	for _, id := range describes {
		owned = append(owned, relationship{documentID, "DESCRIBES", id})
	}
	for _, j := range relationships {
		owned = append(owned, relationship{j.From, j.Kind, j.To}.canonical())
	}
	r.relate(owned)
	return nil
}

// addPackage adds a package; it returns what the package says of files.
func (r *reader) addPackage(raw json.RawMessage) (owned []relationship, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	p := &Package{Fields: map[string]string{}, Files: map[string]string{}, raw: raw, offset: -1}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		value := fields[field]
		switch field {
		case "SPDXID":
			p.ID = str(value)
		case "name":
			p.Name = str(value)
		case "versionInfo":
			p.Version = str(value)
		case "hasFiles":
			var ids []string
			if err := json.Unmarshal(value, &ids); err != nil {
				return nil, err
			}
			for _, id := range ids {
				owned = append(owned, relationship{str(fields["SPDXID"]), "CONTAINS", id})
			}
		default:
			if err := flatten(p.Fields, field, value); err != nil {
				return nil, err
			}
		}
	}
	if purls := p.Fields["externalRefs.purl"]; purls != "" {
		p.PURLs = strings.Split(purls, ", ")
	}
	if cpes := p.Fields["externalRefs.cpe23Type"]; cpes != "" {
		p.CPEs = strings.Split(cpes, ", ")
	}
	r.doc.Packages = append(r.doc.Packages, p)
	if _, taken := r.packages[p.ID]; !taken {
		r.packages[p.ID] = p
	}
	return owned, nil
}

func (r *reader) addFile(raw json.RawMessage) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return err
	}
	texts := map[string]string{}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if field == "SPDXID" || field == "fileName" {
			continue
		}
		if err := flatten(texts, field, fields[field]); err != nil {
			return err
		}
	}
	var lines []string
	for _, field := range slices.Sorted(maps.Keys(texts)) {
		lines = append(lines, field+"="+texts[field])
	}
	id := str(fields["SPDXID"])
	name := path.Clean(strings.TrimPrefix(str(fields["fileName"]), "./"))
	if _, taken := r.files[id]; taken { // hostile: two files of one identifier are both there
		id += "\x00" + name
	}
	r.files[id] = fileText{name, strings.Join(lines, "\n")}
	r.doc.paths[id] = name
	r.order = append(r.order, id)
	return nil
}

// relate gives the files to their packages and keeps the other relationships.
func (r *reader) relate(all []relationship) {
	given := map[string]bool{}
	for _, rel := range all {
		p, f := r.packages[rel.from], r.files[rel.to]
		if rel.kind == "CONTAINS" && p != nil && f.path != "" {
			addTo(p.Files, f)
			given[rel.to] = true
			continue
		}
		r.doc.relationships = append(r.doc.relationships, rel)
	}
	for _, id := range r.order {
		if !given[id] {
			addTo(r.doc.Files, r.files[id])
		}
	}
}

// addTo adds a file. One that is there under the same path already, with other content, is there twice.
func addTo(files map[string]string, f fileText) {
	before, twice := files[f.path]
	switch {
	case !twice || before == f.text:
		files[f.path] = f.text
	default:
		texts := append(strings.Split(before, "\n\n"), f.text)
		slices.Sort(texts)
		files[f.path] = strings.Join(slices.Compact(texts), "\n\n")
	}
}

// flatten adds a field, or the several that a structured one consists of, to texts.
func flatten(texts map[string]string, field string, raw json.RawMessage) error {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return err
	}
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return flattenList(texts, field, v)
	case map[string]any:
		if field == "creationInfo" || field == "packageVerificationCode" {
			for name, value := range v {
				texts[field+"."+name] = canonical(value)
			}
			return nil
		}
	}
	text := canonical(v)
	if text == "" || unstated[field] && text == noAssertion {
		return nil
	}
	texts[field] = text
	return nil
}

// flattenList does that for a list; checksums and references are by what they are of.
func flattenList(texts map[string]string, field string, list []any) error {
	groups := map[string][]string{}
	for _, item := range list {
		o, _ := item.(map[string]any)
		key, text := field, canonical(item)
		algorithm, _ := o["algorithm"].(string)
		value, hasValue := o["checksumValue"].(string)
		kind, _ := o["referenceType"].(string)
		locator, hasLocator := o["referenceLocator"].(string)
		switch {
		case field == "checksums" && algorithm != "" && hasValue && len(o) == 2:
			key, text = field+"."+algorithm, strings.ToLower(value)
		case field == "externalRefs" && kind != "" && hasLocator:
			key, text = field+"."+kind, locator
			if comment, _ := o["comment"].(string); comment != "" {
				text += " (" + comment + ")"
			}
		}
		if unstated[field] && text == noAssertion {
			continue
		}
		groups[key] = append(groups[key], text)
	}
	for key, items := range groups {
		texts[key] = join(items)
	}
	return nil
}

// join is a list as a text: sorted, each item once. An item that could be taken for several is quoted.
func join(items []string) string {
	items = slices.Clone(items)
	slices.Sort(items)
	items = slices.Compact(items)
	for i, s := range items {
		if len(items) > 1 && strings.Contains(s, ", ") || strings.HasPrefix(s, `"`) {
			items[i] = quote(s)
		}
	}
	return strings.Join(items, ", ")
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return s
	}
	return string(b)
}

// canonical is a JSON value as a text: a string as it is, anything else much as JSON, with sorted keys and lists.
func canonical(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = canonical(item)
		}
		return join(parts)
	case map[string]any:
		parts := make([]string, 0, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			text := canonical(v[key])
			if _, ok := v[key].(string); ok {
				text = quote(text)
			}
			parts = append(parts, quote(key)+": "+text)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// str is a JSON string's value, and a number or another value where a string should be as it is written; "" for null.
func str(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return string(raw)
	}
	return s
}

// Find returns where in the document the package says value, for a position: the value itself, or else where the package begins.
// It is 0 when neither is found.
func (d *Document) Find(p *Package, value string) int {
	if p == nil {
		return 0
	}
	if p.offset < 0 {
		p.offset = max(bytes.Index(d.raw, p.raw), 0)
	}
	quoted, err := json.Marshal(value)
	if err != nil || value == "" {
		return p.offset
	}
	if i := bytes.Index(p.raw, quoted); i >= 0 {
		return p.offset + i
	}
	return p.offset
}
