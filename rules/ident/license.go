package ident

import (
	"slices"
	"strings"
	"sync"

	"github.com/github/go-spdx/v2/spdxexp/spdxlicenses"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// maxLicenseDepth bounds the nesting of parentheses in a licence expression.
const maxLicenseDepth = 64

// licenseIDs are the identifiers of the SPDX licence list, each under its lower-case form:
// the specification matches them without regard to case but has one right spelling.
var licenseIDs = sync.OnceValue(func() map[string]string {
	return byLower(spdxlicenses.GetLicenses(), spdxlicenses.GetDeprecated())
})

var exceptionIDs = sync.OnceValue(func() map[string]string {
	return byLower(spdxlicenses.GetExceptions())
})

func byLower(lists ...[]string) map[string]string {
	m := map[string]string{}
	for _, list := range lists {
		for _, id := range list {
			m[strings.ToLower(id)] = id
		}
	}
	return m
}

// License reports whether s is an SPDX licence expression (SPDX 2.3, annex D) in its canonical
// spelling, or NOASSERTION or NONE.
func License(s string) error {
	switch {
	case s == NoAssertion || s == None:
		return nil
	case len(s) > maxLength:
		return fail("licence expression is longer than %d bytes", maxLength)
	}
	p := &licenseParser{expr: s}
	p.next()
	err := p.expression(0)
	if err == nil && p.tok != "" {
		err = p.unexpected("AND, OR, WITH or the end")
	}
	if err != nil {
		return err
	}
	return nil
}

// licenseParser is a recursive-descent parser; tok is the current token and "" at the end.
type licenseParser struct {
	expr string
	tok  string
	at   int // offset of tok
	end  int // offset behind tok
}

func (p *licenseParser) next() {
	i := p.end
	for i < len(p.expr) && p.expr[i] == ' ' {
		i++
	}
	p.at, p.end = i, i
	switch {
	case i == len(p.expr):
	case p.expr[i] == '(' || p.expr[i] == ')':
		p.end++
	default:
		for p.end < len(p.expr) && !strings.ContainsRune(" ()", rune(p.expr[p.end])) {
			p.end++
		}
	}
	p.tok = p.expr[p.at:p.end]
}

func (p *licenseParser) unexpected(want string) *diag.Error {
	if p.tok == "" {
		return fail("licence expression %s ends where %s is expected", excerpt(p.expr), want)
	}
	e := fail("licence expression %s has %q at column %d where %s is expected", excerpt(p.expr), p.tok, p.at+1, want)
	if up := strings.ToUpper(p.tok); up != p.tok && (up == "AND" || up == "OR" || up == "WITH") {
		e.Hints = []string{"operators are written in capitals: " + up}
	}
	return e
}

// expression = term *(("AND" / "OR") term). Precedence does not matter for validity.
func (p *licenseParser) expression(depth int) *diag.Error {
	if depth > maxLicenseDepth {
		return fail("licence expression is nested deeper than %d parentheses", maxLicenseDepth)
	}
	for {
		if err := p.term(depth); err != nil {
			return err
		}
		if p.tok != "AND" && p.tok != "OR" {
			return nil
		}
		p.next()
	}
}

// term = "(" expression ")" / license ["WITH" exception].
func (p *licenseParser) term(depth int) *diag.Error {
	if p.tok == "(" {
		p.next()
		if err := p.expression(depth + 1); err != nil {
			return err
		}
		if p.tok != ")" {
			return p.unexpected(`")"`)
		}
		p.next()
		return nil
	}
	if p.tok == "" || p.tok == ")" || isOperator(p.tok) {
		return p.unexpected("a licence")
	}
	if err := checkLicenseID(p.tok); err != nil {
		return err
	}
	p.next()
	if p.tok != "WITH" {
		return nil
	}
	p.next()
	if p.tok == "" || p.tok == "(" || p.tok == ")" || isOperator(p.tok) {
		return p.unexpected("a licence exception")
	}
	if err := checkListed("licence exception", p.tok, exceptionIDs()); err != nil {
		return err
	}
	p.next()
	return nil
}

func isOperator(s string) bool { return s == "AND" || s == "OR" || s == "WITH" }

// checkLicenseID accepts a listed licence, one with "+" (or any later version), and a
// reference to a licence that the document itself defines.
func checkLicenseID(id string) *diag.Error {
	ref := id
	if doc, rest, ok := strings.Cut(id, ":"); ok && strings.HasPrefix(doc, "DocumentRef-") {
		if !isIDString(strings.TrimPrefix(doc, "DocumentRef-")) || !strings.HasPrefix(rest, "LicenseRef-") {
			return fail("%q is not of the form DocumentRef-<id>:LicenseRef-<id>", id)
		}
		ref = rest
	}
	if name, ok := strings.CutPrefix(ref, "LicenseRef-"); ok {
		if !isIDString(name) {
			return fail("%q is not of the form LicenseRef-<id>, <id> being letters, digits, \".\" and \"-\"", id)
		}
		return nil
	}
	if _, ok := licenseIDs()[strings.ToLower(id)]; !ok { // "GPL-2.0+" is itself listed
		id = strings.TrimSuffix(id, "+")
	}
	if id == NoAssertion || id == None {
		return fail("%s stands alone; it cannot be part of a licence expression", id)
	}
	return checkListed("licence", id, licenseIDs())
}

func checkListed(what, id string, list map[string]string) *diag.Error {
	canonical, ok := list[strings.ToLower(id)]
	if ok && canonical == id {
		return nil
	}
	if ok {
		return fail("%s %q is spelled %q", what, id, canonical)
	}
	names := make([]string, 0, len(list))
	for _, name := range list {
		names = append(names, name)
	}
	if len(id) > 64 {
		return fail("%s %s is not on the SPDX list", what, excerpt(id))
	}
	e := fail("%s %q is not on the SPDX list%s", what, id, diag.DidYouMean(id, names))
	if what == "licence" && diag.Nearest(id, names) == "" {
		e.Hints = append(e.Hints, family(id, names)...)
	}
	return e
}

// family suggests the identifiers that begin with id, which "PSF" and "Apache" leave out the version of.
func family(id string, names []string) []string {
	var members []string
	for _, name := range names {
		if len(name) > len(id) && strings.EqualFold(name[:len(id)], id) && name[len(id)] == '-' {
			members = append(members, name)
		}
	}
	slices.Sort(members)
	switch {
	case len(members) == 0:
		return []string{"the list is at https://spdx.org/licenses; a licence that is not on it is written LicenseRef-NAME"}
	case len(members) > 5:
		members = append(members[:5], "...")
	}
	return []string{"the list has " + strings.Join(members, ", ")}
}

// isIDString reports whether s is an SPDX idstring: letters, digits, "." and "-", at least one.
func isIDString(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-') {
			return false
		}
	}
	return s != ""
}
