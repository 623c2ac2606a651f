package convert

import (
	"encoding/json"
	"strings"
)

// spdx3Hashes are checksums in SPDX 3.
func spdx3Hashes(sums []checksum) (out []any) {
	for _, c := range sums {
		out = append(out, object{"type": "Hash", "algorithm": spdx3Algorithm(c.Algorithm), "hashValue": c.Value})
	}
	return out
}

// spdx3Algorithm is "blake2b256" for "BLAKE2b-256", "sha3_256" for "SHA3-256".
func spdx3Algorithm(s string) string {
	if rest, ok := strings.CutPrefix(s, "SHA3-"); ok {
		return "sha3_" + rest
	}
	return strings.ToLower(strings.ReplaceAll(s, "-", ""))
}

// spdx3Purposes are those of packages.
var spdx3Purposes = map[string]string{
	"APPLICATION": "application", "FRAMEWORK": "framework", "LIBRARY": "library", "CONTAINER": "container", "OPERATING-SYSTEM": "operatingSystem", "DEVICE": "device",
	"FIRMWARE": "firmware", "SOURCE": "source", "ARCHIVE": "archive", "FILE": "file", "INSTALL": "install", "OTHER": "other",
}

// spdx3FileTypes are the types of files that are purposes in SPDX 3.
var spdx3FileTypes = map[string]string{"SOURCE": "source", "ARCHIVE": "archive", "APPLICATION": "application", "DOCUMENTATION": "documentation", "OTHER": "other"}

func (s *spdx3Writer) pkg(p *pkg) {
	id := s.id(p.ID)
	props := cdxProperties(properties(p.Annotations))
	fields := object{
		"name": p.Name, "comment": p.Comment, "summary": p.Summary, "description": p.Description, "builtTime": p.Built, "releaseTime": p.Released, "validUntilTime": p.ValidUntil,
		"software_packageVersion": p.Version, "software_primaryPurpose": spdx3Purposes[p.Purpose], "software_copyrightText": p.Copyright, "software_sourceInfo": p.SourceInfo, "software_attributionText": p.Attributions,
	}
	if v := p.DownloadLocation; said(v) && isIRI(v) {
		fields["software_downloadLocation"] = v
	} else {
		props.add("spdx:download-location", v)
	}
	if isIRI(p.Homepage) {
		fields["software_homePage"] = p.Homepage
	} else {
		props.add("spdx:homepage", p.Homepage)
	}
	if said(p.Supplier) {
		fields["suppliedBy"] = s.agent(p.Supplier)
	} else {
		props.add("spdx:package:supplier", p.Supplier)
	}
	if said(p.Originator) {
		fields["originatedBy"] = []string{s.agent(p.Originator)}
	} else {
		props.add("spdx:package:originator", p.Originator)
	}
	if p.FilesAnalyzed != nil {
		props.add("spdx:files-analyzed", text(*p.FilesAnalyzed))
	}
	sums := spdx3Hashes(p.Checksums)
	if p.FileName != "" {
		artifact := s.add(s.named("artifact", p.ID, p.FileName), "software_File", object{"name": p.FileName, "software_fileKind": "file", "verifiedUsing": sums})
		s.relate(link{from: id, kind: "hasDistributionArtifact"}, []string{artifact}, "")
	}
	if v := p.VerificationCode; v != nil {
		sums = append([]any{compact(object{"type": "PackageVerificationCode", "algorithm": "sha1", "hashValue": v.Value, "packageVerificationCodeExcludedFile": v.Excluded})}, sums...)
	}
	fields["verifiedUsing"] = sums
	s.references(p.Refs, fields, &props)
	s.licenses(p.ID, p.LicenseConcluded, []string{p.LicenseDeclared}, p.LicenseComments, &props)
	props.all("spdx:license-info-from-file", p.LicenseInfoFromFiles)
	fields["extension"] = s.extension(props)
	s.add(id, "software_Package", fields)
	s.annotations(p.ID, p.Annotations)
}

// licenses says what is concluded and what is declared. The comment on both is that of the first.
func (s *spdx3Writer) licenses(of, concluded string, declared []string, comment string, props *cdxProperties) {
	s.licensing(of, "hasDeclaredLicense", "", declared...)
	if concluded == "" {
		props.add("spdx:license-comments", comment)
		return
	}
	s.licensing(of, "hasConcludedLicense", comment, concluded)
}

// spdx3Identifiers and spdx3Refs are types of external references.
var (
	spdx3Identifiers = map[string]string{"SECURITY cpe22Type": "cpe22", "SECURITY cpe23Type": "cpe23", "SECURITY swid": "swid", "PACKAGE-MANAGER purl": "packageUrl"}
	spdx3Refs        = map[string]string{"PACKAGE-MANAGER maven-central": "mavenCentral", "PACKAGE-MANAGER npm": "npm", "PACKAGE-MANAGER nuget": "nuget", "PACKAGE-MANAGER bower": "bower",
		"SECURITY advisory": "securityAdvisory", "SECURITY fix": "securityFix", "SECURITY url": "securityOther"}
	spdx3Content = map[string]string{"PERSISTENT-ID swh": "swhid", "PERSISTENT-ID gitoid": "gitoid"}
)

func (s *spdx3Writer) references(refs []externalRef, fields object, props *cdxProperties) {
	var identifiers, others, content []any
	for _, r := range refs {
		key := r.Category + " " + r.Type
		kind := spdx3Refs[key]
		if kind == "securityAdvisory" && (vexLike.MatchString(r.Locator) || vexLike.MatchString(r.Comment)) {
			kind = "vulnerabilityExploitabilityAssessment"
		}
		switch {
		case r.Type == "purl" && r.Comment == "" && fields["software_packageUrl"] == nil && spdx3Identifiers[key] != "" && isIRI(r.Locator):
			fields["software_packageUrl"] = r.Locator
		case spdx3Identifiers[key] != "":
			identifiers = append(identifiers, compact(object{"type": "ExternalIdentifier", "externalIdentifierType": spdx3Identifiers[key], "identifier": r.Locator, "comment": r.Comment}))
		case kind != "":
			others = append(others, compact(object{"type": "ExternalRef", "externalRefType": kind, "locator": []string{r.Locator}, "comment": r.Comment}))
		case spdx3Content[key] != "" && isIRI(r.Locator):
			content = append(content, compact(object{"type": "software_ContentIdentifier", "software_contentIdentifierType": spdx3Content[key], "software_contentIdentifierValue": r.Locator, "comment": r.Comment}))
		default:
			props.add("spdx:external-reference", text(r))
		}
	}
	fields["externalIdentifier"], fields["externalRef"], fields["software_contentIdentifier"] = identifiers, others, content
}

func (s *spdx3Writer) file(f *file) {
	props := cdxProperties(properties(f.Annotations))
	fields := object{"name": f.Name, "comment": f.Comment, "software_copyrightText": f.Copyright, "software_attributionText": f.Attributions, "software_fileKind": "file", "verifiedUsing": spdx3Hashes(f.Checksums)}
	var purposes []string
	for _, t := range f.Types {
		if p := spdx3FileTypes[t]; p != "" {
			purposes = append(purposes, p)
		} else {
			props.add("spdx:file:type", t)
		}
	}
	if len(purposes) > 0 {
		fields["software_primaryPurpose"], fields["software_additionalPurpose"] = purposes[0], purposes[1:]
	}
	props.add("spdx:file:notice-text", f.Notice)
	props.all("spdx:file:contributor", f.Contributors)
	props.all("spdx:file:dependency", f.Dependencies)
	for _, a := range f.ArtifactOfs {
		props.add("spdx:file:artifact-of", string(a))
	}
	s.licenses(f.ID, f.LicenseConcluded, f.LicenseInfoInFiles, f.LicenseComments, &props)
	fields["extension"] = s.extension(props)
	s.add(s.id(f.ID), "software_File", fields)
	s.annotations(f.ID, f.Annotations)
}

func (s *spdx3Writer) snippet(n *snippet) {
	props := cdxProperties(properties(n.Annotations))
	fields := object{"name": n.Name, "comment": n.Comment, "software_copyrightText": n.Copyright, "software_attributionText": n.Attributions, "software_snippetFromFile": s.id(n.FromFile)}
	for _, r := range n.Ranges {
		if v := positiveRange(r.Start.Offset, r.End.Offset); v != nil && fields["software_byteRange"] == nil {
			fields["software_byteRange"] = v
		}
		if v := positiveRange(r.Start.Line, r.End.Line); v != nil && fields["software_lineRange"] == nil {
			fields["software_lineRange"] = v
		}
		props.add("spdx:snippet:range", text(r)) // there may be several, and of other files
	}
	s.licenses(n.ID, n.LicenseConcluded, n.LicenseInfoInSnippets, n.LicenseComments, &props)
	fields["extension"] = s.extension(props)
	s.add(s.id(n.ID), "software_Snippet", fields)
	s.annotations(n.ID, n.Annotations)
}

// positiveRange is a range as SPDX 3 has it; nil when it is none.
func positiveRange(from, to *json.Number) any {
	if from == nil || to == nil {
		return nil
	}
	a, err := from.Int64()
	b, err2 := to.Int64()
	if err != nil || err2 != nil || a < 1 || b < a {
		return nil
	}
	return object{"type": "PositiveIntegerRange", "beginIntegerRange": a, "endIntegerRange": b}
}
