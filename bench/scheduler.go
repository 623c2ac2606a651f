package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// layers measures what the number of jobs costs where there is nothing to gain from it: 1,201
// filegroups, each of which names all of the layer below. The builds take turns, so that the
// ratios are of one run.
func layers(b *bench) error {
	const depth, width = 8, 150
	dir := filepath.Join(b.temp, "workspace")
	if err := writeFile(dir, "sbom.star", ""); err != nil {
		return err
	}
	var build strings.Builder
	build.WriteString("load(\"@sbomctl//:rules.star\", \"filegroup\")\n")
	below := ""
	for l := range depth {
		var names []string
		for i := range width {
			name := fmt.Sprintf("l%d_%d", l, i)
			names = append(names, fmt.Sprintf("%q", ":"+name))
			fmt.Fprintf(&build, "filegroup(name = %q, srcs = [%s])\n", name, below)
		}
		below = strings.Join(names, ", ")
	}
	fmt.Fprintf(&build, "filegroup(name = \"top\", srcs = [%s])\n", below)
	if err := writeFile(dir, "BUILD.star", build.String()); err != nil {
		return err
	}
	jobs := []string{"1", "8", "64"}
	walls := make([][]time.Duration, len(jobs))
	for i := range b.n + 1 {
		for j, n := range jobs {
			f, err := b.cold("1,201 filegroups", dir, "--jobs="+n, "//:top").run()
			if err != nil {
				return err
			}
			if i > 0 {
				walls[j] = append(walls[j], f.wall)
			}
		}
	}
	for j, n := range jobs {
		var ratios []float64
		for i, w := range walls[j] {
			ratios = append(ratios, w.Seconds()/walls[0][i].Seconds())
		}
		name := "1,201 filegroups in 8 layers, --jobs=" + n
		r := row{Name: name, Wall: median(walls[j]).Seconds()}
		if j > 0 {
			r.Floor, r.Other, r.Ratio = "--jobs=1", median(walls[0]).Seconds(), median(ratios)
		}
		b.rows = append(b.rows, r)
		fmt.Printf("%-44s %9s %36s  ratio %.2f to --jobs=1  (target at most 1.2)\n",
			name, ms(median(walls[j])), spread(walls[j]), median(ratios))
	}
	return nil
}

// cycle measures how long a cycle takes to be found that is added to a workspace which was built before:
// the same with 1,000 targets and with 2, for the difference is what the cycle costs.
func cycle(b *bench) error {
	long, err := addedCycle(b, 1000)
	if err != nil {
		return err
	}
	short, err := addedCycle(b, 2)
	if err != nil {
		return err
	}
	b.rows = append(b.rows, row{Name: "a cycle of 1,000 targets was added", Wall: median(long).Seconds()})
	fmt.Printf("%-44s %9s %36s  (target 100 ms; %s with 2 targets)\n", "a cycle of 1,000 targets was added", ms(median(long)), spread(long), ms(median(short)))
	return nil
}

// addedCycle builds a chain of n targets, closes it to a cycle, and measures the build that says so.
func addedCycle(b *bench, n int) ([]time.Duration, error) {
	dir := filepath.Join(b.temp, fmt.Sprint("cycle-", n))
	write := func(last string) error {
		var build strings.Builder
		build.WriteString("load(\"@sbomctl//:rules.star\", \"filegroup\")\n")
		for i := range n {
			next := fmt.Sprintf("\":t%d\"", i+1)
			if i == n-1 {
				next = last
			}
			fmt.Fprintf(&build, "filegroup(name = \"t%d\", srcs = [%s])\n", i, next)
		}
		return writeFile(dir, "BUILD.star", build.String())
	}
	if err := writeFile(dir, "sbom.star", ""); err != nil {
		return nil, err
	}
	build := command(dir, b.sbomctl, "build", "--jobs=2", "--disk_cache="+filepath.Join(b.temp, "cache"), "//:t0")
	var walls []time.Duration
	for range b.n {
		if err := write(""); err != nil {
			return nil, err
		}
		if _, err := (step{name: "the chain", cmd: build}).run(); err != nil {
			return nil, err
		}
		if err := write("\":t0\""); err != nil {
			return nil, err
		}
		start := time.Now()
		out, err := build().CombinedOutput()
		walls = append(walls, time.Since(start))
		if exit, failed := err.(*exec.ExitError); !failed || exit.ExitCode() != 1 || !strings.Contains(string(out), "dependency cycle") {
			return nil, fmt.Errorf("the cycle was not found: %v\n%.500s", err, out)
		}
	}
	return walls, nil
}
