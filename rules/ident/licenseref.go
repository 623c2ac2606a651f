package ident

import (
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// LicenseRef reports whether s names a licence that a document itself defines.
func LicenseRef(s string) error {
	name, ok := strings.CutPrefix(s, "LicenseRef-")
	switch {
	case ok && isIDString(name) && len(s) <= maxLength:
		return nil
	case !ok && isIDString(s) && len(s) <= 64:
		e := fail("%q does not begin with \"LicenseRef-\"", s)
		e.Hints = []string{"write LicenseRef-" + s}
		return e
	}
	return fail("%s is not of the form LicenseRef-<id>, <id> being letters, digits, \".\" and \"-\"", excerpt(s))
}

// LicenseRefs are the licences of the document itself that an expression names, each once, in its order.
func LicenseRefs(expression string) []string {
	if !strings.Contains(expression, "LicenseRef-") {
		return nil
	}
	var out []string
	for _, word := range strings.FieldsFunc(expression, func(r rune) bool { return strings.ContainsRune(" ()\t\r\n", r) }) {
		if strings.HasPrefix(word, "LicenseRef-") && !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}

// LicenseOf is License for an expression whose every LicenseRef- must be among those that are defined.
func LicenseOf(s string, defined []string) error {
	if err := License(s); err != nil {
		return err
	}
	if strings.Contains(s, "DocumentRef-") {
		e := fail("licence expression %s names a licence of another document, and documents made here refer to none", excerpt(s))
		e.Hints = []string{"define it: license_refs = [license_ref(\"LicenseRef-NAME\", text = ...)]"}
		return e
	}
	for _, name := range LicenseRefs(s) {
		if !slices.Contains(defined, name) {
			e := fail("licence expression %s names %s, whose text is nowhere%s", excerpt(s), name, diag.DidYouMean(name, defined))
			e.Hints = append(e.Hints, "a reader has no other way to know what it says: license_refs = [license_ref(\""+name+"\", text = ...)]")
			return e
		}
	}
	return nil
}
