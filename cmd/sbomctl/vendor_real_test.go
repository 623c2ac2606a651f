package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// vendoredLibb2 declares libb2 as CPython 3.13.5 vendors it, and libb2's tagged source, not the release asset whose checksum the
// SBOM carries. more is more of the declaration.
func vendoredLibb2(more string) string {
	return `load("@sbomctl//:rules.star", "http_file", "source_tree", "vendored_package")

http_file(
    name = "Python-3.13.5.tar.xz",
    urls = ["https://example.org/Python-3.13.5.tar.xz"],
    sha256 = "93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640",
)

http_file(
    name = "libb2-0.98.1.tar.gz",
    urls = ["https://example.org/libb2-0.98.1.tar.gz"],
    sha256 = "10053dbc2fa342516b780a6bbf6e7b2a2360b8d49c5ac426936bf3df82526732",
)

source_tree(name = "cpython", archive = ":Python-3.13.5.tar.xz")

vendored_package(
    name = "libb2",
    version = "0.98.1",
    tree = ":cpython",
    srcs = ["Modules/_blake2/impl/**"],` + more + `
)
`
}

// TestVendoredLibb2 is the real thing, by the command: of libb2's 14 files in CPython 3.13.5, 4 are what upstream released and
// 10 are changed; the patch that vendor-diff writes explains them, with the archive and without it.
func TestVendoredLibb2(t *testing.T) {
	dir := distdir(t)
	if _, err := os.Stat(filepath.Join(dir, "libb2-0.98.1.tar.gz")); err != nil {
		t.Skip(err)
	}
	w := emptyWorkspace(t)
	const upstream = "\n    upstream = \":libb2-0.98.1.tar.gz\","
	w.write("BUILD.star", vendoredLibb2(upstream))
	vendorDiff := func(code int, want map[string]int, args ...string) result {
		t.Helper()
		r := w.run(append([]string{"vendor-diff", "//:libb2", "--disk_cache=" + w.cache, "--distdir=" + dir}, args...)...)
		got := map[string]int{}
		for line := range strings.Lines(r.stdout) {
			verdict, rest, _ := strings.Cut(line, " ")
			if strings.HasPrefix(strings.TrimSpace(rest), "Modules/_blake2/impl/") {
				got[verdict]++
			}
		}
		if r.code != code || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("exit %d, %v, expected %d, %v\n%s%s", r.code, got, code, want, r.stdout, r.stderr)
		}
		return r
	}
	r := vendorDiff(3, map[string]int{"identical": 4, "unexplained": 10}, "--patch=patches/libb2.patch")
	if !strings.Contains(r.stderr, `declare it: patches = ["patches/libb2.patch"] in //:libb2`) {
		t.Error(r.stderr)
	}
	example, err := os.ReadFile(filepath.Join(repository, "examples/cpython/patches/libb2.patch"))
	if err != nil || w.read("patches/libb2.patch") != string(example) {
		t.Errorf("the patch is another one than the example's (%v)", err)
	}
	const patches = "\n    patches = [\"patches/libb2.patch\"],"
	w.write("BUILD.star", vendoredLibb2(upstream+patches))
	vendorDiff(0, map[string]int{"identical": 4, "patched": 10})
	w.mustBuild("--distdir="+dir, "//:libb2")
	w.write("BUILD.star", vendoredLibb2(patches))
	vendorDiff(0, map[string]int{"unverified": 4, "patched": 10})
	w.mustBuild("--distdir="+dir, "//:libb2")
}

// tarOf is a tar archive of the files below a folder, in order.
func tarOf(t *testing.T, dir, prefix string) string {
	t.Helper()
	var b bytes.Buffer
	out := tar.NewWriter(&b)
	content := filesBelow(t, dir)
	for _, name := range slices.Sorted(maps.Keys(content)) {
		err := out.WriteHeader(&tar.Header{Name: prefix + "/" + name, Mode: 0o644, Size: int64(len(content[name])), Format: tar.FormatUSTAR})
		if err == nil {
			_, err = out.Write([]byte(content[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestManyPatches: a package of 2,000 files with 60 patches beside them, as Godot has its own. One edited file runs the package's own
// actions, and nothing else; nothing changed runs nothing.
func TestManyPatches(t *testing.T) {
	w := emptyWorkspace(t)
	const files, patches = 2000, 60
	content := func(i, changed int) string {
		var b strings.Builder
		for line := range 200 {
			text := fmt.Sprintf("line %d of file %d;", line, i)
			if line == 100 && changed > 0 {
				text = fmt.Sprint("changed ", changed)
			}
			b.WriteString(text + "\n")
		}
		return b.String()
	}
	var members []string
	for i := range files {
		name := fmt.Sprintf("%02d/f%04d.c", i%40, i)
		w.write("up/lib-1/"+name, content(i, 0))
		members = append(members, name)
		changed := 0
		if i < 3*patches {
			changed = i%patches + 1
		}
		w.write("thirdparty/lib/"+name, content(i, changed))
	}
	for p := range patches {
		var b strings.Builder
		for i := p; i < 3*patches; i += patches {
			fmt.Fprintf(&b, "--- a/%s\n+++ b/%s\n@@ -100,3 +100,3 @@\n line 99 of file %d;\n-line 100 of file %d;\n+changed %d\n line 101 of file %d;\n", members[i], members[i], i, i, p+1, i)
		}
		w.write(fmt.Sprintf("thirdparty/lib/patches/%04d.patch", p), b.String())
	}
	w.write("lib-1.tar", tarOf(t, w.path("up/lib-1"), "lib-1"))
	w.write("BUILD.star", `load("@sbomctl//:rules.star", "source_tree", "vendored_package")

source_tree(name = "tree", path = ".")

[vendored_package(name = name, version = "1", tree = ":tree", srcs = ["thirdparty/lib/*/*.c"], tree_patches = ["thirdparty/lib/patches/*.patch"], **more) for name, more in [
    ("lib", {"upstream": "lib-1.tar"}),
    ("offline", {}),
]]
`)
	vendored := func(r result) []string {
		return slices.DeleteFunc(r.executed(), func(node string) bool { return !strings.Contains(node, "Vendored") && !strings.Contains(node, "index") })
	}
	want := func(what string, got []string, nodes ...string) {
		t.Helper()
		if !slices.Equal(got, nodes) {
			t.Errorf("%s: executed %q, expected %q", what, got, nodes)
		}
	}
	want("first", vendored(w.mustBuild("//...")), "//:lib Vendored", "//:offline Vendored", "index of lib-1.tar")
	want("nothing", w.mustBuild("//...").executed())
	r := w.run("vendor-diff", "//:lib", "--disk_cache="+w.cache)
	if n := strings.Count(r.stdout, "\npatched "); r.code != 0 || n+1 != 3*patches && n != 3*patches {
		t.Errorf("exit %d, %d patched\n%s", r.code, n, r.stderr)
	}
	w.append("thirdparty/lib/"+members[files-1], "more\n")
	r = w.build("//...")
	want("an edited file", vendored(r), "//:lib Vendored", "//:offline Vendored")
	if r.code != 1 || !strings.Contains(r.stderr, "differs from upstream's "+members[files-1]) {
		t.Errorf("exit %d\n%s", r.code, r.stderr)
	}
	w.write("thirdparty/lib/"+members[files-1], content(files-1, 0))
	want("undone", w.mustBuild("//...").executed())
	w.write("other.txt", "")
	want("another file", w.mustBuild("//...").executed())
}
