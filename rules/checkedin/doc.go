// Package checkedin holds a document that is checked in against the one that the graph builds.
//
// A project such as CPython keeps its SBOM in the tree (Misc/sbom.spdx.json), so that a reader of the tree and of its archives has it.
// Such a copy goes wrong in two ways, and each is a finding of its own:
//
//	drift   files of a package changed, though its version did not: either the version is wrong, or somebody
//	        changed vendored code, which has to be said. Nobody may make this go away unseen.
//	stale   the document says anything else than what is built: it was not written again.
//
// What one says of a package the other does not say again. [Compare] works on the two documents; the operation "spdx.checked_in"
// turns what it returns into findings.
package checkedin

import "github.com/sbomctl/sbomctl/engine/finding"

// The rules of this package's findings.
const (
	DriftID = "drift"
	StaleID = "stale"
)

// Findings describes what the operation reports.
var Findings = []finding.Rule{
	{
		ID: DriftID, Severity: finding.Error,
		Title: "files of a vendored package changed, though its version did not",
		Help: "The SBOM that is checked in (`checked_in`) lists the files of each package with their checksums. Some of them changed, came or went since, and the declared version is still the one " +
			"in that SBOM. Either the package is another version now, and scanners look up the wrong one; or somebody changed vendored code, which gets lost with the next update unless it is declared.\n\n" +
			"If it is another version: `sbomctl bump LABEL VERSION`. If it is a change of one's own: name the files in `local` of the package, or its patch in `patches`. Then `sbomctl regen`. " +
			"`sbomctl regen` does not write over a drift by itself; `--accept_drift` makes it, for a document that was wrong about its files.",
	},
	{
		ID: StaleID, Severity: finding.Error,
		Title: "a document that is checked in is not what is built",
		Help: "What lies at the path `checked_in` of the tree must be, byte for byte, what the graph builds. It says something else of a package, or the same in another order or form, or it is no SPDX document, or " +
			"it is not there. Whoever reads it is told something that nobody declares any more.\n\n`sbomctl regen LABEL` writes it.",
	},
}
