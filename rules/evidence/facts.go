package evidence

import (
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/rules/ident"
)

// The facts that a pattern can state, in the order in which those of one match are told.
const (
	version  = "version"
	revision = "revision"
	tag      = "tag"
	urlFact  = "url"
	name     = "name"
	license  = "license"
	date     = "date"
	sha512   = "sha512"
	sha256   = "sha256"
	sha1     = "sha1"
	md5      = "md5"
)

var facts = []string{version, revision, tag, urlFact, name, license, date, sha512, sha256, sha1, md5}

// Version, SHA256 and the others are the names of facts.
const (
	Version  = version
	Revision = revision
	Tag      = tag
	Date     = date
	URL      = urlFact
	SHA512   = sha512
	SHA256   = sha256
	SHA1     = sha1
	MD5      = md5
)

// Declared is what the target says of itself; "" is not declared.
type Declared struct {
	Version         string `json:"version"`
	SHA256          string `json:"sha256"`
	Revision        string `json:"revision"`
	SHA512          string `json:"sha512,omitempty"`
	SHA1            string `json:"sha1,omitempty"`
	MD5             string `json:"md5,omitempty"`
	URL             string `json:"url,omitempty"`
	PURL            string `json:"purl,omitempty"`
	Name            string `json:"name,omitempty"`
	License         string `json:"license,omitempty"`
	LicenseDeclared string `json:"license_declared,omitempty"`
	Created         string `json:"created,omitempty"`
}

// of returns what is declared of a fact, and the attribute that says it.
func (d Declared) of(fact string) (attr, value string) {
	switch fact {
	case version:
		return version, d.Version
	case revision:
		if d.Revision != "" {
			return revision, d.Revision
		}
		return version, d.Version
	case tag, urlFact:
		return "download_url", stated(d.URL)
	case name:
		return "package_name", d.Name
	case license:
		if stated(d.LicenseDeclared) != "" {
			return "license_declared", d.LicenseDeclared
		}
		return "license", stated(d.License)
	case date:
		return "created", d.Created
	case sha512:
		return sha512, stated(d.SHA512)
	case sha256:
		return sha256, stated(d.SHA256)
	case sha1:
		return sha1, stated(d.SHA1)
	}
	return md5, stated(d.MD5)
}

// stated is "" for SPDX's word for it.
func stated(value string) string {
	if value == ident.NoAssertion {
		return ""
	}
	return value
}

// Agrees reports whether what a file states of a fact is what is declared.
func (d Declared) Agrees(fact, found string) bool {
	_, declared := d.of(fact)
	if fact == tag {
		return found != "" && (hasTag(declared, found) || hasTag(d.PURL, found))
	}
	return declared != "" && same(fact, found, declared)
}

// same reports whether two values of a fact are one.
func same(fact, found, declared string) bool {
	switch fact {
	case sha512, sha256, sha1, md5, name:
		return strings.EqualFold(found, declared)
	case license:
		// A file states the licence of its part: each that it names must be among those that are declared of the whole.
		of := licenses(declared)
		names := licenses(found)
		return len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(of, n) })
	case date:
		day, _, _ := strings.Cut(declared, "T")
		return found == day
	}
	return found == declared
}

// licenses are the names in an expression, in lower case.
func licenses(expression string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(expression, func(r rune) bool { return r == ' ' || r == '(' || r == ')' || r == '\t' || r == '\n' }) {
		if w != "AND" && w != "OR" && w != "WITH" {
			out = append(out, strings.ToLower(w))
		}
	}
	return out
}

// hasTag reports whether a URL names a tag: as a whole part of its path, or of a package URL's version. The name of an archive may follow.
func hasTag(url, tag string) bool {
	for from := 0; ; {
		i := strings.Index(url[from:], tag)
		if i < 0 {
			return false
		}
		i += from
		before, behind := url[:i], url[i+len(tag):]
		if (before == "" || strings.ContainsAny(before[len(before)-1:], "/=@")) &&
			(behind == "" || strings.ContainsAny(behind[:1], "/?#&") || strings.HasPrefix(behind, ".tar.") || strings.HasPrefix(behind, ".tgz") || strings.HasPrefix(behind, ".zip")) {
			return true
		}
		from = i + 1
	}
}
