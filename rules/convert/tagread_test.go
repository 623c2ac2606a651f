package convert

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
	"github.com/spdx/tools-golang/tagvalue"
)

// fromTagValue reads back SPDX tag-value with tools-golang.
func fromTagValue(t *testing.T, data []byte) *document {
	t.Helper()
	in, err := tagvalue.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	c := in.CreationInfo
	d := &document{ID: "SPDXRef-" + string(in.SPDXIdentifier), Version: in.SPDXVersion, DataLicense: in.DataLicense, Name: in.DocumentName, Namespace: in.DocumentNamespace, Comment: in.DocumentComment,
		Creation: creationInfo{Created: c.Created, Comment: c.CreatorComment, LicenseListVersion: c.LicenseListVersion}}
	for _, a := range c.Creators {
		d.Creation.Creators = append(d.Creation.Creators, joined(a.CreatorType, a.Creator))
	}
	for _, e := range in.ExternalDocumentReferences {
		d.ExternalDocs = append(d.ExternalDocs, externalDocument{"DocumentRef-" + string(e.DocumentRefID), e.URI, backSums([]common.Checksum{e.Checksum})[0]})
	}
	for _, l := range in.OtherLicenses {
		d.Licenses = append(d.Licenses, extractedLicense{ID: l.LicenseIdentifier, Text: l.ExtractedText, Name: l.LicenseName, Comment: l.LicenseComment, SeeAlsos: l.LicenseCrossReferences})
	}
	for _, r := range in.Relationships {
		d.Relationships = append(d.Relationships, relationship{common.RenderDocElementID(r.RefA), r.Relationship, common.RenderDocElementID(r.RefB), r.RelationshipComment})
	}
	for _, r := range in.Reviews {
		d.Reviews = append(d.Reviews, review{joined(r.ReviewerType, r.Reviewer), r.ReviewDate, r.ReviewComment})
	}
	notes := map[string][]annotation{}
	for _, a := range in.Annotations {
		of := common.RenderDocElementID(a.AnnotationSPDXIdentifier)
		notes[of] = append(notes[of], annotation{joined(a.Annotator.AnnotatorType, a.Annotator.Annotator), a.AnnotationDate, a.AnnotationType, a.AnnotationComment})
	}
	d.Annotations = notes[d.ID]
	for _, p := range in.Packages {
		d.Packages = append(d.Packages, backPackage(p, notes))
	}
	for _, f := range in.Files {
		d.Files = append(d.Files, backFile(f, notes))
		for _, s := range f.Snippets {
			d.Snippets = append(d.Snippets, backSnippet(s, notes))
		}
	}
	if err := d.canonicalize(); err != nil {
		t.Fatal(err)
	}
	return d
}

func joined(kind, name string) string {
	if kind == "" {
		return name
	}
	return kind + ": " + name
}

func backSums(list []common.Checksum) (out []checksum) {
	for _, c := range list {
		out = append(out, checksum{string(c.Algorithm), c.Value})
	}
	return out
}

func backPackage(p *v2_3.Package, notes map[string][]annotation) pkg {
	out := pkg{ID: "SPDXRef-" + string(p.PackageSPDXIdentifier), Name: p.PackageName, Version: p.PackageVersion, FileName: p.PackageFileName, Purpose: p.PrimaryPackagePurpose, DownloadLocation: p.PackageDownloadLocation,
		Homepage: p.PackageHomePage, SourceInfo: p.PackageSourceInfo, LicenseConcluded: p.PackageLicenseConcluded, LicenseDeclared: p.PackageLicenseDeclared, LicenseInfoFromFiles: p.PackageLicenseInfoFromFiles,
		LicenseComments: p.PackageLicenseComments, Copyright: p.PackageCopyrightText, Summary: p.PackageSummary, Description: p.PackageDescription, Comment: p.PackageComment, Attributions: p.PackageAttributionTexts,
		Built: p.BuiltDate, Released: p.ReleaseDate, ValidUntil: p.ValidUntilDate, Checksums: backSums(p.PackageChecksums)}
	if p.IsFilesAnalyzedTagPresent {
		out.FilesAnalyzed = &p.FilesAnalyzed
	}
	if p.PackageSupplier != nil {
		out.Supplier = joined(p.PackageSupplier.SupplierType, p.PackageSupplier.Supplier)
	}
	if p.PackageOriginator != nil {
		out.Originator = joined(p.PackageOriginator.OriginatorType, p.PackageOriginator.Originator)
	}
	if v := p.PackageVerificationCode; v != nil {
		out.VerificationCode = &verificationCode{v.Value, strings.Split(strings.Join(v.ExcludedFiles, ", "), ", ")} // the library reads a list as one name
		if len(v.ExcludedFiles) == 0 {
			out.VerificationCode.Excluded = nil
		}
	}
	for _, r := range p.PackageExternalReferences {
		out.Refs = append(out.Refs, externalRef{r.Category, r.RefType, r.Locator, r.ExternalRefComment})
	}
	out.Annotations = notes[out.ID]
	return out
}

func backFile(f *v2_3.File, notes map[string][]annotation) file {
	out := file{ID: "SPDXRef-" + string(f.FileSPDXIdentifier), Name: f.FileName, Types: f.FileTypes, Checksums: backSums(f.Checksums), LicenseConcluded: f.LicenseConcluded, LicenseInfoInFiles: f.LicenseInfoInFiles,
		LicenseComments: f.LicenseComments, Copyright: f.FileCopyrightText, Comment: f.FileComment, Notice: f.FileNotice, Contributors: f.FileContributors, Attributions: f.FileAttributionTexts, Dependencies: f.FileDependencies}
	for _, a := range f.ArtifactOfProjects {
		out.ArtifactOfs = append(out.ArtifactOfs, json.RawMessage(text(a)))
	}
	out.Annotations = notes[out.ID]
	return out
}

func backSnippet(s *v2_3.Snippet, notes map[string][]annotation) snippet {
	out := snippet{ID: "SPDXRef-" + string(s.SnippetSPDXIdentifier), Name: s.SnippetName, FromFile: "SPDXRef-" + string(s.SnippetFromFileSPDXIdentifier), LicenseConcluded: s.SnippetLicenseConcluded,
		LicenseInfoInSnippets: s.LicenseInfoInSnippet, LicenseComments: s.SnippetLicenseComments, Copyright: s.SnippetCopyrightText, Comment: s.SnippetComment, Attributions: s.SnippetAttributionTexts}
	number := func(i int) *json.Number {
		if i == 0 {
			return nil
		}
		n := json.Number(strconv.Itoa(i))
		return &n
	}
	for _, r := range s.Ranges {
		// The library reads the bytes and the lines of a range as one range each.
		out.Ranges = append(out.Ranges, snippetRange{
			pointer{out.FromFile, number(r.StartPointer.Offset), number(r.StartPointer.LineNumber)},
			pointer{out.FromFile, number(r.EndPointer.Offset), number(r.EndPointer.LineNumber)}})
	}
	out.Annotations = notes[out.ID]
	return out
}
