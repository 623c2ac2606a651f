package spdx

import (
	"fmt"
	"reflect"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/ident"
)

// wheelPackage is a package that a wheel brought, and its identifier.
type wheelPackage struct {
	Metadata
	id string
}

// addWheels adds each wheel, which is part of the product, and what it vendors, which is part of the wheel.
func (r *release) addWheels(wheels []Wheel) error {
	var errs diag.List
	for _, w := range wheels {
		id, err := r.addWheelPackage(w.Package, w.Package.Name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		r.include(r.product.ID, id)
		for _, m := range w.Vendored {
			dep, err := r.addWheelPackage(m, w.Package.Name)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			r.include(id, dep)
		}
	}
	return errs.Err()
}

// addWheelPackage returns the identifier of m's package, which it adds unless another wheel has
// brought the very same one. An identifier that another package has (the real pip 24.2 vendors packaging 24.1, wheel 0.43.0
// packaging 24.0) is told apart by the version, and where that is the same by the wheel.
func (r *release) addWheelPackage(m Metadata, wheel string) (string, error) {
	for _, before := range r.wheels {
		if reflect.DeepEqual(before.Metadata, m) {
			return before.id, nil
		}
	}
	p, err := m.pkg(ident.PURLOf)
	if err != nil {
		return "", err
	}
	r.scope.complete(&p, m)
	for _, value := range []string{byName(&p), byNameAndVersion(&p), byNameAndVersion(&p) + "-in-" + wheel} {
		if id, fresh := r.ids.assign(value); fresh {
			p.ID = id
			r.wheels = append(r.wheels, wheelPackage{m, id})
			r.Packages = append(r.Packages, p)
			return id, nil
		}
	}
	return "", &diag.Error{Label: m.Label, Msg: fmt.Sprintf("the wheel of %s vendors %s %s twice, and differently", wheel, m.Name, m.Version)}
}
