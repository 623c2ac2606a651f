package main

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
)

// generator makes workspaces and edits of them. The same seed makes the same ones.
type generator struct {
	r      *rand.Rand
	git    bool
	skip   []string // names of edits that are left out
	trees  []string // names of the source_tree targets, all of them in the root package
	serial int      // number of the next text, so that no two are equal
	sound  bool     // make workspaces without mistakes
}

func newGenerator(seed uint64, skip []string) *generator {
	_, err := exec.LookPath("git")
	return &generator{r: rand.New(rand.NewPCG(seed, 1)), git: err == nil, skip: skip}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// chance is true n times of a hundred.
func (g *generator) chance(n int) bool { return g.r.IntN(100) < n }

// mistake is true n times of a hundred, unless the workspace is to be sound.
func (g *generator) mistake(n int) bool { return g.chance(n) && !g.sound }

// text returns a text that was not there before.
func (g *generator) text() string {
	g.serial++
	return fmt.Sprintf("text %d.%d\n", g.serial, g.r.IntN(1000))
}

// treeFiles are the paths that the trees are made of.
var treeFiles = []string{
	"lib/a.c", "lib/b.c", "lib/sub/c.c", "lib/sub/d.h", "lib/x.o", "gen/e.c", "gen/x.o", "doc/README", "doc/é.txt", "lib/.dot", "lib/sub/deep/er/f.c",
}

// version is the file of each tree that states its version.
const version = "VERSION"

// treeOps makes a tree at a path.
func treeOps(r *rand.Rand, at string) []op {
	ops := []op{{"write", at + "/" + version, "version 1.1\n"}}
	ops = append(ops, op{"write", at + "/Include/patchlevel.h", "#define PY_VERSION \"3.14.2\"\n"})
	for i, f := range treeFiles {
		if i < 6 || r.IntN(2) == 0 {
			ops = append(ops, op{"write", at + "/" + f, fmt.Sprintf("%s %d\n", f, r.IntN(1000))})
		}
	}
	return ops
}

// packages are the folders that hold a BUILD.star; a target depends on those before it.
var packages = []string{"", "a", "a/b", "c", "c/d/e"}

// libraries are the rules and macros that every workspace of the drill has of its own.
const libraries = `load("@sbomctl//:providers.star", "PackageInfo", "TreeInfo")
load("@sbomctl//:rules.star", "filegroup")
load("//lib:words.star", "GREETING")
NoteInfo = provider(doc = "A note.", fields = {"text": "its text"})
def _note(ctx):
    out = ctx.actions.declare_output(ctx.label.name + ".txt")
    lines = [GREETING + ctx.attr.text] + ctx.attr.lines + [d[NoteInfo].text for d in ctx.attr.deps] + [d[PackageInfo].version for d in ctx.attr.packages]
    ctx.actions.write(out, "".join([l + "\n" for l in lines]))
    return [DefaultInfo(files = [out]), NoteInfo(text = ctx.attr.text)]
note = rule(implementation = _note, doc = "Writes a note.", attrs = {"text": attr.string(doc = "Text."), "lines": attr.string_list(doc = "Lines."), "deps": attr.label_list(providers = [NoteInfo], doc = "Notes."), "packages": attr.label_list(providers = [PackageInfo], doc = "Packages.")})
def _listing(ctx):
    tree = ctx.attr.tree[TreeInfo].tree
    out = ctx.actions.declare_output(ctx.label.name + ".list")
    ctx.actions.run("spdx.checksums", params = {"patterns": ctx.attr.srcs}, inputs = {"files": ctx.actions.fileset(tree, ctx.attr.srcs, require_all = False)}, outputs = {"checksums": out}, mnemonic = "List")
    ctx.actions.validate("evidence.check", params = {"label": str(ctx.label), "declared": {"version": "1.1", "sha256": "", "revision": ""}, "rules": [{"path": "VERSION", "pattern": r"version (?P<version>[0-9.]+)"}]}, inputs = {"files": ctx.actions.fileset(tree, ["VERSION"])}, mnemonic = "Version")
    return [DefaultInfo(files = [out])]
listing = rule(implementation = _listing, doc = "Lists files.", attrs = {"tree": attr.label(mandatory = True, providers = [TreeInfo], doc = "Tree."), "srcs": attr.string_list(doc = "Patterns.")})
def family(name, n):
    for i in range(n):
        note(name = "%s/%d" % (name, i), text = "member %d" % i)
    filegroup(name = name, srcs = [":%s/%d" % (name, i) for i in range(n)])
`

// preamble is what each BUILD.star loads.
var preamble = loads("@sbomctl//:rules.star", "alias", "artifact", "base_sbom", "container_image", "filegroup", "product", "regex", "source_archive",
	"source_dep", "source_deps_sbom", "source_sbom", "source_tree", "vendored_package", "windows_sbom") + loads("//lib:defs.star", "family", "listing", "note")

// loads loads each name in a line of its own, so that shrinking can drop it.
func loads(module string, names ...string) string {
	var b strings.Builder
	for _, n := range names {
		fmt.Fprintf(&b, "load(%q, %q)\n", module, n)
	}
	return b.String()
}

// workspace returns what makes a new one: trees of every kind, rules and macros, nested packages.
func (g *generator) workspace() []op {
	ops := []op{{"write", "ws/sbom.star", ""}, {"write", "ws/lib/BUILD.star", ""}, {"write", "ws/lib/defs.star", libraries}, g.words()}
	ops = append(ops, treeOps(g.r, "ws")...)
	ops = append(ops, treeOps(g.r, "ws/src")...)
	ops = append(ops, treeOps(g.r, "ws/v/one/tree")...)
	ops = append(ops, treeOps(g.r, "ws/v/two/tree")...)
	ops = append(ops, treeOps(g.r, "outside/three")...)
	ops = append(ops, op{"write", "ws/v/one/.gitignore", "*.o\n"})
	ops = append(ops, g.archive("ws/pack.tar.gz"), g.archive("outside/other.tar.gz"))
	ops = append(ops, op{"link", "ws/cur", pick(g.r, linkTargets)}, op{"link", "ws/src/lib/ln", "a.c"})
	ops = append(ops, op{"link", "ws/way", "v"})
	for _, f := range []string{"a/x.c", "a/b/y.c", "a/z.tmp", "c/data/w.c"} {
		ops = append(ops, op{"write", "ws/" + f, g.text()})
	}
	g.trees = []string{"src", "pack", "cur"}
	if g.git {
		ops = append(ops, treeOps(g.r, "ws/co")...)
		ops = append(ops, op{"git", "ws/co", "init -q --template= ."}, op{"write", "ws/co/.gitignore", "*.o\ngen/\n"}, op{"git", "ws/co", "add -f lib/x.o"})
		ops = append(ops, op{"git", "ws/v/one", "init -q --template= ."}, op{"git", "ws/v/two", "init -q --template= ."})
		g.trees = append(g.trees, "co")
		if g.chance(40) {
			ops = append(ops, op{"git", "ws", "init -q --template= ."}, op{"write", "ws/.gitignore", "*.tmp\n"})
		}
	}
	if g.chance(50) && !slices.Contains(g.skip, "self") {
		g.trees = append(g.trees, "self")
	}
	for i := range packages {
		if i < 2 || g.chance(70) {
			ops = append(ops, g.buildFile(i))
		}
	}
	return ops
}

// linkTargets are where the link on the way to a tree may lead.
var linkTargets = []string{"v/one", "v/two", "way/two", "way/one"}

// treePaths are the paths that the source_tree targets name.
var treePaths = map[string]string{"src": "src", "pack": "pack.tar.gz", "cur": "cur/tree", "co": "co", "self": "."}

func (g *generator) words() op {
	return op{"write", "ws/lib/words.star", fmt.Sprintf("GREETING = %q\n", strings.TrimSpace(g.text()))}
}

func (g *generator) archive(path string) op { return op{"archive", path, g.text()} }

// buildFile returns what writes the BUILD.star of a package. A target is a line, so that shrinking can
// drop it.
func (g *generator) buildFile(i int) op {
	var b strings.Builder
	b.WriteString(preamble)
	if i == 0 {
		for _, t := range g.trees {
			fmt.Fprintf(&b, "source_tree(name = %q, path = %q)\n", t, treePaths[t])
		}
		fmt.Fprintf(&b, "product(name = \"product\", package_name = \"CPython\", creators = [\"Tool: drill\"], download_url = \"https://example.org/{version}/{artifact}\", created = \"2025-12-05T00:00:0%dZ\", tree = \":src\")\n", g.r.IntN(3))
	}
	lines := g.targets(i)
	if g.mistake(6) { // what depends on it fails
		at := g.r.IntN(len(lines))
		lines = slices.Delete(lines, at, at+1)
	}
	b.WriteString(strings.Join(lines, "\n") + "\n")
	return op{"write", "ws/" + join(packages[i], "BUILD.star"), b.String()}
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// targets returns the declarations of a package.
func (g *generator) targets(i int) []string {
	// above names a target of this package or of the first two, which nearly every workspace has.
	above := func(names ...string) string {
		return fmt.Sprintf("%q", "//"+packages[pick(g.r, []int{0, min(i, 1), i})]+":"+pick(g.r, names))
	}
	if g.mistake(2) { // any package: not there, or a cycle
		above = func(names ...string) string { return fmt.Sprintf("%q", "//"+pick(g.r, packages)+":"+pick(g.r, names)) }
	}
	tree := func() string { return fmt.Sprintf("%q", "//:"+pick(g.r, g.trees)) }
	if i == 1 && !g.mistake(5) { // an archive and the packages in it are of one tree
		release := tree()
		tree = func() string { return release }
	}
	srcs := func() string {
		return pick(g.r, []string{`["lib/**"]`, `["**"]`, `["**/*.c"]`, `["lib/sub/**", "lib/*.c"]`, `["VERSION", "lib/*"]`})
	}
	if g.mistake(8) { // more often than not something of it matches nothing
		srcs = func() string {
			return pick(g.r, []string{`["gen/*"]`, `["doc/README", "lib/*.c"]`, `["**/*.o", "lib/a.c"]`})
		}
	}
	overlap := ""
	if g.mistake(8) { // a file of two packages
		overlap = ", \":vp2\""
	}
	lines := []string{
		fmt.Sprintf("note(name = \"note\", text = %q, lines = glob([%q]))", strings.TrimSpace(g.text()), pick(g.r, []string{"**", "*", "**/*.c", "*.tmp"})),
		fmt.Sprintf("note(name = \"note2\", text = \"two\", deps = [%s], packages = [%s])", above("note"), above("vp", "vp2", "dep")),
		fmt.Sprintf("vendored_package(name = \"vp\", version = \"1.%d\", tree = %s, srcs = %s)", g.r.IntN(3), tree(), srcs()),
		fmt.Sprintf("vendored_package(name = \"vp2\", version = \"1.1\", tree = %s, srcs = [\"lib/**\"], exclude = [\"lib/b.c\"], evidence = [regex(\"VERSION\", r\"version (?P<version>\\S+)\")])", tree()),
		fmt.Sprintf("source_dep(name = \"dep\", version = \"2.%d\", download_url = \"https://example.org/{version}.tar.gz\")", g.r.IntN(3)),
		"source_deps_sbom(name = \"deps\", deps = [\":dep\"])",
		"base_sbom(name = \"base\", packages = [\":vp\"" + overlap + "])",
		fmt.Sprintf("listing(name = \"listing\", tree = %s, srcs = %s)", tree(), srcs()),
		fmt.Sprintf("family(name = \"family\", n = %d)", g.r.IntN(4)),
		fmt.Sprintf("alias(name = \"alias\", actual = %s)", above("note", "base", "family")),
		fmt.Sprintf("filegroup(name = \"group\", srcs = [\":image\", %s])", above("note", "deps", "listing")),
		fmt.Sprintf("container_image(name = \"image\", repository = \"example.org/i\", tag = \"%d\", digest = \"sha256:%064x\")", g.r.IntN(3), 1+g.r.IntN(3)),
	}
	archives := []string{
		fmt.Sprintf("source_archive(name = \"files/Python-3.14.2.tgz\", tree = %s, prefix = \"Python-3.14.2\", overlay = {\"Misc/sbom.spdx.json\": \":base\"})", tree()),
		"source_sbom(name = \"Python-3.14.2.tgz\", artifact = \":files/Python-3.14.2.tgz\", base = \":base\", product = \"//:product\")",
		fmt.Sprintf("artifact(name = \"files/python-3.14.2.exe\", src = %s)", pick(g.r, []string{"\"//:pack.tar.gz\"", "\":note\"", "\":files/Python-3.14.2.tgz\""})),
		"windows_sbom(name = \"python-3.14.2.exe\", artifact = \":files/python-3.14.2.exe\", base = \":base\", deps = \":deps\", product = \"//:product\")",
		"source_tree(name = \"built\", archive = \":files/Python-3.14.2.tgz\")",
		fmt.Sprintf("listing(name = \"inside\", tree = \":built\", srcs = %s)", srcs()),
	}
	// One package of a workspace releases.
	if i == 1 {
		lines = append(lines, archives...)
	}
	return lines
}
