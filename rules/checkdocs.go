package rules

import (
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/star"
)

// Checks returns the documentation of the kinds of ctx.check, sorted by name.
func Checks() []star.FieldDoc {
	var out []star.FieldDoc
	for name := range checks {
		out = append(out, star.FieldDoc{Name: name, Doc: checkDocs[name]})
	}
	slices.SortFunc(out, func(a, b star.FieldDoc) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// checkDocs is by kind. TestCheckDocs holds it against checks.
var checkDocs = map[string]string{
	"agent":          `"Organization: NAME" or "Person: NAME (EMAIL)"`,
	"cpe_of":         "a version, a space, and a CPE 2.3 formatted string that has this version",
	"created":        `a time as "YYYY-MM-DDThh:mm:ssZ"`,
	"creator":        `"Tool: NAME", "Organization: NAME" or "Person: NAME (EMAIL)"`,
	"folder":         "a path of a folder of the workspace, relative to its root",
	"path":           "a path of a file or folder, relative and without \"..\"",
	"regex":          "a regular expression",
	"evidence":       "a call of regex() or absent(), as JSON: path, pattern, facts, absent",
	"license_of":     "names of LicenseRef- that are defined, joined with commas, a space, and an SPDX licence expression that names no other",
	"license_ref":    "the name of a licence on no list: LicenseRef- and letters, digits, \".\" and \"-\"",
	"sha512":         "128 lower-case hexadecimal digits, not all zeros",
	"text":           "a text of several lines, without control characters",
	"vcs":            "sources at a tag or commit: git+https://HOST/PATH@TAG",
	"license":        "an SPDX licence expression",
	"naming":         "a regular expression over file names with the named group version, or base_version and prerelease",
	"sha1":           "40 lower-case hexadecimal digits",
	"md5":            "32 lower-case hexadecimal digits",
	"oci_digest":     `"sha256:" and 64 lower-case hexadecimal digits`,
	"oci_platform":   `a platform of an image: "linux/amd64" or "linux/arm64/v8"`,
	"oci_role":       "one word in lower-case letters and digits",
	"oci_signer":     "a signer, as JSON: the fields of [signer](#signer) that are not empty",
	"oci_tag":        "a tag of a repository",
	"oci_repository": `registry and repository, such as "quay.io/tiran/cpython_autoconf"`,
	"pattern":        "a pattern of paths, as of ctx.actions.fileset",
	"purl_of":        "a version, a space, and a package URL that has this version",
	"standard":       "a standard that [sbom_score](#sbom_score) knows",
	"sha256":         "64 lower-case hexadecimal digits",
	"url":            "a URL that something can be downloaded from",
	"mount":          "an absolute path in a container that nothing else is at",
	"variable":       "the name of an environment variable",
	"word":           "a name or version: not empty, no spaces or control characters",
}
