package main

import (
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// step is what happens between two builds, and the build.
type step struct {
	ops  []op
	args []string // patterns and flags of build
	jobs int
}

// buildStep is the build of a step whose operations are done.
func (w *world) buildStep(s step) result {
	return w.sbomctl(w.stepArgs(s)...)
}

// stepArgs is the command line of that build.
func (w *world) stepArgs(s step) []string {
	return w.buildArgs(append(slices.Clone(s.args), "--jobs="+strconv.Itoa(s.jobs)))
}

// edit is a kind of change. Make looks at what lies on the disk and returns what to do; nothing, when
// there is nothing to do it to.
type edit struct {
	name   string
	weight int
	make   func(g *generator, seen listing) []op
}

// listing is what lies in a world, sorted: the paths of files and folders. What is git's own and the
// outputs are left out.
type listing struct {
	files, folders []string
}

// look lists a world.
func (w *world) look() listing {
	var l listing
	for _, part := range []string{"ws", "outside"} {
		_ = filepath.WalkDir(w.path(part), func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil
			}
			rel, err := filepath.Rel(w.dir, p)
			if err != nil {
				return err
			}
			rel = filepath.ToSlash(rel)
			switch {
			case rel == outDir || d.Name() == ".git":
				if d.IsDir() {
					return filepath.SkipDir
				}
			case rel == part:
			case d.IsDir():
				l.folders = append(l.folders, rel)
			default:
				l.files = append(l.files, rel)
			}
			return nil
		})
	}
	return l
}

// sources are the files that are no Starlark.
func (l listing) sources() []string {
	return slices.DeleteFunc(slices.Clone(l.files), func(f string) bool { return strings.HasSuffix(f, ".star") })
}

// any returns one of the paths, or "" when there is none.
func (g *generator) any(paths []string) string {
	if len(paths) == 0 {
		return ""
	}
	return pick(g.r, paths)
}

// toSource makes an edit of one file that is no Starlark.
func toSource(what func(g *generator, file string) []op) func(*generator, listing) []op {
	return func(g *generator, seen listing) []op {
		if f := g.any(seen.sources()); f != "" {
			return what(g, f)
		}
		return nil
	}
}

func one(verb, arg string) func(*generator, string) []op {
	return func(_ *generator, file string) []op { return []op{{verb, file, arg}} }
}

var edits []edit

func init() {
	edits = []edit{
		{"content", 8, toSource(func(g *generator, f string) []op { return []op{{"write", f, g.text()}} })},
		{"append", 4, toSource(func(g *generator, f string) []op { return []op{{"append", f, g.text()}} })},
		{"stealth", 4, toSource(one("stealth", ""))},
		{"touch", 3, toSource(one("touch", ""))},
		{"mode", 2, toSource(one("chmod", ""))},
		{"remove", 3, toSource(one("remove", ""))},
		{"new", 5, func(g *generator, seen listing) []op {
			if d := g.any(seen.folders); d != "" {
				return []op{{"write", d + "/" + pick(g.r, []string{"new.c", "new.o", "z", ".dot", "new.tmp", "lib/deep/new.c"}), g.text()}}
			}
			return nil
		}},
		{"remove folder", 1, func(g *generator, seen listing) []op {
			if d := g.any(seen.folders); d != "" {
				return []op{{"remove", d, ""}}
			}
			return nil
		}},
		{"empty folder", 2, func(g *generator, seen listing) []op {
			if d := g.any(seen.folders); d != "" {
				return []op{{"folder", d + "/" + pick(g.r, []string{"empty", "lib", "new.c"}), ""}}
			}
			return nil
		}},
		{"rename", 4, func(g *generator, seen listing) []op {
			from := g.any(append(seen.sources(), seen.folders...))
			if from == "" {
				return nil
			}
			return []op{{"rename", from, path.Dir(from) + "/" + pick(g.r, []string{"moved", "moved.c", "a.c", "lib", "zz"})}}
		}},
		{"kind", 4, func(g *generator, seen listing) []op {
			at := g.any(append(seen.sources(), seen.folders...))
			if at == "" {
				return nil
			}
			return []op{pick(g.r, []op{
				{"write", at, g.text()}, {"folder", at, ""}, {"write", at + "/inside.c", g.text()}, {"fifo", at, ""},
				{"link", at, "a.c"}, {"link", at, "nowhere"}, {"link", at, ".."}, {"link", at, "../lib"}, {"link", at, path.Base(at)},
			})}
		}},
		{"retarget", 5, func(g *generator, seen listing) []op {
			return []op{pick(g.r, []op{
				{"link", "ws/cur", pick(g.r, linkTargets)}, {"link", "ws/way", pick(g.r, []string{"v", "v/../v"})},
				{"link", "ws/src/lib/ln", pick(g.r, []string{"b.c", "sub", "../gen/e.c", "nowhere"})}, {"link", "ws/cur", "nowhere"},
				{"write", "ws/v/one/tree/lib/a.c", g.text()}, {"write", "ws/v/two/tree/lib/a.c", g.text()},
			})}
		}},
		{"folder for link", 1, func(g *generator, seen listing) []op {
			at := pick(g.r, []string{"ws/src/lib", "ws/src", "ws/src/lib/sub", "ws/a", "ws/c", "ws/co/lib"})
			away := "outside/moved" + g.text()[5:6]
			return []op{{"remove", away, ""}, {"rename", at, away}, {"link", at, strings.Repeat("../", strings.Count(at, "/")) + away}}
		}},
		{"version", 3, func(g *generator, seen listing) []op {
			return []op{{"write", pick(g.r, []string{"ws/src/", "ws/co/", "ws/v/one/tree/"}) + version, pick(g.r, []string{"version 1.1\n", "version 1.2\n", "nothing\n"})}}
		}},
		{"declarations", 8, func(g *generator, seen listing) []op { return []op{g.buildFile(g.r.IntN(len(packages)))} }},
		{"comment", 3, func(g *generator, seen listing) []op {
			return []op{{"append", pick(g.r, starFiles), "# " + g.text()}}
		}},
		{"module", 3, func(g *generator, seen listing) []op {
			rules := strings.Replace(libraries, "member %d", "member "+strings.TrimSpace(g.text())+" %d", 1)
			return []op{pick(g.r, []op{g.words(), g.words(), {"write", "ws/lib/defs.star", rules}, {"write", "ws/lib/defs.star", libraries}})}
		}},
		{"broken module", 1, func(g *generator, seen listing) []op {
			return []op{{"append", pick(g.r, starFiles), "this is not Starlark (((\n"}}
		}},
		{"boundary", 5, func(g *generator, seen listing) []op {
			d := g.any(append(seen.folders, "ws/a", "ws/a/b", "ws/c", "ws/c/d/e"))
			return []op{pick(g.r, []op{{"write", d + "/BUILD.star", preamble + "note(name = \"note\", text = \"boundary\", lines = glob([\"**\"]))\n"}, {"write", d + "/BUILD.star", ""}, {"remove", d + "/BUILD.star", ""}})}
		}},
		{"odd BUILD.star", 3, func(g *generator, seen listing) []op {
			at := g.any(append(seen.folders, "ws/a", "ws/c")) + "/" + pick(g.r, []string{"BUILD.star", "BUILD.star", "sbom.star"})
			return []op{pick(g.r, []op{{"folder", at, ""}, {"write", at + "/inside.c", g.text()}, {"link", at, "nowhere"}, {"link", at, "other.star"}, {"fifo", at, ""}})}
		}},
		{"ignore", 10, func(g *generator, seen listing) []op {
			at := pick(g.r, []string{"ws/co/", "ws/co/", "ws/co/", "ws/co/lib/", "ws/", "ws/v/one/", "ws/v/one/", "ws/v/two/", "ws/src/", "ws/co/gen/", "ws/a/"})
			return []op{pick(g.r, []op{
				{"write", at + ".gitignore", pick(g.r, []string{"*.o\n", "*.c\n", "lib/\n", "!x.o\n", "a/\n", "gen/\n!gen/e.c\n", "/doc\n", ""})},
				{"write", at + ".gitignore", pick(g.r, []string{"*.o\n", "sub/\n", "**/deep\n", "*\n!*.c\n!*/\n"})},
				{"remove", at + ".gitignore", ""}, {"write", at + ".git/info/exclude", "*.h\n"},
			})}
		}},
		{"git", 4, func(g *generator, seen listing) []op {
			if !g.git {
				return nil
			}
			at := pick(g.r, []string{"ws/co", "ws/co", "ws", "ws/v/one", "ws/v/two", "ws/src"})
			return []op{pick(g.r, []op{
				{"git", at, "init -q --template= ."}, {"git", at, "add -f lib/x.o"}, {"git", at, "add -f gen/e.c"}, {"git", at, "add ."},
				{"git", at, "rm -q --cached -f -r ."}, {"git", at, "symbolic-ref HEAD refs/heads/x"}, {"remove", at + "/.git", ""},
				{"git", at, "rm -q --cached -f lib/x.o"},
			})}
		}},
		{"archive", 3, func(g *generator, seen listing) []op {
			return []op{g.archive(pick(g.r, []string{"ws/pack.tar.gz", "ws/pack.tar.gz", "outside/other.tar.gz"}))}
		}},
		{"outputs", 5, func(g *generator, seen listing) []op {
			out := pick(g.r, []string{"note.txt", "a/note.txt", "vp.spdx.json", "a/base.spdx.json", "a/b/note2.txt", "family/0.txt"})
			return []op{pick(g.r, []op{
				{"remove", outDir, ""}, {"remove", outDir + "/" + out, ""}, {"write", outDir + "/" + out, g.text()}, {"touch", outDir + "/" + out, ""},
				{"stealth", outDir + "/" + out, ""}, {"remove", outDir + "/a", ""},
			})}
		}},
		{"clean", 1, func(g *generator, seen listing) []op {
			return []op{{"clean", "ws", pick(g.r, []string{"", "--expunge"})}}
		}},
		{"program", 2, func(g *generator, seen listing) []op { return []op{{"program", "ws", ""}} }},
		{"nothing", 1, func(g *generator, seen listing) []op { return nil }},
	}
}

// starFiles are the Starlark files that every workspace begins with.
var starFiles = []string{"ws/BUILD.star", "ws/a/BUILD.star", "ws/lib/defs.star", "ws/lib/words.star", "ws/sbom.star", "ws/lib/BUILD.star"}

// edit returns a change, or a few at once.
func (g *generator) edit(seen listing) []op {
	var total int
	for _, e := range edits {
		total += e.weight
	}
	var ops []op
	for n := pick(g.r, []int{1, 1, 1, 2, 4}); n > 0; n-- {
		at := g.r.IntN(total)
		for _, e := range edits {
			if at -= e.weight; at < 0 {
				if !slices.Contains(g.skip, strings.ReplaceAll(e.name, " ", "-")) {
					ops = append(ops, e.make(g, seen)...)
				}
				break
			}
		}
	}
	return ops
}

// heal returns what makes a workspace whole again, so that not everything fails after a while.
func heal(first []op) []op {
	return append([]op{{"remove", "ws/.git", ""}, {"remove", "ws/lib", ""}, {"remove", "ws/v", ""}, {"remove", "ws/src", ""}, {"remove", "ws/co", ""}, {"remove", "ws/a", ""},
		{"remove", "ws/c", ""}, {"remove", "outside", ""}}, first...)
}

// command returns patterns and flags.
func (g *generator) command() []string {
	args := []string{pick(g.r, []string{"//...", "//...", "//...", "//...", "//...", "//a/...", "//a:all", "//:note", "//a:group", "//c/..."})}
	if args[0] == "//..." && g.chance(10) {
		args = append(args, pick(g.r, []string{"-//a/...", "-//a:note", "-//c/d/..."}))
	}
	if !g.chance(20) {
		args = append(args, "-k")
	}
	if g.chance(10) {
		args = append(args, "--norun_validations")
	}
	for g.chance(20) && !slices.Contains(g.skip, "override") {
		args = append(args, "--override="+pick(g.r, []string{"", "//", "//"})+":"+pick(g.r, g.trees)+"="+
			pick(g.r, []string{"src", "co", "pack.tar.gz", "v/one", "../outside/three", "../outside/other.tar.gz", "way/two/tree", "cur/tree"}))
	}
	return args
}
