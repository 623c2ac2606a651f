package spdx

import (
	"context"
	"fmt"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
)

// BinaryParams are the parameters of "spdx.binary". Inputs: "artifact" (none when its checksum is
// declared), "sha512" (output of "spdx.sha512", where it is hashed), "wheels" (outputs of "wheel.packages"), "license:LABEL" (the files
// of that target's LicenseRefs). Output: "document". That
// the artifact is of the tree's version is for "spdx.version" to check: no file of the tree is an
// input here.
type BinaryParams struct {
	Artifact string  `json:"artifact"`         // file name
	SHA256   string  `json:"sha256"`           // declared; "" when the artifact is an input
	SHA512   string  `json:"sha512,omitempty"` // declared, likewise; "" is not known
	Platform Kind    `json:"platform"`         // "windows" or "macos"
	Product  Product `json:"product"`

	Deps []Metadata `json:"deps"` // the platform's source deps, in declared order
	Base []Metadata `json:"base"` // the vendored packages, likewise
}

func runBinary(_ context.Context, call action.Call) error {
	var p BinaryParams
	if err := call.Params(&p); err != nil {
		return err
	}
	if p.Platform != WindowsKind && p.Platform != MacOSKind {
		return &diag.Error{Msg: fmt.Sprintf("platform %q is not \"windows\" or \"macos\"", p.Platform)}
	}
	a, err := artifactOf(p.Artifact, p.Platform)
	if err != nil {
		return err
	}
	in := BinaryInput{Artifact: a, SHA256: p.SHA256, SHA512: p.SHA512, Product: p.Product}
	if files := call.Files("artifact"); len(files) > 0 {
		f, err := single(call, "artifact")
		if err != nil {
			return err
		}
		if got := f.Digest.Hex(); p.SHA256 != "" && p.SHA256 != got {
			return &diag.Error{Msg: fmt.Sprintf("SHA-256 of %s is %s, but %s is declared", a.Name, got, p.SHA256)}
		}
		in.SHA256 = f.Digest.Hex()
	}
	if in.SHA256 == "" {
		return &diag.Error{Msg: fmt.Sprintf("artifact %s has neither a file nor a declared sha256", a.Name)}
	}
	if in.SHA512, err = hashedSHA512(call, p.SHA512); err != nil {
		return err
	}
	scope := p.Product.scope(a)
	if in.Deps, err = packagesOf(p.Deps, scope); err != nil {
		return err
	}
	if in.Base, err = packagesOf(p.Base, scope); err != nil {
		return err
	}
	if in.Wheels, err = readWheels(call); err != nil {
		return err
	}
	if in.Licenses, err = licensesOf(call, &p.Product, p.Deps, p.Base, wheelMetadata(in.Wheels)); err != nil {
		return err
	}
	doc, err := Binary(in)
	if err != nil {
		return err
	}
	reportUnknown(call, p.Product, p.Deps, p.Base, wheelMetadata(in.Wheels))
	return writeDocument(call, doc)
}
