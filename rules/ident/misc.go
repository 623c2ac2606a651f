package ident

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// checksumLength is the number of hexadecimal digits of each checksum algorithm, under SPDX's names.
var checksumLength = map[string]int{"MD5": 32, "SHA1": 40, "SHA224": 56, "SHA256": 64, "SHA384": 96, "SHA512": 128}

// Checksum reports whether value is a checksum of the algorithm (an SPDX name such as "SHA256"):
// lower-case hexadecimal of the right length, and not all zeros, which stands for "to be filled in".
func Checksum(algorithm, value string) error {
	want, ok := checksumLength[algorithm]
	switch {
	case !ok:
		return fail("checksum algorithm %q is not known", algorithm)
	case len(value) != want:
		return fail("%s %s has %d characters, expected %d hexadecimal digits", algorithm, excerpt(value), len(value), want)
	case !isAll(value, isLowerHex):
		return fail("%s %q is not lower-case hexadecimal", algorithm, value)
	case strings.Trim(value, "0") == "":
		return fail("%s is all zeros, which is the checksum of nothing", algorithm)
	}
	return nil
}

func isLowerHex(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' }

// URL reports whether s is an http or https URL with a host, as a download location must be.
func URL(s string) error {
	if len(s) > maxLength {
		return fail("URL is longer than %d bytes", maxLength)
	}
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return fail("URL %s has a character at column %d that must be percent-encoded", excerpt(s), i+1)
		}
		if strings.IndexByte("\"<>\\^`{|}", s[i]) >= 0 { // RFC 3986 has none of these
			e := fail("URL %s has %q at column %d, which must be percent-encoded", excerpt(s), s[i], i+1)
			e.Hints = []string{fmt.Sprintf("write %%%02X", s[i])}
			if p := unfilled().FindString(s); p != "" {
				e.Hints = []string{"nothing is put in the place of " + p + " there"}
			}
			return e
		}
	}
	u, err := url.Parse(s)
	if err != nil {
		e := fail("URL %s is malformed", excerpt(s))
		e.Err = err
		return e
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fail("URL %s is not an http or https URL", excerpt(s))
	case u.Host == "" || u.Hostname() == "":
		return fail("URL %s has no host", excerpt(s))
	case u.User != nil:
		return fail("URL has a user name or password in it")
	}
	return nil
}

// Agent reports whether s names an originator or supplier: "Person: NAME", "Organization: NAME" or
// NOASSERTION.
func Agent(s string) error {
	if s == NoAssertion {
		return nil
	}
	if err := Line(s); err != nil {
		return err
	}
	if isNamed(s, "Person: ") || isNamed(s, "Organization: ") {
		return nil
	}
	return fail("%s is not of the form \"Organization: NAME\" or \"Person: NAME\"", excerpt(s))
}

// Creator reports whether s names who or what made a document: "Person: NAME", "Organization: NAME"
// or "Tool: NAME".
func Creator(s string) error {
	if err := Line(s); err != nil {
		return err
	}
	if isNamed(s, "Person: ") || isNamed(s, "Organization: ") || isNamed(s, "Tool: ") {
		return nil
	}
	return fail("creator %s is not of the form \"Tool: NAME\", \"Organization: NAME\" or \"Person: NAME\"", excerpt(s))
}

func isNamed(s, prefix string) bool {
	name, ok := strings.CutPrefix(s, prefix)
	return ok && name != "" && name == strings.TrimSpace(name)
}

// createdLayout is SPDX's timestamp: UTC, whole seconds.
const createdLayout = "2006-01-02T15:04:05Z"

// Created reports whether s is an SPDX timestamp, such as "2025-06-11T00:00:00Z".
func Created(s string) error {
	t, err := time.Parse(createdLayout, s)
	if err != nil || t.Format(createdLayout) != s {
		return fail("created %s is not a UTC time of the form YYYY-MM-DDThh:mm:ssZ", excerpt(s))
	}
	return nil
}
