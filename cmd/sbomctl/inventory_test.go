package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// unclaimedIn3135 is what looks vendored in the real tree and is in none of the example's documents. Each was read: it is code with
// copyright and licence of somebody else. Most of it is named in Doc/license.rst, "Licenses and Acknowledgements for Incorporated Software".
var unclaimedIn3135 = []string{
	"Include/dynamic_annotations.h and Python/dynamic_annotations.c",          // Google's, for race detectors
	"Include/internal/mimalloc/ and Objects/mimalloc/ (35 files)",             // Microsoft's allocator, 2.1.2
	"Lib/_pyrepl/ (26 files)",                                                 // PyPy's pyrepl
	"constants.py and 2 more of Lib/asyncio/",                                 // MagicStack's uvloop
	"Lib/logging/ (3 files)",                                                  // Vinay Sajip's
	"Lib/re/ (5 files)",                                                       // Secret Labs' SRE
	"Lib/sqlite3/ and Lib/test/test_sqlite3/ and Modules/_sqlite/ (41 files)", // Gerhard Häring's pysqlite
	"Lib/test/decimaltestdata/ (143 files)",                                   // IBM's test cases
	"Lib/test/test_asyncio/test_ssl.py",                                       // uvloop again
	"Lib/test/test_epoll.py",                                                  // Twisted's
	"Lib/test/xmltestdata/c14n-20/README",                                     // W3C's test cases
	"Lib/turtle.py",                                                           // Gregor Lingl's
	"Lib/xmlrpc/client.py",                                                    // Secret Labs'
	"Modules/_cursesmodule.c",                                                 // Oliver Andrich's
	"Modules/_decimal/_decimal.c and deccheck.py and 2 more of Modules/_decimal/tests/", // Stefan Krah's, beside libmpdec
	"Modules/_randommodule.c",               // the Mersenne Twister
	"Modules/_sre/ (6 files)",               // Secret Labs' SRE
	"addrinfo.h and 2 more of Modules/",     // the WIDE Project's getaddrinfo
	"Python/dtoa.c",                         // David Gay's
	"Python/hashtable.c",                    // Don Owens' cfuhash
	"Python/pyhash.c",                       // SipHash
	"Python/qsbr.c",                         // FreeBSD's
	"Tools/msi/bundle/bootstrap/ (9 files)", // WiX's
	"aclocal.m4 and 4 more at the top",      // autotools
}

var unclaimedLine = regexp.MustCompile(`(?m)^sbomctl: warning: \S+: //:inventory: (.*) looks? vendored, and no package claims`)

// TestInventoryReal pins the whole list of what is unclaimed, and of skew, for CPython 3.13.5: a line more is something to be read, a line less is
// something overlooked or understood better. Who looks after the list reads the files; it was made from paths, holders and notices.
func TestInventoryReal(t *testing.T) {
	dir := distdir(t)
	w := emptyWorkspace(t)
	copyTree(t, filepath.Join(repository, "examples/cpython"), w.root)
	r := w.build("//:inventory", "--distdir="+dir)
	var got []string
	for _, m := range unclaimedLine.FindAllStringSubmatch(r.stderr, -1) {
		got = append(got, m[1])
	}
	want := slices.Clone(unclaimedIn3135)
	slices.Sort(got)
	slices.Sort(want)
	if r.code != 0 || !slices.Equal(got, want) {
		t.Errorf("exit code %d, got\n%s\nwant\n%s", r.code, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// One library at several versions; sqlite 3.49.1 and 3.49.1.0 are one, and so is openssl 3.0.16 twice. One whose version nobody knows is at none.
	var skewed []string
	checked := w.run("check", "--disk_cache="+w.cache, "--distdir="+dir, "//:inventory")
	for _, m := range regexp.MustCompile(`(?m)^\S+: note: \S+: (.*) is listed at \d versions: (.*) \[skew\]$`).FindAllStringSubmatch(checked.stdout, -1) {
		skewed = append(skewed, m[1]+" "+m[2])
	}
	slices.Sort(skewed)
	if want := []string{"mpdecimal 2.5.1, 4.0.0", "openssl 3.0.15, 3.0.16", "tcl 8.6.15.0, 8.6.16", "tk 8.6.15.0, 8.6.16", "xz 5.2.3, 5.2.5, 5.4.6"}; !slices.Equal(skewed, want) {
		t.Errorf("skew: got %q, want %q", skewed, want)
	}

	// What is declared is not told any more, and only that.
	w.write("BUILD.star", w.read("BUILD.star")+`
vendored_package(
    name = "mimalloc",
    version = "2.1.2",
    tree = ":cpython",
    srcs = ["Include/internal/mimalloc/**", "Objects/mimalloc/**"],
)
`)
	w.edit("BUILD.star", `        ":mpdecimal",
    ],
)`, `        ":mpdecimal",
        ":mimalloc",
    ],
)`)
	r = w.build("//:inventory", "--distdir="+dir)
	if n := len(unclaimedLine.FindAllString(r.stderr, -1)); strings.Contains(r.stderr, "mimalloc/") || n != len(want)-1 {
		t.Errorf("%d lines are left, expected %d:\n%s", n, len(want)-1, r.stderr)
	}
}

// realFiles writes files of the real tree into the workspace's folder tree.
func realFiles(t *testing.T, w *realWorkspace, names ...string) {
	t.Helper()
	args := []string{"-xf", filepath.Join(distdir(t), "Python-3.13.5.tar.xz"), "-C", w.path("tree"), "--strip-components=1"}
	for _, n := range names {
		args = append(args, "Python-3.13.5/"+n)
	}
	w.write("tree/LICENSE", "")
	if out, err := exec.Command("tar", args...).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v: %s", err, out)
	}
}

// TestRecipesReal: what the real scripts build with is what the example declares, and a line more or less is found.
func TestRecipesReal(t *testing.T) {
	const bat, script = "PCbuild/get_externals.bat", "Mac/BuildScript/build-installer.py"
	w := emptyWorkspace(t)
	copyTree(t, filepath.Join(repository, "examples/cpython"), w.root)
	realFiles(t, w, bat, script, "PCbuild/python.props", "PCbuild/tcltk.props", "Misc/externals.spdx.json", "Modules/_decimal/libmpdec")
	check := func() result {
		t.Helper()
		return w.run("check", "//:source_deps_sbom", "//:macos_deps_sbom", "--disk_cache="+w.cache, "--override=//:cpython="+w.path("tree"))
	}
	if r := check(); r.code != 0 || strings.Contains(r.stdout, "error:") {
		t.Fatalf("as released: exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	for _, c := range []struct{ name, file, old, new, want string }{
		{"a line for Windows", "tree/" + bat, "xz-5.2.5\r\n", "xz-5.2.5\r\nset libraries=%libraries%                                       zstd-1.5.7\r\n",
			`get_externals.bat:62:65: error: //:source_deps_sbom: "zstd 1.5.7" is named here, but no dep has its evidence here`},
		{"a line for Windows under a condition", "tree/" + bat, "xz-5.2.5\r\n", "xz-5.2.5\r\nif NOT \"%IncludeZstd%\"==\"false\" set libraries=%libraries% zstd-1.5.7\r\n",
			`"zstd 1.5.7" is named here, but no dep has its evidence here`},
		{"a recipe for macOS", "tree/" + script, `name="XZ 5.2.3",`, `name="Zstd 1.5.7"), dict(name="XZ 5.2.3",`,
			`"Zstd 1.5.7" is named here, but no dep has its evidence here`},
		{"a library less for Windows", "tree/" + bat, "bzip2-1.0.8", "", `error: //:windows/bzip2: evidence not found`},
		{"another version in the folder", "tree/PCbuild/python.props", `zlib-1.3.1`, `zlib-1.3.2`, `//:windows/zlib: version is "1.3.2" here, but "1.3.1" is declared`},
	} {
		text := w.read(c.file)
		w.edit(c.file, c.old, c.new)
		if r := check(); r.code != 3 || !strings.Contains(r.stdout, c.want) || strings.Count(r.stdout, "error:") != 1 {
			t.Errorf("%s: exit code %d, want %s\n%s%s", c.name, r.code, c.want, r.stdout, r.stderr)
		}
		w.write(c.file, text)
	}
}
