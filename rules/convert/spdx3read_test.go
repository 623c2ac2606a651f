package convert

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// fromSPDX3 reads back what writeSPDX3 wrote, by the rules that docs/formats.md gives.
func fromSPDX3(t *testing.T, data []byte) *document {
	t.Helper()
	var top struct {
		Graph []object `json:"@graph"`
	}
	dec := json.NewDecoder(strings.NewReader(string(data)))
	if err := dec.Decode(&top); err != nil {
		t.Fatal(err)
	}
	r := &spdx3Reader{t: t, doc: &document{ID: documentID, Version: "SPDX-2.3"}, by: map[string]object{}, licenses: map[string]map[string][]string{}, comments: map[string]string{}, artifacts: map[string]string{}, external: map[string]string{}}
	for _, o := range top.Graph {
		id := str(o, "spdxId") + str(o, "@id")
		if r.by[id] != nil {
			t.Errorf("%s is there twice", id)
		}
		r.by[id] = o
	}
	return r.read()
}

type spdx3Reader struct {
	t         *testing.T
	doc       *document
	by        map[string]object
	base      string
	external  map[string]string              // namespace -> DocumentRef-...
	licenses  map[string]map[string][]string // element -> kind -> expressions
	comments  map[string]string              // element -> comment on its licence
	artifacts map[string]string              // package -> name of its file
}

func str(o object, key string) string { s, _ := o[key].(string); return s }

func strs(o object, key string) (out []string) {
	list, _ := o[key].([]any)
	for _, v := range list {
		out = append(out, v.(string))
	}
	return out
}

func objs(o object, key string) (out []object) {
	list, _ := o[key].([]any)
	for _, v := range list {
		out = append(out, v.(object))
	}
	return out
}

func (r *spdx3Reader) props(o object) (out []cdxProperty) {
	for _, e := range objs(o, "extension") {
		for _, p := range objs(e, "extension_cdxProperty") {
			out = append(out, cdxProperty{str(p, "extension_cdxPropName"), str(p, "extension_cdxPropValue")})
		}
	}
	return out
}

// id is the identifier in 2.3.
func (r *spdx3Reader) id(s string) string {
	switch s {
	case spdx3Terms + "Core/NoneElement":
		return none
	case spdx3Terms + "Core/NoAssertionElement":
		return noAssertion
	}
	if id, ok := strings.CutPrefix(s, r.base); ok {
		return id
	}
	space, element, _ := strings.Cut(s, "#")
	return r.external[space] + ":" + element
}

func (r *spdx3Reader) agent(id string) string {
	o := r.by[id]
	a := agent{kind: map[string]string{"SoftwareAgent": "Tool", "Agent": ""}[str(o, "type")], name: str(o, "name")}
	if t := str(o, "type"); t == "Person" || t == "Organization" {
		a.kind = t
	}
	for _, e := range objs(o, "externalIdentifier") {
		a.email = str(e, "identifier")
	}
	return a.String()
}

func (r *spdx3Reader) read() *document {
	d := r.doc
	var head, sbom object
	for _, o := range r.by {
		switch str(o, "type") {
		case "SpdxDocument":
			head = o
		case "software_Sbom":
			sbom = o
		}
	}
	r.base = strings.TrimSuffix(str(head, "spdxId"), documentID)
	d.Namespace, d.Name, d.Comment, d.DataLicense = strings.TrimSuffix(r.base, "#"), str(head, "name"), str(head, "comment"), str(r.by[str(head, "dataLicense")], "simplelicensing_licenseExpression")
	c := r.by[creationNode]
	d.Creation = creationInfo{Created: str(c, "created"), Comment: str(c, "comment"), LicenseListVersion: one(r.props(head), "spdx:creation-info:license-list-version")}
	for _, id := range strs(c, "createdUsing") {
		d.Creation.Creators = append(d.Creation.Creators, "Tool: "+str(r.by[id], "name"))
	}
	for _, id := range strs(c, "createdBy") {
		d.Creation.Creators = append(d.Creation.Creators, r.agent(id))
	}
	d.Reviews = parse[review](r.t, all(r.props(head), "spdx:document:review"))
	d.ExternalDocs = parse[externalDocument](r.t, all(r.props(head), "spdx:document:external-document-ref"))
	for _, m := range objs(head, "namespaceMap") {
		uri := strings.TrimSuffix(str(m, "namespace"), "#")
		r.external[uri] = str(m, "prefix")
		for _, e := range objs(head, "import") {
			if str(e, "locationHint") == uri {
				d.ExternalDocs = append(d.ExternalDocs, externalDocument{str(m, "prefix"), uri, r.sums(e)[0]})
			}
		}
	}
	for _, id := range strs(sbom, "rootElement") {
		r.relate(documentID, describes, r.id(id), "")
	}
	for _, id := range slices.Sorted(maps.Keys(r.by)) {
		if o := r.by[id]; strings.HasSuffix(str(o, "type"), "Relationship") {
			r.relationship(o)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(r.by)) {
		r.element(r.id(id), r.by[id])
	}
	for _, id := range slices.Sorted(maps.Keys(r.by)) {
		if str(r.by[id], "type") == "Annotation" {
			r.annotation(r.by[id])
		}
	}
	if err := d.canonicalize(); err != nil {
		r.t.Fatal(err)
	}
	return d
}

func (r *spdx3Reader) relate(from, kind, to, comment string) {
	r.doc.Relationships = append(r.doc.Relationships, relationship{from, kind, to, comment})
}

func (r *spdx3Reader) relationship(o object) {
	from, kind := str(o, "from"), str(o, "relationshipType")
	if strings.HasSuffix(kind, "License") {
		id := r.id(from)
		if r.licenses[id] == nil {
			r.licenses[id] = map[string][]string{}
		}
		for _, l := range strs(o, "to") {
			text := str(r.by[l], "simplelicensing_licenseExpression")
			switch l {
			case spdx3Terms + "ExpandedLicensing/NoneLicense":
				text = none
			case spdx3Terms + "ExpandedLicensing/NoAssertionLicense":
				text = noAssertion
			}
			r.licenses[id][kind] = append(r.licenses[id][kind], text)
		}
		if kind == "hasConcludedLicense" {
			r.comments[id] = str(o, "comment")
		}
		return
	}
	to := strs(o, "to")
	if kind == "hasDistributionArtifact" && strings.HasPrefix(to[0], r.base+"artifact-") {
		r.artifacts[r.id(from)] = str(r.by[to[0]], "name")
		return
	}
	if str(o, "completeness") == "incomplete" {
		to = append(to, spdx3Terms+"Core/NoAssertionElement")
	}
	// Of the types that become this one, the first, unless it says which.
	was := one(r.props(o), "spdx:relationship-type")
	if was == "" {
		for _, t := range slices.Sorted(maps.Keys(spdx3Links)) {
			if l := spdx3Links[t]; l.kind == kind && l.scope == str(o, "scope") && (inverse[t] == "" || !l.swap) && (was == "" || t == "GENERATED_FROM") {
				was = t
			}
		}
	}
	for _, id := range to {
		a, b := r.id(from), r.id(id)
		if spdx3Links[was].swap {
			a, b = b, a
		}
		r.relate(a, was, b, str(o, "comment"))
	}
}

func (r *spdx3Reader) sums(o object) (out []checksum) {
	names := map[string]string{}
	for _, a := range strings.Fields("SHA1 SHA224 SHA256 SHA384 SHA512 SHA3-256 SHA3-384 SHA3-512 BLAKE2b-256 BLAKE2b-384 BLAKE2b-512 BLAKE3 MD2 MD4 MD5 MD6 ADLER32") {
		names[spdx3Algorithm(a)] = a
	}
	for _, h := range objs(o, "verifiedUsing") {
		if str(h, "type") == "Hash" {
			out = append(out, checksum{names[str(h, "algorithm")], str(h, "hashValue")})
		}
	}
	return out
}

func back(m map[string]string, value string) string {
	for k, v := range m {
		if v == value && value != "" {
			return k
		}
	}
	return ""
}

func (r *spdx3Reader) first(id, kind string) string {
	if list := r.licenses[id][kind]; len(list) > 0 {
		return list[0]
	}
	return ""
}

func (r *spdx3Reader) element(id string, o object) {
	props := r.props(o)
	comments := r.comments[id] + one(props, "spdx:license-comments")
	switch str(o, "type") {
	case "software_Package":
		r.pkg(id, o, props, comments)
	case "software_File":
		if strings.HasPrefix(id, "artifact-") {
			return
		}
		f := file{ID: id, Name: str(o, "name"), Comment: str(o, "comment"), Copyright: str(o, "software_copyrightText"), Attributions: strs(o, "software_attributionText"), Checksums: r.sums(o), Types: all(props, "spdx:file:type"),
			Notice: one(props, "spdx:file:notice-text"), Contributors: all(props, "spdx:file:contributor"), Dependencies: all(props, "spdx:file:dependency"), ArtifactOfs: parse[json.RawMessage](r.t, all(props, "spdx:file:artifact-of")),
			LicenseConcluded: r.first(id, "hasConcludedLicense"), LicenseInfoInFiles: r.licenses[id]["hasDeclaredLicense"], LicenseComments: comments}
		for _, p := range append(strs(o, "software_additionalPurpose"), str(o, "software_primaryPurpose")) {
			if t := back(spdx3FileTypes, p); t != "" {
				f.Types = append(f.Types, t)
			}
		}
		r.doc.Files = append(r.doc.Files, f)
	case "software_Snippet":
		r.doc.Snippets = append(r.doc.Snippets, snippet{ID: id, Name: str(o, "name"), FromFile: r.id(str(o, "software_snippetFromFile")), Comment: str(o, "comment"), Copyright: str(o, "software_copyrightText"),
			Attributions: strs(o, "software_attributionText"), Ranges: parse[snippetRange](r.t, all(props, "spdx:snippet:range")), LicenseConcluded: r.first(id, "hasConcludedLicense"),
			LicenseInfoInSnippets: r.licenses[id]["hasDeclaredLicense"], LicenseComments: comments})
	case "expandedlicensing_CustomLicense":
		r.doc.Licenses = append(r.doc.Licenses, extractedLicense{ID: id, Text: str(o, "simplelicensing_licenseText"), Name: str(o, "name"), Comment: str(o, "comment"),
			SeeAlsos: append(strs(o, "expandedlicensing_seeAlso"), all(props, "spdx:extracted-licensing-info:see-also")...), CrossRefs: parse[crossRef](r.t, all(props, "spdx:extracted-licensing-info:cross-ref"))})
	}
}

func (r *spdx3Reader) pkg(id string, o object, props []cdxProperty, comments string) {
	p := pkg{ID: id, Name: str(o, "name"), Version: str(o, "software_packageVersion"), FileName: r.artifacts[id], Purpose: back(spdx3Purposes, str(o, "software_primaryPurpose")),
		Supplier: one(props, "spdx:package:supplier"), Originator: one(props, "spdx:package:originator"), DownloadLocation: str(o, "software_downloadLocation") + one(props, "spdx:download-location"),
		Homepage: str(o, "software_homePage") + one(props, "spdx:homepage"), SourceInfo: str(o, "software_sourceInfo"), LicenseConcluded: r.first(id, "hasConcludedLicense"), LicenseDeclared: r.first(id, "hasDeclaredLicense"),
		LicenseInfoFromFiles: all(props, "spdx:license-info-from-file"), LicenseComments: comments, Copyright: str(o, "software_copyrightText"), Summary: str(o, "summary"), Description: str(o, "description"), Comment: str(o, "comment"),
		Attributions: strs(o, "software_attributionText"), Built: str(o, "builtTime"), Released: str(o, "releaseTime"), ValidUntil: str(o, "validUntilTime"), Checksums: r.sums(o),
		Refs: parse[externalRef](r.t, all(props, "spdx:external-reference"))}
	if s := str(o, "suppliedBy"); s != "" {
		p.Supplier = r.agent(s)
	}
	for _, s := range strs(o, "originatedBy") {
		p.Originator = r.agent(s)
	}
	if s := one(props, "spdx:files-analyzed"); s != "" {
		yes := s == "true"
		p.FilesAnalyzed = &yes
	}
	for _, v := range objs(o, "verifiedUsing") {
		if str(v, "type") == "PackageVerificationCode" {
			p.VerificationCode = &verificationCode{str(v, "hashValue"), strs(v, "packageVerificationCodeExcludedFile")}
		}
	}
	add := func(key, locator, comment string) {
		category, kind, _ := strings.Cut(key, " ")
		p.Refs = append(p.Refs, externalRef{category, kind, locator, comment})
	}
	if s := str(o, "software_packageUrl"); s != "" {
		add("PACKAGE-MANAGER purl", s, "")
	}
	for _, e := range objs(o, "externalIdentifier") {
		add(back(spdx3Identifiers, str(e, "externalIdentifierType")), str(e, "identifier"), str(e, "comment"))
	}
	for _, e := range objs(o, "externalRef") {
		kind := str(e, "externalRefType")
		if kind == "vulnerabilityExploitabilityAssessment" {
			kind = "securityAdvisory"
		}
		add(back(spdx3Refs, kind), strs(e, "locator")[0], str(e, "comment"))
	}
	for _, e := range objs(o, "software_contentIdentifier") {
		add(back(spdx3Content, str(e, "software_contentIdentifierType")), str(e, "software_contentIdentifierValue"), str(e, "comment"))
	}
	r.doc.Packages = append(r.doc.Packages, p)
}

func (r *spdx3Reader) annotation(o object) {
	info := r.by[str(o, "creationInfo")]
	n := annotation{Annotator: r.agent(strs(info, "createdBy")[0]), Date: str(info, "created"), Type: strings.ToUpper(str(o, "annotationType")), Comment: str(o, "statement")}
	subject, list := r.id(str(o, "subject")), &r.doc.Annotations
	for i := range r.doc.Packages {
		if r.doc.Packages[i].ID == subject {
			list = &r.doc.Packages[i].Annotations
		}
	}
	for i := range r.doc.Files {
		if r.doc.Files[i].ID == subject {
			list = &r.doc.Files[i].Annotations
		}
	}
	for i := range r.doc.Snippets {
		if r.doc.Snippets[i].ID == subject {
			list = &r.doc.Snippets[i].Annotations
		}
	}
	*list = append(*list, n)
}
