package star

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/sbomctl/sbomctl/engine/label"
)

// BenchmarkTargets loads 200 packages of 100 targets each, encodes and decodes them, and
// analyses the 20,000 targets, each of which depends on the one before it in its package.
func BenchmarkTargets(b *testing.B) {
	const packages, targets = 200, 100
	rules := newWorld(map[string]string{":rules.star": rulesStar})
	m, err := rules.load(label.Label{Name: "rules.star"})
	if err != nil {
		b.Fatal(err)
	}
	load := func(label.Label) (*Module, error) { return m, nil }
	source := func(pkg string) []byte {
		var s strings.Builder
		s.WriteString(`load("//:rules.star", "regex", "thing")` + "\n")
		for i := range targets {
			fmt.Fprintf(&s, `thing(
    name = "t%d",
    version = "1.%d",
    kind = "beta",
    srcs = ["Modules/%s/**"],
    env = {"license": "MIT", "originator": "Organization: some team", "download_url": "https://example.org/{version}.tar.gz"},
    evidence = [regex("Modules/a.h", r'define VERSION "(?P<version>[^"]+)"')],
`, i, i, pkg)
			if i > 0 {
				fmt.Fprintf(&s, "    deps = [\":t%d\"],\n", i-1)
			}
			s.WriteString(")\n")
		}
		return []byte(s.String())
	}
	sources := make([][]byte, packages)
	for i := range sources {
		sources[i] = source(fmt.Sprintf("p%d", i))
	}
	b.ReportAllocs()
	for b.Loop() {
		var wg sync.WaitGroup
		work := make(chan int)
		size := make([]int, 2)
		for worker := range 2 {
			wg.Go(func() {
				for i := range work {
					name := fmt.Sprintf("p%d", i)
					p, err := ExecPackage(context.Background(), PackageInput{Name: name,
						Source: Source{Label: label.Label{Pkg: name, Name: "BUILD.star"}, Bytes: sources[i]}, Load: load})
					if err != nil {
						b.Error(err)
						return
					}
					if p, err = DecodePackage(p.Encode()); err != nil {
						b.Error(err)
						return
					}
					done := map[label.Label]*Target{}
					for _, d := range p.Targets() {
						if d, err = DecodeDeclaration(d.Encode()); err != nil {
							b.Error(err)
							return
						}
						deps := map[label.Label]*Target{}
						for _, dep := range d.Deps() {
							deps[dep.Label] = done[dep.Label]
						}
						t, err := Analyse(context.Background(), AnalysisInput{Declaration: d, Rule: m.Rule("thing"), Deps: deps})
						if err != nil {
							b.Error(err)
							return
						}
						raw := t.Encode()
						size[worker] += len(raw)
						done[d.Label], err = DecodeTarget(raw)
						if err != nil {
							b.Error(err)
						}
					}
				}
			})
		}
		for i := range packages {
			work <- i
		}
		close(work)
		wg.Wait()
		b.ReportMetric(float64(size[0]+size[1])/(packages*targets), "B/target")
	}
}
