package score

import (
	"fmt"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Standard is a text that says what an SBOM must have.
type Standard struct {
	ID       string // "ntia-2021", as the attribute minimum names it
	Title    string
	Source   string // who published it, when and where
	Elements []Element
	Formats  []string // one of which the document must be in; nil: it names none that SPDX 2.3 is not
}

// Element is one thing that a standard asks for.
type Element struct {
	Title   string // as the standard calls it
	Section string // of the standard
	check   *check
}

// Standards are those that are known, in the order in which they are rendered.
var Standards = []Standard{
	{
		// The Minimum Elements For a Software Bill of Materials (SBOM), 12 July 2021: pages 8 to 10, "Data Fields" (the table) and
		// "Automation Support". Its third part, "Practices and Processes" (frequency, depth, known unknowns, distribution, access
		// control, accommodation of mistakes), is about who makes and gives documents, and cannot be read in one.
		ID: "ntia-2021", Title: "NTIA 2021",
		Source: "NTIA, The Minimum Elements For a Software Bill of Materials (SBOM), 12 July 2021, <https://www.ntia.gov/report/2021/minimum-elements-software-bill-materials-sbom>",
		Elements: []Element{
			{"Supplier Name", "Data Fields", hasSupplier},
			{"Component Name", "Data Fields", hasName},
			{"Version of the Component", "Data Fields", hasVersion},
			{"Other Unique Identifiers", "Data Fields", hasIdentifier},
			{"Dependency Relationship", "Data Fields", hasRelationship},
			{"Author of SBOM Data", "Data Fields", hasAuthor},
			{"Timestamp", "Data Fields", hasTimestamp},
			{"Machine-Readable Format", "Automation Support", hasFormat},
		},
	},
	{
		// 2026 Minimum Elements for a Software Bill of Materials (SBOM), CISA, NSA, FBI and partners, version 2.1, 29 July 2026: the 17 data
		// fields of Appendix A, Table 1, and of its "Practices and Processes" the two that a document shows. Where SPDX 2.3 has them is in
		// SPDX 2.3.1, annex L.2.2. The draft of August 2025 asked for less (no signature, versions of format, tool and SBOM).
		ID: "cisa-2026", Title: "CISA 2026",
		Source: "CISA, NSA, FBI and partners, 2026 Minimum Elements for a Software Bill of Materials (SBOM), version 2.1, 29 July 2026, <https://www.cisa.gov/resources-tools/resources/2026-minimum-elements-software-bill-materials-sbom>",
		Elements: []Element{
			{"SBOM Author", "App. A, SBOM Metadata", hasAuthor},
			{"SBOM Author Signature", "App. A, SBOM Metadata", hasSignature},
			{"SBOM Data Format Name", "App. A, SBOM Metadata", hasFormat},
			{"SBOM Data Format Version", "App. A, SBOM Metadata", hasFormatVersion},
			{"SBOM Generation Context", "App. A, SBOM Metadata", hasContext},
			{"SBOM Timestamp", "App. A, SBOM Metadata", hasTimestamp},
			{"SBOM Tool Name", "App. A, SBOM Metadata", hasTool},
			{"SBOM Tool Version", "App. A, SBOM Metadata", hasToolVersion},
			{"SBOM Version", "App. A, SBOM Metadata", hasURI},
			{"Component Dependency Relationship", "App. A, Component Data", hasRelationship},
			{"Component Hash Algorithm", "App. A, Component Data", hasHashAlgorithm},
			{"Component Hash Value", "App. A, Component Data", hasHash},
			{"Component Identifiers", "App. A, Component Data", hasCommonID},
			{"Component License", "App. A, Component Data", hasLicense},
			{"Component Name", "App. A, Component Data", hasName},
			{"Component Producer", "App. A, Component Data", hasProducer},
			{"Component Version", "App. A, Component Data", hasVersion},
			{"Coverage", "Practices and Processes", hasCompleteness},
			{"Explicitly Identifying Unknown Information", "Practices and Processes", hasUnknowns},
		},
	},
	{
		// BSI TR-03183-2, Cyber Resilience Requirements for Manufacturers and Products, Part 2: SBOM, version 2.1.0, 20 August 2025: formats
		// (section 4), required fields (5.2.1, 5.2.2), additional ones, which must be there where they exist (5.2.3, 5.2.4). The optional
		// ones (5.2.5: effective licence, hash of the source code, URL of the security.txt) do not count. What it asks of the file that a
		// component is, is asked of components that are a file: a library that is compiled into others is none.
		ID: "bsi-tr-03183-2", Title: "BSI TR-03183-2 v2.1",
		Source:  "BSI, Technical Guideline TR-03183: Cyber Resilience Requirements for Manufacturers and Products, Part 2: Software Bill of Materials (SBOM), version 2.1.0, 20 August 2025, <https://bsi.bund.de/dok/TR-03183-en>",
		Formats: []string{"cyclonedx-1.6", "cyclonedx-1.7", "spdx-3.0.1"},
		Elements: []Element{
			{"SBOM format", "4", hasFormat},
			{"Creator of the SBOM", "5.2.1", hasAuthorContact},
			{"Timestamp", "5.2.1", hasTimestamp},
			{"Component creator", "5.2.2", hasCreator},
			{"Component name", "5.2.2", hasName},
			{"Component version", "5.2.2", hasVersion},
			{"Filename of the component", "5.2.2", hasFileName},
			{"Dependencies on other components", "5.2.2", hasCompleteness},
			{"Distribution licences", "5.2.2", hasConcluded},
			{"Hash value of the deployable component", "5.2.2", hasSHA512},
			{"Executable property", "5.2.2", hasExecutable},
			{"Archive property", "5.2.2", hasArchived},
			{"Structured property", "5.2.2", hasStructured},
			{"SBOM-URI", "5.2.3", hasURI},
			{"Source code URI", "5.2.4", hasSourceURI},
			{"URI of the deployable form of the component", "5.2.4", hasDeployableURI},
			{"Other unique identifiers", "5.2.4", hasIdentifier},
			{"Original licences", "5.2.4", hasDeclared},
		},
	},
}

// checks are all checks, in the order of the documentation.
var checks = []*check{hasAuthor, hasAuthorContact, hasSignature, hasFormat, hasFormatVersion, hasContext, hasTimestamp, hasTool, hasToolVersion, hasURI,
	hasSupplier, hasProducer, hasCreator, hasName, hasVersion, hasIdentifier, hasCommonID, hasRelationship, hasCompleteness, hasHash, hasHashAlgorithm, hasSHA512, hasLicense, hasConcluded, hasDeclared,
	hasFileName, hasExecutable, hasArchived, hasStructured, hasSourceURI, hasDeployableURI, hasUnknowns}

// IDs returns the names of the standards.
func IDs() []string {
	var out []string
	for _, s := range Standards {
		out = append(out, s.ID)
	}
	return out
}

// CheckStandard says what is wrong with the name of a standard.
func CheckStandard(id string) error {
	for _, s := range Standards {
		if s.ID == id {
			return nil
		}
	}
	return &diag.Error{Msg: fmt.Sprintf("there is no standard %.60q; expected %s%s", id, strings.Join(IDs(), ", "), diag.DidYouMean(id, IDs()))}
}
