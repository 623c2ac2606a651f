package main

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// The nodes of the repository's workspace that several rows of TestTable speak of.
var (
	sourceSBOMs = []string{
		"//release:files/Python-3.14.2.tgz Pack", "index of release/files/Python-3.14.2.tgz", "//release:Python-3.14.2.tgz Sha512", "//release:Python-3.14.2.tgz SourceSbom", "//release:Python-3.14.2.tgz Valid",
		"//release:files/Python-3.14.2.tar.xz Pack", "index of release/files/Python-3.14.2.tar.xz", "//release:Python-3.14.2.tar.xz Sha512", "//release:Python-3.14.2.tar.xz SourceSbom", "//release:Python-3.14.2.tar.xz Valid",
		"//release/score:Python-3.14.2.tgz Score",
	}
	windowsArtifacts = []string{
		"python-3.14.2-amd64.exe", "python-3.14.2-arm64.exe", "python-3.14.2.exe",
		"python-3.14.2-embed-amd64.zip", "python-3.14.2-embed-arm64.zip", "python-3.14.2-embed-win32.zip",
		"python-3.14.2t-amd64.zip", "python-3.14.2t-arm64.zip", "python-3.14.2t-win32.zip",
		"python-3.14.2-amd64.zip", "python-3.14.2-embeddable-amd64.zip", "python-3.14.2-test-amd64.zip", "python-3.14.2-amd64.msix",
		"python.3.14.2.nupkg", "python-freethreaded.3.14.2.nupkg",
	}
	macosArtifacts  = []string{"python-3.14.2-macos11.pkg"}
	mobileArtifacts = []string{"python-3.14.2-aarch64-linux-android.tar.gz", "python-3.14.2-x86_64-linux-android.tar.gz", "python-3.14.2-iOS-XCframework.tar.gz"}
	documentation   = []string{"python-3.14.2-docs-html.zip", "python-3.14.2-docs-text.zip", "python-3.14.2-docs-pdf-a4.zip", "python-3.14.2-docs-texinfo.zip", "python-3.14.2-docs.epub"}
	sourceArchives  = []string{"Python-3.14.2.tgz", "Python-3.14.2.tar.xz"}
	windowsSBOMs    = append(releaseNodes(windowsArtifacts, "BinarySbom", "Valid"), "//release/score:python-3.14.2-amd64.exe Score")
	macosSBOMs      = append(releaseNodes(macosArtifacts, "BinarySbom", "Valid"), "//release/score:python-3.14.2-macos11.pkg Score")
	mobileSBOMs     = releaseNodes(mobileArtifacts, "BinarySbom", "Valid")
	unclaimed       = "//:inventory Unclaimed" // which looks at every file of the tree
	versionChecks   = releaseNodes(slices.Concat(windowsArtifacts, macosArtifacts, mobileArtifacts, documentation, sourceArchives), "Version")
)

func releaseNodes(artifacts []string, mnemonics ...string) []string {
	var out []string
	for _, a := range artifacts {
		for _, m := range mnemonics {
			out = append(out, "//release:"+a+" "+m)
		}
	}
	return out
}

// TestTable is the table "what must re-run, and nothing more": each row edits a workspace that
// was built and names every action, archive index and validation that is executed then. Everything
// in the workspace is asked for, so that "nothing more" is said of all of it; where a package's own
// document (PackageSbom) is executed, that is because it was asked for itself.
//
// A validation that reads an edited file, or checks an edited attribute, is executed too. It is
// part of no document, but not to run it would be to overlook what it is there to find.
//
// After each row the change is undone, and every result is found in the action cache. The only
// actions that are executed then are those that write a text which analysis has in hand
// (ctx.actions.write): they are not cached, since the look-up would be the longer way.
func TestTable(t *testing.T) {
	w := repositoryWorkspace(t)
	first := w.mustBuild("//...").executed()
	for _, node := range slices.Concat(sourceSBOMs, windowsSBOMs, macosSBOMs, versionChecks, []string{
		"//:expat Checksums", "//:expat Evidence", "//:base_sbom BaseSbom", "//:source_deps_sbom DepsSbom", "//:macos_deps_sbom DepsSbom",
		"//:windows/openssl PackageSbom", "//:pip Wheel", "//:cpython_autoconf Write", "//:cpython_autoconf References",
	}) {
		if !slices.Contains(first, node) {
			t.Errorf("the first build did not execute %s", node)
		}
	}
	pristine := w.outputs()

	vendored := func(pkg string) []string {
		return slices.Concat([]string{"//:" + pkg + " Checksums", "//:" + pkg + " PackageSbom", "//:base_sbom BaseSbom", unclaimed}, sourceSBOMs)
	}
	rows := []struct {
		change string
		edit   func()
		want   []string
		wrong  string // what the build says is wrong then
	}{{
		"bytes of a vendored file",
		func() { w.append("testdata/cpython/Modules/expat/xmlparse.c", "/* x */\n") },
		vendored("expat"),
		"",
	}, {
		// The base SBOM that is made of these is the same, but the archives have another file in them.
		"bytes of a file beside the vendored ones that is not the package's",
		func() { w.append("testdata/cpython/Modules/expat/pyexpatns.h", "/* x */\n") },
		append([]string{unclaimed}, sourceSBOMs...),
		"",
	}, {
		"bytes of a vendored file that is evidence of its version",
		func() { w.append("testdata/cpython/Modules/expat/expat.h", "/* x */\n") },
		append(vendored("expat"), "//:expat Evidence"),
		"",
	}, {
		"a new vendored file",
		func() { w.write("testdata/cpython/Modules/_blake2/impl/new.c", "") },
		vendored("libb2"),
		"",
	}, {
		"bytes of any other source file",
		func() { w.append("testdata/cpython/Lib/os.py", "# x\n") },
		append([]string{unclaimed}, sourceSBOMs...),
		"",
	}, {
		"bytes of the file that states the tree's version",
		func() { w.append("testdata/cpython/Include/patchlevel.h", "/* x */\n") },
		slices.Concat([]string{unclaimed}, versionChecks, sourceSBOMs),
		"",
	}, {
		"version of a vendored package",
		func() { w.edit("BUILD.star", `version = "0.98.1"`, `version = "0.98.2"`) },
		slices.Concat([]string{"//:libb2 PackageSbom", "//:libb2 Evidence", "//:base_sbom BaseSbom", "//:inventory Inventory"}, sourceSBOMs, windowsSBOMs, macosSBOMs, mobileSBOMs),
		"",
	}, {
		"an OpenSSL source dep of Windows",
		func() { w.edit("BUILD.star", `sha256 = "6bb739ec`, `sha256 = "00000000`) },
		append([]string{"//:windows/openssl PackageSbom", "//:windows/openssl Evidence", "//:source_deps_sbom DepsSbom", "//:source_deps_sbom CheckedIn"}, windowsSBOMs...),
		`externals.spdx.json:73:28: //:source_deps_sbom: package "openssl": checksums.SHA256 is "6bb739ec`,
	}, {
		"an OpenSSL source dep of macOS",
		func() {
			w.edit("BUILD.star", `supplier = "Organization: OpenSSL",`, `supplier = "Organization: OpenSSL Foundation",`)
		},
		append([]string{"//:macos/openssl PackageSbom", "//:macos_deps_sbom DepsSbom"}, macosSBOMs...),
		"",
	}, {
		"bytes of one .exe",
		func() { w.append("testdata/artifacts/python-3.14.2-arm64.exe", "x") },
		releaseNodes([]string{"python-3.14.2-arm64.exe"}, "Sha512", "BinarySbom", "Valid"),
		"",
	}, {
		"one new .exe",
		func() {
			w.write("testdata/artifacts/python-3.14.2-win32.exe", "new")
			w.edit("release/BUILD.star", `    "python-{version}.exe",`, `    "python-{version}.exe", "python-{version}-win32.exe",`)
		},
		releaseNodes([]string{"python-3.14.2-win32.exe"}, "Sha512", "BinarySbom", "Valid", "Version"),
		"",
	}, {
		"comments in BUILD.star files and in sbom.star, targets in another order",
		func() {
			w.write("BUILD.star", "# comment\n\n"+w.read("BUILD.star"))
			w.write("sbom.star", w.read("sbom.star")+"\n# comment\n")
			w.edit("release/BUILD.star", `["amd64", "arm64", "win32"]`, `["win32", "arm64", "amd64"]`)
		},
		nil,
		"",
	}, {
		"touch of every file",
		func() { w.touchAll() },
		nil,
		"",
	}, {
		"the container digest",
		func() { w.edit("BUILD.star", "sha256:50eca83d", "sha256:00000000") },
		[]string{"//:cpython_autoconf Write", "//:cpython_autoconf References"},
		"the digest of registry.example/cpython_autoconf:1 is sha256:50eca83d",
	}}
	for _, row := range rows {
		saved := map[string]string{}
		for _, name := range w.sources() {
			saved[name] = w.read(name)
		}
		row.edit()
		build := func() []string {
			r := w.build("//...")
			if (r.code != 0) != (row.wrong != "") || !strings.Contains(r.stderr, row.wrong) {
				t.Fatalf("%s: exit %d\n%s", row.change, r.code, r.stderr)
			}
			return r.executed()
		}
		got := build()
		slices.Sort(row.want)
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: executed\n%s\nwant\n%s", row.change, strings.Join(got, "\n"), strings.Join(row.want, "\n"))
		}
		if again := build(); len(again) > 0 {
			t.Errorf("%s, then nothing: executed %q", row.change, again)
		}
		// A change undone.
		for _, name := range w.sources() {
			if text, was := saved[name]; !was {
				if err := os.Remove(w.path(name)); err != nil {
					t.Fatal(err)
				}
			} else if w.read(name) != text {
				w.write(name, text)
			}
		}
		got = slices.DeleteFunc(w.mustBuild("//...").executed(), func(node string) bool { return strings.HasSuffix(node, " Write") })
		if len(got) > 0 {
			t.Errorf("%s, undone: executed %q", row.change, got)
		}
		// The output of a target that is gone stays where it is.
		outputs := w.outputs()
		for name := range outputs {
			if strings.Contains(name, "-win32.exe") {
				delete(outputs, name)
			}
		}
		sameOutputs(t, row.change+", undone", outputs, pristine)
	}
}

// append adds text to a file.
func (w *realWorkspace) append(name, text string) { w.write(name, w.read(name)+text) }

// sources returns the workspace's files, but for the outputs.
func (w *realWorkspace) sources() []string {
	var out []string
	for name := range filesBelow(w, w.root) {
		if !strings.HasPrefix(name, outDirName+"/") {
			out = append(out, name)
		}
	}
	return out
}

// touchAll gives every file another modification time.
func (w *realWorkspace) touchAll() {
	w.Helper()
	past := time.Date(2001, 2, 3, 4, 5, 6, 7, time.UTC)
	for _, name := range w.sources() {
		if err := os.Chtimes(w.path(name), past, past); err != nil {
			w.Fatal(err)
		}
	}
}
