package spdx

import (
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/rules/ident"
)

// reportIdentifiers tells what ident has to say of the identifiers of packages, each of which is valid.
func reportIdentifiers(call action.Call, packages []Metadata) {
	for _, m := range packages {
		for _, f := range ident.Review(ident.Declared{Name: m.Name, Version: m.Version, License: m.License, URL: m.DownloadURL,
			SHA256: m.SHA256, MD5: m.MD5, CPE: m.CPE, PURL: m.PURL}) {
			f.Label = m.Label
			call.Report(f)
		}
	}
}
