package spdx

import (
	"fmt"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/ident"
)

// Wheel is a bundled wheel and what is vendored in it: the output of the operation
// "wheel.packages", which release documents read.
type Wheel struct {
	Path     string     `json:"path"`    // in the source tree: "Lib/ensurepip/_bundled/pip-25.1.1-py3-none-any.whl"
	Package  Metadata   `json:"package"` // its sha256 is that of the wheel as it lies there
	Vendored []Metadata `json:"vendored"`
}

// ParseWheel decodes and checks a Wheel. Package URLs need not be in canonical form: upstream's
// keep the underscores of vendor.txt.
func ParseWheel(data []byte) (Wheel, error) {
	var w Wheel
	if err := decodeStrict(data, "description of a wheel", &w); err != nil {
		return Wheel{}, err
	}
	var errs diag.List
	for _, m := range append([]Metadata{w.Package}, w.Vendored...) {
		if _, err := m.pkg(ident.PURLOf); err != nil {
			errs = append(errs, err)
		}
		if m.Version == "" {
			errs = append(errs, prefix(&diag.Error{Msg: "is empty"}, m.Label, fmt.Sprintf("package %q: version", m.Name)))
		}
	}
	if err := ident.Checksum("SHA256", w.Package.SHA256); err != nil {
		errs = append(errs, prefix(err, "", fmt.Sprintf("wheel %q", w.Package.Name)))
	}
	return w, errs.Err()
}
