package rules

import (
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/evidence"
	"github.com/sbomctl/sbomctl/rules/ident"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// checks are the kinds of ctx.check.
var checks = map[string]func(value string) error{
	"sha256":   func(s string) error { return ident.Checksum("SHA256", s) },
	"url":      ident.URL,
	"evidence": evidence.Validate,
	// All of a package's fields at once, since a CPE must state the package's version.
	"package": func(s string) error {
		_, err := spdx.ParseMetadata([]byte(s))
		return err
	},
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
