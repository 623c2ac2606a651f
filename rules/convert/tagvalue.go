package convert

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
	"github.com/spdx/tools-golang/tagvalue"
)

// writeTagValue writes SPDX tag-value. The library writes what it is given; what it does not take care of is done here: it writes no
// annotations but those of the document, and a value can end its line or its text and go on as another tag.
func writeTagValue(w io.Writer, d *document, report func(lost)) error {
	t := &tagWriter{report: report}
	return tagvalue.Write(t.document(d), w)
}

type tagWriter struct {
	report func(lost)
	doc    *v2_3.Document
}

// line is a value that must stand in one line.
func (t *tagWriter) line(where, s string) string {
	out := strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
	if out = strings.TrimSpace(out); out != s {
		t.report(lost{where, "it has line breaks, or begins or ends with spaces"})
	}
	return t.noMarks(where, out)
}

// word is a value that stands between spaces.
func (t *tagWriter) word(where, s string) string {
	out := strings.Join(strings.Fields(s), "%20")
	if out != s {
		t.report(lost{where, "it has spaces, which are written as %20"})
	}
	return t.noMarks(where, out)
}

// text is a value that may have several lines.
func (t *tagWriter) text(where, s string) string {
	out := strings.ReplaceAll(s, "\r\n", "\n")
	if out != s {
		t.report(lost{where, "its lines end with carriage returns"})
	}
	out = t.noMarks(where, out)
	if !strings.Contains(out, "\n") && out != strings.TrimSpace(out) {
		return "<text>" + out + "</text>" // the library does that when there are several lines
	}
	return out
}

// marks of a text, and what is as near to them as can be.
var marks = strings.NewReplacer("<text>", "<text >", "</text>", "</text >")

// noMarks takes the marks of a text out of a value.
func (t *tagWriter) noMarks(where, s string) string {
	out := marks.Replace(s)
	if out != s {
		t.report(lost{where, "it has the marks <text> or </text>, in which texts are written"})
	}
	return out
}

func (t *tagWriter) lines(where string, list []string) []string {
	var out []string
	for i, s := range list {
		out = append(out, t.line(fmt.Sprintf("%s[%d]", where, i), s))
	}
	return out
}

func (t *tagWriter) texts(where string, list []string) []string {
	var out []string
	for i, s := range list {
		out = append(out, t.text(fmt.Sprintf("%s[%d]", where, i), s))
	}
	return out
}

// agent splits "Organization: NAME".
func (t *tagWriter) agent(where, s string) (kind, name string) {
	kind, name, ok := strings.Cut(t.line(where, s), ":")
	if !ok {
		return "", kind // NOASSERTION
	}
	return kind, strings.TrimSpace(name)
}

func elementID(s string) common.ElementID {
	return common.ElementID(strings.TrimPrefix(s, "SPDXRef-"))
}

// reference is what a relationship is to.
func reference(s string) common.DocElementID {
	if s == none || s == noAssertion {
		return common.DocElementID{SpecialID: s}
	}
	id := common.DocElementID{ElementRefID: elementID(s)}
	if doc, element, ok := strings.Cut(s, ":"); ok {
		id.DocumentRefID, id.ElementRefID = common.DocumentID(strings.TrimPrefix(doc, "DocumentRef-")), elementID(element)
	}
	return id
}

func checksums(list []checksum) []common.Checksum {
	var out []common.Checksum
	for _, c := range list {
		out = append(out, common.Checksum{Algorithm: common.ChecksumAlgorithm(c.Algorithm), Value: c.Value})
	}
	return out
}

func (t *tagWriter) document(d *document) *v2_3.Document {
	t.doc = &v2_3.Document{
		SPDXVersion: d.Version, DataLicense: d.DataLicense, SPDXIdentifier: elementID(d.ID), DocumentName: t.line("name", d.Name),
		DocumentNamespace: t.line("documentNamespace", d.Namespace), DocumentComment: t.text("comment", d.Comment),
		CreationInfo: &v2_3.CreationInfo{LicenseListVersion: t.line("creationInfo.licenseListVersion", d.Creation.LicenseListVersion), Created: d.Creation.Created,
			CreatorComment: t.text("creationInfo.comment", d.Creation.Comment)},
	}
	for i, s := range d.Creation.Creators {
		kind, name := t.agent(fmt.Sprintf("creationInfo.creators[%d]", i), s)
		t.doc.CreationInfo.Creators = append(t.doc.CreationInfo.Creators, common.Creator{CreatorType: kind, Creator: name})
	}
	for i, e := range d.ExternalDocs {
		t.doc.ExternalDocumentReferences = append(t.doc.ExternalDocumentReferences, v2_3.ExternalDocumentRef{
			DocumentRefID: common.DocumentID(strings.TrimPrefix(e.ID, "DocumentRef-")), URI: t.word(fmt.Sprintf("externalDocumentRefs[%d].spdxDocument", i), e.URI), Checksum: checksums([]checksum{e.Checksum})[0]})
	}
	t.annotations("annotations", d.ID, d.Annotations)
	for i := range d.Packages {
		t.doc.Packages = append(t.doc.Packages, t.pkg(fmt.Sprintf("packages[%d].", i), &d.Packages[i]))
	}
	files := map[string]*v2_3.File{}
	for i := range d.Files {
		f := t.file(fmt.Sprintf("files[%d].", i), &d.Files[i])
		files[d.Files[i].ID] = f
		t.doc.Files = append(t.doc.Files, f)
	}
	for i := range d.Snippets {
		t.snippet(fmt.Sprintf("snippets[%d].", i), &d.Snippets[i], files)
	}
	for i, l := range d.Licenses {
		where := fmt.Sprintf("hasExtractedLicensingInfos[%d].", i)
		if len(l.CrossRefs) > 0 {
			t.report(lost{where + "crossRefs", "it has no tag for it"})
		}
		t.doc.OtherLicenses = append(t.doc.OtherLicenses, &v2_3.OtherLicense{LicenseIdentifier: l.ID, ExtractedText: t.text(where+"extractedText", l.Text), LicenseName: t.line(where+"name", l.Name),
			LicenseCrossReferences: t.lines(where+"seeAlsos", l.SeeAlsos), LicenseComment: t.text(where+"comment", l.Comment)})
	}
	for i, r := range d.Relationships {
		t.doc.Relationships = append(t.doc.Relationships, &v2_3.Relationship{RefA: reference(r.From), RefB: reference(r.To), Relationship: r.Type,
			RelationshipComment: t.text(fmt.Sprintf("relationships[%d].comment", i), r.Comment)})
	}
	for i, r := range d.Reviews {
		where := fmt.Sprintf("revieweds[%d].", i)
		if r.Reviewer == "" {
			t.report(lost{strings.TrimSuffix(where, "."), "a review must have a reviewer"})
			continue
		}
		kind, name := t.agent(where+"reviewer", r.Reviewer)
		t.doc.Reviews = append(t.doc.Reviews, &v2_3.Review{ReviewerType: kind, Reviewer: name, ReviewDate: r.Date, ReviewComment: t.text(where+"comment", r.Comment)})
	}
	return t.doc
}

func (t *tagWriter) annotations(where, of string, list []annotation) {
	for i, a := range list {
		where := fmt.Sprintf("%s[%d].", where, i)
		kind, name := t.agent(where+"annotator", a.Annotator)
		t.doc.Annotations = append(t.doc.Annotations, &v2_3.Annotation{Annotator: common.Annotator{AnnotatorType: kind, Annotator: name}, AnnotationDate: a.Date, AnnotationType: a.Type,
			AnnotationSPDXIdentifier: reference(of), AnnotationComment: t.text(where+"comment", a.Comment)})
	}
}

func (t *tagWriter) pkg(where string, p *pkg) *v2_3.Package {
	out := &v2_3.Package{
		PackageName: t.line(where+"name", p.Name), PackageSPDXIdentifier: elementID(p.ID), PackageVersion: t.line(where+"versionInfo", p.Version), PackageFileName: t.line(where+"packageFileName", p.FileName),
		PackageDownloadLocation: t.line(where+"downloadLocation", p.DownloadLocation), FilesAnalyzed: true, PackageChecksums: checksums(p.Checksums), PackageHomePage: t.line(where+"homepage", p.Homepage),
		PackageSourceInfo: t.text(where+"sourceInfo", p.SourceInfo), PackageLicenseConcluded: t.line(where+"licenseConcluded", p.LicenseConcluded),
		PackageLicenseInfoFromFiles: t.lines(where+"licenseInfoFromFiles", p.LicenseInfoFromFiles), PackageLicenseDeclared: t.line(where+"licenseDeclared", p.LicenseDeclared),
		PackageLicenseComments: t.text(where+"licenseComments", p.LicenseComments), PackageCopyrightText: t.text(where+"copyrightText", p.Copyright), PackageSummary: t.text(where+"summary", p.Summary),
		PackageDescription: t.text(where+"description", p.Description), PackageComment: t.text(where+"comment", p.Comment), PackageAttributionTexts: t.texts(where+"attributionTexts", p.Attributions),
		PrimaryPackagePurpose: p.Purpose, ReleaseDate: p.Released, BuiltDate: p.Built, ValidUntilDate: p.ValidUntil,
	}
	if p.FilesAnalyzed != nil {
		out.FilesAnalyzed, out.IsFilesAnalyzedTagPresent = *p.FilesAnalyzed, true
	}
	if p.Supplier != "" {
		kind, name := t.agent(where+"supplier", p.Supplier)
		out.PackageSupplier = &common.Supplier{SupplierType: kind, Supplier: name}
	}
	if p.Originator != "" {
		kind, name := t.agent(where+"originator", p.Originator)
		out.PackageOriginator = &common.Originator{OriginatorType: kind, Originator: name}
	}
	if v := p.VerificationCode; v != nil {
		out.PackageVerificationCode = &common.PackageVerificationCode{Value: v.Value, ExcludedFiles: t.lines(where+"packageVerificationCode.packageVerificationCodeExcludedFiles", v.Excluded)}
		for i, name := range v.Excluded {
			if strings.ContainsAny(name, ",()") {
				t.report(lost{fmt.Sprintf("%spackageVerificationCode.packageVerificationCodeExcludedFiles[%d]", where, i), "the names stand between parentheses and commas"})
			}
		}
		if !out.FilesAnalyzed {
			t.report(lost{where + "packageVerificationCode", "a package whose files were not analysed has none there"})
		}
	}
	if !out.FilesAnalyzed && len(p.LicenseInfoFromFiles) > 0 {
		t.report(lost{where + "licenseInfoFromFiles", "a package whose files were not analysed has none there"})
	}
	for i, r := range p.Refs {
		where := fmt.Sprintf("%sexternalRefs[%d].", where, i)
		out.PackageExternalReferences = append(out.PackageExternalReferences, &v2_3.PackageExternalReference{Category: r.Category, RefType: t.word(where+"referenceType", r.Type),
			Locator: t.word(where+"referenceLocator", r.Locator), ExternalRefComment: t.text(where+"comment", r.Comment)})
	}
	t.annotations(where+"annotations", p.ID, p.Annotations)
	return out
}

func (t *tagWriter) file(where string, f *file) *v2_3.File {
	out := &v2_3.File{
		FileName: t.line(where+"fileName", f.Name), FileSPDXIdentifier: elementID(f.ID), FileTypes: f.Types, Checksums: checksums(f.Checksums), LicenseConcluded: t.line(where+"licenseConcluded", f.LicenseConcluded),
		LicenseInfoInFiles: t.lines(where+"licenseInfoInFiles", f.LicenseInfoInFiles), LicenseComments: t.text(where+"licenseComments", f.LicenseComments), FileCopyrightText: t.text(where+"copyrightText", f.Copyright),
		FileComment: t.text(where+"comment", f.Comment), FileNotice: t.text(where+"noticeText", f.Notice), FileContributors: t.lines(where+"fileContributors", f.Contributors),
		FileAttributionTexts: t.texts(where+"attributionTexts", f.Attributions), FileDependencies: f.Dependencies,
	}
	for i, raw := range f.ArtifactOfs {
		where := fmt.Sprintf("%sartifactOfs[%d]", where, i)
		var a v2_3.ArtifactOfProject
		if err := json.Unmarshal(raw, &a); err != nil || len(fields(raw)) != len(fields([]byte(text(a)))) {
			t.report(lost{where, "it has tags for name, homePage and URI"})
		}
		a.Name, a.HomePage, a.URI = t.line(where+".name", a.Name), t.line(where+".homePage", a.HomePage), t.line(where+".URI", a.URI)
		out.ArtifactOfProjects = append(out.ArtifactOfProjects, &a)
	}
	t.annotations(where+"annotations", f.ID, f.Annotations)
	return out
}

// fields are those of an object; nil when it is none.
func fields(raw []byte) (out map[string]json.RawMessage) {
	if json.Unmarshal(raw, &out) != nil {
		return nil
	}
	return out
}

func (t *tagWriter) snippet(where string, s *snippet, files map[string]*v2_3.File) {
	out := &v2_3.Snippet{
		SnippetSPDXIdentifier: elementID(s.ID), SnippetFromFileSPDXIdentifier: elementID(s.FromFile), SnippetLicenseConcluded: t.line(where+"licenseConcluded", s.LicenseConcluded),
		LicenseInfoInSnippet: t.lines(where+"licenseInfoInSnippets", s.LicenseInfoInSnippets), SnippetLicenseComments: t.text(where+"licenseComments", s.LicenseComments),
		SnippetCopyrightText: t.text(where+"copyrightText", s.Copyright), SnippetComment: t.text(where+"comment", s.Comment), SnippetName: t.line(where+"name", s.Name),
		SnippetAttributionTexts: t.texts(where+"attributionTexts", s.Attributions),
	}
	for i, r := range s.Ranges {
		if r.Start.Reference != s.FromFile || r.End.Reference != s.FromFile {
			t.report(lost{fmt.Sprintf("%sranges[%d]", where, i), "it is always of the snippet's own file"})
		}
		out.Ranges = append(out.Ranges, t.snippetRange(fmt.Sprintf("%sranges[%d]", where, i), r))
	}
	t.annotations(where+"annotations", s.ID, s.Annotations)
	f := files[s.FromFile]
	if f == nil {
		t.report(lost{where + "snippetFromFile", "the file must be one of the document"})
		return
	}
	if f.Snippets == nil {
		f.Snippets = map[common.ElementID]*v2_3.Snippet{}
	}
	f.Snippets[out.SnippetSPDXIdentifier] = out
}

func (t *tagWriter) snippetRange(where string, r snippetRange) common.SnippetRange {
	number := func(n *json.Number) int {
		if n == nil {
			return 0
		}
		i, err := n.Int64()
		if err != nil || i <= 0 {
			t.report(lost{where, "its numbers must be 1 or more"})
		}
		return int(i)
	}
	out := common.SnippetRange{
		StartPointer: common.SnippetRangePointer{FileSPDXIdentifier: elementID(r.Start.Reference), Offset: number(r.Start.Offset), LineNumber: number(r.Start.Line)},
		EndPointer:   common.SnippetRangePointer{FileSPDXIdentifier: elementID(r.End.Reference), Offset: number(r.End.Offset), LineNumber: number(r.End.Line)},
	}
	if (r.Start.Offset == nil) != (r.End.Offset == nil) || (r.Start.Line == nil) != (r.End.Line == nil) {
		t.report(lost{where, "it must begin and end in one unit"})
	}
	return out
}
