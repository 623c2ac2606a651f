package ident

import (
	"strings"

	"github.com/package-url/packageurl-go"

	forms "github.com/sbomctl/sbomctl/rules/version"
)

// CanonicalPURL parses a package URL and returns its canonical form (package-url/purl-spec), which
// for a Python package has "-" for every "_" in the name.
func CanonicalPURL(s string) (string, error) {
	p, err := parsePURL(s)
	if err != nil {
		return "", err
	}
	return p.ToString(), nil
}

// PURLOf reports whether s is a package URL whose version component is version. It need not be in
// canonical form: what pip vendors keeps its underscores in upstream's documents.
func PURLOf(s, version string) error {
	p, err := parsePURL(s)
	if err != nil {
		return err
	}
	// The types of code hosts have a tag for a version.
	host := p.Type == packageurl.TypeGithub || p.Type == packageurl.TypeGitlab || p.Type == packageurl.TypeBitbucket
	if p.Version != version && !(host && version != "" && isTagOf(p.Version, version)) {
		return fail("package URL %s states version %q, expected %q", excerpt(s), p.Version, version)
	}
	return nil
}

// isTagOf reports whether a tag is of a version: v2.7.1, R_2_7_1 and openssl-3.0.16 are tags of 2.7.1 and 3.0.16.
func isTagOf(tag, version string) bool { return len(forms.Find(tag, version)) > 0 }

// PURL reports whether s is a package URL in canonical form whose version component is version.
func PURL(s, version string) error {
	if err := PURLOf(s, version); err != nil {
		return err
	}
	canonical, err := CanonicalPURL(s)
	if err != nil {
		return err
	}
	if canonical != s {
		e := fail("package URL %s is not in canonical form", excerpt(s))
		e.Hints = []string{"write " + canonical}
		return e
	}
	return nil
}

func parsePURL(s string) (packageurl.PackageURL, error) {
	if len(s) > maxLength {
		return packageurl.PackageURL{}, fail("package URL is longer than %d bytes", maxLength)
	}
	if !strings.HasPrefix(s, "pkg:") {
		return packageurl.PackageURL{}, fail("package URL %s does not begin with \"pkg:\"", excerpt(s))
	}
	p, err := packageurl.FromString(s)
	if err == nil {
		err = p.Normalize()
	}
	if err != nil {
		e := fail("package URL %s is not of the form pkg:<type>/<name>@<version>", excerpt(s))
		e.Err = err
		return packageurl.PackageURL{}, e
	}
	return p, nil
}
