package convert

import (
	"slices"
	"strings"
)

// spdx3Link is a relationship type of SPDX 2.3 in SPDX 3.
type spdx3Link struct {
	kind  string
	swap  bool   // the other way round
	scope string // of a lifecycle, "" for none
}

// spdx3Links has all types of SPDX 2.3, as the SPDX project's own converters map them. Of two that become one, the first has no mark.
var spdx3Links = map[string]spdx3Link{
	"AMENDS": {kind: "amendedBy", swap: true}, "ANCESTOR_OF": {kind: "ancestorOf"}, "BUILD_DEPENDENCY_OF": {"dependsOn", true, "build"}, "BUILD_TOOL_OF": {"usesTool", true, "build"},
	"CONTAINED_BY": {kind: "contains", swap: true}, "CONTAINS": {kind: "contains"}, "COPY_OF": {kind: "copiedTo", swap: true}, "DATA_FILE_OF": {kind: "hasDataFile", swap: true},
	"DEPENDENCY_MANIFEST_OF": {kind: "hasDependencyManifest", swap: true}, "DEPENDENCY_OF": {kind: "dependsOn", swap: true}, "DEPENDS_ON": {kind: "dependsOn"}, "DESCENDANT_OF": {kind: "descendantOf"},
	"DESCRIBED_BY": {kind: "describes", swap: true}, "DESCRIBES": {kind: "describes"}, "DEV_DEPENDENCY_OF": {"dependsOn", true, "development"}, "DEV_TOOL_OF": {"usesTool", true, "development"},
	"DISTRIBUTION_ARTIFACT": {kind: "hasDistributionArtifact"}, "DOCUMENTATION_OF": {kind: "hasDocumentation", swap: true}, "DYNAMIC_LINK": {kind: "hasDynamicLink"}, "EXAMPLE_OF": {kind: "hasExample", swap: true},
	"EXPANDED_FROM_ARCHIVE": {kind: "expandsTo", swap: true}, "FILE_ADDED": {kind: "hasAddedFile", swap: true}, "FILE_DELETED": {kind: "hasDeletedFile", swap: true}, "FILE_MODIFIED": {kind: "modifiedBy"},
	"GENERATED_FROM": {kind: "generates", swap: true}, "GENERATES": {kind: "generates"}, "HAS_PREREQUISITE": {kind: "hasPrerequisite"}, "METAFILE_OF": {kind: "hasMetadata", swap: true},
	"OPTIONAL_COMPONENT_OF": {kind: "hasOptionalComponent", swap: true}, "OPTIONAL_DEPENDENCY_OF": {kind: "hasOptionalDependency", swap: true}, "OTHER": {kind: "other"}, "PACKAGE_OF": {kind: "packagedBy", swap: true},
	"PATCH_APPLIED": {kind: "patchedBy", swap: true}, "PATCH_FOR": {kind: "patchedBy", swap: true}, "PREREQUISITE_FOR": {kind: "hasPrerequisite", swap: true},
	"PROVIDED_DEPENDENCY_OF": {kind: "hasProvidedDependency", swap: true}, "REQUIREMENT_DESCRIPTION_FOR": {kind: "hasRequirement", swap: true}, "RUNTIME_DEPENDENCY_OF": {"dependsOn", true, "runtime"},
	"SPECIFICATION_FOR": {kind: "hasSpecification", swap: true}, "STATIC_LINK": {kind: "hasStaticLink"}, "TEST_CASE_OF": {kind: "hasTestCase", swap: true}, "TEST_DEPENDENCY_OF": {"dependsOn", true, "test"},
	"TEST_OF": {kind: "hasTest", swap: true}, "TEST_TOOL_OF": {"usesTool", true, "test"}, "VARIANT_OF": {kind: "hasVariant", swap: true},
}

// link is what relationships that become one have in common.
type link struct {
	from, kind, scope, comment string
	was                        string // the type in 2.3, where it does not follow from the rest
}

// relationships adds those of the document. Those that differ in their second element only are one.
func (s *spdx3Writer) relationships() {
	groups := map[link][]string{}
	for _, r := range s.doc.Relationships {
		if r.From == documentID && r.Type == describes && r.Comment == "" {
			continue // it is a root element
		}
		l := spdx3Links[r.Type]
		from, to := s.id(r.From), s.id(r.To)
		s.imported(r.From)
		s.imported(r.To)
		if l.swap {
			from, to = to, from
		}
		key := link{from: from, kind: l.kind, scope: l.scope, comment: r.Comment}
		if r.Type == "PATCH_FOR" || l.swap && inverse[r.Type] != "" {
			key.was = r.Type
		}
		groups[key] = append(groups[key], to)
	}
	unknown, nothing := s.id(noAssertion), s.id(none)
	for key, to := range groups {
		set(&to)
		completeness := ""
		switch i := slices.Index(to, unknown); {
		case i >= 0 && len(to) == 1:
			completeness = "noAssertion"
		case i >= 0:
			to = slices.Delete(to, i, i+1)
			completeness = "incomplete"
		case len(to) == 1 && to[0] == nothing:
			completeness = "complete"
		}
		s.relate(key, to, completeness)
	}
}

// relate adds a relationship.
func (s *spdx3Writer) relate(key link, to []string, completeness string) {
	fields := object{"from": key.from, "to": to, "relationshipType": key.kind, "comment": key.comment, "completeness": completeness, "scope": key.scope}
	if key.was != "" {
		fields["extension"] = s.extension(cdxProperties{{"spdx:relationship-type", key.was}})
	}
	kind := "Relationship"
	if key.scope != "" {
		kind = "LifecycleScopedRelationship"
	}
	s.add(s.named("relationship", append([]string{key.from, key.kind, key.scope, key.comment, key.was}, to...)...), kind, fields)
}

// imported notes an element of another document.
func (s *spdx3Writer) imported(id string) {
	if strings.Contains(id, ":") && !strings.HasPrefix(s.id(id), s.base) {
		s.imports = append(s.imports, object{"type": "ExternalMap", "externalSpdxId": s.id(id)})
	}
}
