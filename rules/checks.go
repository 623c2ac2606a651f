package rules

import (
	"regexp"
	"strings"
	"sync"

	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules/attached"
	"github.com/sbomctl/sbomctl/rules/evidence"
	"github.com/sbomctl/sbomctl/rules/ident"
	"github.com/sbomctl/sbomctl/rules/pin"
	"github.com/sbomctl/sbomctl/rules/score"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// checks are the kinds of ctx.check.
var checks = map[string]func(value string) error{
	"sha256":   func(s string) error { return ident.Checksum("SHA256", s) },
	"url":      ident.URL,
	"evidence": evidence.ValidateJSON, // as JSON
	"regex":    evidence.ValidateRegexp,
	"naming":   spdx.CheckNaming,
	"pattern": func(s string) error {
		_, err := files.Compile([]string{s}, nil)
		return err
	},
	"path":     star.CheckPath, // of a file, below a tree or package
	"folder":   folder,         // the same of a folder, which may be "."
	"word":     spdx.Word,
	"mount":    star.CheckMount,    // where a command's tree lies in its container
	"variable": star.CheckVariable, // the name of an environment variable
	"text":     ident.Text,
	"vcs":      vcs,
	"license":  ident.License,
	// An expression whose LicenseRef- are defined: the value is those that are, joined with commas, a space, the expression.
	"license_of":  licenseOf,
	"license_ref": ident.LicenseRef,
	"agent":       ident.Agent,
	"creator":     ident.Creator,
	"created":     ident.Created,
	"sha512":      func(s string) error { return ident.Checksum("SHA512", s) },
	"sha1":        func(s string) error { return ident.Checksum("SHA1", s) },
	"md5":         func(s string) error { return ident.Checksum("MD5", s) },
	// An identifier must state the package's version: the value is the version, a space, the identifier.
	"cpe_of":         ofVersion(ident.CPEOf),
	"purl_of":        ofVersion(ident.PURL),
	"oci_repository": pin.CheckRepository,
	"oci_tag":        pin.CheckTag,
	"oci_digest":     pin.CheckDigest,
	"oci_platform":   pin.CheckPlatform,
	"oci_role":       pin.CheckRole,
	"oci_signer":     attached.CheckSigner, // as JSON
	"standard":       score.CheckStandard,
}

func licenseOf(value string) error {
	defined, expression, _ := strings.Cut(value, " ")
	return ident.LicenseOf(expression, strings.Split(defined, ","))
}

// vcs is of a text with placeholders: what stands for them is a part of a path.
func vcs(s string) error {
	return ident.VCS(placeholders().ReplaceAllString(s, "0"))
}

var placeholders = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{[^{}]*\}`) })

func folder(s string) error {
	if s = strings.TrimSuffix(s, "/"); s == "." {
		return nil
	}
	return star.CheckPath(s)
}

// ofVersion splits a value at its first space, which no version has.
func ofVersion(check func(identifier, version string) error) func(string) error {
	return func(value string) error {
		version, identifier, _ := strings.Cut(value, " ")
		return check(identifier, version)
	}
}
