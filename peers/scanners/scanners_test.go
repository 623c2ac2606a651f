package scanners

import (
	"os"
	"slices"
	"testing"

	"github.com/anchore/grype/grype/pkg"
	"github.com/anchore/syft/syft/cpe"
	"github.com/anchore/syft/syft/format"
)

// TestRoot: the small release at the root of the repository: two source archives, Windows, macOS.
func TestRoot(t *testing.T) { scan(t, build(t, ".")) }

// TestCPython: the documents of CPython 3.13.5.
func TestCPython(t *testing.T) {
	scan(t, build(t, "examples/cpython", "--distdir="+distdir(t, "Python-3.13.5.tar.xz")))
}

// TestGit: the documents of git 2.39.5.
func TestGit(t *testing.T) {
	if _, err := os.Stat(root + "/examples/git/BUILD.star"); err != nil {
		t.Skip("there is no examples/git")
	}
	scan(t, build(t, "examples/git", "--distdir="+distdir(t, "git-2.39.5.tar.xz")))
}

// scan reads every SBOM, in each of its formats, with both scanners.
func scan(t *testing.T, all []written) {
	for _, w := range all {
		product, parts := stated(t, w.document)
		for _, suffix := range suffixes {
			if w.files[suffix] == "" {
				continue
			}
			t.Run(w.name+suffix, func(t *testing.T) {
				want := append([]component{product}, parts...)
				t.Run("syft", func(t *testing.T) { compare(t, want, syftReads(t, w.files[suffix])) })
				t.Run("grype", func(t *testing.T) { compare(t, want, grypeReads(t, w.files[suffix])) })
			})
		}
	}
}

// syftReads are the packages that syft finds in a document.
func syftReads(t *testing.T, path string) (out []component) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, id, _, err := format.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if s == nil {
		t.Fatalf("syft does not know the format (%q)", id)
	}
	for p := range s.Artifacts.Packages.Enumerate() {
		out = append(out, component{p.Name, p.Version, p.PURL, texts(p.CPEs)})
	}
	return out
}

// grypeReads are the packages that grype would look vulnerabilities up for.
func grypeReads(t *testing.T, path string) (out []component) {
	t.Helper()
	packages, _, _, err := pkg.Provide("sbom:"+path, pkg.ProviderConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		out = append(out, component{p.Name, p.Version, p.PURL, texts(p.CPEs)})
	}
	return out
}

// texts are CPEs as they are written: what a scanner added of its own has another source than the document, and would be seen here.
func texts(cpes []cpe.CPE) (out []string) {
	for _, c := range cpes {
		out = append(out, c.Attributes.BindToFmtString())
	}
	slices.Sort(out)
	return out
}
