//go:build unix

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// An edit of the tree for an imaginary next release.
type treeEdit struct{ path, was, now string }

// staleFinding is what check says of a declaration that was left behind.
type staleFinding struct {
	Rule, Severity, Message, Label, Attribute, Declared, Found string
	Hints                                                      []string
	Fix                                                        *struct {
		Command   string
		Attribute string
		Value     *string
	}
}

// stale runs check, and returns its errors and what could not be checked.
func (w *realWorkspace) stale(args ...string) (errors []staleFinding, unchecked string) {
	w.Helper()
	r := w.run(append([]string{"check", "--disk_cache=" + w.cache, "--format=json", "//..."}, args...)...)
	var report struct {
		Findings  []staleFinding
		Unchecked []struct {
			Message, Label string
			Hints          []string
		}
	}
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil {
		w.Fatalf("%v: %s\n%s", err, r.stdout, r.stderr)
	}
	for _, f := range report.Findings {
		if f.Severity == "error" {
			errors = append(errors, f)
		}
	}
	for _, u := range report.Unchecked {
		unchecked += u.Label + ": " + u.Message + "\n" + strings.Join(u.Hints, "\n") + "\n"
	}
	return errors, unchecked
}

// named reports whether one of the findings says that a value of a target is stale.
func named(findings []staleFinding, label, value string) bool {
	return slices.ContainsFunc(findings, func(f staleFinding) bool { return f.Label == label && f.Found == value })
}

// follow runs the command that each finding has for its fix, with the checksum of the new archive where the tree does not state one, and
// makes its edit where it has one. It returns what is left.
func (w *realWorkspace) follow(sums map[string]string, args ...string) []staleFinding {
	w.Helper()
	for range 3 {
		found, _ := w.stale(args...)
		ran := map[string]bool{}
		for _, f := range found {
			if f.Fix == nil || f.Fix.Command == "" || ran[f.Fix.Command] {
				continue
			}
			ran[f.Fix.Command] = true
			words := strings.Fields(f.Fix.Command)[1:]
			if words[0] == "regen" {
				continue // at the end, when everything else is as it should be
			}
			command := append(words, "--disk_cache="+w.cache)
			command = append(command, args...)
			if sum := sums[words[1]]; words[0] == "bump" && sum != "" {
				command = append(command, "--sha256="+sum)
			}
			if r := w.run(command...); r.code != 0 {
				w.Errorf("%s: exit %d\n%s", strings.Join(command, " "), r.code, r.stderr)
			}
		}
		w.run(append([]string{"check", "--disk_cache=" + w.cache, "--fix", "//..."}, args...)...)
		if len(ran) == 0 {
			break
		}
	}
	found, _ := w.stale(args...)
	return found
}

// rewheel makes another version of the pip wheel.
func (w *realWorkspace) rewheel(folder, was, now string) {
	w.Helper()
	old := filepath.Join(folder, "pip-"+was+"-py3-none-any.whl")
	r, err := zip.OpenReader(old)
	if err != nil {
		w.Fatal(err)
	}
	defer r.Close()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			w.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			w.Fatal(err)
		}
		out, err := z.Create(strings.ReplaceAll(f.Name, was, now))
		if err != nil {
			w.Fatal(err)
		}
		if strings.HasSuffix(f.Name, "/METADATA") {
			text = bytes.ReplaceAll(text, []byte("Version: "+was), []byte("Version: "+now))
		}
		if _, err := out.Write(text); err != nil {
			w.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		w.Fatal(err)
	}
	if err := os.Remove(old); err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "pip-"+now+"-py3-none-any.whl"), b.Bytes(), 0o666); err != nil {
		w.Fatal(err)
	}
}

// sumOf is a checksum that nothing has.
func sumOf(n, digits int) string { return strings.Repeat(fmt.Sprintf("%02x", 0xa0+n), digits/2) }

// documents are the texts of all documents that were built.
func (w *realWorkspace) documents() string {
	w.Helper()
	var all strings.Builder
	err := filepath.WalkDir(w.path("sbom-out"), func(p string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(p, ".spdx.json") {
			b, readErr := os.ReadFile(p)
			all.Write(b)
			err = readErr
		}
		return err
	})
	if err != nil || all.Len() == 0 {
		w.Fatalf("no documents: %v", err)
	}
	return all.String()
}

// TestNextRelease moves the small release to an imaginary next one, by editing its tree in all places. Every declaration that was left behind is named
// in one run; and who follows each error and hint ends with documents that have no old value.
func TestNextRelease(t *testing.T) {
	w := repositoryWorkspace(t)
	const tree, installer, externals = "testdata/cpython", "Mac/BuildScript/build-installer.py", "PCbuild/get_externals.bat"
	const oldRevision, newRevision = "bb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0", "cc3d0dc8d9d15a5cd51094d5b69e70aa09005ff1"
	const oldExpat = "0cce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2"
	edits := []treeEdit{
		{"Include/patchlevel.h", "PY_MICRO_VERSION        2", "PY_MICRO_VERSION        3"},
		{"Include/patchlevel.h", `"3.14.2"`, `"3.14.3"`},
		{"README.rst", "3.14.2", "3.14.3"}, {"Misc/NEWS", "3.14.2", "3.14.3"},
		{"Modules/expat/refresh.sh", "R_2_7_1", "R_2_8_0"}, {"Modules/expat/refresh.sh", "2.7.1", "2.8.0"}, {"Modules/expat/refresh.sh", oldExpat, sumOf(1, 64)},
		{"Modules/expat/expat.h", "XML_MINOR_VERSION 7", "XML_MINOR_VERSION 8"}, {"Modules/expat/expat.h", "XML_MICRO_VERSION 1", "XML_MICRO_VERSION 0"},
		{"Modules/_hacl/refresh.sh", oldRevision, newRevision},
		{"Modules/_blake2/impl/blake2.h", "*/", "version 0.98.2 */"},
		{"Lib/ctypes/macholib/__init__.py", "'1.0'", "'1.1'"}, {"Lib/ctypes/macholib/README.ctypes", "version 1.0", "version 1.1"},
		{"Include/internal/mimalloc/mimalloc.h", "VERSION 212", "VERSION 224"},
		{"Modules/_decimal/libmpdec/mpdecimal.h", `"2.5.1"`, `"2.5.2"`}, {"Modules/_decimal/libmpdec/mpdecimal.h", "MICRO_VERSION 1", "MICRO_VERSION 2"},
		{"Lib/ensurepip/__init__.py", "25.1.1", "25.2"},
		{externals, "bzip2-1.0.8", "bzip2-1.0.9"}, {externals, "libffi-3.4.4", "libffi-3.5.0"}, {externals, "openssl-3.0.16", "openssl-3.0.18"}, {externals, "mpdecimal-4.0.0", "mpdecimal-4.0.1"},
		{externals, "sqlite-3.49.1.0", "sqlite-3.50.4.0"}, {externals, "tcl-core-8.6.15.0", "tcl-core-8.6.17.0"}, {externals, " tk-8.6.15.0", " tk-8.6.17.0"}, {externals, "xz-5.2.5", "xz-5.8.1"},
		{externals, "zlib-1.3.1", "zlib-1.3.2"},
		{installer, "OpenSSL 3.0.16", "OpenSSL 3.0.18"}, {installer, "openssl-3.0.16", "openssl-3.0.18"}, {installer, "57e03c50feab5d31b152af2b764f10379aecd8ee92f16c985983ce4a99f7ef86", sumOf(2, 64)},
		{installer, "Tcl 8.6.16", "Tcl 8.6.17"}, {installer, "tcl8.6.16", "tcl8.6.17"}, {installer, "91cb8fa61771c63c262efb553059b7c7ad6757afa5857af6265e4b0bdc2a14a5", sumOf(3, 64)},
		{installer, "Tk 8.6.16", "Tk 8.6.17"}, {installer, "tk8.6.16", "tk8.6.17"}, {installer, "be9f94d3575d4b3099d84bc3c10de8994df2d7aa405208173c709cc404a7e5fe", sumOf(4, 64)},
		{installer, "XZ 5.2.3", "XZ 5.2.4"}, {installer, "xz-5.2.3", "xz-5.2.4"}, {installer, "ef68674fb47a8b8e741b34e429d86e9d", sumOf(5, 32)},
		{installer, "NCurses 6.5", "NCurses 6.6"}, {installer, "ncurses-6.5", "ncurses-6.6"}, {installer, "136d91bc269a9a5785e5f9e980bc76ab57428f604ce3e5a5a90cebc767971cc6", sumOf(6, 64)},
		{installer, "SQLite 3.49.1", "SQLite 3.50.4"}, {installer, "2025/sqlite-autoconf-3490100", "2026/sqlite-autoconf-3500400"}, {installer, "106642d8ccb36c5f7323b64e4152e9b719f7c0215acf5bfeac3d5e7f97b59254", sumOf(7, 64)},
		// A mirror: the URL moves, and the version does not.
		{installer, "https://www.bytereef.org/software/mpdecimal/releases/", "https://mirror.example/mpdecimal/"},
		{"Android/android.py", "openssl-3.0.15-4", "openssl-3.0.18-4"}, {"Android/android.py", "sqlite-3.49.1-0", "sqlite-3.50.4-0"},
		{"Tools/build/regen-configure.sh", "autoconf:1@", "autoconf:2@"},
	}
	for _, e := range edits {
		replaceIn(t, w.path(tree), e.path, e.was, e.now)
	}
	w.rewheel(w.path(tree+"/Lib/ensurepip/_bundled"), "25.1.1", "25.2")

	found, unchecked := w.stale()
	said := fmt.Sprintf("%+v\n%s", found, unchecked)
	for _, want := range [][2]string{
		{"//:expat", "2.8.0"}, {"//:expat", "R_2_8_0"}, {"//:expat", sumOf(1, 64)}, {"//:hacl-star", newRevision}, {"//:macholib", "1.1"}, {"//:mimalloc", "2.2.4"}, {"//:mpdecimal", "2.5.2"},
		{"//:windows/bzip2", "1.0.9"}, {"//:windows/libffi", "3.5.0"}, {"//:windows/openssl", "3.0.18"}, {"//:windows/openssl", "openssl-3.0.18"}, {"//:windows/mpdecimal", "4.0.1"},
		{"//:windows/sqlite", "3.50.4.0"}, {"//:windows/tcl-core", "8.6.17.0"}, {"//:windows/tk", "8.6.17.0"}, {"//:windows/xz", "5.8.1"}, {"//:windows/zlib", "1.3.2"},
		{"//:macos/openssl", "3.0.18"}, {"//:macos/openssl", sumOf(2, 64)}, {"//:macos/tcl", sumOf(3, 64)}, {"//:macos/tk", sumOf(4, 64)}, {"//:macos/xz", "http://tukaani.org/xz/xz-5.2.4.tar.gz"},
		{"//:macos/xz", sumOf(5, 32)}, {"//:macos/ncurses", "6.6"}, {"//:macos/sqlite", "https://sqlite.org/2026/sqlite-autoconf-3500400.tar.gz"}, {"//:macos/sqlite", sumOf(7, 64)},
		{"//:macos/mpdecimal", "https://mirror.example/mpdecimal/mpdecimal-4.0.0.tar.gz"}, {"//platforms:android/openssl", "3.0.18"}, {"//platforms:android/sqlite", "3.50.4"},
		{"//release:python-3.14.2-amd64.exe", "3.14.3"}, {"//release:Python-3.14.2.tgz", "3.14.3"},
	} {
		if !named(found, want[0], want[1]) {
			t.Errorf("%s of %s is not named", want[1], want[0])
		}
	}
	for _, want := range []string{"version 0.98.2", "lock is for a wheel", "cpython_autoconf:2@"} {
		if !strings.Contains(said, want) {
			t.Errorf("%s is not named:\n%s", want, said)
		}
	}

	// What the tree does not state, a release manager has from the archives.
	sums := map[string]string{"//:hacl-star": sumOf(10, 64), "//:mimalloc": sumOf(11, 64), "//:mpdecimal": sumOf(12, 64)}
	for i, name := range []string{"bzip2", "libffi", "openssl", "mpdecimal", "sqlite", "tcl-core", "tk", "xz", "zlib"} {
		sums["//:windows/"+name] = sumOf(20+i, 64)
	}
	w.followByHand(sums)
	for _, f := range w.follow(sums) {
		// How complete the documents are, is no matter of what is stale.
		if f.Rule != "incomplete-sbom" && (f.Fix == nil || !strings.HasPrefix(f.Fix.Command, "sbomctl regen")) {
			t.Errorf("left: %+v", f)
		}
	}
	if r := w.run("regen", "--disk_cache="+w.cache, "//..."); r.code != 0 {
		t.Fatal(r.stderr)
	}
	w.mustBuild("//:all", "//release:all")
	text := w.documents()
	for _, old := range []string{"3.14.2", "2.7.1", "R_2_7_1", oldExpat, oldRevision, "2.1.2", "2.5.1", "25.1.1", "3.0.16", "3.49.1", "3490100", "8.6.15", "8.6.16", "5.2.3", "5.2.5", "ef68674fb47a8b8e741b34e429d86e9d",
		"bytereef.org/software/mpdecimal/releases/mpdecimal-4", "6bb739ecddbd2cfb6d255eb5898437a9b5739277dee931338d3275bac5d96ba2"} {
		if i := strings.Index(text, old); i >= 0 {
			t.Errorf("a document has %s: ...%s...", old, text[max(0, i-200):min(len(text), i+100)])
		}
	}
}

// followByHand is what a release manager writes who reads what check said, where no command does it.
func (w *realWorkspace) followByHand(sums map[string]string) {
	w.Helper()
	// The version of the release, and the artifacts that are made of it.
	w.edit("sbom.star", `VERSION = "3.14.2"`, `VERSION = "3.14.3"`)
	names, err := os.ReadDir(w.path("testdata/artifacts"))
	if err != nil {
		w.Fatal(err)
	}
	for _, e := range names {
		name := w.path("testdata/artifacts/" + e.Name())
		if err := os.Rename(name, strings.ReplaceAll(name, "3.14.2", "3.14.3")); err != nil {
			w.Fatal(err)
		}
	}
	// The path of an archive of the package index is made from its checksum: bump asks for it.
	if r := w.run("bump", "--disk_cache="+w.cache, "//:macholib", "1.1", "--url=https://files.pythonhosted.org/packages/aa/bb/cc/macholib-1.1.tar.gz", "--sha256="+sumOf(13, 64)); r.code != 0 {
		w.Error(r.stderr)
	}
	// libb2 states its version now.
	w.edit("BUILD.star", `absent("Modules/_blake2/impl/*.h", r"(?i)version\W+[0-9]+[.]")`, `regex("Modules/_blake2/impl/blake2.h", r"version (?P<version>[0-9.]+)")`)
	sums["//:libb2"] = sumOf(14, 64)
	// The script pins another image.
	w.edit("testdata/cpython/.github/workflows/build.yml", "autoconf:1@", "autoconf:2@")
	w.edit("BUILD.star", `tag = "1"`, `tag = "2"`)
	// Android's libraries are a list that bump does not edit.
	w.edit("platforms/BUILD.star", `"3.0.15", "4"`, `"3.0.18", "4"`)
	w.edit("platforms/BUILD.star", `"3.49.1", "0"`, `"3.50.4", "0"`)
	// As `sbomctl lock //:pip` would.
	lock := w.read("pip.lock.json")
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(w.read("testdata/cpython/Lib/ensurepip/_bundled/pip-25.2-py3-none-any.whl"))))
	lock = strings.ReplaceAll(lock, "25.1.1", "25.2")
	w.write("pip.lock.json", strings.ReplaceAll(lock, "0a809524538eb06f089cd07242285bb5254fdcf861ada28b713a0f9b57904adf", sum))
}

// TestNextReleaseReal does the same with the example and the real tree: 3.13.5 becomes an imaginary 3.13.6.
func TestNextReleaseReal(t *testing.T) {
	const installer, externals, props, expat, version = "Mac/BuildScript/build-installer.py", "PCbuild/get_externals.bat", "PCbuild/python.props", "Modules/expat/refresh.sh", "Include/patchlevel.h"
	const oldRevision, newRevision = "bb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0", "cc3d0dc8d9d15a5cd51094d5b69e70aa09005ff1"
	const oldExpat = "0cce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2"
	tree := realTreeOf(t, "Misc/", "README.rst", "LICENSE", "PCbuild/", installer, "Tools/build/regen-configure.sh", version, "Modules/expat/", "Modules/_hacl/", "Modules/_blake2/impl/", "Modules/_decimal/libmpdec/",
		"Lib/ctypes/macholib/", "Lib/ensurepip/", "Android/", "iOS/")
	w := emptyWorkspace(t)
	for _, name := range []string{"BUILD.star", "sbom.star", "copyright.star", "superseded.star", "pip.lock.json", "platforms", "release", "patches"} {
		copyTree(t, filepath.Join(repository, "examples", "cpython", name), w.path(name))
	}
	for _, folder := range []string{"release/tgz", "release/score"} { // a second archive, and how complete it all is, say nothing more
		if err := os.RemoveAll(w.path(folder)); err != nil {
			t.Fatal(err)
		}
	}
	over := "--override=//:cpython=" + tree
	for _, e := range []treeEdit{
		{version, "PY_MICRO_VERSION        5", "PY_MICRO_VERSION        6"}, {version, `"3.13.5"`, `"3.13.6"`}, {"README.rst", "version 3.13.5", "version 3.13.6"},
		{"Misc/NEWS", "What's New in Python 3.13.5 final?", "What's New in Python 3.13.6 final?"}, {"Misc/NEWS", "*Release date: 2025-06-11*", "*Release date: 2025-08-06*"},
		{expat, "R_2_7_1", "R_2_7_3"}, {expat, "2.7.1", "2.7.3"}, {expat, oldExpat, sumOf(1, 64)}, {"Modules/expat/expat.h", "XML_MICRO_VERSION 1", "XML_MICRO_VERSION 3"},
		{"Modules/expat/xmlparse.c", "(2.7.1+)", "(2.7.3+)"}, {"Modules/_hacl/refresh.sh", oldRevision, newRevision},
		{"Modules/_decimal/libmpdec/mpdecimal.h", "MPD_MICRO_VERSION 1", "MPD_MICRO_VERSION 2"}, {"Modules/_decimal/libmpdec/mpdecimal.h", `"2.5.1"`, `"2.5.2"`},
		{"Lib/ctypes/macholib/__init__.py", "'1.0'", "'1.1'"}, {"Lib/ctypes/macholib/README.ctypes", "version 1.0,", "version 1.1,"}, {"Lib/ensurepip/__init__.py", "25.1.1", "25.2"},
		{externals, "     openssl-3.0.16", "     openssl-3.0.17"}, {props, "openssl-3.0.16", "openssl-3.0.17"}, {externals, "sqlite-3.49.1.0", "sqlite-3.50.4.0"}, {props, "sqlite-3.49.1.0", "sqlite-3.50.4.0"},
		{externals, "xz-5.2.5", "xz-5.8.1"}, {props, "xz-5.2.5", "xz-5.8.1"}, {props, "zlib-1.3.1", "zlib-1.3.2"}, // zlib by halves
		{externals, "tcl-core-8.6.15.0", "tcl-core-8.6.17.0"}, {externals, " tk-8.6.15.0", " tk-8.6.17.0"}, {"PCbuild/tcltk.props", ">8.6.15.0<", ">8.6.17.0<"},
		{installer, "OpenSSL 3.0.16", "OpenSSL 3.0.17"}, {installer, "openssl-3.0.16", "openssl-3.0.17"}, {installer, "57e03c50feab5d31b152af2b764f10379aecd8ee92f16c985983ce4a99f7ef86", sumOf(2, 64)},
		{installer, "tcl_tk_ver='8.6.16'", "tcl_tk_ver='8.6.17'"}, {installer, "91cb8fa61771c63c262efb553059b7c7ad6757afa5857af6265e4b0bdc2a14a5", sumOf(3, 64)},
		{installer, "be9f94d3575d4b3099d84bc3c10de8994df2d7aa405208173c709cc404a7e5fe", sumOf(4, 64)},
		{installer, "XZ 5.2.3", "XZ 5.2.4"}, {installer, "xz-5.2.3", "xz-5.2.4"}, {installer, "ef68674fb47a8b8e741b34e429d86e9d", sumOf(5, 32)},
		{installer, "SQLite 3.49.1", "SQLite 3.50.4"}, {installer, "sqlite-autoconf-3490100", "sqlite-autoconf-3500400"}, {installer, "106642d8ccb36c5f7323b64e4152e9b719f7c0215acf5bfeac3d5e7f97b59254", sumOf(7, 64)},
		{installer, "136d91bc269a9a5785e5f9e980bc76ab57428f604ce3e5a5a90cebc767971cc6", sumOf(6, 64)}, // ncurses: another file of one version
		{"Android/android.py", "openssl-3.0.15-4", "openssl-3.0.17-0"},
	} {
		replaceIn(t, tree, e.path, e.was, e.now)
	}
	w.rewheel(filepath.Join(tree, "Lib/ensurepip/_bundled"), "25.1.1", "25.2")

	found, unchecked := w.stale(over, "--distdir="+distdir(t))
	for _, want := range [][2]string{
		{"//:product", "2025-08-06"}, {"//:expat", "2.7.3"}, {"//:expat", "R_2_7_3"}, {"//:expat", sumOf(1, 64)},
		{"//:expat", "https://github.com/libexpat/libexpat/releases/download/R_2_7_3/expat-2.7.3.tar.gz"}, {"//:hacl-star", newRevision}, {"//:mpdecimal", "2.5.2"}, {"//:macholib", "1.1"},
		{"//:windows/openssl", "3.0.17"}, {"//:windows/sqlite", "3.50.4.0"}, {"//:windows/xz", "5.8.1"}, {"//:windows/zlib", "1.3.2"}, {"//:windows/tcl-core", "8.6.17.0"}, {"//:windows/tk", "8.6.17.0"},
		{"//:macos/openssl", sumOf(2, 64)}, {"//:macos/tcl", sumOf(3, 64)}, {"//:macos/tcl", "https://prdownloads.sourceforge.net/tcl/tcl8.6.17-src.tar.gz"}, {"//:macos/tk", sumOf(4, 64)}, {"//:macos/xz", sumOf(5, 32)},
		{"//:macos/ncurses", sumOf(6, 64)}, {"//:macos/sqlite", "https://sqlite.org/2025/sqlite-autoconf-3500400.tar.gz"}, {"//release:python-3.13.5-amd64.exe", "3.13.6"}, {"//release:python-3.13.5-macos11.pkg", "3.13.6"},
	} {
		if !named(found, want[0], want[1]) {
			t.Errorf("%s of %s is not named", want[1], want[0])
		}
	}
	said := fmt.Sprintf("%+v\n%s", found, unchecked)
	for _, want := range []string{"//platforms:android/openssl", "lock is for a wheel", "openssl 3.0.17"} {
		if !strings.Contains(said, want) {
			t.Errorf("%s is not named:\n%s", want, said)
		}
	}
	if t.Failed() {
		return
	}

	// Zlib was moved in one of its two places: the tree is mended first.
	replaceIn(t, tree, externals, "zlib-1.3.1", "zlib-1.3.2")
	sums := map[string]string{"//:hacl-star": sumOf(10, 64), "//:mpdecimal": sumOf(12, 64)}
	for i, name := range []string{"openssl", "sqlite", "xz", "zlib", "tcl-core", "tk"} {
		sums["//:windows/"+name] = sumOf(20+i, 64)
	}
	// What no command does: the release's version and time, Android's list, the path of an archive of the package index, the lock of the wheel.
	w.edit("sbom.star", `VERSION = "3.13.5"`, `VERSION = "3.13.6"`)
	w.edit("BUILD.star", "2025-06-11T00:00:00Z", "2025-08-06T00:00:00Z")
	w.edit("platforms/BUILD.star", `"3.0.15", "4"`, `"3.0.17", "0"`)
	if r := w.run("bump", "--disk_cache="+w.cache, over, "//:macholib", "1.1", "--url=https://files.pythonhosted.org/packages/aa/bb/cc/macholib-1.1.tar.gz", "--sha256="+sumOf(13, 64)); r.code != 0 {
		t.Error(r.stderr)
	}
	wheel := readIn(t, tree, "Lib/ensurepip/_bundled/pip-25.2-py3-none-any.whl")
	w.write("pip.lock.json", strings.NewReplacer("25.1.1", "25.2", "2913a38a2abf4ea6b64ab507bd9e967f3b53dc1ede74b01b0931e1ce548751af", fmt.Sprintf("%x", sha256.Sum256([]byte(wheel)))).Replace(w.read("pip.lock.json")))
	// The archive of the release, whose own SBOM is right now but for the licences: what was declared of 3.13.5's is stale.
	w.edit("BUILD.star", `name = "Python-3.13.5.tar.xz"`, `name = "Python-3.13.6.tgz"`)
	w.edit("BUILD.star", `FTP + "Python-3.13.5.tar.xz"`, `FTP + "Python-3.13.6.tgz"`)
	w.edit("BUILD.star", `":Python-3.13.5.tar.xz"`, `":Python-3.13.6.tgz"`)
	w.edit("release/BUILD.star", `"Python-{version}.tar.xz": "//:Python-3.13.5.tar.xz"`, `"Python-{version}.tgz": "//:Python-3.13.6.tgz"`)
	w.follow(sums, over)
	w.mustBuild("//:base_sbom", over, "--norun_validations")
	own := w.read("sbom-out/base_sbom.spdx.json")
	own = licenseConcluded.ReplaceAllString(own, `"licenseConcluded": "NOASSERTION"`)
	writeIn(t, tree, "Misc/sbom.spdx.json", own)
	if r := w.run("regen", "--disk_cache="+w.cache, over, "//:source_deps_sbom"); r.code != 0 {
		t.Error(r.stderr)
	}
	dist := t.TempDir()
	archive := packed(t, tree, "Python-3.13.6")
	writeIn(t, dist, "Python-3.13.6.tgz", archive)
	w.edit("BUILD.star", "93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640", fmt.Sprintf("%x", sha256.Sum256([]byte(archive))))
	w.edit("BUILD.star", `FTP + "Python-3.13.6.tgz"`, `"https://www.python.org/ftp/python/3.13.5/Python-3.13.6.tgz"`)
	found, unchecked = w.stale("--distdir=" + dist)
	if !named(found, "//:Python-3.13.6.tgz", "3.13.5") {
		t.Errorf("the folder of another release in a URL is not named: %+v", found)
	}
	for _, name := range []string{"expat", "hacl-star"} {
		if want := fmt.Sprintf("superseded names package %q, but Misc/sbom.spdx.json of Python-3.13.6.tgz does not differ", name); !strings.Contains(unchecked, want) &&
			!strings.Contains(unchecked, fmt.Sprintf("of package %q, but Misc/sbom.spdx.json of Python-3.13.6.tgz does not differ", name)) {
			t.Errorf("the entry of %s is not said to be stale:\n%s", name, unchecked)
		}
	}
	w.edit("BUILD.star", `"https://www.python.org/ftp/python/3.13.5/Python-3.13.6.tgz"`, `FTP + "Python-3.13.6.tgz"`)
	entries := w.read("superseded.star")
	w.write("superseded.star", entries[:strings.Index(entries, "SUPERSEDED = [")]+"SUPERSEDED = [\n"+entries[strings.Index(entries, "    superseded(\n        \"*\""):])
	if left, unchecked := w.stale("--distdir=" + dist); len(left) > 0 || unchecked != "" {
		t.Errorf("left: %+v\n%s", left, unchecked)
	}
	w.mustBuild("//...", "--distdir="+dist)
	text := w.documents()
	for _, old := range []string{"3.13.5", "2025-06-11", "2.7.1", "R_2_7_1", oldExpat, oldRevision, "2.5.1", "25.1.1", "3.0.15", "3.0.16", "3.49.1.0", "3490100", "8.6.15", "8.6.16", "5.2.3", "5.2.5", "ef68674fb47a8b8e741b34e429d86e9d",
		"136d91bc269a9a5785e5f9e980bc76ab57428f604ce3e5a5a90cebc767971cc6", "6bb739ecddbd2cfb6d255eb5898437a9b5739277dee931338d3275bac5d96ba2"} {
		if i := strings.Index(text, old); i >= 0 {
			t.Errorf("a document has %s: ...%s...", old, text[max(0, i-200):min(len(text), i+100)])
		}
	}
}

var licenseConcluded = regexp.MustCompile(`"licenseConcluded": "[^"]*"`)

// packed is a folder as a .tgz, below another.
func packed(t testing.TB, root, prefix string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	err := filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: prefix + "/" + filepath.ToSlash(rel), Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	})
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
