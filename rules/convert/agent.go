package convert

import (
	"regexp"
	"strings"
)

// agent is who made, supplied or wrote something: "Organization: NAME (EMAIL)", "Person: NAME", "Tool: NAME-VERSION".
type agent struct {
	kind  string // "Person", "Organization", "Tool"; "" for NOASSERTION and what is no agent
	name  string // all of the text where kind is ""
	email string
}

var withEmail = regexp.MustCompile(`^(.*\S) \(([A-Za-z0-9._%+-]+@[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9][A-Za-z0-9-]*)+)\)$`)

func parseAgent(s string) agent {
	kind, name, ok := strings.Cut(s, ": ")
	if !ok || kind != "Person" && kind != "Organization" && kind != "Tool" {
		return agent{name: s}
	}
	if m := withEmail.FindStringSubmatch(name); m != nil && kind != "Tool" {
		return agent{kind, m[1], m[2]}
	}
	return agent{kind: kind, name: name}
}

// toolVersion finds the version at the end of a tool's name.
var toolVersion = regexp.MustCompile(`^(.+)-(v?[0-9][^\s-]*)$`)

// tool splits the name of a tool as the specification writes it, NAME-VERSION.
func tool(s string) (name, version string) {
	if m := toolVersion.FindStringSubmatch(s); m != nil {
		return m[1], m[2]
	}
	return s, ""
}

// sbomType finds how an SBOM was made in the comment of its creation: one of the words of CISA's types of SBOMs.
var sbomType = regexp.MustCompile(`(?i)\b(design|source|build|analyzed|deployed|runtime)\b`)

// generation returns that word in lower case; "" when none is said.
func (d *document) generation() string {
	return strings.ToLower(sbomType.FindString(d.Creation.Comment))
}

// assignment is a property that an annotation carries through SPDX 2.3, which has no properties.
var assignment = regexp.MustCompile(`^([a-z0-9-]+(?::[A-Za-z0-9_.-]+)+)=(\S+)$`)

// properties are those that annotations carry: each of which is NAME=VALUE, or several of it, and nothing else.
func properties(notes []annotation) (out []cdxProperty) {
	for _, a := range notes {
		var list []cdxProperty
		words := strings.Fields(a.Comment)
		for _, w := range words {
			if m := assignment.FindStringSubmatch(w); m != nil && !strings.HasPrefix(w, "spdx:") {
				list = append(list, cdxProperty{m[1], m[2]})
			}
		}
		if len(list) == len(words) {
			out = append(out, list...)
		}
	}
	return out
}
