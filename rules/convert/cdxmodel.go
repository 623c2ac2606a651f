package convert

// The JSON of CycloneDX 1.6 and 1.7, as far as it is written: own types, since the library for it brings six modules
// for its tests. peers/ reads what is written with that library and holds it against the schemas.

type cdxBOM struct {
	Schema       string           `json:"$schema"`
	Format       string           `json:"bomFormat"`
	SpecVersion  string           `json:"specVersion"`
	Serial       string           `json:"serialNumber"`
	Version      int              `json:"version"`
	Metadata     cdxMetadata      `json:"metadata"`
	Components   []cdxComponent   `json:"components"`
	Refs         []cdxRef         `json:"externalReferences,omitempty"`
	Dependencies []cdxDependency  `json:"dependencies"`
	Compositions []cdxComposition `json:"compositions,omitempty"`
	Annotations  []cdxAnnotation  `json:"annotations,omitempty"`
}

type cdxMetadata struct {
	Timestamp    string            `json:"timestamp"`
	Lifecycles   []cdxPhase        `json:"lifecycles,omitempty"`
	Tools        *cdxTools         `json:"tools,omitempty"`
	Authors      []cdxContact      `json:"authors,omitempty"`
	Component    *cdxComponent     `json:"component,omitempty"`
	Manufacturer *cdxOrganization  `json:"manufacturer,omitempty"`
	Licenses     []cdxLicenseEntry `json:"licenses,omitempty"`
	Properties   []cdxProperty     `json:"properties,omitempty"`
}

type cdxPhase struct {
	Phase string `json:"phase"`
}

type cdxTools struct {
	Components []cdxComponent `json:"components"`
}

type cdxContact struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
}

type cdxOrganization struct {
	Name    string       `json:"name,omitempty"`
	Contact []cdxContact `json:"contact,omitempty"`
}

type cdxComponent struct {
	Type         string            `json:"type"`
	BOMRef       string            `json:"bom-ref,omitempty"`
	Supplier     *cdxOrganization  `json:"supplier,omitempty"`
	Manufacturer *cdxOrganization  `json:"manufacturer,omitempty"`
	Authors      []cdxContact      `json:"authors,omitempty"`
	Name         string            `json:"name"`
	Version      string            `json:"version,omitempty"`
	Description  string            `json:"description,omitempty"`
	Hashes       []cdxHash         `json:"hashes,omitempty"`
	Licenses     []cdxLicenseEntry `json:"licenses,omitempty"`
	Copyright    string            `json:"copyright,omitempty"`
	CPE          string            `json:"cpe,omitempty"`
	PURL         string            `json:"purl,omitempty"`
	OmniborID    []string          `json:"omniborId,omitempty"`
	SWHID        []string          `json:"swhid,omitempty"`
	Refs         []cdxRef          `json:"externalReferences,omitempty"`
	Components   []cdxComponent    `json:"components,omitempty"`
	Evidence     *cdxEvidence      `json:"evidence,omitempty"`
	Properties   []cdxProperty     `json:"properties,omitempty"`
}

type cdxHash struct {
	Alg     string `json:"alg"`
	Content string `json:"content"`
}

// cdxLicenseEntry is an expression or one licence with its text.
type cdxLicenseEntry struct {
	Expression      string           `json:"expression,omitempty"`
	Details         []cdxLicenseText `json:"expressionDetails,omitempty"` // since 1.7
	Acknowledgement string           `json:"acknowledgement,omitempty"`   // of the expression
	License         *cdxLicense      `json:"license,omitempty"`
}

type cdxLicenseText struct {
	ID   string   `json:"licenseIdentifier"`
	Text *cdxText `json:"text,omitempty"`
}

type cdxLicense struct {
	ID              string   `json:"id,omitempty"`
	Name            string   `json:"name,omitempty"`
	Acknowledgement string   `json:"acknowledgement,omitempty"`
	Text            *cdxText `json:"text,omitempty"`
}

type cdxText struct {
	ContentType string `json:"contentType"`
	Content     string `json:"content"`
}

type cdxRef struct {
	URL     string    `json:"url"`
	Comment string    `json:"comment,omitempty"`
	Type    string    `json:"type"`
	Hashes  []cdxHash `json:"hashes,omitempty"`
}

type cdxEvidence struct {
	Identity []cdxIdentity `json:"identity"`
}

type cdxIdentity struct {
	Field string `json:"field"`
	Value string `json:"concludedValue"`
}

type cdxDependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn,omitempty"`
}

type cdxComposition struct {
	Aggregate    string   `json:"aggregate"`
	Assemblies   []string `json:"assemblies,omitempty"`
	Dependencies []string `json:"dependencies,omitempty"`
}

type cdxAnnotation struct {
	BOMRef    string       `json:"bom-ref"`
	Subjects  []string     `json:"subjects"`
	Annotator cdxAnnotator `json:"annotator"`
	Timestamp string       `json:"timestamp"`
	Text      string       `json:"text"`
}

type cdxAnnotator struct {
	Organization *cdxOrganization `json:"organization,omitempty"`
	Individual   *cdxContact      `json:"individual,omitempty"`
	Component    *cdxComponent    `json:"component,omitempty"`
}

type cdxProperty struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
