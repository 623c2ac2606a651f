package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/rules/archive/xz"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// realTree unpacks what import reads of the real CPython 3.13.5, as a git checkout, so that upstream's own script works in it.
func realTree(t testing.TB) string {
	return realTreeOf(t, "Misc/sbom.spdx.json", "Misc/externals.spdx.json", "Tools/build/generate_sbom.py", "PCbuild/get_externals.bat", "Mac/BuildScript/build-installer.py",
		"Tools/build/regen-configure.sh", "Include/patchlevel.h", "Modules/expat/", "Modules/_hacl/", "Modules/_blake2/impl/", "Lib/ctypes/macholib/", "Modules/_decimal/libmpdec/")
}

// realTreeOf unpacks the files of the real CPython 3.13.5 whose paths begin so.
func realTreeOf(t testing.TB, wanted ...string) string {
	f, err := os.Open(filepath.Join(distdir(t), "Python-3.13.5.tar.xz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unpacked := xz.NewReader(f, 1<<30)
	root := filepath.Join(t.TempDir(), "cpython")
	for r := tar.NewReader(unpacked); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(h.Name, "Python-3.13.5/")
		if h.Typeflag != tar.TypeReg || !slices.ContainsFunc(wanted, func(w string) bool { return strings.HasPrefix(name, w) }) {
			continue
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		writeIn(t, root, name, string(content))
	}
	return root
}

func writeIn(t testing.TB, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func readIn(t testing.TB, root, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// replaceIn replaces text in a file of a tree; that the text is there is part of the test.
func replaceIn(t testing.TB, root, name string, pairs ...string) {
	t.Helper()
	text := readIn(t, root, name)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("%s does not have %q", name, pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	writeIn(t, root, name, text)
}

// regenerate has upstream's own script write the tree's documents, so that what import makes is held against what
// upstream would have released. It needs Python and git.
func regenerate(t testing.TB, root string) {
	t.Helper()
	for _, args := range [][]string{{"git", "init", "-q", "."}, {"python3", "Tools/build/generate_sbom.py"}} {
		if _, err := exec.LookPath(args[0]); err != nil {
			t.Skip(args[0] + " is not there to run upstream's script")
		}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = root
		cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "CI=") || strings.HasPrefix(s, "GIT_") })
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
}

// addPackage adds a package to a document, before the first.
func addPackage(t testing.TB, root, doc, name, version, url, cpe string) {
	t.Helper()
	var d map[string]any
	if err := json.Unmarshal([]byte(readIn(t, root, doc)), &d); err != nil {
		t.Fatal(err)
	}
	d["packages"] = slices.Insert(d["packages"].([]any), 0, any(map[string]any{
		"SPDXID": spdx.ID("SPDXRef-PACKAGE-" + name), "name": name, "versionInfo": version, "downloadLocation": url, "licenseConcluded": "NOASSERTION", "primaryPackagePurpose": "SOURCE",
		"originator":   "Organization: S\u00e9n\u00e9 & <Fils> \U0001F40D",
		"checksums":    []any{map[string]any{"algorithm": "SHA256", "checksumValue": strings.Repeat("0a", 32)}},
		"externalRefs": []any{map[string]any{"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": cpe}},
	}))
	b, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	writeIn(t, root, doc, string(b)) // upstream's script puts it in shape
}

// exit runs a command with the workspace's cache, and returns what it said and its exit code.
func (w *realWorkspace) exit(command string, args ...string) (stderr string, code int) {
	r := w.run(append([]string{command, "--disk_cache=" + w.cache}, args...)...)
	return r.stderr, r.code
}

// TestImportReal: the real tree, and variations of it, whose documents upstream's own script has written.
func TestImportReal(t *testing.T) {
	tree := realTree(t)
	const expatNow, expatWas = "0cce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2", "17aa6cfc5c4c219c09287abfc10bc13f0c06f30bb654b28bfe6f567ca646eb79"
	agree := func(t *testing.T, root string) {
		replaceIn(t, root, "Misc/sbom.spdx.json", "2.6.3", "2.7.1", "R_2_6_3", "R_2_7_1", expatWas, expatNow)
	}
	for _, v := range []struct {
		name       string
		change     func(t *testing.T, root string)
		says       []string // beside what is always said
		never      []string
		exit       int // of import
		exitCheck  int
		documents  int // that come out byte for byte
		regenerate bool
	}{
		{name: "as it is", exitCheck: 3, documents: 2, says: []string{
			"Modules/expat/expat.h:1069:27: //:expat: the tree states version 2.7.1 here, but Misc/sbom.spdx.json:1580:22 says 2.6.3",
			"Modules/expat/refresh.sh:16:28: //:expat: the tree states version 2.7.1 here",
			"Modules/expat/refresh.sh:17:27: //:expat: the tree states sha256 " + expatNow + " here",
			`Tools/build/generate_sbom.py:63:13: exclude "Modules/_hacl/refresh.sh" of package "expat" excludes nothing; did you mean "Modules/expat/refresh.sh"?`,
			`Tools/build/generate_sbom.py:82:13: exclude "Modules/_hacl/python_hacl_namespace.h" of package "hacl-star" excludes nothing; did you mean "Modules/_hacl/python_hacl_namespaces.h"?`,
			"Tools/build/regen-configure.sh:8:8: the container image ghcr.io/python/autoconf:2024.10.16.11360930377 is not pinned",
			"declared 5 vendored packages, 9 source dependencies of Windows and 7 of macOS"}},
		{name: "the SBOM put right", regenerate: true, documents: 2, change: agree, never: []string{"the tree states"}},
		{name: "another version", regenerate: true, documents: 2, never: []string{"the tree states"}, change: func(t *testing.T, root string) {
			agree(t, root)
			replaceIn(t, root, "Misc/sbom.spdx.json", "2.7.1", "2.18.0", "R_2_7_1", "R_2_18_0", "2.5.1", "2.5.2")
			replaceIn(t, root, "Modules/expat/expat.h", "#define XML_MINOR_VERSION 7\n#define XML_MICRO_VERSION 1", "#define XML_MINOR_VERSION 18\n#define XML_MICRO_VERSION 0")
			replaceIn(t, root, "Modules/expat/refresh.sh", "2.7.1", "2.18.0")
			replaceIn(t, root, "Modules/_decimal/libmpdec/mpdecimal.h", "MPD_MICRO_VERSION 1", "MPD_MICRO_VERSION 2", `"2.5.1"`, `"2.5.2"`)
			replaceIn(t, root, "Misc/externals.spdx.json", "3.0.16", "3.0.20")
			replaceIn(t, root, "PCbuild/get_externals.bat", "openssl-3.0.16", "openssl-3.0.20")
		}},
		{name: "a version of an external", documents: 2, exitCheck: 3, says: []string{
			"PCbuild/get_externals.bat:56:73: //:windows/openssl: the tree states version 3.0.17 here, but Misc/externals.spdx.json:87:22 says 3.0.16"},
			change: func(t *testing.T, root string) {
				agree(t, root)
				replaceIn(t, root, "PCbuild/get_externals.bat", "openssl-3.0.16", "openssl-3.0.17")
			}},
		{name: "a package and an external more", regenerate: true, documents: 2, says: []string{"declared 6 vendored packages, 10 source dependencies"}, never: []string{"the tree states"},
			change: func(t *testing.T, root string) {
				agree(t, root)
				writeIn(t, root, "Modules/new+lib/{x}.c", "int x;\r\n")
				writeIn(t, root, "Modules/new+lib/sub/y.bin", "\x00\r\n")
				writeIn(t, root, "Modules/new+lib/[ours].h", "ours\n")
				writeIn(t, root, "Modules/new+lib/newlib.h", "#define NEWLIB_VERSION \"0.9\"\n#define GCC_VERSION \"13.2\"\n")
				addPackage(t, root, "Misc/sbom.spdx.json", "new+lib", "0.9", "https://example.org/10.9/new-0.9.tgz", "cpe:2.3:a:x:new:0.9:*:*:*:*:*:*:*")
				replaceIn(t, root, "Tools/build/generate_sbom.py", "PACKAGE_TO_FILES = {\n", `PACKAGE_TO_FILES = {
    # One with other quotes, and brackets.
    'new+lib': PackageFiles([r'Modules/new+lib/s*/**', 'Modules/new+lib/*'], exclude=('Modules/new+lib/' "[ours].h",)),
`)
				addPackage(t, root, "Misc/externals.spdx.json", "zlib-ng", "2.2.4", "https://github.com/python/cpython-source-deps/archive/refs/tags/zlib-ng-2.2.4.tar.gz", "cpe:2.3:a:zlib-ng:zlib-ng:2.2.4:*:*:*:*:*:*:*")
				replaceIn(t, root, "PCbuild/get_externals.bat", "zlib-1.3.1\r\n", "zlib-1.3.1\r\nset libraries=%libraries%    zlib-ng-2.2.4\r\n")
			}},
		{name: "a file missing", exit: 3, exitCheck: 3, documents: 1, says: []string{`//:base_sbom does not come out as the document is: package "expat" has 21 files in the document (the former) and 20 in the tree (the latter): Modules/expat/ascii.h is only in the former`},
			change: func(t *testing.T, root string) {
				agree(t, root)
				if err := os.Remove(filepath.Join(root, "Modules/expat/ascii.h")); err != nil {
					t.Fatal(err)
				}
			}},
		{name: "a file edited", exit: 3, exitCheck: 3, documents: 1, says: []string{`package "libb2" has 14 files in the document (the former) and 14 in the tree (the latter): Modules/_blake2/impl/blake2.h has SHA-256 `},
			change: func(t *testing.T, root string) {
				agree(t, root)
				replaceIn(t, root, "Modules/_blake2/impl/blake2.h", "BLAKE2", "BLAKE3")
			}},
		{name: "a package without files", exit: 3, exitCheck: 3, documents: 1, says: []string{
			`package "certifi" has no file in the tree, and a base SBOM lists packages that have; it is not declared`, "declared 5 vendored packages"},
			never: []string{`says nothing of package "certifi"`, `package "certifi" is not declared`},
			change: func(t *testing.T, root string) { // as 3.12.2 has it: what pip vendors is inside of its wheel
				agree(t, root)
				addPackage(t, root, "Misc/sbom.spdx.json", "certifi", "2023.7.22", "https://example.org/certifi-2023.7.22.whl", "cpe:2.3:a:x:certifi:2023.7.22:*:*:*:*:*:*:*")
			}},
		{name: "another end of the file", exit: 3, exitCheck: 3, documents: 1, says: []string{"Misc/externals.spdx.json:", "//:source_deps_sbom does not come out as the document is: it says the same in another order or with other spaces"},
			change: func(t *testing.T, root string) {
				agree(t, root)
				writeIn(t, root, "Misc/externals.spdx.json", readIn(t, root, "Misc/externals.spdx.json")+"\n")
			}},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			w := &realWorkspace{TB: t, root: filepath.Join(t.TempDir(), "cpython"), cache: filepath.Join(t.TempDir(), "cache")}
			copyTree(t, tree, w.root)
			if v.change != nil {
				v.change(t, w.root)
			}
			if v.regenerate {
				regenerate(t, w.root)
			}
			stderr, code := w.exit("import", w.root)
			if code != v.exit {
				t.Errorf("import ended with %d, want %d", code, v.exit)
			}
			for _, s := range v.says {
				if !strings.Contains(stderr, s) {
					t.Errorf("it does not say %s", s)
				}
			}
			for _, s := range v.never {
				if strings.Contains(stderr, s) {
					t.Errorf("it says %s", s)
				}
			}
			if n := strings.Count(stderr, "comes out as it is in the tree, byte for byte"); n != v.documents {
				t.Errorf("%d documents come out, want %d", n, v.documents)
			}
			if t.Failed() {
				t.Log(stderr)
			}
			// The documents are written whether what they say is right or not; that it is not fails the build.
			wantBuild := 0
			if v.exitCheck != 0 {
				wantBuild = 1
			}
			if stderr, code := w.exit("build", "//:base_sbom", "//:source_deps_sbom"); code != wantBuild {
				t.Errorf("build ended with %d, want %d\n%s", code, wantBuild, stderr)
			}
			same := 0
			for out, doc := range map[string]string{"sbom-out/base_sbom.spdx.json": "Misc/sbom.spdx.json", "sbom-out/source_deps_sbom.spdx.json": "Misc/externals.spdx.json"} {
				if bytes.Equal([]byte(w.read(out)), []byte(w.read(doc))) {
					same++
				}
			}
			if same != v.documents {
				t.Errorf("%d documents are those of the tree, want %d", same, v.documents)
			}
			if stderr, code := w.exit("check", "//..."); code != v.exitCheck {
				t.Errorf("check ended with %d, want %d\n%s", code, v.exitCheck, stderr)
			}
		})
	}
}

// TestImportBump: what import finds wrong in 3.13.5 is put right with two commands, and then nothing contradicts it.
func TestImportBump(t *testing.T) {
	w := &realWorkspace{TB: t, root: realTree(t), cache: filepath.Join(t.TempDir(), "cache")}
	was := w.read("Misc/sbom.spdx.json")
	for _, step := range []struct {
		args []string
		exit int
	}{
		{[]string{"import", w.root}, 0},
		{[]string{"fmt", "--check"}, 0}, // it is written in the one layout
		{[]string{"check", "//:all"}, 3},
		{[]string{"bump", "//:expat", "2.7.1"}, 0}, // with the checksum that refresh.sh states
		{[]string{"check", "//:all"}, 3},           // the checked-in document is stale
		{[]string{"regen", "//:base_sbom"}, 0},
		{[]string{"check", "//:all"}, 0},
		{[]string{"build", "//:base_sbom", "//:source_deps_sbom"}, 0},
	} {
		if stderr, code := w.exit(step.args[0], step.args[1:]...); code != step.exit {
			t.Fatalf("%v ended with %d, want %d\n%s", step.args, code, step.exit, stderr)
		}
	}
	want := strings.NewReplacer("2.6.3", "2.7.1", "R_2_6_3", "R_2_7_1",
		"17aa6cfc5c4c219c09287abfc10bc13f0c06f30bb654b28bfe6f567ca646eb79", "0cce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2").Replace(was)
	if got := w.read("Misc/sbom.spdx.json"); got != want {
		t.Error("the document differs in more, or in less, than the version, the URL, the checksum and the CPE of expat")
	}
}
