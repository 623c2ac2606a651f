package convert

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
)

// writeCycloneDX returns the writer of CycloneDX in that version.
func writeCycloneDX(version string) func(io.Writer, *document, func(lost)) error {
	return func(w io.Writer, d *document, _ func(lost)) error {
		c := &cdxWriter{doc: d, version: version, licenses: map[string]string{}, packages: map[string]bool{}, files: map[string]bool{}}
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(c.bom())
	}
}

type cdxWriter struct {
	doc      *document
	version  string
	root     string            // the package that the document describes, if there is one
	licenses map[string]string // LicenseRef-... -> text
	packages map[string]bool   // by identifier
	files    map[string]bool   // likewise
	links    cdxLinks
}

// cdxProperties collects what CycloneDX has no field for, under the names that CycloneDX's own converter gives them where it
// knows them.
type cdxProperties []cdxProperty

func (p *cdxProperties) add(name, value string) {
	if value != "" {
		*p = append(*p, cdxProperty{name, value})
	}
}

func (p *cdxProperties) all(name string, values []string) {
	for _, v := range values {
		*p = append(*p, cdxProperty{name, v})
	}
}

// sorted are the properties, each once.
func (p cdxProperties) sorted() []cdxProperty {
	out := []cdxProperty(p)
	setOf(&out, func(a, b cdxProperty) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.Value, b.Value)
	})
	return out
}

// phases are the lifecycle phases of CycloneDX for CISA's words.
var phases = map[string]string{"design": "design", "source": "pre-build", "build": "build", "analyzed": "post-build", "deployed": "operations", "runtime": "operations"}

func (c *cdxWriter) bom() *cdxBOM {
	d := c.doc
	for _, l := range d.Licenses {
		c.licenses[l.ID] = l.Text
	}
	for i := range d.Packages {
		c.packages[d.Packages[i].ID] = true
	}
	for i := range d.Files {
		c.files[d.Files[i].ID] = true
	}
	c.link()
	b := &cdxBOM{
		Schema: "http://cyclonedx.org/schema/bom-" + c.version + ".schema.json", Format: "CycloneDX", SpecVersion: c.version,
		Serial: "urn:uuid:" + uuid(d.Namespace), Version: 1, Components: []cdxComponent{},
		Dependencies: c.links.dependencies, Compositions: c.links.compositions,
	}
	b.Metadata = c.metadata()
	var rest cdxProperties
	for _, e := range d.ExternalDocs {
		hash, ok := cdxHashOf(e.Checksum)
		if !ok || !isIRI(e.URI) {
			rest.add("spdx:document:external-document-ref", text(e))
			continue
		}
		b.Refs = append(b.Refs, cdxRef{URL: e.URI, Comment: e.ID, Type: "bom", Hashes: []cdxHash{hash}})
	}
	files := map[string]cdxComponent{}
	for i := range d.Files {
		files[d.Files[i].ID] = c.file(&d.Files[i])
	}
	for i := range d.Packages {
		p := c.pkg(&d.Packages[i])
		for _, id := range c.links.inside[d.Packages[i].ID] {
			p.Components = append(p.Components, files[id])
			delete(files, id)
		}
		if p.BOMRef == c.root {
			b.Metadata.Component = &p
		} else {
			b.Components = append(b.Components, p)
		}
	}
	for i := range d.Files {
		if f, ok := files[d.Files[i].ID]; ok {
			b.Components = append(b.Components, f)
		}
	}
	c.annotations(b)
	b.Metadata.Properties = append(rest, b.Metadata.Properties...).sorted()
	return b
}

func (c *cdxWriter) metadata() cdxMetadata {
	d := c.doc
	m := cdxMetadata{Timestamp: d.Creation.Created, Licenses: []cdxLicenseEntry{{License: &cdxLicense{ID: d.DataLicense}}}}
	if phase := phases[d.generation()]; phase != "" {
		m.Lifecycles = []cdxPhase{{phase}}
	}
	var p cdxProperties
	p.add("spdx:document:spdx-version", d.Version)
	p.add("spdx:document:name", d.Name)
	p.add("spdx:document:document-namespace", d.Namespace)
	p.add("spdx:comment", d.Comment)
	p.add("spdx:creation-info:comment", d.Creation.Comment)
	p.add("spdx:creation-info:license-list-version", d.Creation.LicenseListVersion)
	for _, s := range d.Creation.Creators {
		switch a := parseAgent(s); {
		case a.kind == "Tool":
			if m.Tools == nil {
				m.Tools = &cdxTools{}
			}
			m.Tools.Components = append(m.Tools.Components, cdxTool(a))
		case a.kind == "Person":
			m.Authors = append(m.Authors, cdxContact{a.name, a.email})
		case a.kind == "Organization" && m.Manufacturer == nil:
			m.Manufacturer = cdxOrganizationOf(a)
		default:
			p.add("spdx:creation-info:creators-organization", s)
		}
	}
	for _, l := range d.Licenses {
		p.add("spdx:document:extracted-licensing-info", text(l))
	}
	for _, s := range d.Snippets {
		p.add("spdx:document:snippet", text(s))
	}
	for _, r := range d.Reviews {
		p.add("spdx:document:review", text(r))
	}
	p = append(p, properties(d.Annotations)...)
	m.Properties = append(p, c.links.properties[documentID]...)
	return m
}

func cdxTool(a agent) cdxComponent {
	name, version := tool(a.name)
	return cdxComponent{Type: "application", Name: name, Version: version}
}

// cdxOrganizationOf is an organisation, or a person where an organisation must stand: then a contact has the name.
func cdxOrganizationOf(a agent) *cdxOrganization {
	o := &cdxOrganization{Name: a.name}
	if a.kind == "Person" {
		o.Contact = []cdxContact{{a.name, a.email}}
	} else if a.email != "" {
		o.Contact = []cdxContact{{Email: a.email}}
	}
	return o
}

// annotations adds those of the document and of all that are in it.
func (c *cdxWriter) annotations(b *cdxBOM) {
	add := func(subject string, list []annotation) {
		for _, n := range list {
			a := cdxAnnotation{BOMRef: fmt.Sprintf("annotation-%d-%s", len(b.Annotations)+1, strings.ToLower(n.Type)), Subjects: []string{subject}, Timestamp: n.Date, Text: n.Comment}
			switch who := parseAgent(n.Annotator); who.kind {
			case "Person":
				a.Annotator.Individual = &cdxContact{who.name, who.email}
			case "Tool":
				tool := cdxTool(who)
				a.Annotator.Component = &tool
			default:
				a.Annotator.Organization = cdxOrganizationOf(who)
			}
			b.Annotations = append(b.Annotations, a)
		}
	}
	// The document itself is named by its BOM-Link.
	add("urn:cdx:"+uuid(c.doc.Namespace)+"/1", c.doc.Annotations)
	for i := range c.doc.Packages {
		add(c.doc.Packages[i].ID, c.doc.Packages[i].Annotations)
	}
	for i := range c.doc.Files {
		add(c.doc.Files[i].ID, c.doc.Files[i].Annotations)
	}
}

// hashNames are the checksum algorithms that CycloneDX knows.
var hashNames = map[string]string{
	"MD5": "MD5", "SHA1": "SHA-1", "SHA256": "SHA-256", "SHA384": "SHA-384", "SHA512": "SHA-512", "SHA3-256": "SHA3-256", "SHA3-384": "SHA3-384", "SHA3-512": "SHA3-512",
	"BLAKE2b-256": "BLAKE2b-256", "BLAKE2b-384": "BLAKE2b-384", "BLAKE2b-512": "BLAKE2b-512", "BLAKE3": "BLAKE3",
}

// cdxHashOf is a checksum as CycloneDX has it; its schema wants one of these lengths.
func cdxHashOf(s checksum) (cdxHash, bool) {
	return cdxHash{hashNames[s.Algorithm], s.Value}, hashNames[s.Algorithm] != "" && slices.Contains([]int{32, 40, 64, 96, 128}, len(s.Value))
}

func cdxHashes(sums []checksum, p *cdxProperties) (out []cdxHash) {
	for _, s := range sums {
		if h, ok := cdxHashOf(s); ok {
			out = append(out, h)
		} else {
			p.add("spdx:checksum:"+strings.ToLower(s.Algorithm), s.Value)
		}
	}
	return out
}

// isIRI reports whether a text can stand where a URL must.
func isIRI(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "" || u.Path != "") && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || strings.ContainsRune("\\<>\"{}|^`\x7f", r) })
}
