package sbomdiff

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/sbomctl/sbomctl/rules/ident"
)

// Which package of one document is which of the other? A name alone does not tell: a release ships mpdecimal 2.5.1 and 4.0.0
// side by side, and tcl and tk under one CPE. So packages are paired in passes, from the surest sign to the weakest.
// What one pass has paired is not looked at by the next. Each pass gives packages a key, and pairs those of equal keys, by version
// where there are several. A pass is linear in the number of packages, however hostile.

// pass returns what a package is known by; "" for nothing.
type pass func(p *Package) string

var passes = []pass{
	func(p *Package) string {
		return named(p, p.Version, strings.Join(p.PURLs, " "), strings.Join(p.CPEs, " "), p.ID)
	},
	func(p *Package) string {
		return named(p, p.Version, strings.Join(p.PURLs, " "), strings.Join(p.CPEs, " "))
	},
	func(p *Package) string { return named(p, p.Version) },
	func(p *Package) string { return named(p, origin(p), p.ID) },
	func(p *Package) string {
		if len(p.PURLs) == 0 {
			return ""
		}
		return named(p, purlName(p.PURLs[0]), series(p.Version))
	},
	func(p *Package) string { return named(p, origin(p), series(p.Version)) },
	func(p *Package) string { return named(p, series(p.Version)) },
	func(p *Package) string { return named(p, origin(p)) },
	func(p *Package) string { return named(p) },
}

// renames are the passes over what no name has paired. They count only where the key is that of a single package of each document:
// a CPE that several packages share names none of them.
var renames = []pass{
	func(p *Package) string {
		if len(p.PURLs) == 0 {
			return ""
		}
		return purlName(p.PURLs[0])
	},
	func(p *Package) string {
		if len(p.CPEs) == 0 {
			return ""
		}
		return cpeName(p.CPEs[0])
	},
	func(p *Package) string {
		return strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(p.Name))
	},
}

// pair is a package of each document.
type pair struct{ from, to *Package }

// match pairs packages. It returns the pairs in the order of b, and what is left of each.
func match(a, b []*Package) (pairs []pair, onlyA, onlyB []*Package) {
	onlyA, onlyB = slices.Clone(a), slices.Clone(b)
	partner := map[*Package]*Package{}
	take := func(from, to *Package) { partner[to], partner[from] = from, to }
	taken := func(p *Package) bool { return partner[p] != nil }
	for _, key := range passes {
		inB := byKey(onlyB, key)
		inA := byKey(onlyA, key)
		for k, as := range inA {
			bs := inB[k]
			slices.SortStableFunc(as, byVersion)
			slices.SortStableFunc(bs, byVersion)
			for len(as) > 0 && len(bs) > 0 { // the newest of both first
				take(as[len(as)-1], bs[len(bs)-1])
				as, bs = as[:len(as)-1], bs[:len(bs)-1]
			}
		}
		onlyA, onlyB = slices.DeleteFunc(onlyA, taken), slices.DeleteFunc(onlyB, taken)
	}
	for _, key := range renames {
		inA, inB := byKey(a, key), byKey(b, key)
		for k, as := range inA {
			if bs := inB[k]; len(as) == 1 && len(bs) == 1 && !taken(as[0]) && !taken(bs[0]) {
				take(as[0], bs[0])
			}
		}
	}
	for _, p := range b {
		if from := partner[p]; from != nil {
			pairs = append(pairs, pair{from, p})
		}
	}
	return pairs, slices.DeleteFunc(onlyA, taken), slices.DeleteFunc(onlyB, taken)
}

func byKey(packages []*Package, key pass) map[string][]*Package {
	out := map[string][]*Package{}
	for _, p := range packages {
		if k := key(p); k != "" {
			out[k] = append(out[k], p)
		}
	}
	return out
}

// named is a key that begins with the name.
func named(p *Package, parts ...string) string {
	return strings.ToLower(p.Name) + "\x00" + strings.Join(parts, "\x00")
}

// origin is where a package is downloaded from, whichever version.
func origin(p *Package) string {
	url := p.Fields["downloadLocation"]
	if url == "" || url == noAssertion || url == ident.None {
		return ""
	}
	return digits().ReplaceAllString(url, "#")
}

var digits = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[0-9a-f]*[0-9][0-9a-f._-]*`) })

// series is the first number of a version: 4 of 4.0.1.
func series(version string) string {
	i := strings.IndexAny(version, "0123456789")
	if i < 0 {
		return version
	}
	rest := version[i:]
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		return rest
	}
	return rest[:end]
}

// purlName is a package URL without version, qualifiers and subpath.
func purlName(purl string) string {
	purl, _, _ = strings.Cut(purl, "#")
	purl, _, _ = strings.Cut(purl, "?")
	if i := strings.LastIndexByte(purl, '@'); i > strings.LastIndexByte(purl, '/') {
		purl = purl[:i]
	}
	return strings.ToLower(purl)
}

// cpeName is the vendor and product of a CPE.
func cpeName(cpe string) string {
	parts := strings.SplitN(cpe, ":", 6)
	if len(parts) < 5 {
		return ""
	}
	return parts[3] + ":" + parts[4]
}

// byVersion orders packages by version, numbers by what they are worth.
func byVersion(a, b *Package) int {
	return cmp.Or(compareVersions(a.Version, b.Version), cmp.Compare(a.ID, b.ID))
}

func compareVersions(a, b string) int {
	for a != "" && b != "" {
		na, nb := number(a), number(b)
		if na == "" || nb == "" {
			if a[0] != b[0] {
				return cmp.Compare(a[0], b[0])
			}
			a, b = a[1:], b[1:]
			continue
		}
		a, b = a[len(na):], b[len(nb):]
		na, nb = strings.TrimLeft(na, "0"), strings.TrimLeft(nb, "0")
		if c := cmp.Or(cmp.Compare(len(na), len(nb)), cmp.Compare(na, nb)); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// number is the digits that s begins with.
func number(s string) string {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return s[:i]
}
