package convert

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"regexp"
	"slices"
	"strings"
)

// writeSPDX3 writes SPDX 3.0.1 as JSON-LD in canonical form: one line, and elements in the order of their identifiers.
//
// An identifier of SPDX 2.3 is one of SPDX 3 behind the document's namespace and a "#". What has none in 2.3 (agents,
// relationships, licence expressions, annotations) is named by a digest of what it says, so that it has the same name in every document
// of that namespace that says the same.
func writeSPDX3(w io.Writer, d *document, _ func(lost)) error {
	s := &spdx3Writer{doc: d, base: d.Namespace + "#", elements: map[string]object{}, files: map[string]bool{}, profiles: map[string]bool{"core": true, "software": true}}
	return writeCanonical(w, s.graph())
}

const (
	spdx3Context = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
	spdx3Terms   = "https://spdx.org/rdf/3.0.1/terms/"
	creationNode = "_:creation"
)

type spdx3Writer struct {
	doc      *document
	base     string            // of identifiers
	elements map[string]object // by identifier
	nodes    []object          // what is no element: creation information
	files    map[string]bool   // identifiers of files in 2.3
	profiles map[string]bool
	imports  []object
}

// add adds an element; fields that say nothing are left out.
func (s *spdx3Writer) add(id, kind string, fields object) string {
	fields["type"], fields["spdxId"] = kind, id
	if fields["creationInfo"] == nil {
		fields["creationInfo"] = creationNode
	}
	s.elements[id] = compact(fields)
	return id
}

// compact takes out fields that are empty.
func compact(o object) object {
	for key, v := range o {
		switch v := v.(type) {
		case string:
			if v == "" {
				delete(o, key)
			}
		case []string:
			if len(v) == 0 {
				delete(o, key)
			}
		case []any:
			if len(v) == 0 {
				delete(o, key)
			}
		case nil:
			delete(o, key)
		}
	}
	return o
}

// named is the identifier of what has none in 2.3: of its kind, by what it says.
func (s *spdx3Writer) named(kind string, says ...string) string {
	h := sha256.New()
	for _, t := range says {
		io.WriteString(h, t)
		h.Write([]byte{0})
	}
	return s.base + kind + "-" + hex.EncodeToString(h.Sum(nil)[:10])
}

// id is an identifier of 2.3 in SPDX 3.
func (s *spdx3Writer) id(of string) string {
	switch of {
	case none:
		return spdx3Terms + "Core/NoneElement"
	case noAssertion:
		return spdx3Terms + "Core/NoAssertionElement"
	}
	doc, element, ok := strings.Cut(of, ":")
	if !ok {
		return s.base + of
	}
	for _, e := range s.doc.ExternalDocs {
		if e.ID == doc && isIRI(e.URI) {
			return e.URI + "#" + element
		}
	}
	return s.base + doc + ":" + element // the document that it is in cannot be named
}

func (s *spdx3Writer) graph() object {
	d := s.doc
	for i := range d.Files {
		s.files[d.Files[i].ID] = true
	}
	s.creation()
	for i := range d.Packages {
		s.pkg(&d.Packages[i])
	}
	for i := range d.Files {
		s.file(&d.Files[i])
	}
	for i := range d.Snippets {
		s.snippet(&d.Snippets[i])
	}
	for i := range d.Licenses {
		s.customLicense(&d.Licenses[i])
	}
	s.annotations(d.ID, d.Annotations)
	s.relationships()
	s.document()
	graph := make([]any, 0, len(s.nodes)+len(s.elements))
	for _, n := range s.nodes {
		graph = append(graph, n)
	}
	slices.SortFunc(graph, func(a, b any) int { return strings.Compare(a.(object)["@id"].(string), b.(object)["@id"].(string)) })
	for _, id := range s.ids() {
		graph = append(graph, s.elements[id])
	}
	return object{"@context": spdx3Context, "@graph": graph}
}

// ids are the identifiers of all elements, sorted.
func (s *spdx3Writer) ids() []string {
	out := make([]string, 0, len(s.elements))
	for id := range s.elements {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// creation says who made the document and when. It must be somebody: where only tools are named, the first is an agent, too.
func (s *spdx3Writer) creation() {
	c := s.doc.Creation
	var by, using []string
	for _, creator := range c.Creators {
		if name, ok := strings.CutPrefix(creator, "Tool: "); ok {
			using = append(using, s.add(s.named("tool", name), "Tool", object{"name": name}))
			continue
		}
		by = append(by, s.agent(creator))
	}
	if len(by) == 0 {
		by = []string{s.agent(c.Creators[0])}
	}
	slices.Sort(by)
	slices.Sort(using)
	s.nodes = append(s.nodes, compact(object{"type": "CreationInfo", "@id": creationNode, "specVersion": "3.0.1", "created": c.Created, "createdBy": by, "createdUsing": using, "comment": c.Comment}))
}

// agent adds who made, supplied or wrote something, and returns its identifier.
func (s *spdx3Writer) agent(text string) string {
	a := parseAgent(text)
	kind := map[string]string{"Person": "Person", "Organization": "Organization", "Tool": "SoftwareAgent", "": "Agent"}[a.kind]
	fields := object{"name": a.name}
	if a.email != "" {
		fields["externalIdentifier"] = []any{object{"type": "ExternalIdentifier", "externalIdentifierType": "email", "identifier": a.email}}
	}
	return s.add(s.named("agent", text), kind, fields)
}

// document adds the document itself and the SBOM in it.
func (s *spdx3Writer) document() {
	d := s.doc
	var roots []string
	for _, id := range d.described() {
		roots = append(roots, s.id(id))
	}
	slices.Sort(roots)
	var kinds []string
	if g := d.generation(); g != "" {
		kinds = []string{g}
	}
	dataLicense := s.license(d.DataLicense) // an element of its own, since not all readers take the address of one on the list
	inSBOM := s.ids()
	sbom := s.add(s.base+"sbom", "software_Sbom", object{"rootElement": roots, "element": inSBOM, "software_sbomType": kinds})
	var props cdxProperties
	props.add("spdx:creation-info:license-list-version", d.Creation.LicenseListVersion)
	for _, r := range d.Reviews {
		props.add("spdx:document:review", text(r))
	}
	var imports, namespaces []any
	for _, e := range d.ExternalDocs {
		if !isIRI(e.URI) {
			props.add("spdx:document:external-document-ref", text(e))
			continue
		}
		imports = append(imports, object{"type": "ExternalMap", "externalSpdxId": e.URI + "#" + documentID, "locationHint": e.URI, "verifiedUsing": spdx3Hashes([]checksum{e.Checksum})})
		namespaces = append(namespaces, object{"type": "NamespaceMap", "prefix": e.ID, "namespace": e.URI + "#"})
	}
	for _, m := range s.imports {
		imports = append(imports, m)
	}
	slices.SortFunc(imports, func(a, b any) int {
		return strings.Compare(a.(object)["externalSpdxId"].(string)+text(a), b.(object)["externalSpdxId"].(string)+text(b))
	})
	imports = slices.CompactFunc(imports, func(a, b any) bool { return text(a) == text(b) })
	props = append(props, properties(d.Annotations)...)
	extension := s.extension(props)
	var profiles []string
	for p := range s.profiles {
		profiles = append(profiles, p)
	}
	slices.Sort(profiles)
	s.add(s.id(documentID), "SpdxDocument", object{"name": d.Name, "comment": d.Comment, "dataLicense": dataLicense, "rootElement": []string{sbom},
		"element": append(slices.Clone(inSBOM), sbom), "import": imports, "namespaceMap": namespaces, "profileConformance": profiles, "extension": extension})
}

// extension holds what SPDX 3 has no field for, in the form that it has for properties of CycloneDX and under their names.
func (s *spdx3Writer) extension(props cdxProperties) []any {
	if len(props) == 0 {
		return nil
	}
	// The profile "extension" is not named: that word is a property in the context, too, and readers take it for that.
	var list []any
	for _, p := range props.sorted() {
		list = append(list, object{"type": "extension_CdxPropertyEntry", "extension_cdxPropName": p.Name, "extension_cdxPropValue": p.Value})
	}
	return []any{object{"type": "extension_CdxPropertiesExtension", "extension_cdxProperty": list}}
}

func (s *spdx3Writer) annotations(of string, list []annotation) {
	for _, n := range list {
		who := s.agent(n.Annotator)
		node := "_:creation-" + strings.TrimPrefix(s.named("x", n.Annotator, n.Date), s.base+"x-")
		if !slices.ContainsFunc(s.nodes, func(o object) bool { return o["@id"] == node }) {
			s.nodes = append(s.nodes, object{"type": "CreationInfo", "@id": node, "specVersion": "3.0.1", "created": n.Date, "createdBy": []string{who}})
		}
		s.add(s.named("annotation", of, n.Annotator, n.Date, n.Type, n.Comment), "Annotation", object{"creationInfo": node, "annotationType": strings.ToLower(n.Type), "subject": s.id(of), "statement": n.Comment})
	}
}

// semver is what a version of the licence list must be.
var semver = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$`)

// licensing says of an element what its licence is: kind is "hasConcludedLicense" or "hasDeclaredLicense".
func (s *spdx3Writer) licensing(of, kind, comment string, expressions ...string) {
	var to []string
	for _, e := range expressions {
		if e != "" {
			to = append(to, s.license(e))
		}
	}
	if len(to) > 0 {
		slices.Sort(to)
		s.relate(link{from: s.id(of), kind: kind, comment: comment}, to, "")
	}
}

func (s *spdx3Writer) license(expression string) string {
	s.profiles["simpleLicensing"] = true
	switch expression {
	case none:
		return spdx3Terms + "ExpandedLicensing/NoneLicense"
	case noAssertion:
		return spdx3Terms + "ExpandedLicensing/NoAssertionLicense"
	}
	refs := licenseRefs.FindAllString(expression, -1)
	set(&refs)
	var ids []any
	for _, ref := range refs {
		ids = append(ids, object{"type": "DictionaryEntry", "key": ref, "value": s.id(ref)})
	}
	fields := object{"simplelicensing_licenseExpression": expression, "simplelicensing_customIdToUri": ids}
	if v := s.doc.Creation.LicenseListVersion; semver.MatchString(v) {
		fields["simplelicensing_licenseListVersion"] = v
	}
	return s.add(s.named("license", expression), "simplelicensing_LicenseExpression", fields)
}

func (s *spdx3Writer) customLicense(l *extractedLicense) {
	s.profiles["expandedLicensing"] = true
	var props cdxProperties
	var see []string
	for _, u := range l.SeeAlsos {
		if isIRI(u) {
			see = append(see, u)
		} else {
			props.add("spdx:extracted-licensing-info:see-also", u)
		}
	}
	for _, r := range l.CrossRefs {
		props.add("spdx:extracted-licensing-info:cross-ref", text(r))
	}
	fields := object{"name": l.Name, "comment": l.Comment, "expandedlicensing_seeAlso": see, "extension": s.extension(props)}
	id := s.add(s.id(l.ID), "expandedlicensing_CustomLicense", fields)
	s.elements[id]["simplelicensing_licenseText"] = l.Text // it must be there, be it empty
}
