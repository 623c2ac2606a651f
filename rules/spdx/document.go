package spdx

import (
	"cmp"
	"crypto/sha1"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// The words of the specification that these documents use.
const (
	describes = common.TypeRelationshipDescribe
	contains  = common.TypeRelationshipContains
	dependsOn = common.TypeRelationshipDependsOn

	purposeSource      = "SOURCE"
	purposeLibrary     = "LIBRARY"
	purposeApplication = "APPLICATION"

	// The JSON schema of SPDX 2.3.1 accepts both, that of 2.3 the hyphen only; upstream writes the underscore.
	categoryPackageManager       = "PACKAGE_MANAGER"
	categoryPackageManagerHyphen = "PACKAGE-MANAGER"
)

// Document is an SPDX document. Creation is nil for the checked-in ones, which have no creation
// information and no name.
type Document struct {
	Creation      *Creation
	Comment       string
	Packages      []Package
	Files         []File
	Relationships []Relationship
	Licenses      []ExtractedLicense // those that expressions name and that are on no list, by ID
	PackagesOnly  bool               // the keys "files" and "relationships" are left out, not empty

	raw   []byte // as parsed, for comparisons, which must see every field
	whole bool   // as parsed, it has a namespace: it is no fragment
}

// Creation is what a release document says about itself.
type Creation struct {
	Name               string // "CPython SBOM"
	Namespace          string // a URI of its own
	Created            string // "YYYY-MM-DDThh:mm:ssZ"
	Creators           []string
	LicenseListVersion string // "3.22"
	Comment            string // what the document was made from; "" is not stated
}

// Package is one package of a document. Empty fields are left out of the JSON.
type Package struct {
	ID               string
	Name             string
	Version          string
	License          string // concluded; an SPDX licence expression or NOASSERTION
	Originator       string // "Organization: NAME": who maintains it
	Supplier         string // "Organization: NAME": who ships it
	DownloadURL      string // or NOASSERTION
	FileName         string // the artifact's
	Purpose          string // "SOURCE", "LIBRARY", ...
	Comment          string
	Checksums        []common.Checksum
	Refs             []v2_3.PackageExternalReference
	FilesAnalyzed    bool   // when false, the key is left out, unless Whole
	VerificationCode string // 40 hexadecimal digits

	Whole           bool   // the fields below are written, and what is not known is said to be so
	LicenseDeclared string // or NOASSERTION
	Copyright       string // or NONE, or NOASSERTION
	Homepage        string
	Annotations     []Annotation
}

// File is one file of a document, or of a package's list of checksums.
type File struct {
	ID     string
	Path   string // relative to the source tree, slash-separated
	SHA1   [sha1.Size]byte
	SHA256 [sha256.Size]byte

	Comment string // "" for none
}

// Relationship says that Element stands in relation Type to Related; both are identifiers.
type Relationship struct {
	Element, Type, Related string
}

// Normalize sorts every list of d by the JSON text of its items, innermost lists first, so that
// equal documents have equal bytes. Identifiers are unique in a document, come first in their
// objects and consist of characters that sort behind a closing quote, so they decide alone.
func (d *Document) Normalize() {
	if d.Creation != nil {
		sortByText(d.Creation.Creators, func(b []byte, s string) []byte { return appendString(b, s) })
	}
	for i := range d.Packages {
		p := &d.Packages[i]
		sortByText(p.Checksums, appendChecksumText)
		sortByText(p.Refs, appendRefText)
	}
	slices.SortFunc(d.Packages, func(a, b Package) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(d.Files, func(a, b File) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(d.Relationships, func(a, b Relationship) int {
		return cmp.Or(strings.Compare(a.Related, b.Related), strings.Compare(a.Type, b.Type), strings.Compare(a.Element, b.Element))
	})
}

// sortByText sorts items by the text that appendText appends for each; equal texts are equal items.
func sortByText[T any](items []T, appendText func([]byte, T) []byte) {
	if len(items) < 2 {
		return
	}
	slices.SortFunc(items, func(a, b T) int {
		return strings.Compare(string(appendText(nil, a)), string(appendText(nil, b)))
	})
}

func appendChecksumText(b []byte, c common.Checksum) []byte {
	b = appendString(append(b, `{"algorithm": `...), string(c.Algorithm))
	b = appendString(append(b, `, "checksumValue": `...), c.Value)
	return append(b, '}')
}

func appendRefText(b []byte, r v2_3.PackageExternalReference) []byte {
	b = appendString(append(b, `{"referenceCategory": `...), r.Category)
	b = appendString(append(b, `, "referenceLocator": `...), r.Locator)
	b = appendString(append(b, `, "referenceType": `...), r.RefType)
	return append(b, '}')
}
