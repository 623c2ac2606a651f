package engine

import "github.com/sbomctl/sbomctl/engine/eval"

// kinds are all node kinds of the build. A change of what a kind's function makes of the
// same inputs needs no new version: another executable drops its records anyway. A change of a
// leaf's encoding does.
func (w *Workspace) kinds() []eval.Kind {
	path := func(arg string) (name, label string) { return arg, "" }
	self := func(arg string) (name, label string) { return arg, arg }
	return []eval.Kind{
		{Name: kindFile, Version: 3 + uint32(w.opt.Rules.Facet.Version)<<8, Leaf: fileLeaf{w}, Decode: decodeFile, Display: path, Diff: diffFile},
		{Name: kindKind, Version: 1, Leaf: kindLeaf{w}, Decode: decodeKind, Display: path, Diff: diffKind},
		{Name: kindReal, Version: 1, Leaf: realLeaf{w}, Decode: decodeReal, Display: path, Diff: diffReal},
		{Name: kindDir, Version: 1, Leaf: dirLeaf{w}, Decode: decodeDir, Display: path},
		{Name: kindText, Version: 2, Leaf: textLeaf{w}, Decode: decodeText, Display: path},
		{Name: kindOption, Version: 1, Leaf: optionLeaf{w}, Decode: decodeOption, Display: path, Diff: diffOption},
		{Name: kindPlaced, Version: 1, Leaf: placedLeaf{w}, Display: path},

		{Name: kindPackages, Run: w.runPackages, Decode: decodeStrings, Display: displayPackages, Root: true},
		{Name: kindTracked, Run: w.runTracked, Transient: true, Display: path},
		{Name: kindModule, Run: w.runModule, Transient: true, Display: path},
		{Name: kindPackage, Run: w.runPackage, Decode: decodePackage, Display: func(arg string) (string, string) { return "//" + arg, "" }, Root: true},
		{Name: kindDeclaration, Run: w.runDeclaration, Decode: decodeDeclaration, Display: self, Diff: diffDeclaration},
		{Name: kindTarget, Run: w.runTarget, Decode: decodeTarget, Display: self},
		{Name: kindSpec, Run: w.runSpec, Decode: decodeSpec, Display: displaySpec},

		{Name: kindFileSet, Run: w.runFileSet, Transient: true, Display: displayFileSet},
		{Name: kindIndex, Run: w.runIndex, Decode: decodeIndex, Display: displayIndex, TellsStart: true, FailFast: true},
		{Name: kindAction, Run: w.runAction, Decode: decodeActionOutputs, Display: displayAction, TellsStart: true, FailFast: true},
		{Name: kindInspect, Run: w.runInspect, Transient: true, Display: displayAction},
		{Name: kindValidation, Run: w.runAction, Decode: decodeActionOutputs, Display: displayAction, TellsStart: true, Root: true},

		{Name: kindClosure, Run: w.runClosure, Decode: decodeStrings, Display: self, Root: true},
		{Name: kindRequest, Run: w.runRequest, Decode: decodeRequest, Display: self, Root: true},
	}
}
