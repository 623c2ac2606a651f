package rules

import (
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules/attached"
	"github.com/sbomctl/sbomctl/rules/evidence"
	"github.com/sbomctl/sbomctl/rules/ident"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// checks are the kinds of ctx.check.
var checks = map[string]func(value string) error{
	"sha256":   func(s string) error { return ident.Checksum("SHA256", s) },
	"url":      ident.URL,
	"evidence": evidence.Validate,
	"regex":    evidence.ValidateRegexp,
	"pattern": func(s string) error {
		_, err := files.Compile([]string{s}, nil)
		return err
	},
	"path":    star.CheckPath, // of a file, below a tree or package
	"folder":  folder,         // the same of a folder, which may be "."
	"word":    spdx.Word,
	"license": ident.License,
	"agent":   ident.Agent,
	"creator": ident.Creator,
	"created": ident.Created,
	"md5":     func(s string) error { return ident.Checksum("MD5", s) },
	// An identifier must state the package's version: the value is the version, a space, the identifier.
	"cpe_of":  ofVersion(ident.CPEOf),
	"purl_of": ofVersion(ident.PURL),
	"signer":  attached.CheckSigner, // as JSON
	"oci_repository": func(s string) error {
		if _, err := name.NewRepository(s, name.StrictValidation); err != nil {
			return &diag.Error{Msg: "\"" + s + "\" is not a repository of a registry, such as \"quay.io/tiran/cpython_autoconf\""}
		}
		return nil
	},
	"oci_digest": func(s string) error {
		hex, ok := strings.CutPrefix(s, "sha256:")
		if !ok {
			return &diag.Error{Msg: "\"" + s + "\" is not a digest: \"sha256:\" and 64 hexadecimal digits"}
		}
		return ident.Checksum("SHA256", hex)
	},
}

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
