package spdx

import (
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/ident"
)

func readDocument(call action.Call, input, name string) (*Document, error) {
	f, err := action.OnlyFile(call, input)
	if err != nil {
		return nil, err
	}
	data, err := call.Read(f, MaxDocument)
	if err != nil {
		return nil, err
	}
	return Parse(name, data)
}

// packagesOf checks what is declared of packages, and returns them as documents of the scope have them.
func packagesOf(declared []Metadata, s scope) ([]Package, error) {
	packages := make([]Package, len(declared))
	var errs diag.List
	for i, m := range declared {
		var err error
		if packages[i], err = m.pkg(ident.PURL); err != nil { // a package URL must be in canonical form
			errs = append(errs, err)
		}
		s.complete(&packages[i], m)
	}
	return packages, errs.Err()
}

// wheelMetadata is what is known of wheels and what they vendor.
func wheelMetadata(wheels []Wheel) (out []Metadata) {
	for _, w := range wheels {
		out = append(append(out, w.Package), w.Vendored...)
	}
	return out
}

// readWheels reads the input "wheels".
func readWheels(call action.Call) ([]Wheel, error) {
	var wheels []Wheel
	var errs diag.List
	for _, f := range call.Files("wheels") {
		data, err := call.Read(f, maxMetadata)
		if err != nil {
			return nil, err
		}
		w, err := ParseWheel(data)
		if err != nil {
			errs = append(errs, err)
		}
		wheels = append(wheels, w)
	}
	return wheels, errs.Err()
}

func writeDocument(call action.Call, doc *Document) error {
	out, err := call.Create(outputDocument)
	if err != nil {
		return err
	}
	if err := doc.Write(out); err != nil {
		return err
	}
	return out.Close()
}
