package convert

import (
	"encoding/json"

	"github.com/sbomctl/sbomctl/rules/ident"
)

// document is an SPDX 2.3 document in JSON, with all fields of its schema.
type document struct {
	ID            string             `json:"SPDXID"`
	Version       string             `json:"spdxVersion"`
	DataLicense   string             `json:"dataLicense"`
	Name          string             `json:"name"`
	Namespace     string             `json:"documentNamespace"`
	Comment       string             `json:"comment,omitempty"`
	Creation      creationInfo       `json:"creationInfo"`
	ExternalDocs  []externalDocument `json:"externalDocumentRefs,omitempty"`
	Licenses      []extractedLicense `json:"hasExtractedLicensingInfos,omitempty"`
	Packages      []pkg              `json:"packages,omitempty"`
	Files         []file             `json:"files,omitempty"`
	Snippets      []snippet          `json:"snippets,omitempty"`
	Relationships []relationship     `json:"relationships,omitempty"`
	Annotations   []annotation       `json:"annotations,omitempty"`
	Reviews       []review           `json:"revieweds,omitempty"`

	// What it describes, said in the old way. read turns it into relationships.
	Describes []string `json:"documentDescribes,omitempty"`
	Schema    string   `json:"$schema,omitempty"` // of the JSON; read drops it
}

type creationInfo struct {
	Created            string   `json:"created"`
	Creators           []string `json:"creators"`
	Comment            string   `json:"comment,omitempty"`
	LicenseListVersion string   `json:"licenseListVersion,omitempty"`
}

type externalDocument struct {
	ID       string   `json:"externalDocumentId"` // "DocumentRef-..."
	URI      string   `json:"spdxDocument"`
	Checksum checksum `json:"checksum"`
}

type checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type extractedLicense struct {
	ID        string     `json:"licenseId"` // "LicenseRef-..."
	Text      string     `json:"extractedText"`
	Name      string     `json:"name,omitempty"`
	Comment   string     `json:"comment,omitempty"`
	SeeAlsos  []string   `json:"seeAlsos,omitempty"`
	CrossRefs []crossRef `json:"crossRefs,omitempty"`
}

type crossRef struct {
	URL           string       `json:"url"`
	IsLive        *bool        `json:"isLive,omitempty"`
	IsValid       *bool        `json:"isValid,omitempty"`
	IsWayBackLink *bool        `json:"isWayBackLink,omitempty"`
	Match         string       `json:"match,omitempty"`
	Order         *json.Number `json:"order,omitempty"`
	Timestamp     string       `json:"timestamp,omitempty"`
}

type pkg struct {
	ID                   string            `json:"SPDXID"`
	Name                 string            `json:"name"`
	Version              string            `json:"versionInfo,omitempty"`
	FileName             string            `json:"packageFileName,omitempty"`
	Purpose              string            `json:"primaryPackagePurpose,omitempty"`
	Supplier             string            `json:"supplier,omitempty"`
	Originator           string            `json:"originator,omitempty"`
	DownloadLocation     string            `json:"downloadLocation"`
	Homepage             string            `json:"homepage,omitempty"`
	SourceInfo           string            `json:"sourceInfo,omitempty"`
	LicenseConcluded     string            `json:"licenseConcluded,omitempty"`
	LicenseDeclared      string            `json:"licenseDeclared,omitempty"`
	LicenseInfoFromFiles []string          `json:"licenseInfoFromFiles,omitempty"`
	LicenseComments      string            `json:"licenseComments,omitempty"`
	Copyright            string            `json:"copyrightText,omitempty"`
	Summary              string            `json:"summary,omitempty"`
	Description          string            `json:"description,omitempty"`
	Comment              string            `json:"comment,omitempty"`
	Attributions         []string          `json:"attributionTexts,omitempty"`
	FilesAnalyzed        *bool             `json:"filesAnalyzed,omitempty"`
	VerificationCode     *verificationCode `json:"packageVerificationCode,omitempty"`
	Built                string            `json:"builtDate,omitempty"`
	Released             string            `json:"releaseDate,omitempty"`
	ValidUntil           string            `json:"validUntilDate,omitempty"`
	Checksums            []checksum        `json:"checksums,omitempty"`
	Refs                 []externalRef     `json:"externalRefs,omitempty"`
	Annotations          []annotation      `json:"annotations,omitempty"`

	HasFiles []string `json:"hasFiles,omitempty"` // read turns it into relationships
}

type verificationCode struct {
	Value    string   `json:"packageVerificationCodeValue"`
	Excluded []string `json:"packageVerificationCodeExcludedFiles,omitempty"`
}

type externalRef struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
	Comment  string `json:"comment,omitempty"`
}

type file struct {
	ID                 string            `json:"SPDXID"`
	Name               string            `json:"fileName"`
	Types              []string          `json:"fileTypes,omitempty"`
	Checksums          []checksum        `json:"checksums"`
	LicenseConcluded   string            `json:"licenseConcluded,omitempty"`
	LicenseInfoInFiles []string          `json:"licenseInfoInFiles,omitempty"`
	LicenseComments    string            `json:"licenseComments,omitempty"`
	Copyright          string            `json:"copyrightText,omitempty"`
	Comment            string            `json:"comment,omitempty"`
	Notice             string            `json:"noticeText,omitempty"`
	Contributors       []string          `json:"fileContributors,omitempty"`
	Attributions       []string          `json:"attributionTexts,omitempty"`
	Dependencies       []string          `json:"fileDependencies,omitempty"`
	ArtifactOfs        []json.RawMessage `json:"artifactOfs,omitempty"`
	Annotations        []annotation      `json:"annotations,omitempty"`
}

type snippet struct {
	ID                    string         `json:"SPDXID"`
	Name                  string         `json:"name"`
	FromFile              string         `json:"snippetFromFile"`
	Ranges                []snippetRange `json:"ranges"`
	LicenseConcluded      string         `json:"licenseConcluded,omitempty"`
	LicenseInfoInSnippets []string       `json:"licenseInfoInSnippets,omitempty"`
	LicenseComments       string         `json:"licenseComments,omitempty"`
	Copyright             string         `json:"copyrightText,omitempty"`
	Comment               string         `json:"comment,omitempty"`
	Attributions          []string       `json:"attributionTexts,omitempty"`
	Annotations           []annotation   `json:"annotations,omitempty"`
}

type snippetRange struct {
	Start pointer `json:"startPointer"`
	End   pointer `json:"endPointer"`
}

type pointer struct {
	Reference string       `json:"reference"`
	Offset    *json.Number `json:"offset,omitempty"`
	Line      *json.Number `json:"lineNumber,omitempty"`
}

type relationship struct {
	From    string `json:"spdxElementId"`
	Type    string `json:"relationshipType"`
	To      string `json:"relatedSpdxElement"` // an identifier, NONE or NOASSERTION
	Comment string `json:"comment,omitempty"`
}

type annotation struct {
	Annotator string `json:"annotator"`
	Date      string `json:"annotationDate"`
	Type      string `json:"annotationType"` // "OTHER" or "REVIEW"
	Comment   string `json:"comment"`
}

type review struct {
	Reviewer string `json:"reviewer,omitempty"`
	Date     string `json:"reviewDate"`
	Comment  string `json:"comment,omitempty"`
}

// Words of the specification.
const (
	documentID  = "SPDXRef-DOCUMENT"
	noAssertion = ident.NoAssertion
	none        = ident.None
	describes   = "DESCRIBES"
	contains    = "CONTAINS"
	dependsOn   = "DEPENDS_ON"
)

// said reports whether a value says something.
func said(s string) bool { return s != "" && s != noAssertion && s != none }
