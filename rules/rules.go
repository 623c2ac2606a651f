// Package rules is what sbomctl brings to the engine: rules in Starlark, the Go operations
// that they apply, and the checks of attribute values.
//
// # Model
//
// A rule (one *.star file for each subject, gathered by rules.star) turns attributes into
// providers and actions; it never reads a file. An action applies an operation, which is a
// pure Go function of its declared inputs and lives in the folder of its subject:
//
//	spdx      packages and documents      spdx.checksums spdx.base spdx.deps spdx.source spdx.binary spdx.valid spdx.version
//	checkedin documents in the tree       spdx.checked_in
//	sbomdiff  how two SBOMs differ: no operations
//	archive   source archives             archive.index archive.pack
//	wheel     bundled wheels, lock files  wheel.packages
//	convert   documents in other formats  spdx.convert
//	score     how complete an SBOM is       sbom.score
//	evidence  what a tree says of itself  evidence.check evidence.recipes
//	inventory all components together     inventory.table inventory.unclaimed
//	textsearch what an own rule looks for  text.search
//	signals   what makes files look vendored: no operations, a part of each file's facet
//	pin       container images, pinned     pin.references pin.group
//	reproduce what containers make        container.checked_in container.compare
//	registry  images in registries: no operations, nodes ask no network
//	attached  signatures of images, for audit: no operations
//	audit     what registries say of pins: no operations
//	fetch     files by checksum           fetch.http
//	vendor    code against upstream's     vendor.compare
//	ident     licence expressions, CPEs, package URLs, checksums: no operations, only checks
//	version   how a version is written elsewhere, for bump: no operations
//
// The packages know nothing of flags and terminals.
package rules

import (
	"embed"
	"fmt"
	"slices"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/archive"
	"github.com/sbomctl/sbomctl/rules/audit"
	"github.com/sbomctl/sbomctl/rules/checkedin"
	"github.com/sbomctl/sbomctl/rules/convert"
	"github.com/sbomctl/sbomctl/rules/evidence"
	"github.com/sbomctl/sbomctl/rules/fetch"
	"github.com/sbomctl/sbomctl/rules/ident"
	"github.com/sbomctl/sbomctl/rules/inventory"
	"github.com/sbomctl/sbomctl/rules/pin"
	"github.com/sbomctl/sbomctl/rules/reproduce"
	"github.com/sbomctl/sbomctl/rules/score"
	"github.com/sbomctl/sbomctl/rules/signals"
	"github.com/sbomctl/sbomctl/rules/spdx"
	"github.com/sbomctl/sbomctl/rules/textsearch"
	"github.com/sbomctl/sbomctl/rules/vendor"
	"github.com/sbomctl/sbomctl/rules/wheel"
)

//go:embed *.star
var modules embed.FS

// Entry is the module that a workspace loads: @sbomctl//:rules.star.
const Entry = "rules.star"

// Facet is what the operations want to know of each file of a tree: what documents list of it, and what it says of its
// origin. The parts stand where spdx.FacetPart and signals.FacetPart say.
var Facet = files.Join(spdx.Facet, signals.Facet)

// Libraries are the modules beside it: conventions of one project each.
var Libraries = []string{"cpython.star"}

// Set returns the rules, with fetcher for what comes from outside.
func Set(fetcher *fetch.Fetcher) engine.RuleSet {
	set := engine.RuleSet{
		Modules:   map[string][]byte{},
		Entry:     Entry,
		Libraries: Libraries,
		TreeIndex: "archive.index",
		Facet:     Facet,
		Checks:    checks,
		Texts:     texts,
		Written:   []string{audit.HistoryName},
		Findings: append([]finding.Rule{
			engine.UnmatchedRule, engine.LeftOutRule, engine.WaiverRule, engine.PrintRule, engine.NetworkRule,
			archive.OddRule, archive.LeavingRule,
			evidence.Finding, evidence.RecipesFinding, evidence.URLFinding, evidence.UnversionedFinding,
			ident.Finding,
			spdx.OverlapFinding, spdx.ValidFinding, spdx.SupplierFinding, spdx.CreatorFinding, spdx.OwnFinding, spdx.SupersededFinding, spdx.OwnDiffersFinding, spdx.VersionFinding, spdx.UnknownSumFinding,
			vendor.Patch, vendor.Unexplained,
			score.Finding,
			convert.Finding,
		}, slices.Concat(inventory.Findings, checkedin.Findings, pin.Findings, reproduce.Findings, audit.Findings)...),
	}
	entries, err := modules.ReadDir(".")
	for _, e := range entries {
		if set.Modules[e.Name()], err = modules.ReadFile(e.Name()); err != nil {
			break
		}
	}
	if err != nil {
		panic(fmt.Sprintf("embedded rules: %v", err)) // they are part of the binary
	}
	var reserved []string
	for _, f := range set.Findings {
		reserved = append(reserved, f.ID)
	}
	for _, ops := range [][]action.Operation{
		spdx.Operations(), archive.Operations(Facet), wheel.Operations(), evidence.Operations(), inventory.Operations(), pin.Operations(), reproduce.Operations(),
		{checkedin.Operation(), convert.Operation(), fetch.Operation(fetcher), score.Operation(), textsearch.Operation(reserved), vendor.Operation()},
	} {
		set.Operations = append(set.Operations, ops...)
	}
	return set
}
