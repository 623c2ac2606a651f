package main

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

const tarball = "Python-3.13.5.tar.xz"

// needRelease says, in the table, that a benchmark cannot run here.
func (b *bench) needRelease() bool {
	if b.distdir == "" {
		fmt.Println("skipped: SBOMCTL_DISTDIR names no folder with", tarball)
		return false
	}
	return true
}

// exampleCopy copies examples/cpython, so that the checkout stays clean.
func (b *bench) exampleCopy() (string, error) {
	dir := filepath.Join(b.temp, "cpython")
	return dir, os.CopyFS(dir, exampleFS{os.DirFS(filepath.Join(b.repo, "examples", "cpython"))})
}

// formatsAttr is where the example asks for more formats than SPDX 2.3 JSON.
var formatsAttr = regexp.MustCompile(`(?s)\n *formats = \[.*?\],`)

// oneFormat is exampleCopy with SPDX 2.3 JSON alone: what is measured is the way from an archive to its SBOM.
func (b *bench) oneFormat() (string, error) {
	dir, err := b.exampleCopy()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "sbom.star")
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if !formatsAttr.Match(text) {
		return "", fmt.Errorf("%s asks for no formats: oneFormat is of no use", path)
	}
	return dir, os.WriteFile(path, formatsAttr.ReplaceAll(text, nil), 0o666)
}

// exampleFS leaves out what an earlier build wrote.
type exampleFS struct{ fs.FS }

func (e exampleFS) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(e.FS, name)
	kept := entries[:0]
	for _, d := range entries {
		if d.Name() != "sbom-out" {
			kept = append(kept, d)
		}
	}
	return kept, err
}

// cold returns a step that builds with an empty cache.
func (b *bench) cold(name, dir string, args ...string) step {
	return step{
		name: name,
		before: func() error {
			b.caches++ // a new folder: some file systems are slow where files were just deleted
			return os.RemoveAll(filepath.Join(dir, "sbom-out"))
		},
		cmd: func() *exec.Cmd {
			cache := filepath.Join(b.temp, fmt.Sprint("cold-cache-", b.caches))
			return command(dir, append([]string{b.sbomctl, "build", "--disk_cache=" + cache}, args...)...)()
		},
	}
}

func tarxz(b *bench) error {
	if !b.needRelease() {
		return nil
	}
	dir, err := b.oneFormat()
	if err != nil {
		return err
	}
	return b.against(
		b.cold("source SBOM from "+tarball, dir, "--distdir="+b.distdir, "//release:"+tarball),
		step{name: "xz -dc", cmd: toNull(dir, "xz", "-dc", filepath.Join(b.distdir, tarball))}, "1.25")
}

func tgz(b *bench) error {
	if !b.needRelease() {
		return nil
	}
	dir, err := b.oneFormat()
	if err != nil {
		return err
	}
	archive := filepath.Join(b.temp, "Python-3.13.5.tgz")
	pack := exec.Command("sh", "-c", `xz -dc "$1" | gzip -n >"$2"`, "sh", filepath.Join(b.distdir, tarball), archive)
	if out, err := pack.CombinedOutput(); err != nil {
		return fmt.Errorf("packing the .tgz: %w\n%s", err, out)
	}
	if err := declareTgz(dir, archive); err != nil {
		return err
	}
	return b.against(
		b.cold("source SBOM from the .tgz", dir, "--distdir="+b.temp, "//release:Python-3.13.5.tgz"),
		step{name: "gzip -dc", cmd: toNull(dir, "gzip", "-dc", archive)}, "0.9")
}

// declareTgz makes the re-packed archive the release, in place of the .tar.xz.
func declareTgz(dir, archive string) error {
	data, err := os.ReadFile(archive)
	if err != nil {
		return err
	}
	swap := strings.NewReplacer(tarball, filepath.Base(archive), "Python-{version}.tar.xz", "Python-{version}.tgz",
		"93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640", fmt.Sprintf("%x", sha256.Sum256(data)),
		"size = 22856016", fmt.Sprintf("size = %d", len(data)))
	for _, name := range []string{"BUILD.star", "release/BUILD.star"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		old, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(swap.Replace(string(old))), 0o666); err != nil {
			return err
		}
	}
	return nil
}

func edit(b *bench) error {
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
	another := appender(filepath.Join(tree, "Modules", "expat", "xmlparse.c"))
	explain := filepath.Join(b.temp, "explain")
	edits := 0
	_, err = b.alone(step{
		name: "one vendored file edited",
		before: func() error {
			edits++
			return another()
		},
		cmd: command(dir, b.sbomctl, "build", "--disk_cache="+filepath.Join(b.temp, "cache"), "--distdir="+b.distdir,
			"--override=//:cpython="+tree, "--explain="+explain, "//:base_sbom", "//release:python-3.13.5-amd64.exe"),
		after: func() error {
			log, err := os.ReadFile(explain)
			if err == nil && edits > 1 && strings.Contains(string(log), "amd64.exe") {
				return fmt.Errorf("the Windows SBOM ran:\n%s", log)
			}
			return err
		},
	}, "50 ms")
	return err
}
