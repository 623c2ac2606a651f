package main

import (
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// shape is how large a workspace of many files is: groups of vendored packages, a Starlark
// package and a base SBOM for each group.
type shape struct {
	groups, packages, files int // packages of a group, files of a package
	meanFileBytes           int
	ninja                   bool // write a build.ninja over the same files
}

var largeShape = shape{groups: 100, packages: 20, files: 50, meanFileBytes: 4 << 10, ninja: true}

func groupName(g int) string { return fmt.Sprintf("group%03d", g) }

// write writes the workspace.
func (s shape) write(dir string) error {
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 4*s.meanFileBytes)
	for i := range noise {
		noise[i] = byte('a' + r.IntN(26))
	}
	var ninja strings.Builder
	ninja.WriteString("rule stamp\n  command = touch $out\n")
	if err := writeFile(dir, "sbom.star", ""); err != nil {
		return err
	}
	var sboms []string
	for g := range s.groups {
		sboms = append(sboms, fmt.Sprintf("\"//%s:base_sbom\"", groupName(g)))
		var build, inputs strings.Builder
		build.WriteString("load(\"@sbomctl//:rules.star\", \"base_sbom\", \"vendored_package\")\n")
		var names []string
		for p := range s.packages {
			name := fmt.Sprintf("pkg%04d", g*s.packages+p)
			names = append(names, fmt.Sprintf("%q", ":"+name))
			fmt.Fprintf(&build, "vendored_package(name = %q, version = \"1.%d\", download_url = \"https://example.org/%s-{version}.tar.gz\", sha256 = \"%064x\", cpe = \"cpe:2.3:a:example:%s:{version}:*:*:*:*:*:*:*\", tree = \"//:src\", srcs = [\"%s/%s/**\"])\n",
				name, p, name, g*s.packages+p+1, name, groupName(g), name)
			for f := range s.files {
				path := fmt.Sprintf("src/%s/%s/d%d/file%02d.c", groupName(g), name, f%5, f)
				start := r.IntN(2 * s.meanFileBytes)
				body := fmt.Sprintf("/* %s */\n%s\n", path, noise[start:start+r.IntN(2*s.meanFileBytes)])
				if err := writeFile(dir, path, body); err != nil {
					return err
				}
				if s.ninja {
					inputs.WriteString(" " + path)
				}
			}
		}
		fmt.Fprintf(&build, "base_sbom(name = \"base_sbom\", packages = [%s])\n", strings.Join(names, ", "))
		if err := writeFile(dir, groupName(g)+"/BUILD.star", build.String()); err != nil {
			return err
		}
		fmt.Fprintf(&ninja, "build ninja-out/%s: stamp%s\n", groupName(g), inputs.String())
	}
	root := "load(\"@sbomctl//:rules.star\", \"filegroup\", \"source_tree\")\nsource_tree(name = \"src\", path = \"src\")\n" +
		"filegroup(name = \"sboms\", srcs = [" + strings.Join(sboms, ", ") + "])\n"
	if err := writeFile(dir, "BUILD.star", root); err != nil {
		return err
	}
	if !s.ninja {
		return nil
	}
	return writeFile(dir, "build.ninja", ninja.String())
}

func writeFile(dir, name, body string) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(body), 0o666)
}

// hashAll reads and hashes (SHA-1 and SHA-256) every file with two threads: the floor of a
// cold build. It runs in a process of its own, as the subject does.
func hashAll(dir string) error {
	paths := make(chan string, 1024)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for p := range paths {
				if b, err := os.ReadFile(p); err == nil {
					sha1.Sum(b)
					sha256.Sum256(b)
				}
			}
		})
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			paths <- path
		}
		return err
	})
	close(paths)
	wg.Wait()
	return err
}

func large(b *bench) error {
	dir := filepath.Join(b.temp, "workspace")
	if err := largeShape.write(dir); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	hash := step{name: "hashing, two threads", cmd: func() *exec.Cmd {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), "SBOMCTL_BENCH_HASH="+filepath.Join(dir, "src"))
		return cmd
	}}
	cache := filepath.Join(b.temp, "cache")
	explain := filepath.Join(b.temp, "explain")
	build := command(dir, b.sbomctl, "build", "--jobs=2", "--disk_cache="+cache, "//:sboms")
	if err := b.against(b.cold("empty cache", dir, "--jobs=2", "//:sboms"), hash, "2"); err != nil {
		return err
	}
	if _, err := (step{name: "warm-up", cmd: build}).run(); err != nil {
		return err
	}
	noop := step{name: "nothing changed", cmd: build}
	if _, err := exec.LookPath("ninja"); err == nil {
		ninja := step{name: "ninja, same files", cmd: command(dir, "ninja")}
		if err := b.against(noop, ninja, "1"); err != nil {
			return err
		}
	} else {
		fmt.Println("ninja is not installed: no peer for the next figure")
	}
	base, err := b.alone(noop, "ninja's")
	if err != nil {
		return err
	}
	victim := filepath.Join(dir, "src", groupName(7), fmt.Sprintf("pkg%04d", 7*largeShape.packages), "d0", "file00.c")
	edits := 0
	edited, err := b.alone(step{
		name: "one file edited",
		before: func() error {
			edits++
			return os.WriteFile(victim, fmt.Appendf(nil, "/* edit %d */\n", edits), 0o666)
		},
		cmd: build,
	}, "no-op + 20 ms")
	if err != nil {
		return err
	}
	fmt.Printf("one file edited costs %s more than nothing\n", ms(edited-base))
	touch := step{
		name: "all files touched",
		before: func() error {
			now := time.Now()
			return filepath.WalkDir(filepath.Join(dir, "src"), func(path string, d fs.DirEntry, err error) error {
				if err == nil && d.Type().IsRegular() {
					return os.Chtimes(path, now, now)
				}
				return err
			})
		},
		cmd: command(dir, b.sbomctl, "build", "--jobs=2", "--disk_cache="+cache, "--explain="+explain, "//:sboms"),
		after: func() error {
			log, err := os.ReadFile(explain)
			if err == nil && strings.Contains(string(log), "base_sbom") {
				return fmt.Errorf("a touch made something run:\n%.500s", log)
			}
			return err
		},
	}
	return b.against(touch, hash, "1.5")
}

// targets measures loading and analysis: many targets in many packages, no file to hash.
func targets(b *bench) error {
	const packages, each = 200, 100
	dir := filepath.Join(b.temp, "workspace")
	if err := writeFile(dir, "sbom.star", ""); err != nil {
		return err
	}
	for p := range packages {
		var build strings.Builder
		build.WriteString("load(\"@sbomctl//:rules.star\", \"source_dep\")\n")
		for t := range each {
			fmt.Fprintf(&build, "source_dep(name = \"dep%d\", version = \"1.%d\", download_url = \"https://example.org/{version}.tar.gz\", sha256 = \"%064x\", cpe = \"cpe:2.3:a:example:dep%d:{version}:*:*:*:*:*:*:*\")\n",
				t, t, p*each+t+1, t)
		}
		if err := writeFile(dir, fmt.Sprintf("p%03d/BUILD.star", p), build.String()); err != nil {
			return err
		}
	}
	if _, err := b.alone(b.cold("20,000 targets, empty cache", dir, "--jobs=2", "--nobuild", "//..."), "1 s"); err != nil {
		return err
	}
	cache := filepath.Join(b.temp, "cache")
	_, err := b.alone(step{name: "20,000 targets, no Starlark file changed", cmd: command(dir, b.sbomctl, "build", "--jobs=2", "--nobuild", "--disk_cache="+cache, "//...")}, "not again")
	return err
}

// queries asks the graph of 20,000 targets, of which nothing changed since they were loaded.
func queries(b *bench) error {
	const packages, each = 200, 99
	dir := filepath.Join(b.temp, "workspace")
	if err := writeFile(dir, "sbom.star", ""); err != nil {
		return err
	}
	for p := range packages {
		var build strings.Builder
		build.WriteString("load(\"@sbomctl//:rules.star\", \"source_dep\", \"source_deps_sbom\")\n")
		var deps []string
		for t := range each {
			fmt.Fprintf(&build, "source_dep(name = \"dep%d\", version = \"1.%d\", download_url = \"https://example.org/{version}.tar.gz\", sha256 = \"%064x\")\n", t, t, p*each+t+1)
			deps = append(deps, fmt.Sprintf("\":dep%d\"", t))
		}
		fmt.Fprintf(&build, "source_deps_sbom(name = \"sbom\", deps = [%s])\n", strings.Join(deps, ", "))
		if err := writeFile(dir, fmt.Sprintf("p%03d/BUILD.star", p), build.String()); err != nil {
			return err
		}
	}
	cache := "--disk_cache=" + filepath.Join(b.temp, "cache")
	if _, err := (step{name: "load", cmd: command(dir, b.sbomctl, "build", "--nobuild", cache, "//...")}).run(); err != nil {
		return err
	}
	for _, expr := range []string{"//...", "rdeps(//..., //p100:dep7)", "attr(version, '1.7$', deps(//...))"} {
		if _, err := b.alone(step{name: "20,000 targets, query " + expr, cmd: command(dir, b.sbomctl, "query", cache, expr)}, "150 ms"); err != nil {
			return err
		}
	}
	return nil
}

func init() {
	if dir := os.Getenv("SBOMCTL_BENCH_HASH"); dir != "" {
		if err := hashAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}
