// Package convert writes SPDX 2.3 documents in the other formats in which SBOMs are asked for.
//
// # Model
//
// SPDX 2.3 in JSON is the hub: rules/spdx makes it, and whatever another format says is made from its bytes alone. A document is
// read into the canonical form of what it says (read.go): lists are sets, and what can be said in two ways is
// said in one. Each writer is a function of that form, so that documents of equal meaning give equal bytes:
//
//	spdx-2.3-tag-value  tagvalue.go, through tools-golang
//	cyclonedx-1.6, -1.7 cyclonedx.go (the document), cdxcomponent.go, cdxlinks.go (relationships), cdxmodel.go (its JSON)
//	spdx-3.0.1          spdx3.go, spdx3artifact.go, spdx3links.go (relationships), jcs.go (canonical JSON)
//
// Nothing is made up: no clock, no random number. Serial numbers and identifiers derive from the document's
// namespace, times are the document's.
//
// What a format has no field for goes into a field of its own for such things (properties), under the name that SPDX
// 2.3 has for it. What it cannot hold at all, or not as it is, is reported as a finding.
//
// To convert a document call [Read], then [Document.Write] for each format; to offer the operation, [Operation]. [Formats] are
// those that there are.
package convert
