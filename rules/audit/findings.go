package audit

import (
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/attached"
)

// Group is that of the rules below: what only an audit can find. A waiver of one is never without use to check.
const Group = "audit"

// LevelsOf returns the levels at which a rule of an audit may find something. One that is not among Findings is of level 4.
func LevelsOf(rule string) []int {
	switch rule {
	case "digest-missing":
		return []int{Resolves}
	case "digest-mismatch", "media-type":
		return []int{Resolves, Complete, Tag}
	case "pin-is-single-platform":
		return []int{Complete, Tag}
	case "tag-drift":
		return []int{Tag}
	case "index-child-missing", "platform-missing", "platform-mismatch", "blob-missing", "blob-corrupt":
		return []int{Complete}
	}
	return []int{Attached}
}

// Findings are the rules of what an Auditor finds.
var Findings = append([]finding.Rule{
	{
		ID: "digest-missing", Severity: finding.Error, Group: Group,
		Title: "a pinned image is not in its registry any more",
		Help: "`sbomctl audit`, level 1. The registry answers, and has no manifest of the declared digest. Whoever runs the image by its pin gets nothing. Images go when nobody tags them any more and the registry cleans up, or " +
			"when the repository moves to another registry.\n\n" +
			"If a copy is left (a mirror, somebody's Docker, an OCI layout), push that: the digest stays the same. Else pin another one, `sbomctl pin LABEL`, and find out what changed.",
	},
	{
		ID: "digest-mismatch", Severity: finding.Error, Group: Group,
		Title: "what a registry sends for a digest has another digest",
		Help: "`sbomctl audit`, levels 1 to 3. A manifest was asked for by its digest, and the bytes that came hash to something else, or have another size than the index says; or what came for a tag is not what the registry says it is. " +
			"The registry, or something between, is broken or hostile. Nothing that comes from there can be trusted until it is known which.",
	},
	{
		ID: "index-child-missing", Severity: finding.Error, Group: Group,
		Title: "an index names a manifest that is not there",
		Help: "`sbomctl audit`, level 2. The pinned index is there, and the registry does not have an image that it names: the pin works on some machines and fails on others. Registries that clean up " +
			"manifests without a tag do this. All manifests are looked at, also those of platforms that are not declared. Push the image again, or pin another index.",
	},
	{
		ID: "platform-missing", Severity: finding.Error, Group: Group,
		Title: "a declared platform is not among those of a pinned image",
		Help:  "`sbomctl audit`, level 2. `platforms` of the `container_image` names a platform that the image has not been built for. Pin an image that has it, or take the platform out.",
	},
	{
		ID: "platform-mismatch", Severity: finding.Error, Group: Group,
		Title: "an image is for another platform than its index says",
		Help: "`sbomctl audit`, level 2. The config of an image says for which operating system, architecture and variant it was built; the index that names it says another, or the config says nothing. A machine chooses by the index and gets a program " +
			"for another processor. Whoever makes the index has to mend it.",
	},
	{
		ID: "pin-is-single-platform", Severity: finding.Error, Group: Group,
		Title: "a digest pins the image of one platform only",
		Help: "`sbomctl audit`, levels 2 and 3. The digest is that of an image and not of an index, so it is the same image on every machine: where several `platforms` are declared, the others cannot run it. It is a warning when " +
			"the tag points at an index that names the digest. Tools that print the digest of what they pulled print that of their own platform. `sbomctl pin LABEL` pins the index.",
	},
	{
		ID: "media-type", Severity: finding.Error, Group: Group,
		Title: "part of an image is something else than it is called",
		Help: "`sbomctl audit`, levels 1 to 3. What a manifest says that it is, what the index calls it, and what the registry calls it when it sends it, have to be the same, and something that a container can be made of: an index, a manifest, " +
			"a config, a layer. Otherwise one program reads it as one image, and the next as another, or as none. It is a warning when the registry calls it nothing in particular, as mirrors and caches do.",
	},
	{
		ID: "blob-missing", Severity: finding.Error, Group: Group,
		Title: "a layer or the config of an image is not there",
		Help:  "`sbomctl audit`, level 2. The manifest is there, and the registry does not have a blob that it names: pulling the image fails. Push the image again, or pin another one. It is a warning for layers that may not be distributed, which come from elsewhere.",
	},
	{
		ID: "blob-corrupt", Severity: finding.Error, Group: Group,
		Title: "a layer or the config of an image has other bytes than its digest says",
		Help: "`sbomctl audit`, level 2. The bytes that the registry sends for a blob hash to something else, or have another size than the manifest says. A pull by digest fails; a tool that does not look gets something else than was pinned. " +
			"The registry's disk, or something between, is broken or hostile.",
	},
	{
		ID: "tag-drift", Severity: finding.Error, Group: Group,
		Title: "the tag of a pinned image points at another digest",
		Help: "`sbomctl audit`, level 3. The image was pinned when the tag had the declared digest, and now the tag has another one, or is gone. The pin still means what it meant; whoever uses the tag gets something else. " +
			"`sbomctl audit --history LABEL` says when it moved, as far as audits saw it.\n\n" +
			"Find out what is in the new image. `sbomctl pin LABEL` follows the tag. To stay with the digest, waive this one with a reason.",
	},
}, ofGroup(attached.SignatureMissing, attached.SignatureInvalid)...)

func ofGroup(rules ...finding.Rule) []finding.Rule {
	for i := range rules {
		rules[i].Group = Group
	}
	return rules
}
