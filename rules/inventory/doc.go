// Package inventory looks at all third-party components of a workspace together.
//
// # Model
//
//	documents, wheels ──► "inventory.table"      the table; findings "skew" and "license"
//	files of a tree   ──► "inventory.unclaimed"  findings "unclaimed"
//
// A document lists packages for one platform; only here stand all of them side by side. What the table says is what is declared,
// and nothing is looked up anywhere.
//
// "inventory.unclaimed" reads no file: what each says of its origin lies beside its digest (signals.Facet).
package inventory

import (
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// The rules of this package's findings.
const (
	RuleUnclaimed = "unclaimed"
	RuleSkew      = "skew"
	RuleLicense   = "license"
)

// Findings describes what the operations report.
var Findings = []finding.Rule{
	{
		ID: RuleUnclaimed, Severity: finding.Warning,
		Title: "vendored-looking code that no package claims",
		Help: `Code of other people lies in the tree, and no package of the inventory's documents has it among its srcs: no SBOM lists it, and nobody is
told of its vulnerabilities. What looks vendored is told by what files say at their head: copyright lines of somebody who is not the tree's own holder (whom its
LICENSE and README name), licence texts, ` + "`SPDX-License-Identifier`" + `, and by names such as COPYING in a folder, METADATA, moz.yaml or vendor.txt. Below the
` + "`third_party_roots`" + ` of a source_tree everything counts.

Files that a package excludes are known to be the tree's own, and are not told. A file that states the tree's own holder beside another is not either, nor is a
single file of a person under terms that the tree's LICENSE has too: that is a contribution.

Declare it: ` + "`sbomctl add NAME --version VERSION --srcs PATTERN`" + `. If it is the tree's own, say whose it is with the inventory's ` + "`own`" + `, or waive it with the reason.`,
	},
	{
		ID: RuleSkew, Severity: finding.Note,
		Title: "one library at several versions",
		Help: `Documents of several platforms list one library at different versions: a fix reaches one of them and not the other. Packages are one library when they
have the same name, or the same CPE vendor and product. Where one document has several packages of one CPE (Tcl and Tk), names decide, and "tcl-core" is "tcl".
3.49.1 and 3.49.1.0 are one version.

` + "`skew = \"warning\"` or `\"error\"`" + ` of the inventory says that it is unwanted. Move the older one: ` + "`sbomctl bump LABEL VERSION`" + `.`,
	},
	{
		ID: RuleLicense, Severity: finding.Error,
		Title: "a licence that is not in the workspace's list of allowed ones",
		Help: `The licence of a component is not among the inventory's ` + "`allowed_licenses`" + `. Of licences joined with AND all must be listed, of those joined with OR
one. NOASSERTION, which says that nobody has looked, is allowed only where it is listed. Where the list is empty, nothing is checked.

Find out what the licence is and declare it, add it to the list, or do without the component.`,
	},
}

// Operations returns the operations of this package.
func Operations() []action.Operation {
	return []action.Operation{
		{Name: "inventory.table", Version: 1, Run: runTable},
		{Name: "inventory.unclaimed", Version: 2, Run: runUnclaimed},
	}
}
