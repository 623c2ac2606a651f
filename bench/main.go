package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// benchmark is one row of the table in README.md.
type benchmark struct {
	name string
	what string
	run  func(b *bench) error
	long bool // minutes: run when it is named, or with --all
}

var benchmarks = []benchmark{
	{"tarxz", "source SBOM from the .tar.xz, empty cache, against xz -dc", tarxz, false},
	{"tgz", "source SBOM from the .tgz, empty cache, against gzip -dc", tgz, false},
	{"pack", "source_archive of the unpacked release, against tar with xz and gzip: time and size", packs, true},
	{"example", "all artifacts of examples/cpython in all formats, nothing changed", example, false},
	{"edit", "the unpacked tree, one vendored file edited", edit, false},
	{"check", "the unpacked tree: check, against build; after an edit; with an empty cache", check, false},
	{"references", "500 workflow files that name container images: check, and after an edit; against build", references, false},
	{"import", "the unpacked tree: import", importTree, false},
	{"large", "2,000 packages, 100,000 files: cold, no-op, edit, touch, memory", large, false},
	{"targets", "20,000 targets: load and analyse", targets, false},
	{"query", "20,000 targets: query, nothing changed", queries, false},
	{"layers", "1,201 targets in 8 layers: --jobs 1, 8 and 64", layers, false},
	{"cycle", "a cycle of 1,000 targets, added to a built workspace", cycle, false},
	{"audit", "50 pins in a registry whose answers take 20 ms, and one of them 500 ms", audit, false},
	{"unpack", "an image's root filesystem, against tar -x; one that is there", unpack, false},
	{"container", "a command in a container: run, and found in the cache", containers, false},
	{"sandbox", "a command in a sandbox, against the command itself", sandboxed, false},
	{"million", "20,000 packages, 1,000,000 files: no-op against lstat of all, memory", million, true},
}

// bench is what every benchmark is handed.
type bench struct {
	n       int    // pairs
	sbomctl string // the binary under test
	repo    string // root of this repository
	distdir string // folder of the real release; "" when there is none
	temp    string // empty; removed afterwards
	caches  int    // empty caches made so far
	rows    []row  // figures of the benchmark that runs
}

func main() {
	n := flag.Int("n", 7, "pairs of runs")
	keep := flag.Bool("keep", false, "keep the temporary folder")
	record := flag.String("record", "", "put the figures in `FILE`, as bench/results.json")
	all := flag.Bool("all", false, "run the long ones too")
	image := flag.String("image", "", "write the image of the benchmark unpack to the layout `DIR`; the argument is gzip or zstd")
	layout := flag.String("unpack", "", "unpack the image of the layout `DIR` into the folder that is the argument, as the benchmark unpack has it measured")
	flag.Parse()
	var err error
	switch {
	case *image != "":
		err = writeImage(*image, ocitest.Compression(flag.Arg(0)))
	case *layout != "":
		err = unpackLayout(*layout, flag.Arg(0))
	default:
		err = run(*n, *keep, *all, *record, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(n int, keep, all bool, record string, names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(benchmarks, func(b benchmark) bool { return b.name == name }) {
			return fmt.Errorf("no benchmark %q", name)
		}
	}
	repo, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return fmt.Errorf("run it inside the repository: %w", err)
	}
	temp, err := os.MkdirTemp("", "sbomctl-bench-")
	if err != nil {
		return err
	}
	if keep {
		fmt.Println("temporary folder:", temp)
	} else {
		defer os.RemoveAll(temp)
	}
	b := &bench{n: n, repo: strings.TrimSpace(string(repo)), sbomctl: filepath.Join(temp, "sbomctl"), distdir: os.Getenv("SBOMCTL_DISTDIR")}
	build := exec.Command("go", "build", "-o", b.sbomctl, "./cmd/sbomctl")
	build.Dir, build.Stderr = b.repo, os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	for _, bm := range benchmarks {
		if named := slices.Contains(names, bm.name); !named && (len(names) > 0 || bm.long && !all) {
			continue
		}
		fmt.Printf("# %s: %s\n", bm.name, bm.what)
		b.rows = nil
		b.temp = filepath.Join(temp, bm.name)
		if err := os.Mkdir(b.temp, 0o777); err != nil {
			return err
		}
		if err := bm.run(b); err != nil {
			return fmt.Errorf("%s: %w", bm.name, err)
		}
		if record != "" && len(b.rows) > 0 {
			if err := b.record(record, bm); err != nil {
				return err
			}
		}
		if !keep {
			os.RemoveAll(b.temp)
		}
	}
	return nil
}
