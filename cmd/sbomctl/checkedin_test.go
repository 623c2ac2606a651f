package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheckedInReal: the two documents of the real 3.13.5 are what upstream's own declarations make of the tree; each way in which a tree or a
// declaration moves away from them is found, and regen writes what may be written.
func TestCheckedInReal(t *testing.T) {
	const sbom, externals = "tree/Misc/sbom.spdx.json", "tree/Misc/externals.spdx.json"
	w := emptyWorkspace(t)
	copyTree(t, filepath.Join(repository, "testdata/golden/workspace"), w.root)
	realFiles(t, w, "Modules", "Misc", "Lib/ctypes/macholib", "Lib/ensurepip", "Include/patchlevel.h", "PCbuild/get_externals.bat")
	for name, path := range map[string]string{"base_sbom": "sbom", "source_deps_sbom": "externals"} {
		w.edit("BUILD.star", `    name = "`+name+`",`, `    name = "`+name+`", checked_in = "Misc/`+path+`.spdx.json", tree = ":cpython",`)
	}
	golden, err := os.ReadFile(filepath.Join(repository, "testdata/golden/Misc-sbom.spdx.json"))
	if err != nil || w.read(sbom) != string(golden) {
		t.Fatalf("the tree's document is not the golden one: %v", err)
	}
	run := func(command ...string) result {
		t.Helper()
		return w.run(append(command, "--disk_cache="+w.cache, "--override=//:cpython="+w.path("tree"), "//:base_sbom", "//:source_deps_sbom")...)
	}
	count := func(r result) string {
		return strings.Repeat("drift ", strings.Count(r.stdout, " [drift]\n")) + strings.Repeat("stale ", strings.Count(r.stdout, " [stale]\n"))
	}
	if r := run("check"); count(r) != "" || r.code != 3 || !strings.Contains(r.stdout, `version is "2.7.1" here, but "2.6.3" is declared`) {
		t.Fatalf("as released: exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	for _, c := range []struct {
		change, file, old, new string
		found                  string // the rules
		want                   string
	}{
		{"a vendored file", "tree/Modules/_decimal/libmpdec/mpdecimal.c", "#include", "/* x */ #include", "drift ",
			`still "2.5.1": Modules/_decimal/libmpdec/mpdecimal.c changed [drift]`},
		{"another version", "BUILD.star", `version = "2.5.1"`, `version = "2.5.2"`, "stale ",
			`package "mpdecimal": versionInfo is "2.5.1" here, but "2.5.2" is declared [stale]`},
		{"a licence", "BUILD.star", `    name = "libb2",`, `    name = "libb2", license = "CC0-1.0",`, "stale ",
			`package "libb2": licenseConcluded is not stated here, but "CC0-1.0" is declared [stale]`},
		{"a package less", "BUILD.star", "        \":libb2\",\n", "", "stale ", `package "libb2" 0.98.1 is in here, but not declared any more [stale]`},
		{"a dep less", "BUILD.star", `for name, _, _, _ in SOURCE_DEPS],`, `for name, _, _, _ in SOURCE_DEPS if name != "xz"],`, "stale ",
			`package "xz" 5.2.5 is in here, but not declared any more [stale]`},
		{"a checksum in the document", externals, "ab8d1b0cc087c20d4c32c0e4fcf7d0c733a95da12cedc6d63b3f0a9af07427e2", "00000000c087c20d4c32c0e4fcf7d0c733a95da12cedc6d63b3f0a9af07427e2", "stale ",
			`package "bzip2": checksums.SHA256 is "00000000`},
		{"white space in the document", sbom, "{\n", "{ \n", "stale ", `says what is built, but its white space is other than what is written [stale]`},
	} {
		before := w.read(c.file)
		if !strings.Contains(before, c.old) {
			t.Fatalf("%s: %s has no %q", c.change, c.file, c.old)
		}
		w.write(c.file, strings.Replace(before, c.old, c.new, 1))
		if r := run("check"); count(r) != c.found || !strings.Contains(r.stdout, c.want) {
			t.Errorf("%s: found %q, want %s\n%s%s", c.change, count(r), c.want, r.stdout, r.stderr)
		}
		w.write(c.file, before)
	}

	// What evidence contradicts is not written, even where the document is gone; the other document is.
	released := w.read(externals)
	for _, name := range []string{sbom, externals} {
		if err := os.Remove(w.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	if r := run("check"); count(r) != "stale stale " {
		t.Errorf("both gone: %s", r.stdout)
	}
	r := run("regen")
	if _, err := os.Stat(w.path(sbom)); r.code != 1 || !os.IsNotExist(err) || !strings.Contains(r.stderr, "Misc/sbom.spdx.json is not written until that is settled") {
		t.Errorf("regen: exit %d, %v\n%s", r.code, err, r.stderr)
	}
	if w.read(externals) != released {
		t.Error("the other document has other bytes than upstream's")
	}
}
