package spdx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spdx/tools-golang/spdx/v2/common"

	"github.com/sbomctl/sbomctl/rules/ident"
)

// crossCheck looks for what is named and not there.
func (v *validator) crossCheck() {
	fail := func(r mention, format string) {
		if len(v.problems) <= maxProblems {
			v.problems = append(v.problems, Problem{Path: r.path, Offset: r.offset, Msg: fmt.Sprintf(format, r.name)})
		}
	}
	for _, r := range v.named {
		document, _, external := strings.Cut(r.name, ":")
		switch {
		case v.ids[r.name]:
		case external && strings.HasPrefix(document, "DocumentRef-"):
			if !v.documents[document] {
				fail(r, "is %.80q, and externalDocumentRefs has no such document")
			}
		default:
			fail(r, "is %.80q, which no element of the document has")
		}
	}
	for _, r := range v.used {
		if !v.licenses[r.name] {
			fail(r, "names %.80q, which hasExtractedLicensingInfos does not have")
		}
	}
	if !v.described {
		v.lacks(Problem{Msg: "nothing says what the document describes (a relationship DESCRIBES)"})
	}
}

// licenseRefs are the licences of the document itself that an expression names.
func licenseRefs(expression string) []string {
	if !strings.Contains(expression, "LicenseRef-") {
		return nil
	}
	var out []string
	for _, word := range strings.FieldsFunc(expression, func(r rune) bool { return strings.ContainsRune(" ()\t\r\n", r) }) {
		if strings.HasPrefix(word, "LicenseRef-") {
			out = append(out, word)
		}
	}
	return out
}

// sumBits are the lengths of checksums, as far as an algorithm has one.
var sumBits = map[string]int{
	"SHA1": 160, "SHA224": 224, "SHA256": 256, "SHA384": 384, "SHA512": 512, "SHA3-256": 256, "SHA3-384": 384, "SHA3-512": 512,
	"BLAKE2b-256": 256, "BLAKE2b-384": 384, "BLAKE2b-512": 512, "MD2": 128, "MD4": 128, "MD5": 128, "ADLER32": 32,
}

// noteChecksum holds the length of a checksum against its algorithm.
func noteChecksum(v *validator, o object) {
	bits, known := sumBits[o.text["algorithm"]]
	value, has := o.text["checksumValue"]
	if known && has && len(value) != bits/4 {
		v.problem(o.offset, "has %d digits, and a checksum of %s has %d", len(value), o.text["algorithm"], bits/4)
	}
}

// notePackage looks for what NTIA wants of a component, and for the verification code of files that are not there.
func notePackage(v *validator, o object) {
	if _, has := o.text["packageVerificationCode"]; has && o.text["filesAnalyzed"] == "false" {
		v.problem(o.offset, "has a packageVerificationCode, and filesAnalyzed is false")
	}
	for _, field := range []string{"supplier", "versionInfo"} {
		if o.text[field] == "" {
			v.lacks(Problem{Offset: o.offset, Msg: fmt.Sprintf("package %.80q has no %s", o.text["name"], field), lacks: field, of: o.text["name"]})
		}
	}
}

// noteReference looks whether an identifier that scanners match on can be read.
func noteReference(v *validator, o object) {
	locator, category := o.text["referenceLocator"], o.text["referenceCategory"]
	var err error
	want := ""
	switch o.text["referenceType"] {
	case common.TypeSecurityCPE23Type:
		_, err = ident.ParseCPE(locator)
		want = common.CategorySecurity
	case common.TypePackageManagerPURL:
		_, err = ident.CanonicalPURL(locator)
		want = categoryPackageManagerHyphen
		category = strings.ReplaceAll(category, "_", "-") // both are words of 2.3.1
	default:
		return
	}
	if err != nil {
		v.problem(o.offset, "%s", err)
	}
	if category != want && slices.Contains(referenceCategories, category) {
		v.problem(o.offset, "is of the category %.80q, expected %s", category, want)
	}
}

func noteRelationship(v *validator, o object) {
	switch o.text["relationshipType"] {
	case describes:
		v.described = v.described || o.text["spdxElementId"] == documentID
	case "DESCRIBED_BY":
		v.described = v.described || o.text["relatedSpdxElement"] == documentID
	}
}
