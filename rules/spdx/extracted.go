package spdx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/ident"
)

// ExtractedLicense is the text of a licence that is on no list (SPDX 2.3, clause 10).
type ExtractedLicense struct {
	ID   string // "LicenseRef-..."
	Name string // what people call it; "" is not stated
	Text string
}

// inputLicenses begins the names of inputs with files of LicenseRefs: the label of who declares them follows.
const inputLicenses = "license:"

// maxLicenseText bounds a licence's text, in bytes.
const maxLicenseText = 1 << 20

// licenses gathers the texts of a document.
type licenses struct {
	list []ExtractedLicense
	of   map[string]string // identifier -> who declares it
}

// add reads what the target with the label declares.
func (l *licenses) add(call action.Call, label string, refs []LicenseRef) error {
	for i, r := range refs {
		attr := fmt.Sprintf("license_refs[%d]", i)
		text := r.Text
		if r.File != "" {
			var err error
			if text, err = licenseText(call, label, r); err != nil {
				return err
			}
		}
		if err := ident.Text(text); err != nil {
			return atAttr(prefix(err, label, r.ID), attr)
		}
		if strings.TrimSpace(text) == "" {
			return &diag.Error{Label: label, Attr: attr, Msg: fmt.Sprintf("%s: its text is empty", r.ID)}
		}
		e := ExtractedLicense{ID: r.ID, Name: r.Name, Text: text}
		before, ok := l.of[r.ID]
		switch i := slices.IndexFunc(l.list, func(e ExtractedLicense) bool { return e.ID == r.ID }); {
		case !ok:
			if l.of == nil {
				l.of = map[string]string{}
			}
			l.of[r.ID] = label
			l.list = append(l.list, e)
		case l.list[i] != e:
			return &diag.Error{Label: label, Attr: attr, Msg: fmt.Sprintf("%s is another licence in %s: one document cannot hold both", r.ID, before),
				Hints: []string{"give one of them another name"}}
		}
	}
	return nil
}

func licenseText(call action.Call, label string, r LicenseRef) (string, error) {
	for _, f := range call.Files(inputLicenses + label) {
		if f.Path != r.File {
			continue
		}
		b, err := call.Read(f, maxLicenseText)
		if err != nil {
			return "", err
		}
		// As it is checked in, whatever a checkout makes of the ends of lines.
		return strings.ReplaceAll(string(b), "\r\n", "\n"), nil
	}
	return "", fmt.Errorf("input %q does not have the file %s", inputLicenses+label, r.File)
}

// sorted is the list as documents have it.
func (l *licenses) sorted() []ExtractedLicense {
	slices.SortFunc(l.list, func(a, b ExtractedLicense) int { return strings.Compare(a.ID, b.ID) })
	return l.list
}

// licensesOf gathers what packages declare.
func licensesOf(call action.Call, product *Product, lists ...[]Metadata) ([]ExtractedLicense, error) {
	var l licenses
	if product != nil {
		if err := l.add(call, product.Label, product.LicenseRefs); err != nil {
			return nil, err
		}
	}
	for _, packages := range lists {
		for _, m := range packages {
			if err := l.add(call, m.Label, m.LicenseRefs); err != nil {
				return nil, err
			}
		}
	}
	return l.sorted(), nil
}
