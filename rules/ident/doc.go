// Package ident checks the identifiers that an SBOM is made of: SPDX licence expressions,
// CPE 2.3 names, package URLs, checksums, download locations, agents and timestamps.
//
// A scanner matches on these strings and never on what was meant by them, so a wrong one is
// worse than none: every function here answers with what was wrong, where in the string, and
// the nearest right spelling. Versions are compared as components of the parsed identifier,
// not as substrings, so version 1.0 does not pass in a CPE of 21.0.5.
//
// Errors are *diag.Error without a position; the caller knows the file and the target.
package ident

import (
	"fmt"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// NoAssertion is SPDX's word for "not stated"; None is its word for "there is none".
const (
	NoAssertion = "NOASSERTION"
	None        = "NONE"
)

// maxLength bounds every identifier, in bytes; the longest real ones are below 300.
const maxLength = 4096

// fail returns a diagnostic without hints.
func fail(format string, args ...any) *diag.Error {
	return &diag.Error{Msg: fmt.Sprintf(format, args...)}
}

// excerpt is s as it is shown in a message: quoted, and cut when it is very long.
func excerpt(s string) string {
	if len(s) > 200 {
		return fmt.Sprintf("%q...", s[:200])
	}
	return fmt.Sprintf("%q", s)
}
