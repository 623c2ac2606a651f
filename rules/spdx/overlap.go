package spdx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// OverlapID is the rule of what "spdx.base" reports of files.
const OverlapID = "overlap"

// OverlapFinding describes it.
var OverlapFinding = finding.Rule{
	ID: OverlapID, Severity: finding.Error,
	Title: "two packages that claim one file",
	Help: `Two packages of a base_sbom have one file among their srcs. It came from one of them, so the SBOM is wrong about the other: a scanner that knows a
vulnerability of the file's package blames both.

Exclude it from the one that it is not of.`,
}

// overlaps are the files that two packages have, by the positions of both.
type overlaps struct {
	pairs [][2]int // in the order in which they were met
	paths map[[2]int][]string
}

func (o *overlaps) add(first, second int, path string) {
	k := [2]int{first, second}
	if o.paths == nil {
		o.paths = map[[2]int][]string{}
	}
	if o.paths[k] == nil {
		o.pairs = append(o.pairs, k)
	}
	o.paths[k] = append(o.paths[k], path)
}

// report tells each pair of packages once, at the second of them in the declared order.
func (o *overlaps) report(call action.Call, packages []Metadata) {
	for _, k := range o.pairs {
		paths := slices.Sorted(slices.Values(o.paths[k]))
		a, b := packages[min(k[0], k[1])], packages[max(k[0], k[1])]
		call.Report(finding.Finding{Rule: OverlapID, Severity: finding.Error, Label: b.Label, Attr: "srcs",
			Msg:   fmt.Sprintf("%s to package %q, and to package %q (%s) as well", belong(paths), b.Name, a.Name, a.Label),
			Hints: []string{fmt.Sprintf("a file belongs to one package: exclude it from %s or from %s", b.Label, a.Label)}})
	}
}

// belong names a few of some paths, with the verb.
func belong(paths []string) string {
	const most = 4
	var names []string
	for _, p := range paths[:min(len(paths), most)] {
		names = append(names, files.Printable(p))
	}
	switch {
	case len(paths) == 1:
		return names[0] + " belongs"
	case len(paths) > most:
		return fmt.Sprintf("%s and %d more belong", strings.Join(names, ", "), len(paths)-most)
	}
	return strings.Join(names, ", ") + " belong"
}
