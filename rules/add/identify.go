package add

import (
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/sbomctl/sbomctl/rules/ident"
	versions "github.com/sbomctl/sbomctl/rules/version"
)

// placeholder is what the attributes of a package may have for the version.
const placeholder = "{version}"

// Template writes placeholders for the version in s, in whatever form it is there: R_{version:_} for R_2_7_1.
func Template(s, version string) string { return versions.Fold(s, version) }

// filled is a text with the version for its placeholders; a text that cannot be filled is as it is, which the check of the attribute
// does not take.
func filled(s, version string) string {
	out, err := versions.Fill(s, map[string]string{"version": version}, nil)
	if err != nil {
		return s
	}
	return out
}

// repository is what a URL of a code host says.
type repository struct {
	host, owner, name string
	tag               string // "" is not known
}

// ofRepository reads the URL of a release or a tag's archive.
func ofRepository(raw string) (repository, bool) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() != "github.com" && u.Hostname() != "gitlab.com" && u.Hostname() != "codeload.github.com" {
		return repository{}, false
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) < 2 {
		return repository{}, false
	}
	r := repository{host: u.Hostname(), owner: parts[0], name: strings.TrimSuffix(parts[1], ".git")}
	rest := parts[2:]
	if len(rest) > 0 && rest[0] == "-" { // gitlab.com
		rest = rest[1:]
	}
	switch {
	case len(rest) >= 3 && rest[0] == "releases" && rest[1] == "download":
		r.tag = rest[2]
	case len(rest) >= 4 && rest[0] == "archive" && rest[1] == "refs" && rest[2] == "tags":
		r.tag = withoutEnding(strings.Join(rest[3:], "/"))
	case len(rest) >= 2 && rest[0] == "archive" && r.host != "gitlab.com":
		r.tag = withoutEnding(strings.Join(rest[1:], "/"))
	case len(rest) >= 2 && rest[0] == "archive":
		r.tag = rest[1]
	case r.host == "codeload.github.com" && len(rest) >= 2:
		r.tag = strings.TrimPrefix(strings.Join(rest[1:], "/"), "refs/tags/")
	}
	if r.host == "codeload.github.com" {
		r.host = "github.com"
	}
	return r, true
}

var ending = regexp.MustCompile(`(?i)\.(tar\.(gz|xz|bz2|zst|lz)|tgz|txz|tbz2|tbz|tar|zip|7z)$`)

func withoutEnding(name string) string { return ending.ReplaceAllString(name, "") }

// proposePURL returns a package URL of which every part is known, with the placeholder, and why it is what it is. A library whose
// files are copied into a tree is none of a package index, whatever index has one of that name: scanners that are
// told so would match another package, and ignore the CPE.
func proposePURL(name, version, downloadURL string) (purl, why string) {
	if r, ok := ofRepository(downloadURL); ok && len(versions.Find(r.tag, version)) > 0 {
		p := packageurl.PackageURL{Type: "github", Namespace: strings.ToLower(r.owner), Name: strings.ToLower(r.name), Version: r.tag}
		if r.host == "gitlab.com" {
			p.Type = "gitlab"
		}
		if purl := Template(p.ToString(), version); valid(purl, version) {
			return purl, "the URL's repository and tag"
		}
	}
	if downloadURL == "" {
		return "", ""
	}
	p := packageurl.PackageURL{Type: "generic", Name: name, Version: version, Qualifiers: packageurl.QualifiersFromMap(map[string]string{"download_url": downloadURL})}
	purl = Template(p.ToString(), version)
	if !valid(purl, version) {
		return "", ""
	}
	return purl, "generic: where it was downloaded"
}

// valid reports whether a purl passes the check of the attribute.
func valid(purl, version string) bool {
	return ident.PURL(filled(purl, version), version) == nil
}

// guessCPE is what NVD might call the package; "" where not even a guess is at hand. It is shown and never written.
func guessCPE(downloadURL string) string {
	r, ok := ofRepository(downloadURL)
	if !ok {
		return ""
	}
	return fullCPE(strings.ToLower(r.owner) + ":" + strings.ToLower(r.name))
}

// fullCPE writes VENDOR:PRODUCT as a CPE of an application of any edition; what is one already stays.
func fullCPE(s string) string {
	if strings.HasPrefix(s, "cpe:") || strings.Count(s, ":") != 1 {
		return s
	}
	return "cpe:2.3:a:" + s + ":" + placeholder + ":*:*:*:*:*:*:*"
}

var number = regexp.MustCompile(`[0-9]+`)
var dottedVersion = regexp.MustCompile(`[0-9]+(\.[0-9]+)+|[0-9]+(_[0-9]+)+|[0-9]+(-[0-9]+)+`)

// contradicts returns the version that an archive's top folder or file name states where it is another one than declared. Names state
// versions in many ways (expat-2.7.1, R_2_7_1, v3, 3490100), so only numbers joined by dots, dashes or underscores of which
// none is the declared version count.
func contradicts(name, version string) string {
	if !looksLikeVersion.MatchString(version) {
		return ""
	}
	want := strings.Join(number.FindAllString(version, -1), ".")
	name = withoutEnding(path.Base(name))
	if strings.Contains("."+strings.Join(number.FindAllString(name, -1), ".")+".", "."+want+".") {
		return ""
	}
	found := dottedVersion.FindAllString(name, -1)
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}

// IsArchive reports whether a URL or path is called as an archive.
func IsArchive(s string) bool {
	u, err := url.Parse(s)
	return err == nil && ending.MatchString(u.Path)
}

// PyPI is the package URL of a project of Python's package index; "" when there is none.
func PyPI(name, version string) string {
	p := packageurl.PackageURL{Type: "pypi", Name: strings.ReplaceAll(strings.ToLower(name), "_", "-"), Version: version}
	purl := Template(p.ToString(), version)
	if !valid(purl, version) {
		return ""
	}
	return purl
}

// CompleteCPE makes a CPE with the placeholder of one that ends early, as README.chromium's CPEPrefix does.
func CompleteCPE(s, version string) (string, bool) {
	if !strings.HasPrefix(s, "cpe:2.3:") {
		return "", false
	}
	parts := strings.Split(s, ":")
	for len(parts) < 13 {
		parts = append(parts, "*")
	}
	if parts[5] == version || parts[5] == "*" || parts[5] == "-" {
		parts[5] = placeholder
	}
	out := strings.Join(parts, ":")
	return out, version != ident.NoAssertion && ident.CPEOf(filled(out, version), version) == nil
}
