package rules

import (
	"strings"

	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules/ident"
	"github.com/sbomctl/sbomctl/rules/version"
)

// texts are the kinds of ctx.text. A value of several is a version, a space, and a text.
var texts = map[string]func(string) (string, error){
	"filled":     func(s string) (string, error) { return fill(s, nil) },
	"filled_cpe": func(s string) (string, error) { return fill(s, ident.QuoteCPE) },
	"forms":      ofText(func(v, text string) string { return strings.Join(version.Find(text, v), ", ") }),
	"others":     ofText(func(v, text string) string { return strings.Join(version.Others(text, v), ", ") }),
	"version_of": func(name string) (string, error) { return version.Of(name), nil },
	"folded":     ofText(func(v, text string) string { return version.Fold(text, v) }),
}

func fill(value string, quote func(string) string) (string, error) {
	v, text, _ := strings.Cut(value, " ")
	return version.Fill(text, map[string]string{"version": v}, quote)
}

func ofText(make func(v, text string) string) func(string) (string, error) {
	return func(value string) (string, error) {
		v, text, _ := strings.Cut(value, " ")
		return make(v, text), nil
	}
}

// Texts returns the documentation of the kinds of ctx.text, sorted by name.
func Texts() []star.FieldDoc {
	return []star.FieldDoc{
		{Name: "filled", Doc: "of a version, a space and a text: the text with the version in the place of {version}, or of {version:FORM} in one of the forms (docs/maintaining.md)"},
		{Name: "filled_cpe", Doc: "the same of a CPE, in which a version is quoted"},
		{Name: "folded", Doc: "of a version, a space and a text: the text with placeholders in the place of the version"},
		{Name: "forms", Doc: "of a version, a space and a text: the names of the forms in which the version is in it"},
		{Name: "others", Doc: "of a version, a space and a URL: what looks like another version in it"},
		{Name: "version_of", Doc: "of the name of a file: the version in it, \"\" for none"},
	}
}
