package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// unpacked unpacks the release, which is then the tree that the example is about.
func (b *bench) unpacked() (tree string, err error) {
	out, err := exec.Command("tar", "-xJf", filepath.Join(b.distdir, tarball), "-C", b.temp).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("tar: %w\n%s", err, out)
	}
	return filepath.Join(b.temp, "Python-3.13.5"), nil
}

// appender returns a function that adds a line to a file, another one each time.
func appender(file string) func() error {
	edits := 0
	return func() error {
		edits++
		f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = fmt.Fprintf(f, "/* edit %d */\n", edits)
		return err
	}
}

// Exit codes of sbomctl: something was found.
const (
	exitBuildFailed = 1
	exitFindings    = 3
)

// check measures the pull-request gate over the unpacked release.
func check(b *bench) error {
	if !b.needRelease() {
		return nil
	}
	dir, err := b.exampleCopy()
	if err != nil {
		return err
	}
	tree, err := b.unpacked()
	if err != nil {
		return err
	}
	sbomctl := func(verb, cache string, args ...string) func() *exec.Cmd {
		return command(dir, append([]string{b.sbomctl, verb, "--disk_cache=" + filepath.Join(b.temp, cache), "--distdir=" + b.distdir, "--override=//:cpython=" + tree}, args...)...)
	}
	if err := b.against(
		step{name: "check of the example, nothing changed", cmd: sbomctl("check", "cache", "//:all", "//release:all"), exit: exitFindings},
		step{name: "build", cmd: sbomctl("build", "cache", "//:all", "//release:all"), exit: exitBuildFailed}, "1.5"); err != nil {
		return err
	}
	_, err = b.alone(step{
		name:   "check of the tree, one vendored file edited",
		before: appender(filepath.Join(tree, "Modules", "expat", "xmlparse.c")),
		cmd:    sbomctl("check", "cache", "//:all"),
		exit:   exitFindings,
	}, "100 ms")
	if err != nil {
		return err
	}
	cold := 0
	_, err = b.alone(step{
		name:   "check of the tree, empty cache",
		before: func() error { cold++; return nil },
		cmd:    func() *exec.Cmd { return sbomctl("check", fmt.Sprint("cold-", cold), "//:all")() },
		exit:   exitFindings,
	}, "1.5 s")
	return err
}

// importTree measures how long it takes to turn the unpacked release into a workspace.
func importTree(b *bench) error {
	if !b.needRelease() {
		return nil
	}
	tree, err := b.unpacked()
	if err != nil {
		return err
	}
	runs := 0
	_, err = b.alone(step{
		name:   "import of CPython 3.13.5",
		before: func() error { runs++; return nil },
		cmd: func() *exec.Cmd {
			out := filepath.Join(b.temp, fmt.Sprint("workspace-", runs))
			cache := filepath.Join(b.temp, fmt.Sprint("cache-", runs))
			return command(b.temp, b.sbomctl, "import", tree, "--output="+out, "--disk_cache="+cache)()
		},
	}, "2 s")
	return err
}
