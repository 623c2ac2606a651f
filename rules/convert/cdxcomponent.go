package convert

import "regexp"

// cdxTypes are the types of components for purposes of packages. What is neither is an application where it is what the
// document describes, else a library: readers look for vulnerabilities of these.
var cdxTypes = map[string]string{
	"APPLICATION": "application", "FRAMEWORK": "framework", "LIBRARY": "library", "CONTAINER": "container", "OPERATING-SYSTEM": "operating-system",
	"DEVICE": "device", "FIRMWARE": "firmware", "FILE": "file",
}

func (c *cdxWriter) pkg(p *pkg) cdxComponent {
	out := cdxComponent{Type: cdxTypes[p.Purpose], BOMRef: p.ID, Name: p.Name, Version: p.Version, Description: p.Description}
	switch {
	case out.Type == "" && p.ID == c.root:
		out.Type = "application"
	case out.Type == "":
		out.Type = "library"
	}
	props := append(cdxProperties(properties(p.Annotations)), c.links.properties[p.ID]...)
	props.add("spdx:spdxid", p.ID)
	props.add("spdx:package:purpose", p.Purpose)
	props.add("spdx:package:file-name", p.FileName)
	props.add("bsi:component:filename", p.FileName)
	props.add("spdx:package:source-info", p.SourceInfo)
	props.add("spdx:package:summary", p.Summary)
	props.add("spdx:package:built-date", p.Built)
	props.add("spdx:package:release-date", p.Released)
	props.add("spdx:package:valid-until-date", p.ValidUntil)
	props.add("spdx:license-comments", p.LicenseComments)
	props.add("spdx:comment", p.Comment)
	props.all("spdx:license-info-from-file", p.LicenseInfoFromFiles)
	props.all("spdx:attribution-text", p.Attributions)
	if p.FilesAnalyzed != nil {
		props.add("spdx:files-analyzed", text(*p.FilesAnalyzed))
	}
	if v := p.VerificationCode; v != nil {
		props.add("spdx:package:verification-code:value", v.Value)
		props.all("spdx:package:verification-code:excluded-file", v.Excluded)
	}
	c.people(p, &out, &props)
	c.identify(p, &out, &props)
	out.Hashes = cdxHashes(p.Checksums, &props)
	out.Licenses = c.licensing(p.LicenseConcluded, p.LicenseDeclared, &props)
	out.Copyright = cdxCopyright(p.Copyright, &props)
	out.Properties = props.sorted()
	return out
}

func (c *cdxWriter) file(f *file) cdxComponent {
	props := append(cdxProperties(properties(f.Annotations)), c.links.properties[f.ID]...)
	props.all("spdx:file:type", f.Types)
	props.all("spdx:file:contributor", f.Contributors)
	props.all("spdx:file:dependency", f.Dependencies)
	props.all("spdx:license-info-in-file", f.LicenseInfoInFiles)
	props.all("spdx:attribution-text", f.Attributions)
	props.add("spdx:file:notice-text", f.Notice)
	props.add("spdx:license-comments", f.LicenseComments)
	props.add("spdx:comment", f.Comment)
	for _, a := range f.ArtifactOfs {
		props.add("spdx:file:artifact-of", string(a))
	}
	out := cdxComponent{Type: "file", BOMRef: f.ID, Name: f.Name, Hashes: cdxHashes(f.Checksums, &props), Licenses: c.licensing(f.LicenseConcluded, "", &props), Copyright: cdxCopyright(f.Copyright, &props)}
	out.Properties = props.sorted()
	return out
}

// people are who supplies and who makes a package.
func (c *cdxWriter) people(p *pkg, out *cdxComponent, props *cdxProperties) {
	if a := parseAgent(p.Supplier); a.kind == "Person" || a.kind == "Organization" {
		out.Supplier = cdxOrganizationOf(a)
	} else {
		props.add("spdx:package:supplier", p.Supplier)
	}
	switch a := parseAgent(p.Originator); a.kind {
	case "Person":
		out.Authors = []cdxContact{{a.name, a.email}}
	case "Organization":
		out.Manufacturer = cdxOrganizationOf(a)
	default:
		props.add("spdx:package:originator", p.Originator)
	}
}

// vcs matches the locations of repositories (SPDX 2.3, section 7.7).
var vcs = regexp.MustCompile(`^(git|hg|svn|bzr)(\+|:)`)

// vexLike matches what calls itself a VEX document; SPDX 2.3 has no reference type for one but "advisory".
var vexLike = regexp.MustCompile(`(?i)vex`)

// identify says what a package is and where it is found.
func (c *cdxWriter) identify(p *pkg, out *cdxComponent, props *cdxProperties) {
	var evidence []cdxIdentity
	for _, r := range p.Refs {
		kept := r.Comment == "" // whether the field says all
		switch {
		case r.Type == "cpe23Type" && r.Category == "SECURITY":
			if out.CPE == "" {
				out.CPE = r.Locator
				break
			}
			// There is one field. Others are evidence of the identity; syft, and grype with it, reads them in a property.
			evidence = append(evidence, cdxIdentity{"cpe", r.Locator})
			props.add("syft:cpe23", r.Locator)
		case r.Type == "purl" && r.Category == "PACKAGE-MANAGER":
			if out.PURL == "" {
				out.PURL = r.Locator
				break
			}
			evidence = append(evidence, cdxIdentity{"purl", r.Locator})
		case r.Type == "swh" && r.Category == "PERSISTENT-ID":
			out.SWHID = append(out.SWHID, r.Locator)
		case r.Type == "gitoid" && r.Category == "PERSISTENT-ID":
			out.OmniborID = append(out.OmniborID, r.Locator)
		case r.Type == "advisory" && r.Category == "SECURITY" && isIRI(r.Locator):
			kind := "advisories"
			if vexLike.MatchString(r.Locator) || vexLike.MatchString(r.Comment) {
				kind = "exploitability-statement"
			}
			out.Refs = append(out.Refs, cdxRef{URL: r.Locator, Comment: r.Comment, Type: kind})
			kept = true
		default:
			kept = false
		}
		if !kept {
			props.add("spdx:external-reference", text(r))
		}
	}
	if evidence != nil {
		out.Evidence = &cdxEvidence{evidence}
	}
	switch {
	case !said(p.DownloadLocation) || !isIRI(p.DownloadLocation):
		props.add("spdx:download-location", p.DownloadLocation)
	case vcs.MatchString(p.DownloadLocation):
		out.Refs = append(out.Refs, cdxRef{URL: p.DownloadLocation, Type: "vcs"})
	case p.Purpose == "SOURCE" && p.ID != c.root:
		out.Refs = append(out.Refs, cdxRef{URL: p.DownloadLocation, Type: "source-distribution"})
	default:
		out.Refs = append(out.Refs, cdxRef{URL: p.DownloadLocation, Type: "distribution"})
	}
	if isIRI(p.Homepage) {
		out.Refs = append(out.Refs, cdxRef{URL: p.Homepage, Type: "website"})
	} else {
		props.add("spdx:homepage", p.Homepage)
	}
}

func cdxCopyright(s string, props *cdxProperties) string {
	if !said(s) {
		props.add("spdx:copyright-text", s)
		return ""
	}
	return s
}

// licenseRef matches an expression that is one licence of the document's own.
var (
	licenseRef  = regexp.MustCompile(`^LicenseRef-[A-Za-z0-9.-]+$`)
	licenseRefs = regexp.MustCompile(`(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+`)
)

// licensing writes what is concluded and what is declared. 1.6 takes one expression, or several licences of which each is one by
// its name; 1.7 takes all of it. What is left is a property. Names of licences are written as expressions, too, since the schema
// knows those of one old list only.
func (c *cdxWriter) licensing(concluded, declared string, props *cdxProperties) (out []cdxLicenseEntry) {
	single := func(s string) bool { return licenseRef.MatchString(s) && c.licenses[s] != "" }
	for _, l := range []struct{ value, kind, property string }{{concluded, "concluded", "spdx:license-concluded"}, {declared, "declared", "spdx:license-declared"}} {
		entry := cdxLicenseEntry{Expression: l.value, Acknowledgement: l.kind}
		switch {
		case !said(l.value), c.version == "1.6" && len(out) > 0 && !(single(l.value) && out[0].License != nil):
			props.add(l.property, l.value)
			continue
		case single(l.value):
			entry = cdxLicenseEntry{License: &cdxLicense{Name: l.value, Acknowledgement: l.kind, Text: plainText(c.licenses[l.value])}}
		case c.version != "1.6":
			ids := licenseRefs.FindAllString(l.value, -1)
			set(&ids)
			for _, id := range ids {
				if c.licenses[id] != "" {
					entry.Details = append(entry.Details, cdxLicenseText{id, plainText(c.licenses[id])})
				}
			}
		}
		out = append(out, entry)
	}
	return out
}

func plainText(s string) *cdxText { return &cdxText{"text/plain", s} }
