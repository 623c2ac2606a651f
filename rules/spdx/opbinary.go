package spdx

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// BinaryParams are the parameters of "spdx.binary". Inputs: "artifact" (none when its checksum is
// declared), "sha512" (output of "spdx.sha512", where it is hashed), "wheels" (outputs of "wheel.packages"), "license:LABEL" (the files
// of that target's LicenseRefs). Output: "document". That
// the artifact is of the tree's version is for "spdx.version" to check: no file of the tree is an
// input here.
type BinaryParams struct {
	Artifact string  `json:"artifact"`          // file name
	SHA256   string  `json:"sha256"`            // declared; "" when the artifact is an input
	SHA512   string  `json:"sha512,omitempty"`  // declared, likewise; "" is not known
	Unknown  string  `json:"unknown,omitempty"` // why nobody knows its checksum
	URL      string  `json:"url,omitempty"`     // where it is published; "" is where the product says, NOASSERTION nowhere
	Product  Product `json:"product"`
	Purpose  string  `json:"purpose,omitempty"` // primaryPackagePurpose; default APPLICATION

	Deps     []Metadata     `json:"deps"`               // source dependencies, in declared order
	Base     []Metadata     `json:"base"`               // the vendored packages, likewise
	Packages []Metadata     `json:"packages,omitempty"` // more packages
	Wheels   []WheelContext `json:"wheels,omitempty"`   // of the files of the input "wheels", in their order; none: all are contained
}

// WheelContext is what is declared of a wheel beside what is in it.
type WheelContext struct {
	Label string              `json:"label"` // the declaring target
	Only  map[string][]string `json:"only,omitempty"`
	NotIn map[string][]string `json:"not_in,omitempty"`
}

func runBinary(_ context.Context, call action.Call) error {
	var p BinaryParams
	if err := call.Params(&p); err != nil {
		return err
	}
	a, err := p.Product.Naming.Artifact(p.Artifact)
	if err != nil {
		return err
	}
	in := BinaryInput{Artifact: a, Sums: Sums{SHA256: p.SHA256, Unknown: p.Unknown, URL: p.URL}, Product: p.Product, Purpose: cmp.Or(p.Purpose, purposeApplication)}
	if err := checkPurpose(in.Purpose); err != nil {
		return err
	}
	if files := call.Files("artifact"); len(files) > 0 {
		f, err := action.OnlyFile(call, "artifact")
		if err != nil {
			return err
		}
		if got := f.Digest.Hex(); p.SHA256 != "" && p.SHA256 != got {
			return &diag.Error{Msg: fmt.Sprintf("SHA-256 of %s is %s, but %s is declared", a.Name, got, p.SHA256)}
		}
		in.Sums.SHA256 = f.Digest.Hex()
	}
	if in.Sums.SHA256 == "" && p.Unknown == "" {
		return &diag.Error{Msg: fmt.Sprintf("artifact %s has neither a file nor a declared sha256", a.Name)}
	}
	if in.Sums.SHA512, err = hashedSHA512(call, p.SHA512); err != nil {
		return err
	}
	wheels, err := readWheels(call)
	if err != nil {
		return err
	}
	if err := p.check(wheels); err != nil {
		return err
	}
	deps := contained(slices.Concat(p.Deps, p.Packages), a, &in.left)
	base := replaced(contained(p.Base, a, &in.left), deps, &in.left)
	in.Wheels = p.containedWheels(wheels, a, &in.left)
	scope := p.Product.scope(a)
	if in.Deps, err = packagesOf(deps, scope); err != nil {
		return err
	}
	if in.Base, err = packagesOf(base, scope); err != nil {
		return err
	}
	if in.Licenses, err = licensesOf(call, &p.Product, deps, base, wheelMetadata(in.Wheels)); err != nil {
		return err
	}
	doc, err := Binary(in)
	if err != nil {
		return err
	}
	if p.Unknown != "" {
		call.Report(finding.Finding{Rule: UnknownSumID, Severity: finding.Note, Attr: "artifact", Msg: fmt.Sprintf("the checksum of %s is not known: %s", a.Name, p.Unknown)})
	}
	reportUnknown(call, p.Product, deps, base, wheelMetadata(in.Wheels))
	return writeDocument(call, doc)
}

// check reports conditions that no artifact fulfils, and packages to be replaced that are not there.
func (p BinaryParams) check(wheels []Wheel) error {
	var errs diag.List
	add := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	if len(p.Wheels) > 0 && len(p.Wheels) != len(wheels) {
		return fmt.Errorf("%d wheels are declared, and there are %d", len(p.Wheels), len(wheels))
	}
	declared := slices.Concat(p.Deps, p.Packages)
	conditions := p.Product.Naming.conditionChecker()
	for _, m := range slices.Concat(declared, p.Base) {
		add(conditions.check(m.Label, m.Only, m.NotIn))
	}
	for _, w := range p.Wheels {
		add(conditions.check(w.Label, w.Only, w.NotIn))
	}
	add(checkReplaces(declared, p.Base))
	return errs.Err()
}

// containedWheels are the wheels that the artifact contains.
func (p BinaryParams) containedWheels(wheels []Wheel, a Artifact, left *[]absence) []Wheel {
	if len(p.Wheels) == 0 {
		return wheels
	}
	var out []Wheel
	for i, w := range wheels {
		if why, ok := conditionsHold(p.Wheels[i].Only, p.Wheels[i].NotIn, a); !ok {
			*left = append(*left, absence{w.Package.Name, w.Package.Version, why})
			continue
		}
		out = append(out, w)
	}
	return out
}
