package spdx

import (
	"io"
	"strconv"
)

// spdxVersion and dataLicense are the same in every document.
const (
	spdxVersion = "SPDX-2.3"
	dataLicense = "CC0-1.0"
)

// Write writes d as JSON, in the order in which its lists are.
func (d *Document) Write(w io.Writer) error {
	j := newJSONWriter(w)
	j.open('{')
	j.member("SPDXID", documentID)
	j.optional("comment", d.Comment)
	if c := d.Creation; c != nil {
		writeCreation(j, c)
	}
	if !d.PackagesOnly {
		j.key("files")
		j.open('[')
		for i := range d.Files {
			writeFile(j, &d.Files[i])
		}
		j.close(']')
	}
	writeLicenses(j, d.Licenses)
	if c := d.Creation; c != nil {
		j.member("name", c.Name)
	}
	writePackages(j, d.Packages)
	if !d.PackagesOnly {
		j.key("relationships")
		j.open('[')
		for i := range d.Relationships {
			writeRelationship(j, &d.Relationships[i])
		}
		j.close(']')
	}
	j.member("spdxVersion", spdxVersion)
	j.close('}')
	return j.flush()
}

func writeCreation(j *jsonWriter, c *Creation) {
	j.key("creationInfo")
	j.open('{')
	j.optional("comment", c.Comment)
	j.member("created", c.Created)
	j.key("creators")
	j.open('[')
	for _, s := range c.Creators {
		j.item()
		j.string(s)
	}
	j.close(']')
	j.optional("licenseListVersion", c.LicenseListVersion)
	j.close('}')
	j.member("dataLicense", dataLicense)
	j.member("documentNamespace", c.Namespace)
}

// writeLicenses leaves the key out where there are none, as upstream's documents do.
func writeLicenses(j *jsonWriter, licenses []ExtractedLicense) {
	if len(licenses) == 0 {
		return
	}
	j.key("hasExtractedLicensingInfos")
	j.open('[')
	for _, l := range licenses {
		j.item()
		j.open('{')
		j.member("extractedText", l.Text)
		j.member("licenseId", l.ID)
		j.optional("name", l.Name)
		j.close('}')
	}
	j.close(']')
}

func writePackages(j *jsonWriter, packages []Package) {
	j.key("packages")
	j.open('[')
	for i := range packages {
		writePackage(j, &packages[i])
	}
	j.close(']')
}

func writePackage(j *jsonWriter, p *Package) {
	j.item()
	j.open('{')
	j.member("SPDXID", p.ID)
	writeAnnotations(j, p.Annotations)
	if len(p.Checksums) > 0 {
		j.key("checksums")
		j.open('[')
		for _, c := range p.Checksums {
			j.item()
			j.open('{')
			j.member("algorithm", string(c.Algorithm))
			j.member("checksumValue", c.Value)
			j.close('}')
		}
		j.close(']')
	}
	j.optional("comment", p.Comment)
	j.optional("copyrightText", p.Copyright)
	j.member("downloadLocation", p.DownloadURL)
	if len(p.Refs) > 0 {
		j.key("externalRefs")
		j.open('[')
		for _, r := range p.Refs {
			j.item()
			j.open('{')
			j.member("referenceCategory", r.Category)
			j.member("referenceLocator", r.Locator)
			j.member("referenceType", r.RefType)
			j.close('}')
		}
		j.close(']')
	}
	if p.FilesAnalyzed || p.Whole {
		j.key("filesAnalyzed")
		j.buf = strconv.AppendBool(j.buf, p.FilesAnalyzed)
	}
	j.optional("homepage", p.Homepage)
	j.member("licenseConcluded", p.License)
	j.optional("licenseDeclared", p.LicenseDeclared)
	j.member("name", p.Name)
	j.optional("originator", p.Originator)
	j.optional("packageFileName", p.FileName)
	if p.VerificationCode != "" {
		j.key("packageVerificationCode")
		j.open('{')
		j.member("packageVerificationCodeValue", p.VerificationCode)
		j.close('}')
	}
	j.optional("primaryPackagePurpose", p.Purpose)
	j.optional("supplier", p.Supplier)
	j.optional("versionInfo", p.Version)
	j.close('}')
}

func writeFile(j *jsonWriter, f *File) {
	j.item()
	j.open('{')
	j.member("SPDXID", f.ID)
	j.key("checksums")
	j.open('[')
	writeFileChecksum(j, "SHA1", f.SHA1[:])
	writeFileChecksum(j, "SHA256", f.SHA256[:])
	j.close(']')
	j.optional("comment", f.Comment)
	j.member("fileName", f.Path)
	j.close('}')
}

func writeFileChecksum(j *jsonWriter, algorithm string, sum []byte) {
	j.item()
	j.open('{')
	j.member("algorithm", algorithm)
	j.key("checksumValue")
	j.hex(sum)
	j.close('}')
}

func writeRelationship(j *jsonWriter, r *Relationship) {
	j.item()
	j.open('{')
	j.member("relatedSpdxElement", r.Related)
	j.member("relationshipType", r.Type)
	j.member("spdxElementId", r.Element)
	j.close('}')
}
