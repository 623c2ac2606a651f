package spdx

import (
	"strings"
	"testing"
)

// TestWheelPackagesToldApart: two wheels vendor one project at two versions, or at one from two places; in both profiles each copy is a
// package of its own, and related to the wheel that has it.
func TestWheelPackagesToldApart(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	vendored := func(version, url string) []Metadata {
		return []Metadata{{Name: "packaging", Version: version, DownloadURL: url, PURL: "pkg:pypi/packaging@" + version}}
	}
	wheels := []Wheel{
		{Package: Metadata{Name: "pip", Version: "24.2", SHA256: sum}, Vendored: vendored("24.1", "https://example.org/a")},
		{Package: Metadata{Name: "wheel", Version: "0.43.0", SHA256: sum}, Vendored: vendored("24.0", "https://example.org/b")},
		{Package: Metadata{Name: "setuptools", Version: "70", SHA256: sum}, Vendored: vendored("24.0", "https://example.org/c")},
		{Package: Metadata{Name: "flit", Version: "3", SHA256: sum}, Vendored: vendored("24.1", "https://example.org/a")},
	}
	for _, profile := range []Profile{Upstream, Complete} {
		in := binaryInput(t, "python-3.13.5-amd64.exe", 'A')
		in.Product.Profile, in.Wheels = profile, wheels
		doc, err := Binary(in)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, r := range doc.Relationships {
			if r.Type == dependsOn && strings.HasPrefix(r.Related, "SPDXRef-PACKAGE-packaging") {
				got[strings.TrimPrefix(r.Element, packagePrefix)] = strings.TrimPrefix(r.Related, packagePrefix)
			}
		}
		for wheel, want := range map[string]string{"pip": "packaging", "wheel": "packaging-24.0", "setuptools": "packaging-24.0-in-setuptools", "flit": "packaging"} {
			if got[wheel] != want {
				t.Errorf("%s: the one in %s is %q, want %q", profile, wheel, got[wheel], want)
			}
		}
	}
}
