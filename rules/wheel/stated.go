package wheel

import (
	"net/mail"
	"strings"

	"github.com/sbomctl/sbomctl/rules/ident"
)

// Stated is what a project states of itself, in core metadata (a wheel's METADATA) or to the package index, which has it
// from there. Nothing is guessed: what is ambiguous, or no value of SPDX, is "".
type Stated struct {
	License       string // SPDX expression
	LicenseSource string // the field that License is from: one of the three below
	Author        string // "Person: NAME (EMAIL)"
	Homepage      string // http or https URL
}

// Fields that state a licence, best first.
const (
	fromExpression = "license_expression" // PEP 639
	fromLicense    = "license"            // free text, where it is an expression
	fromClassifier = "classifier"
)

// maxStated bounds each value that is taken over.
const maxStated = 256

// statedLicense returns the licence and where it is stated.
func statedLicense(expression, license string, classifiers []string) (value, source string) {
	for _, c := range []struct{ text, source string }{{expression, fromExpression}, {license, fromLicense}} {
		if text := strings.TrimSpace(c.text); usableLicense(text) {
			return text, c.source
		}
	}
	var named []string
	for _, c := range classifiers {
		if name, ok := strings.CutPrefix(c, "License :: "); ok && name != "OSI Approved" {
			named = append(named, strings.TrimPrefix(name, "OSI Approved :: "))
		}
	}
	if len(named) == 1 { // whether several mean AND or OR is not said
		if id := classified[named[0]]; id != "" {
			return id, fromClassifier
		}
	}
	return "", ""
}

// concluded is the licence of an entry into which somebody wrote it by hand, with where it was read: that one looked. What the index says is
// what a project states of itself, which nobody held against its files.
func (s Stated) concluded() string {
	switch s.LicenseSource {
	case "", fromExpression, fromLicense, fromClassifier:
		return ""
	}
	return s.License
}

// usableLicense reports whether s is an expression whose licences are all on the list: the text of another one is not at hand.
func usableLicense(s string) bool {
	return s != "" && s != ident.None && s != ident.NoAssertion && len(s) <= maxStated && ident.License(s) == nil && len(ident.LicenseRefs(s)) == 0
}

// classified has the classifiers that name one licence of the SPDX list. PEP 639 lists those that do not: "BSD License" is any of
// several, "Apache Software License" of any version, and "GPLv3" does not say whether later versions will do.
var classified = map[string]string{
	"Blue Oak Model License (BlueOak-1.0.0)":                  "BlueOak-1.0.0",
	"Boost Software License 1.0 (BSL-1.0)":                    "BSL-1.0",
	"CC0 1.0 Universal (CC0 1.0) Public Domain Dedication":    "CC0-1.0",
	"CMU License (MIT-CMU)":                                   "MIT-CMU",
	"Eclipse Public License 1.0 (EPL-1.0)":                    "EPL-1.0",
	"Eclipse Public License 2.0 (EPL-2.0)":                    "EPL-2.0",
	"European Union Public Licence 1.1 (EUPL 1.1)":            "EUPL-1.1",
	"European Union Public Licence 1.2 (EUPL 1.2)":            "EUPL-1.2",
	"GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
	"GNU General Public License v2 or later (GPLv2+)":         "GPL-2.0-or-later",
	"GNU General Public License v3 or later (GPLv3+)":         "GPL-3.0-or-later",
	"GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
	"ISC License (ISCL)":                                      "ISC",
	"MIT License":                                             "MIT",
	"MIT No Attribution License (MIT-0)":                      "MIT-0",
	"Mozilla Public License 1.0 (MPL)":                        "MPL-1.0",
	"Mozilla Public License 1.1 (MPL 1.1)":                    "MPL-1.1",
	"Mozilla Public License 2.0 (MPL 2.0)":                    "MPL-2.0",
	"Mulan Permissive Software License v2 (MulanPSL-2.0)":     "MulanPSL-2.0",
	"PostgreSQL License":                                      "PostgreSQL",
	"SIL Open Font License 1.1 (OFL-1.1)":                     "OFL-1.1",
	"The Unlicense (Unlicense)":                               "Unlicense",
	"Universal Permissive License (UPL)":                      "UPL-1.0",
	"University of Illinois/NCSA Open Source License":         "NCSA",
	"Zero-Clause BSD (0BSD)":                                  "0BSD",
}

// statedAuthor returns the author as SPDX names one, from a name and from addresses ("NAME <EMAIL>, ..."). Several are
// named together, since SPDX has room for one.
func statedAuthor(name, addresses string) string {
	name = oneLine(name)
	list, err := mail.ParseAddressList(oneLine(addresses))
	if err != nil {
		list = nil
	}
	if name == "" {
		var names []string
		for _, a := range list {
			if n := oneLine(a.Name); n != "" {
				names = append(names, n)
			}
		}
		name = strings.Join(names, ", ")
	}
	if name == "" || strings.EqualFold(name, "unknown") {
		return ""
	}
	agent := "Person: " + name
	if len(list) == 1 && list[0].Address != "" {
		agent += " (" + list[0].Address + ")"
	}
	if len(agent) > maxStated || ident.Agent(agent) != nil || ident.Text(agent) != nil {
		return ""
	}
	return agent
}

// oneLine is s with white space of any kind as single spaces.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// link is one of a project's URLs, and what the project calls it.
type link struct{ label, url string }

// statedHomepage returns the project's page: its field, else the link that is called homepage (PEP 753).
func statedHomepage(page string, links []link) string {
	if page = strings.TrimSpace(page); usableURL(page) {
		return page
	}
	for _, l := range links {
		if linkLabel(l.label) == "homepage" && usableURL(l.url) {
			return l.url
		}
	}
	return ""
}

func usableURL(s string) bool { return s != "" && len(s) <= 2048 && ident.URL(s) == nil }

// linkLabel is a label in its normal form (PEP 753): lower case, without punctuation and white space.
func linkLabel(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\n\r\v\f!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", r) {
			return -1
		}
		return r
	}, strings.ToLower(s))
}
