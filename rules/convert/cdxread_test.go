package convert

import (
	"encoding/json"
	"strings"
	"testing"
)

// fromCycloneDX reads back what writeCycloneDX wrote, by the rules that docs/formats.md gives.
func fromCycloneDX(t *testing.T, data []byte) *document {
	t.Helper()
	var b cdxBOM
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&b); err != nil {
		t.Fatal(err)
	}
	r := &cdxReader{t: t, bom: &b, doc: &document{ID: documentID}}
	return r.read()
}

type cdxReader struct {
	t   *testing.T
	bom *cdxBOM
	doc *document
}

// one is a property that there is once; all are those of a name.
func one(list []cdxProperty, name string) string {
	if values := all(list, name); len(values) > 0 {
		return values[0]
	}
	return ""
}

func all(list []cdxProperty, name string) (out []string) {
	for _, p := range list {
		if p.Name == name {
			out = append(out, p.Value)
		}
	}
	return out
}

func parse[T any](t *testing.T, texts []string) (out []T) {
	t.Helper()
	for _, s := range texts {
		var v T
		if err := json.Unmarshal([]byte(s), &v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

func (o *cdxOrganization) agent() string {
	switch {
	case o == nil:
		return ""
	case len(o.Contact) > 0 && o.Contact[0].Name != "":
		return agent{"Person", o.Contact[0].Name, o.Contact[0].Email}.String()
	case len(o.Contact) > 0:
		return agent{"Organization", o.Name, o.Contact[0].Email}.String()
	}
	return agent{kind: "Organization", name: o.Name}.String()
}

func (c cdxContact) agent() string { return agent{"Person", c.Name, c.Email}.String() }

func (c cdxComponent) tool() string {
	if c.Version != "" {
		return "Tool: " + c.Name + "-" + c.Version
	}
	return "Tool: " + c.Name
}

func (r *cdxReader) read() *document {
	d, m := r.doc, r.bom.Metadata
	d.Version, d.Name, d.Namespace = one(m.Properties, "spdx:document:spdx-version"), one(m.Properties, "spdx:document:name"), one(m.Properties, "spdx:document:document-namespace")
	d.Comment, d.DataLicense = one(m.Properties, "spdx:comment"), m.Licenses[0].License.ID
	d.Creation = creationInfo{Created: m.Timestamp, Comment: one(m.Properties, "spdx:creation-info:comment"), LicenseListVersion: one(m.Properties, "spdx:creation-info:license-list-version"),
		Creators: all(m.Properties, "spdx:creation-info:creators-organization")}
	if m.Tools != nil {
		for _, c := range m.Tools.Components {
			d.Creation.Creators = append(d.Creation.Creators, c.tool())
		}
	}
	for _, a := range m.Authors {
		d.Creation.Creators = append(d.Creation.Creators, a.agent())
	}
	if m.Manufacturer != nil {
		d.Creation.Creators = append(d.Creation.Creators, m.Manufacturer.agent())
	}
	d.ExternalDocs = parse[externalDocument](r.t, all(m.Properties, "spdx:document:external-document-ref"))
	for _, e := range r.bom.Refs {
		d.ExternalDocs = append(d.ExternalDocs, externalDocument{ID: e.Comment, URI: e.URL, Checksum: sumsOf(e.Hashes, nil)[0]})
	}
	d.Licenses = parse[extractedLicense](r.t, all(m.Properties, "spdx:document:extracted-licensing-info"))
	d.Snippets = parse[snippet](r.t, all(m.Properties, "spdx:document:snippet"))
	d.Reviews = parse[review](r.t, all(m.Properties, "spdx:document:review"))
	for _, id := range all(m.Properties, "spdx:document:describes") {
		r.relate(documentID, describes, id)
	}
	for _, s := range all(m.Properties, "spdx:document:relationship") {
		from, rest, _ := strings.Cut(s, " ")
		r.relationship(from, rest)
	}
	if m.Component != nil {
		r.relate(documentID, describes, m.Component.BOMRef)
		r.component(*m.Component)
	}
	for _, c := range r.bom.Components {
		r.component(c)
	}
	for _, dep := range r.bom.Dependencies {
		for _, to := range dep.DependsOn {
			r.depends(dep.Ref, to)
		}
	}
	r.completeness()
	r.annotations()
	if err := d.canonicalize(); err != nil {
		r.t.Fatal(err)
	}
	return d
}

func (r *cdxReader) relate(from, kind, to string) {
	r.doc.Relationships = append(r.doc.Relationships, relationship{From: from, Type: kind, To: to})
}

// relationship reads "TYPE TARGET COMMENT".
func (r *cdxReader) relationship(from, s string) {
	parts := strings.SplitN(s, " ", 3)
	rel := relationship{From: from, Type: parts[0], To: parts[1]}
	if len(parts) > 2 {
		rel.Comment = parts[2]
	}
	r.doc.Relationships = append(r.doc.Relationships, rel)
}

// depends adds a dependency that no property says with a comment.
func (r *cdxReader) depends(from, to string) {
	for _, rel := range r.doc.Relationships {
		if rel.From == from && rel.Type == dependsOn && rel.To == to {
			return
		}
	}
	r.relate(from, dependsOn, to)
}

func (r *cdxReader) completeness() {
	for _, k := range r.bom.Compositions {
		word := map[string]string{"complete": none, "incomplete": noAssertion, "unknown": noAssertion}[k.Aggregate]
		for _, ref := range k.Dependencies {
			r.relate(ref, dependsOn, word)
		}
		for _, ref := range k.Assemblies {
			r.relate(ref, contains, word)
		}
	}
}

func (r *cdxReader) annotations() {
	for _, a := range r.bom.Annotations {
		n := annotation{Date: a.Timestamp, Comment: a.Text, Type: strings.ToUpper(a.BOMRef[strings.LastIndex(a.BOMRef, "-")+1:])}
		switch w := a.Annotator; {
		case w.Individual != nil:
			n.Annotator = w.Individual.agent()
		case w.Component != nil:
			n.Annotator = w.Component.tool()
		default:
			n.Annotator = w.Organization.agent()
		}
		list := &r.doc.Annotations
		for i := range r.doc.Packages {
			if r.doc.Packages[i].ID == a.Subjects[0] {
				list = &r.doc.Packages[i].Annotations
			}
		}
		for i := range r.doc.Files {
			if r.doc.Files[i].ID == a.Subjects[0] {
				list = &r.doc.Files[i].Annotations
			}
		}
		*list = append(*list, n)
	}
}

func sumsOf(hashes []cdxHash, props []cdxProperty) (out []checksum) {
	for name, alg := range hashNames {
		for _, h := range hashes {
			if h.Alg == alg {
				out = append(out, checksum{name, h.Content})
			}
		}
	}
	for _, p := range props {
		if alg, ok := strings.CutPrefix(p.Name, "spdx:checksum:"); ok {
			alg = strings.ToUpper(alg)
			if rest, ok := strings.CutPrefix(alg, "BLAKE2B"); ok {
				alg = "BLAKE2b" + rest
			}
			out = append(out, checksum{alg, p.Value})
		}
	}
	return out
}

func (r *cdxReader) licenses(c cdxComponent) (concluded, declared string) {
	values := map[string]string{"concluded": one(c.Properties, "spdx:license-concluded"), "declared": one(c.Properties, "spdx:license-declared")}
	for _, l := range c.Licenses {
		if l.License != nil {
			values[l.License.Acknowledgement] = l.License.Name
		} else {
			values[l.Acknowledgement] = l.Expression
		}
	}
	return values["concluded"], values["declared"]
}

func (r *cdxReader) component(c cdxComponent) {
	for _, s := range all(c.Properties, "spdx:relationship") {
		r.relationship(c.BOMRef, s)
	}
	for _, f := range c.Components {
		r.relate(c.BOMRef, contains, f.BOMRef)
		r.component(f)
	}
	props := c.Properties
	copyright := c.Copyright + one(props, "spdx:copyright-text")
	concluded, declared := r.licenses(c)
	if one(props, "spdx:spdxid") == "" {
		r.doc.Files = append(r.doc.Files, file{ID: c.BOMRef, Name: c.Name, Types: all(props, "spdx:file:type"), Checksums: sumsOf(c.Hashes, props), LicenseConcluded: concluded, LicenseInfoInFiles: all(props, "spdx:license-info-in-file"),
			LicenseComments: one(props, "spdx:license-comments"), Copyright: copyright, Comment: one(props, "spdx:comment"), Notice: one(props, "spdx:file:notice-text"), Contributors: all(props, "spdx:file:contributor"),
			Attributions: all(props, "spdx:attribution-text"), Dependencies: all(props, "spdx:file:dependency"), ArtifactOfs: parse[json.RawMessage](r.t, all(props, "spdx:file:artifact-of"))})
		return
	}
	p := pkg{ID: c.BOMRef, Name: c.Name, Version: c.Version, FileName: one(props, "spdx:package:file-name"), Purpose: one(props, "spdx:package:purpose"), Supplier: one(props, "spdx:package:supplier") + c.Supplier.agent(),
		Originator: one(props, "spdx:package:originator") + c.Manufacturer.agent(), DownloadLocation: one(props, "spdx:download-location"), Homepage: one(props, "spdx:homepage"), SourceInfo: one(props, "spdx:package:source-info"),
		LicenseConcluded: concluded, LicenseDeclared: declared, LicenseInfoFromFiles: all(props, "spdx:license-info-from-file"), LicenseComments: one(props, "spdx:license-comments"), Copyright: copyright,
		Summary: one(props, "spdx:package:summary"), Description: c.Description, Comment: one(props, "spdx:comment"), Attributions: all(props, "spdx:attribution-text"), Built: one(props, "spdx:package:built-date"),
		Released: one(props, "spdx:package:release-date"), ValidUntil: one(props, "spdx:package:valid-until-date"), Checksums: sumsOf(c.Hashes, props)}
	if s := one(props, "spdx:files-analyzed"); s != "" {
		yes := s == "true"
		p.FilesAnalyzed = &yes
	}
	if s := one(props, "spdx:package:verification-code:value"); s != "" {
		p.VerificationCode = &verificationCode{s, all(props, "spdx:package:verification-code:excluded-file")}
	}
	for _, a := range c.Authors {
		p.Originator += a.agent()
	}
	p.Refs = r.refs(c, &p)
	r.doc.Packages = append(r.doc.Packages, p)
}

func (r *cdxReader) refs(c cdxComponent, p *pkg) (out []externalRef) {
	add := func(category, kind string, locators ...string) {
		for _, s := range locators {
			if s != "" {
				out = append(out, externalRef{Category: category, Type: kind, Locator: s})
			}
		}
	}
	add("SECURITY", "cpe23Type", c.CPE)
	add("PACKAGE-MANAGER", "purl", c.PURL)
	add("PERSISTENT-ID", "swh", c.SWHID...)
	add("PERSISTENT-ID", "gitoid", c.OmniborID...)
	if c.Evidence != nil {
		for _, e := range c.Evidence.Identity {
			add(map[string]string{"cpe": "SECURITY", "purl": "PACKAGE-MANAGER"}[e.Field], map[string]string{"cpe": "cpe23Type", "purl": "purl"}[e.Field], e.Value)
		}
	}
	for _, e := range c.Refs {
		switch e.Type {
		case "advisories", "exploitability-statement":
			out = append(out, externalRef{"SECURITY", "advisory", e.URL, e.Comment})
		case "website":
			p.Homepage = e.URL
		default:
			p.DownloadLocation = e.URL
		}
	}
	// What has a comment stands in a field without it and in a property with it.
	for _, whole := range parse[externalRef](r.t, all(c.Properties, "spdx:external-reference")) {
		bare := whole
		bare.Comment = ""
		for i, ref := range out {
			if ref == bare && whole != bare {
				out = append(out[:i], out[i+1:]...)
				break
			}
		}
		out = append(out, whole)
	}
	return out
}

// String is the agent as SPDX writes it.
func (a agent) String() string {
	s := a.name
	if a.kind != "" {
		s = a.kind + ": " + s
	}
	if a.email != "" {
		s += " (" + a.email + ")"
	}
	return s
}
