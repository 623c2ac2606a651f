package inventory

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/ident"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// TableParams are the parameters of "inventory.table". Input: "wheels" (outputs of "wheel.packages"). Outputs: "table" (text)
// and "json".
type TableParams struct {
	Label     string     `json:"label"` // of the inventory, for messages
	Documents []Document `json:"documents"`
	Wheels    []string   `json:"wheels"` // the targets that declare the input's wheels, in its order
	Allowed   []string   `json:"allowed_licenses"`
	Skew      string     `json:"skew"` // severity of its findings
}

// Document is an SBOM with what is declared of its packages.
type Document struct {
	Label    string          `json:"label"`
	Packages []spdx.Metadata `json:"packages"`
}

// Component is a package in a document: a line of the table.
type Component struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	License  string `json:"license"`
	Document string `json:"document"` // or the wheel that it is vendored in
	Label    string `json:"declared"`
	CPE      string `json:"cpe,omitempty"`
	PURL     string `json:"purl,omitempty"`
}

// maxWheel bounds the description of a wheel, in bytes.
const maxWheel = 1 << 20

func runTable(_ context.Context, call action.Call) error {
	var p TableParams
	if err := call.Params(&p); err != nil {
		return err
	}
	severity := new(finding.Severity)
	if err := severity.UnmarshalText([]byte(p.Skew)); err != nil {
		return &diag.Error{Attr: "skew", Msg: err.Error()}
	}
	all, err := components(call, p)
	if err != nil {
		return err
	}
	for _, f := range append(skews(all, *severity), licenses(all, p)...) {
		call.Report(f)
	}
	if err := action.WriteOutput(call, "table", text(all)); err != nil {
		return err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(map[string][]Component{"components": all}); err != nil {
		return err
	}
	return action.WriteOutput(call, "json", b.Bytes())
}

// components returns everything that is listed, by name (without regard to case), then version, then document.
func components(call action.Call, p TableParams) ([]Component, error) {
	all := []Component{}
	add := func(document, label string, m spdx.Metadata) {
		all = append(all, Component{m.Name, m.Version, cmp.Or(m.License, ident.NoAssertion), document, label, m.CPE, m.PURL})
	}
	for _, d := range p.Documents {
		for _, m := range d.Packages {
			add(d.Label, m.Label, m)
		}
	}
	files := call.Files("wheels")
	if len(files) != len(p.Wheels) {
		return nil, fmt.Errorf("there are %d wheels, but %d descriptions of wheels", len(p.Wheels), len(files))
	}
	for i, f := range files {
		data, err := call.Read(f, maxWheel)
		if err != nil {
			return nil, err
		}
		w, err := spdx.ParseWheel(data)
		if err != nil {
			return nil, err
		}
		for _, m := range append([]spdx.Metadata{w.Package}, w.Vendored...) {
			add(p.Wheels[i], p.Wheels[i], m)
		}
	}
	slices.SortStableFunc(all, func(a, b Component) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Name, b.Name), compareVersions(a.Version, b.Version),
			strings.Compare(a.Document, b.Document), strings.Compare(a.Label, b.Label))
	})
	return all, nil
}

// text is the table for people: columns as wide as what is in them.
func text(all []Component) []byte {
	rows := [][]string{{"COMPONENT", "VERSION", "LICENCE", "IN", "DECLARED BY"}}
	for _, c := range all {
		rows = append(rows, []string{c.Name, c.Version, c.License, c.Document, c.Label})
	}
	var b bytes.Buffer
	for _, line := range align(rows) {
		b.WriteString(line + "\n")
	}
	return b.Bytes()
}

// align returns rows as lines whose columns begin under each other.
func align(rows [][]string) []string {
	var width []int
	for _, r := range rows {
		for i, cell := range r {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	lines := make([]string, len(rows))
	for n, r := range rows {
		var b strings.Builder
		for i, cell := range r {
			b.WriteString(cell)
			if i < len(r)-1 {
				b.WriteString(strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		lines[n] = b.String()
	}
	return lines
}

// licenses reports the components whose licence is not allowed, those of one declaration and licence together.
func licenses(all []Component, p TableParams) []finding.Finding {
	if len(p.Allowed) == 0 {
		return nil
	}
	type key struct{ label, license string }
	names := map[key][]string{}
	var keys []key
	for _, c := range all {
		if len(ident.NotAllowed(c.License, p.Allowed)) == 0 {
			continue
		}
		k := key{c.Label, c.License}
		if names[k] == nil {
			keys = append(keys, k)
		}
		if n := c.Name + " " + c.Version; !slices.Contains(names[k], n) {
			names[k] = append(names[k], n)
		}
	}
	var out []finding.Finding
	for _, k := range keys {
		f := finding.Finding{Rule: RuleLicense, Severity: finding.Error, Label: k.label, Attr: "license", Declared: k.license}
		who := names[k]
		verb := "is"
		if len(who) > 1 {
			verb = "are"
		}
		if k.license == ident.NoAssertion {
			f.Msg = fmt.Sprintf("licence of %s is not stated, and %s does not allow that", few(who), p.Label)
			f.Hints = []string{`set license to what the project's own licence file says`}
		} else {
			missing := ident.NotAllowed(k.license, p.Allowed)
			f.Msg = fmt.Sprintf("%s %s under %s, but %s does not allow %s", few(who), verb, k.license, p.Label, strings.Join(missing, " and "))
			f.Hints = []string{fmt.Sprintf("if it is acceptable, add %q to allowed_licenses of %s", missing[0], p.Label)}
		}
		out = append(out, f)
	}
	return out
}

// few names the first of a list and counts the rest.
func few(names []string) string {
	const most = 4
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most-1], ", "), len(names)-most+1)
}
