package ident

import (
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/package-url/packageurl-go"
)

// prerelease is a version with the tail of a pre-release, as projects write it: 3.14.0rc1, 2.0.0-beta.1.
var prerelease = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(\d+(?:\.\d+)*)[-._]?(alpha|a|beta|b|c|rc|pre|preview)[-._]?(\d+)$`)
})

// PrereleaseCPE returns the CPE that NVD has for a pre-release: the tail of the version is its update (3.14.0rc1 is 3.14.0:rc1,
// 3.14.0b2 is 3.14.0:beta2). "" when the CPE is of no pre-release, or has an update.
func PrereleaseCPE(cpe string) string {
	c, err := ParseCPE(cpe)
	if err != nil || c.Update != "*" {
		return ""
	}
	m := prerelease().FindStringSubmatch(strings.ToLower(unquoteCPE(c.Version)))
	if m == nil {
		return ""
	}
	stage := map[string]string{"a": "alpha", "b": "beta", "c": "rc", "pre": "rc", "preview": "rc"}[m[2]]
	if stage == "" {
		stage = m[2]
	}
	parts := splitCPE(cpe)
	parts[5], parts[6] = m[1], stage+m[3] // behind "cpe", "2.3", part, vendor, product
	return strings.Join(parts, ":")
}

// GenericPURL returns the package URL of a package that is in no registry: of the copy in the sources that vcsURL names, where
// that is not "".
func GenericPURL(name, version, vcsURL string) string {
	p := packageurl.PackageURL{Type: packageurl.TypeGeneric, Name: name, Version: version}
	if vcsURL != "" {
		p.Qualifiers = packageurl.QualifiersFromMap(map[string]string{"vcs_url": vcsURL})
	}
	return p.ToString()
}

var placeholder = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{[a-z][a-z0-9_]*\}`) })

// VCS reports whether s names sources at a tag or commit, in the form that SPDX has for download locations:
// git+https://HOST/PATH@TAG.
func VCS(s string) error {
	scheme, rest, ok := strings.Cut(s, "+")
	if !ok || scheme != "git" && scheme != "hg" && scheme != "svn" && scheme != "bzr" {
		e := fail("%s is not of the form git+https://HOST/PATH@TAG", excerpt(s))
		if strings.HasPrefix(s, "https://") {
			e.Hints = []string{"write git+" + s}
		}
		return e
	}
	if strings.Contains(s, "#") {
		return fail("%s has a \"#\", which leads into the sources", excerpt(s))
	}
	rest = placeholder().ReplaceAllString(rest, "0") // {version} and the like stand for what a URL may have there
	if err := URL(rest); err != nil {
		return err
	}
	u, err := url.Parse(rest)
	if err != nil {
		return fail("%s is malformed", excerpt(s))
	}
	if _, tag, ok := strings.Cut(u.Path, "@"); !ok || tag == "" {
		return fail("%s names no tag or commit: it ends in @TAG, such as @v{version}", excerpt(s))
	}
	return nil
}
