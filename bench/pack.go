package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// packs measures source_archive over the unpacked release: how long it takes, and how large the archive is, against the programs that
// releases are packed with. Their tar has the same members in the same order.
func packs(b *bench) error {
	if !b.needRelease() {
		return nil
	}
	defer func(n int) { b.n = n }(b.n)
	b.n = 1 // minutes
	tree, err := b.unpacked()
	if err != nil {
		return err
	}
	dir := filepath.Dir(tree)
	build := `load("@sbomctl//:rules.star", "source_archive", "source_tree")

source_tree(name = "tree", path = "Python-3.13.5")

[source_archive(name = "Python-3.13.5." + ending, tree = ":tree", prefix = "Python-3.13.5") for ending in ["tar.xz", "tgz"]]
`
	if err := writeFile(dir, "sbom.star", ""); err != nil {
		return err
	}
	if err := writeFile(dir, "BUILD.star", build); err != nil {
		return err
	}
	for _, p := range []struct{ ending, name, peer string }{
		{"tar.xz", "xz -6 -T0", "xz -6 -T0"},
		{"tgz", "gzip -9", "gzip -9n"},
	} {
		name := "Python-3.13.5." + p.ending
		other := filepath.Join(b.temp, "other."+p.ending)
		pack := fmt.Sprintf("tar -c --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 Python-3.13.5 | %s >%s", p.peer, other)
		err := b.against(
			b.cold("source_archive of CPython, ."+p.ending, dir, "//:"+name),
			step{name: "tar, " + p.name, cmd: command(dir, "sh", "-c", pack)}, "1")
		if err != nil {
			return err
		}
		if err := b.sizes("size of the ."+p.ending, filepath.Join(dir, "sbom-out", name), p.name, other); err != nil {
			return err
		}
	}
	// One block, as small as xz makes it by default.
	other := filepath.Join(b.temp, "single.tar.xz")
	if out, err := exec.Command("sh", "-c", fmt.Sprintf("xz -dc %s | xz -6 -T1 >%s", filepath.Join(dir, "sbom-out", "Python-3.13.5.tar.xz"), other)).CombinedOutput(); err != nil {
		return fmt.Errorf("xz -6 -T1: %w\n%s", err, out)
	}
	return b.sizes("size of the .tar.xz", filepath.Join(dir, "sbom-out", "Python-3.13.5.tar.xz"), "xz -6 -T1", other)
}

// sizes prints how large a file is, and another one.
func (b *bench) sizes(name, file, floor, other string) error {
	x, err := os.Stat(file)
	if err != nil {
		return err
	}
	y, err := os.Stat(other)
	if err != nil {
		return err
	}
	ratio := float64(x.Size()) / float64(y.Size())
	b.rows = append(b.rows, row{Name: name, Bytes: x.Size(), Floor: floor, OtherBytes: y.Size(), Ratio: ratio})
	fmt.Printf("%-44s %9s  %-24s %9s  ratio %.3f  (target 1)\n", name, megabytes(x.Size()), floor, megabytes(y.Size()), ratio)
	return nil
}

func megabytes(n int64) string { return fmt.Sprintf("%.2f MB", float64(n)/1e6) }
