// Package reproduce holds what a command makes in a container against what a tree has, and against itself.
//
// # Model
//
// A container_run has two validations. "container.checked_in" compares the outputs with the files that are committed at the same
// paths: what the pinned image yields is what the tree has, or output-differs says how not, and which tools wrote either as far as they say so
// (tools.go). "container.compare" compares the outputs of two runs, of which the second had everything changed around it that must not matter:
// what differs is nondeterministic. What a command leaves beside its outputs where that differs, and what could not be changed, are notes.
//
// Both are pure functions of files; the commands are actions of their own (engine/container).
package reproduce

import "github.com/sbomctl/sbomctl/engine/finding"

// Group is the group of the validations that run a command twice.
const Group = "deterministic"

// The rules of this package's findings.
const (
	DiffersID          = "output-differs"
	NondeterministicID = "nondeterministic"
	LeftoverID         = "leftover-differs"
	PerturbedID        = "perturbed"
)

// Findings describes what the operations report.
var Findings = []finding.Rule{
	{
		ID: DiffersID, Severity: finding.Error,
		Title: "what is checked in is not what the command makes",
		Help: "A `container_run` with `checked_in` makes files that are also committed in the tree, by a command in a container that is pinned by digest. They must be the same, byte for byte. " +
			"Either what they are made of was changed and they were not made again; or somebody edited them; or they were made in another image, whose tools are of other versions: " +
			"the finding says what each file says of the tool that wrote it. A release is made of the committed files, so nobody can tell from the sources what is in them.\n\n" +
			"`sbomctl regen LABEL` writes what the command makes.",
	},
	{
		ID: NondeterministicID, Severity: finding.Error, Group: Group,
		Title: "two runs of a command make different things",
		Help: "The command was run twice in the same image over the same files, the second time under another clock, time zone, locale, umask, user, host name and processor count, with other times and another order of files. " +
			"An output that differs depends on where and when it was made, and nobody can prove where it came from.\n\n" +
			"Find what it depends on in the difference, and fix it in the command or by `env`.",
	},
	{
		ID: LeftoverID, Severity: finding.Note, Group: Group,
		Title: "files beside the outputs differ between two runs of a command",
		Help: "What a command leaves beside its declared outputs is thrown away, so a difference there harms nobody by itself. It may be where one in an output comes from, or will come from: " +
			"a log with a date, a cache that is keyed by a path.",
	},
	{
		ID: PerturbedID, Severity: finding.Note, Group: Group,
		Title: "what was changed for the second run of a command, and what could not be",
		Help: "Two equal runs prove only that what differed between them does not matter. This says what differed: a clock that could not be moved, for example because the image's programs do not take one " +
			"(libfaketime, Debian package libfaketime), is not known not to matter.",
	},
}
