package score

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/ident"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// maxComponents bounds the packages of a document.
const maxComponents = 1_000_000

// document is SPDX 2.3 JSON as far as elements are looked for in it. Files are not components here.
type document struct {
	Version   string `json:"spdxVersion"`
	Namespace string `json:"documentNamespace"`
	Creation  struct {
		Created  string   `json:"created"`
		Creators []string `json:"creators"`
		Comment  string   `json:"comment"`
	} `json:"creationInfo"`
	Components    []component    `json:"packages"`
	Relationships []relationship `json:"relationships"`
	Describes     []string       `json:"documentDescribes"` // deprecated, and still written by many

	described map[string]bool // by SPDX id
	placed    map[string]bool // a relationship says what it is a part or dependency of, or what depends on it
	listed    map[string]bool // a relationship says what it is made of or depends on, or that this is nothing or unknown
}

type component struct {
	ID          string       `json:"SPDXID"`
	Name        string       `json:"name"`
	Version     string       `json:"versionInfo"`
	FileName    string       `json:"packageFileName"`
	Purpose     string       `json:"primaryPackagePurpose"`
	Supplier    string       `json:"supplier"`
	Originator  string       `json:"originator"`
	Homepage    string       `json:"homepage"`
	DownloadURL string       `json:"downloadLocation"`
	Concluded   string       `json:"licenseConcluded"`
	Declared    string       `json:"licenseDeclared"`
	Copyright   string       `json:"copyrightText"`
	Checksums   []checksum   `json:"checksums"`
	Refs        []ref        `json:"externalRefs"`
	Annotations []annotation `json:"annotations"`
}

type checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type ref struct {
	Type    string `json:"referenceType"`
	Locator string `json:"referenceLocator"`
}

type annotation struct {
	Comment string `json:"comment"`
}

type relationship struct {
	Element string `json:"spdxElementId"`
	Type    string `json:"relationshipType"`
	Related string `json:"relatedSpdxElement"`
}

// down are the relationships whose first element is made of the second or depends on it; up is the other way round. The
// types are those of SPDX 2.3, section 11.1.
var (
	down = types("CONTAINS DEPENDS_ON HAS_PREREQUISITE STATIC_LINK DYNAMIC_LINK GENERATED_FROM DESCENDANT_OF")
	up   = types("CONTAINED_BY DEPENDENCY_OF PREREQUISITE_FOR BUILD_DEPENDENCY_OF DEV_DEPENDENCY_OF OPTIONAL_DEPENDENCY_OF " +
		"PROVIDED_DEPENDENCY_OF TEST_DEPENDENCY_OF RUNTIME_DEPENDENCY_OF OPTIONAL_COMPONENT_OF PACKAGE_OF DEPENDENCY_MANIFEST_OF BUILD_TOOL_OF DEV_TOOL_OF TEST_TOOL_OF GENERATES ANCESTOR_OF")
)

func types(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// parse reads a document, whoever made it. What elements need is there or not: whether the document is valid is for spdx.valid to say.
func parse(data []byte) (*document, error) {
	if len(data) > spdx.MaxDocument {
		return nil, &diag.Error{Msg: fmt.Sprintf("the document is larger than %d bytes", spdx.MaxDocument)}
	}
	if err := diag.CheckText("", data); err != nil {
		return nil, err
	}
	d := &document{}
	if err := json.Unmarshal(data, d); err != nil {
		return nil, spdx.JSONError("", data, err)
	}
	if !strings.HasPrefix(d.Version, "SPDX-2.") {
		return nil, &diag.Error{Msg: fmt.Sprintf("the document is no SPDX 2 document in JSON: spdxVersion is %.40q", d.Version)}
	}
	if len(d.Components) > maxComponents {
		return nil, &diag.Error{Msg: fmt.Sprintf("the document has %d packages, at most %d are looked at", len(d.Components), maxComponents)}
	}
	d.relate()
	return d, nil
}

// relate notes what the relationships say of components.
func (d *document) relate() {
	d.described, d.placed, d.listed = map[string]bool{}, map[string]bool{}, map[string]bool{}
	known := make(map[string]bool, len(d.Components))
	for _, c := range d.Components {
		known[c.ID] = true
	}
	for _, id := range d.Describes {
		d.described[id] = true
	}
	for _, r := range d.Relationships {
		whole, part := r.Element, r.Related
		switch {
		case r.Type == "DESCRIBES":
			d.described[r.Related] = true
			continue
		case r.Type == "DESCRIBED_BY":
			d.described[r.Element] = true
			continue
		case up[r.Type]:
			whole, part = part, whole
		case !down[r.Type]:
			continue
		}
		if !known[whole] {
			continue
		}
		if known[part] && part != whole {
			d.placed[part], d.listed[whole] = true, true
		} else if part == ident.None || part == ident.NoAssertion {
			d.listed[whole] = true
		}
	}
}

// deployed reports whether the component is a file that somebody gets: the artifact, or one that is in it with a name of its own. What is
// compiled into others is not.
func (d *document) deployed(c *component) bool { return d.described[c.ID] || c.FileName != "" }
