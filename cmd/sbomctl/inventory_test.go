package main

import (
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

// TestUnclaimedReal pins the whole list for CPython 3.13.5: a line more is something to be read, a line less is
// something overlooked.
func TestUnclaimedReal(t *testing.T) {
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
