// Package vendor proves that vendored code is what upstream released.
//
// # Model
//
// Each file of a package has a verdict, and how it was come by:
//
//	identical    upstream's archive has the same bytes
//	patched      the declared patches, applied in their order to upstream's file, yield the same bytes
//	local        the project declares the file as its own
//	unexplained  none of these: a finding, with the difference
//	unverified   without the archive: no patch touches the file
//
// With the archive, the patches are applied to its files, and what comes out is compared with the tree. Without it, they
// are applied in reverse, the last one first, to the tree: that proves that the tree has them, not what else was changed.
// Patches apply strictly: each line that a patch removes or has for context must stand exactly where it says. One that
// applies only elsewhere (an offset) or only nearly (fuzz) does not apply.
//
// A file of the tree is upstream's file that mapping says; where mapping says nothing of it, the one file whose path ends
// most like its own. Of several that do, it is the one with the same bytes, or the one that lies beside upstream's files that
// the neighbours in the tree are; else nobody can say, which is a finding. Files of upstream that the tree has not are
// none of the package: a subset may be vendored.
//
// A patch names files as upstream has them, or as the tree has them, with or without one folder before it, such as the a/ and
// b/ of git; where that is no file, the name stands for the one file whose path ends most like it.
//
// To compare, call Compare; Explaining then writes the patch that is missing.
//
// Patches and archives are hostile: sizes and counts are bounded, and a name in them is only ever compared.
package vendor

import "github.com/sbomctl/sbomctl/engine/finding"

// Bounds of what is read.
const (
	MaxFileBytes  = 64 << 20 // of a file that is patched or compared
	MaxPatchBytes = 16 << 20 // of a patch
	MaxPatchLines = 1 << 20  // of a patch
	MaxAllPatches = 64 << 20 // of all patches of a package, in bytes
	MaxPatches    = 10_000   // of a package
)

// The findings of this package.
var (
	Unexplained = finding.Rule{
		ID: "unexplained", Severity: finding.Error,
		Title: "vendored code differs from what upstream released, and nothing declared explains it",
		Help: "A `vendored_package` with `upstream` is compared file by file with upstream's archive. A file that is neither identical, nor what a declared patch " +
			"makes of upstream's file, nor declared as the project's own is vendored code that nobody answers for.\n\n" +
			"`sbomctl vendor-diff LABEL` shows each difference. If it is meant, write it down: `sbomctl vendor-diff LABEL --patch FILE` writes the patch that " +
			"explains it, to be named in `patches`; a file that is the project's own goes into `local`. If it is not meant, take upstream's file again.",
	}
	Patch = finding.Rule{
		ID: "patch", Severity: finding.Error,
		Title: "a patch does not do what it is declared to do, or is declared nowhere",
		Help: "The `patches` of a `vendored_package` must apply strictly, without offset and without fuzz: forward to upstream's files where `upstream` is declared, and else " +
			"in reverse to the tree. One that does not apply says nothing of the tree any more: refresh it (`sbomctl vendor-diff LABEL --patch FILE`). A patch file beside " +
			"vendored code that no package declares may or may not be applied: declare it, or remove it.",
	}
)
