package wheel

import (
	"regexp"
	"strings"
	"sync"
)

// pep440 takes a version apart as PEP 440 spells it, in lower case. No library: those for Go bring constraint solvers and an
// error package along, and two spellings of one version are all that is to be told here.
var pep440 = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^v?(?:(\d+)!)?(\d+(?:\.\d+)*)` + // epoch, release
		`(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?` +
		`(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?` +
		`(?:[-_.]?(dev)[-_.]?(\d*))?` +
		`(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$`)
})

// preNames are the one spelling of each kind of pre-release.
var preNames = map[string]string{"alpha": "a", "a": "a", "beta": "b", "b": "b", "preview": "rc", "pre": "rc", "c": "rc", "rc": "rc"}

// Canonical returns the one spelling that PEP 440 has for a version, which is the package index's: 2021.10.8 for "2021.10.08", 1.0rc1
// for "v1.0-RC-1". "" says that s is no version of PEP 440.
func Canonical(s string) string { return canonical(s, false) }

// SameVersion reports whether two spellings are of one version (PEP 440): 1.0 and 1.0.0 are. What PEP 440 does not know,
// as old releases have, is compared as text, ignoring case.
func SameVersion(a, b string) bool {
	x, y := canonical(a, true), canonical(b, true)
	if x == "" || y == "" {
		return strings.EqualFold(a, b)
	}
	return x == y
}

// sameInFilename is SameVersion of a version that a file name has, where "-" is written "_".
func sameInFilename(filename, version string) bool {
	dash := strings.NewReplacer("_", "-")
	return SameVersion(dash.Replace(filename), dash.Replace(version))
}

// canonical writes a version in its canonical form. key leaves zeros at the end of the release out, which do not count.
func canonical(s string, key bool) string {
	m := pep440().FindStringSubmatch(strings.ToLower(strings.TrimSpace(s)))
	if m == nil {
		return ""
	}
	var b strings.Builder
	if epoch := number(m[1]); epoch != "0" {
		b.WriteString(epoch + "!")
	}
	release := strings.Split(m[2], ".")
	for i, n := range release {
		release[i] = number(n)
	}
	for key && len(release) > 1 && release[len(release)-1] == "0" {
		release = release[:len(release)-1]
	}
	b.WriteString(strings.Join(release, "."))
	if m[3] != "" {
		b.WriteString(preNames[m[3]] + number(m[4]))
	}
	if m[5] != "" || m[6] != "" {
		b.WriteString(".post" + number(m[5]+m[7]))
	}
	if m[8] != "" {
		b.WriteString(".dev" + number(m[9]))
	}
	if m[10] != "" {
		local := strings.FieldsFunc(m[10], func(r rune) bool { return r == '-' || r == '_' || r == '.' })
		for i, part := range local {
			if strings.Trim(part, "0123456789") == "" {
				local[i] = number(part)
			}
		}
		b.WriteString("+" + strings.Join(local, "."))
	}
	return b.String()
}

// number is a number without zeros before it; none is 0.
func number(s string) string {
	if s = strings.TrimLeft(s, "0"); s == "" {
		return "0"
	}
	return s
}
