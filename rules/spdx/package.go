package spdx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/ident"
)

// Metadata is what Starlark declares of a package: the JSON object that it is in the operations' parameters. Only
// the name must be there; "" is not stated.
type Metadata struct {
	Label       string `json:"label,omitempty"` // the declaring target, for messages only
	Name        string `json:"name"`
	Version     string `json:"version"`
	License     string `json:"license,omitempty"`      // licenseConcluded; default NOASSERTION
	Originator  string `json:"originator,omitempty"`   // "Organization: NAME"
	Supplier    string `json:"supplier,omitempty"`     // "Organization: NAME"
	DownloadURL string `json:"download_url,omitempty"` // default NOASSERTION
	SHA256      string `json:"sha256,omitempty"`       // of the download; "" or NOASSERTION: none is stated
	MD5         string `json:"md5,omitempty"`          // likewise
	SHA1        string `json:"sha1,omitempty"`         // likewise
	CPE         string `json:"cpe,omitempty"`          // CPE 2.3 formatted string
	PURL        string `json:"purl,omitempty"`         // package URL
	Purpose     string `json:"purpose,omitempty"`      // primaryPackagePurpose; default SOURCE
	Comment     string `json:"comment,omitempty"`

	// What only whole documents of the complete profile hold.
	LicenseDeclared string       `json:"license_declared,omitempty"` // default NOASSERTION
	LicenseRefs     []LicenseRef `json:"license_refs,omitempty"`     // those that License and LicenseDeclared name
	Copyright       string       `json:"copyright,omitempty"`        // default NOASSERTION
	SHA512          string       `json:"sha512,omitempty"`           // of the download, as SHA256
	CPEs            []string     `json:"cpes,omitempty"`             // beside CPE
	Homepage        string       `json:"homepage,omitempty"`

	// Which binaries contain it, by the groups of their names: group -> values.
	Only     map[string][]string `json:"only,omitempty"`
	NotIn    map[string][]string `json:"not_in,omitempty"`
	Replaces []string            `json:"replaces,omitempty"` // labels of packages of the base that it stands in for in binaries
}

// LicenseRef is a licence that is on no list.
type LicenseRef struct {
	ID   string `json:"id"`             // "LicenseRef-..."
	Name string `json:"name,omitempty"` // what people call it
	Text string `json:"text,omitempty"`
	File string `json:"file,omitempty"` // the file that is the text, where Text is ""
}

// purposes are the values of primaryPackagePurpose (SPDX 2.3, 7.24).
var purposes = []string{"APPLICATION", "FRAMEWORK", "LIBRARY", "CONTAINER", "OPERATING_SYSTEM", "DEVICE", "FIRMWARE",
	"SOURCE", "ARCHIVE", "FILE", "INSTALL", "OTHER"}

// decodeStrict decodes one JSON object whose fields must all be known.
func decodeStrict(data []byte, what string, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil && dec.More() {
		err = errors.New("data behind the object")
	}
	if err == nil {
		return nil
	}
	msg := what + " is not the JSON that is expected"
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		msg = what + " has the unknown field " + field
	}
	return &diag.Error{Msg: msg, Err: err}
}

// pkg checks m and returns it as a package without an identifier. checkPURL is ident.PURL or
// ident.PURLOf.
func (m Metadata) pkg(checkPURL func(purl, version string) error) (Package, error) {
	var errs diag.List
	what := fmt.Sprintf("package %q", m.Name)
	check := func(field string, err error) {
		if err != nil {
			errs = append(errs, atAttr(prefix(err, m.Label, what+": "+field), field))
		}
	}
	check("name", checkWord(m.Name))
	if m.Version != "" {
		check("version", checkWord(m.Version))
	}

	p := Package{
		Name: m.Name, Version: m.Version, License: orNoAssertion(m.License), Originator: m.Originator, Supplier: m.Supplier,
		DownloadURL: orNoAssertion(m.DownloadURL), Purpose: m.Purpose, Comment: m.Comment,
	}
	if p.Purpose == "" {
		p.Purpose = purposeSource
	}
	m.checkLicenses(p.License, check)
	m.checkComplete(check)
	if m.Originator != "" {
		check("originator", ident.Agent(m.Originator))
	}
	if m.Supplier != "" {
		check("supplier", ident.Agent(m.Supplier))
	}
	if p.DownloadURL != ident.NoAssertion {
		check("download_url", ident.URL(p.DownloadURL))
	}
	check("purpose", checkPurpose(p.Purpose))
	for _, c := range []common.Checksum{{Algorithm: common.SHA256, Value: m.SHA256}, {Algorithm: common.SHA1, Value: m.SHA1}, {Algorithm: common.MD5, Value: m.MD5}} {
		if c.Value != "" && c.Value != ident.NoAssertion {
			check(strings.ToLower(string(c.Algorithm)), ident.Checksum(string(c.Algorithm), c.Value))
			p.Checksums = append(p.Checksums, c)
		}
	}
	if m.CPE != "" {
		check("cpe", ident.CPEOf(m.CPE, m.Version))
		p.Refs = append(p.Refs, cpeRef(m.CPE))
	}
	if m.PURL != "" {
		check("purl", checkPURL(m.PURL, m.Version))
		p.Refs = append(p.Refs, purlRef(m.PURL))
	}
	return p, errs.Err()
}

func (m Metadata) checkLicenses(concluded string, check func(field string, err error)) {
	var defined []string
	for _, r := range m.LicenseRefs {
		check("license_refs", ident.LicenseRef(r.ID))
		defined = append(defined, r.ID)
	}
	check("license", ident.LicenseOf(concluded, defined))
	if m.LicenseDeclared != "" {
		check("license_declared", ident.LicenseOf(m.LicenseDeclared, defined))
	}
}

// checkComplete checks what scope.complete adds, whatever the profile: what is wrong is so in each.
func (m Metadata) checkComplete(check func(field string, err error)) {
	for _, text := range []struct{ field, value string }{{"copyright", m.Copyright}, {"comment", m.Comment}} {
		check(text.field, ident.Text(text.value))
	}
	if m.SHA512 != "" && m.SHA512 != ident.NoAssertion {
		check("sha512", ident.Checksum("SHA512", m.SHA512))
	}
	if m.Homepage != "" && m.Homepage != ident.NoAssertion {
		check("homepage", ident.URL(m.Homepage))
	}
	for _, cpe := range m.CPEs {
		check("cpes", ident.CPEOf(cpe, m.Version))
	}
}

func cpeRef(cpe string) v2_3.PackageExternalReference {
	return v2_3.PackageExternalReference{Category: common.CategorySecurity, RefType: common.TypeSecurityCPE23Type, Locator: cpe}
}

func purlRef(purl string) v2_3.PackageExternalReference {
	return v2_3.PackageExternalReference{Category: categoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: purl}
}

func orNoAssertion(s string) string {
	if s == "" {
		return ident.NoAssertion
	}
	return s
}

// Word reports whether s can be the name or the version of a package.
func Word(s string) error { return checkWord(s) }

func checkWord(s string) error {
	switch {
	case s == "":
		return &diag.Error{Msg: "is empty"}
	case len(s) > 255 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }):
		return &diag.Error{Msg: fmt.Sprintf("%.80q has a space or control character, or more than 255 bytes", s)}
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Cf, r) }):
		return &diag.Error{Msg: fmt.Sprintf("%s has a character that nobody sees", strconv.QuoteToASCII(s))}
	}
	return ident.Line(s)
}

func checkPurpose(s string) error {
	for _, p := range purposes {
		if p == s {
			return nil
		}
	}
	return &diag.Error{Msg: fmt.Sprintf("%q is not a package purpose of SPDX%s", s, diag.DidYouMean(s, purposes))}
}

// atAttr says which attribute of err's target is to blame, if a target is known: fields are called as the attributes are.
func atAttr(err *diag.Error, attr string) error {
	if err.Label != "" && err.Attr == "" && attr != "name" {
		err.Attr = attr
	}
	return err
}

// prefix returns err with a label and with what it is about before its message.
func prefix(err error, label, what string) *diag.Error {
	e := diag.Error{Msg: err.Error(), Err: err}
	if d := (*diag.Error)(nil); errors.As(err, &d) {
		e = *d
	}
	e.Msg = what + ": " + e.Msg
	if e.Label == "" {
		e.Label = label
	}
	return &e
}
