package ident

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/github/go-spdx/v2/spdxexp/spdxlicenses"

	"github.com/sbomctl/sbomctl/engine/finding"
)

// RuleID is the rule of what Review finds.
const RuleID = "identifier"

// Finding describes it.
var Finding = finding.Rule{
	ID: RuleID, Severity: finding.Warning,
	Title: "an identifier that is valid but not canonical, or proves little",
	Help: `Scanners compare identifiers byte for byte. What is no identifier at all, or states another version in the CPE or purl, stops the build. What is valid and still
likely wrong is told here:

- a CPE with capitals (the official dictionary has none), or with a wildcard for vendor or product
- a licence id that SPDX has deprecated, such as GPL-2.0 for GPL-2.0-only
- a download URL over http
- a download without a checksum, or with an MD5 alone, which anybody can forge`,
}

// Declared is what is declared of a package; "" or NOASSERTION is not stated.
type Declared struct {
	Name, Version, License, URL, SHA256, MD5, CPE, PURL string
}

// Review returns what is to be said of a package whose identifiers are all valid, in the order of the attributes.
func Review(d Declared) []finding.Finding {
	var out []finding.Finding
	add := func(attr, msg, declared, found string, fix string, hints ...string) *finding.Finding {
		f := finding.Finding{Rule: RuleID, Severity: finding.Warning, Attr: attr, Msg: msg, Declared: declared, Found: found, Hints: hints}
		if fix != "" {
			f.Fix = &finding.Fix{Attr: attr, Value: fix}
		}
		out = append(out, f)
		return &out[len(out)-1]
	}
	reviewLicense(d, add)
	reviewURL(d, add)
	reviewChecksums(d, add)
	reviewCPE(d, add)
	return out
}

// adder adds a finding, which may be added to until the next one is.
type adder func(attr, msg, declared, found, fix string, hints ...string) *finding.Finding

// deprecatedIDs are the deprecated identifiers of the SPDX licence list.
var deprecatedIDs = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for _, id := range spdxlicenses.GetDeprecated() {
		m[id] = true
	}
	return m
})

// successors are what has the same meaning as a deprecated identifier. The others have none: a GPL with an exception in its name is written
// with WITH, and what the exception is called is for a person to look up.
var successors = func() map[string]string {
	m := map[string]string{"BSD-2-Clause-NetBSD": "BSD-2-Clause", "BSD-2-Clause-FreeBSD": "BSD-2-Clause-Views", "StandardML-NJ": "SMLNJ", "bzip2-1.0.5": "bzip2-1.0.6"}
	for _, id := range []string{"AGPL-1.0", "AGPL-3.0", "GFDL-1.1", "GFDL-1.2", "GFDL-1.3", "GPL-1.0", "GPL-2.0", "GPL-3.0", "LGPL-2.0", "LGPL-2.1", "LGPL-3.0"} {
		m[id] = id + "-only"
		if strings.Contains(id, "GPL") && id[0] != 'A' {
			m[id+"+"] = id + "-or-later"
		}
	}
	return m
}()

func reviewLicense(d Declared, add adder) {
	if d.License == "" || d.License == NoAssertion || d.License == None {
		return
	}
	p := &licenseParser{expr: d.License}
	var old []string
	fixed, from, sure := "", 0, true
	for p.next(); p.tok != ""; p.next() {
		id := p.tok
		if !deprecatedIDs()[id] {
			continue
		}
		if !slices.Contains(old, id) {
			old = append(old, id)
		}
		next, ok := successors[id]
		sure = sure && ok
		fixed += d.License[from:p.at] + next
		from = p.end
	}
	if len(old) == 0 {
		return
	}
	fixed += d.License[from:]
	if !sure {
		add("license", fmt.Sprintf("licence id %s is deprecated by SPDX", strings.Join(old, " and ")), d.License, "", "", "the list at https://spdx.org/licenses says what took its place")
		return
	}
	add("license", fmt.Sprintf("licence id %s is deprecated by SPDX", strings.Join(old, " and ")), d.License, fixed, fixed, "write "+fixed)
}

// reviewURL does not look at versions in the URL: those are of the rule url-version.
func reviewURL(d Declared, add adder) {
	if d.URL == "" || d.URL == NoAssertion {
		return
	}
	if strings.HasPrefix(strings.ToLower(d.URL), "http:") {
		add("download_url", fmt.Sprintf("URL %s is not https: whoever answers for the server can answer with another file", excerpt(d.URL)), d.URL, "", "",
			"see whether the project serves it over https")
	}
}

func reviewChecksums(d Declared, add adder) {
	switch {
	case d.URL == "" || d.URL == NoAssertion:
	case d.SHA256 != "": // NOASSERTION says that there is none to be had
	case d.MD5 == "" || d.MD5 == NoAssertion:
		add("sha256", "no checksum is declared of the download, so nobody can tell whether it is the right file", "", "", "",
			"download it, compare it with what its project publishes, and declare its sha256")
	default:
		add("md5", "an MD5 is the only checksum of the download, and another file can be made to have it", d.MD5, "", "",
			"download it, compare it with what its project publishes, and declare its sha256")
	}
}

func reviewCPE(d Declared, add adder) {
	c, err := ParseCPE(d.CPE)
	if d.CPE == "" || err != nil {
		return
	}
	if c.Vendor == "*" || c.Product == "*" {
		add("cpe", fmt.Sprintf("CPE %s has a wildcard for vendor or product, so it is of every such package", excerpt(d.CPE)), d.CPE, "", "",
			"https://nvd.nist.gov/products/cpe/search has what scanners look for")
	}
	parts := splitCPE(strings.TrimPrefix(d.CPE, "cpe:2.3:"))
	const version, language = 3, 6
	changed := false
	for i, part := range parts {
		if lower := strings.ToLower(part); lower != part && i != language && i != version {
			parts[i], changed = lower, true
		}
	}
	if !changed {
		return
	}
	canonical := "cpe:2.3:" + strings.Join(parts, ":")
	written := splitCPE(strings.TrimPrefix(d.CPE, "cpe:2.3:"))
	// Where the attribute has {version}, so does the fix; where it has not, that is what it should have.
	if parts[version] == d.Version {
		parts[version], written[version] = "{version}", "{version}"
	}
	add("cpe", fmt.Sprintf("CPE %s has capitals, and the dictionary that scanners compare with has none", excerpt(d.CPE)), d.CPE, canonical, "cpe:2.3:"+strings.Join(parts, ":"),
		"write "+canonical).Fix.Old = "cpe:2.3:" + strings.Join(written, ":")
}
