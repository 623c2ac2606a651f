package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/rules/archive/xz"
)

// goldenTargets are the targets of testdata/golden/workspace, and the golden that the output of
// each equals.
var goldenTargets = map[string]string{
	"base_sbom":                             "Misc-sbom.spdx.json",
	"source_deps_sbom":                      "Misc-externals.spdx.json",
	"release/Python-3.13.5.tar.xz":          "Python-3.13.5.tar.xz.spdx.json",
	"release/python-3.13.5-amd64.exe":       "python-3.13.5-amd64.exe.spdx.json",
	"release/python-3.13.5-embed-amd64.zip": "python-3.13.5-embed-amd64.zip.spdx.json",
}

// TestGoldens builds what upstream's scripts wrote for CPython 3.13.5, byte for byte.
func TestGoldens(t *testing.T) {
	dist := distdir(t)
	w := emptyWorkspace(t)
	copyTree(t, filepath.Join(repository, "testdata/golden/workspace"), w.root)
	targets := []string{"//:base_sbom", "//:source_deps_sbom", "//release:all", "--distdir=" + dist}
	want := map[string]string{}
	for target, golden := range goldenTargets {
		b, err := os.ReadFile(filepath.Join(repository, "testdata/golden", golden))
		if err != nil {
			t.Fatal(err)
		}
		want[target+".spdx.json"] = string(b)
	}

	// With validations the command fails, and says which file of the tree contradicts what is
	// declared; nothing is held back for that.
	r := w.build(targets...)
	if r.code != 1 {
		t.Fatalf("exit %d, want 1\n%s", r.code, r.stderr)
	}
	sameOutputs(t, "with validations", w.outputs(), want)
	for _, contradiction := range []string{
		`Modules/expat/expat.h:`, `Modules/expat/refresh.sh:`, `2.7.1`, `2.6.3`,
		`0cce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2`, `17aa6cfc5c4c219c09287abfc10bc13f0c06f30bb654b28bfe6f567ca646eb79`,
	} {
		if !strings.Contains(r.stderr, contradiction) {
			t.Errorf("the errors do not say %q:\n%s", contradiction, r.stderr)
		}
	}
	if n := strings.Count(r.stderr, "sbomctl: error: "); n != 3 {
		t.Errorf("%d errors, want the three contradictions of expat:\n%s", n, r.stderr)
	}
	if r := w.build(targets...); r.code != 1 || len(r.executed()) > 0 {
		t.Errorf("a contradiction that was found is not found again: exit %d, executed %q", r.code, r.executed())
	}

	if err := os.RemoveAll(w.path(outDirName)); err != nil {
		t.Fatal(err)
	}
	w.mustBuild(append(targets, "--norun_validations")...)
	sameOutputs(t, "without validations", w.outputs(), want)

	t.Run("repacked", func(t *testing.T) { w.repacked(t, dist) })
}

// repacked builds the SBOM of the same tar archive, compressed otherwise: but for what says which
// file it is of, it is the golden.
func (w *realWorkspace) repacked(t *testing.T, dist string) {
	const xzName, gzName = "Python-3.13.5.tar.xz", "Python-3.13.5.tgz"
	f, err := os.Open(filepath.Join(dist, xzName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	xzSum, gzSum := sha256.New(), sha256.New()
	unpacked := xz.NewReader(io.TeeReader(f, xzSum), 1<<26)
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(io.MultiWriter(&packed, gzSum), gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(z, unpacked); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, f); err != nil { // what may stand behind the last block
		t.Fatal(err)
	}
	w.write("artifacts/"+gzName, packed.String())
	w.append("release/BUILD.star", `
source_sbom(
    name = "`+gzName+`",
    artifact = "//:artifacts/`+gzName+`",
    base = "//:base_sbom",
    wheels = ["//:pip"],
    product = "//:product",
)
`)
	w.mustBuild("//release:"+gzName, "--norun_validations", "--distdir="+dist)
	b, err := os.ReadFile(filepath.Join(repository, "testdata/golden", xzName+".spdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	golden, got := string(b), w.read("sbom-out/release/"+gzName+".spdx.json")
	for _, c := range []struct{ xz, gz string }{{xzName, gzName}, {hexSum(xzSum.Sum(nil)), hexSum(gzSum.Sum(nil))}} {
		if !strings.Contains(golden, c.xz) || !strings.Contains(got, c.gz) {
			t.Errorf("the golden does not have %s, or the document not %s", c.xz, c.gz)
		}
		golden = strings.ReplaceAll(golden, c.xz, c.gz)
	}
	if got == golden {
		return
	}
	a, g := strings.Split(golden, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(g)) {
		if a[i] != g[i] {
			t.Fatalf("line %d is\n%s\nwant\n%s", i+1, g[i], a[i])
		}
	}
	t.Fatalf("%d lines, want %d", len(g), len(a))
}

func hexSum(sum []byte) string { return hex.EncodeToString(sum) }
