package engine

import "github.com/sbomctl/sbomctl/engine/eval"

// kinds are all node kinds of the build. A kind whose function is not ofProgram outlives the program: its records are
// those of any other one, so its Version is to be raised when the function makes something else of the same
// inputs, or writes it in another form. The same goes for the form of a leaf's value.
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
		{Name: kindProgram, Version: 1, Leaf: programLeaf{w}, Display: func(string) (string, string) { return "sbomctl itself", "" }},
		{Name: kindOperation, Version: 1, Leaf: valueLeaf(w.operationVersion), Display: path, Diff: diffOperation},
		{Name: kindEmbedded, Version: 1, Leaf: valueLeaf(w.embeddedText), Display: path},

		{Name: kindPackages, Run: ofProgram(w.runPackages), Decode: decodeStrings, Display: displayPackages, Root: true},
		{Name: kindStarlark, Run: ofProgram(w.runStarlark), Decode: decodeStrings, Display: path},
		{Name: kindTracked, Run: ofProgram(w.runTracked), Transient: true, Display: path},
		{Name: kindModule, Run: ofProgram(w.runModule), Transient: true, Display: path},
		{Name: kindPackage, Run: ofProgram(w.runPackage), Decode: decodePackage, Display: func(arg string) (string, string) { return "//" + arg, "" }, Root: true},
		{Name: kindDeclaration, Run: ofProgram(w.runDeclaration), Decode: decodeDeclaration, Display: self, Diff: diffDeclaration},
		{Name: kindTarget, Run: ofProgram(w.runTarget), Decode: decodeTarget, Display: self},
		{Name: kindDefinition, Run: ofProgram(w.runDefinition), Decode: decodeDefinition, Display: displayDefinition},

		{Name: kindFileSet, Run: ofProgram(w.runFileSet), Transient: true, Display: displayFileSet},
		// An index that fails stops nothing by itself: what reads it fails with it, whichever of them asked for it first.
		{Name: kindIndex, Version: 1, Run: w.runIndex, Decode: decodeIndex, Display: displayIndex, TellsStart: true},
		{Name: kindAction, Version: 1, Run: w.runAction, Decode: decodeExecuted, Display: displayAction, TellsStart: true, FailFast: true},
		{Name: kindInspect, Run: ofProgram(w.runInspect), Transient: true, Display: displayAction},
		{Name: kindValidation, Version: 1, Run: w.runAction, Decode: decodeExecuted, Display: displayAction, TellsStart: true, Root: true},
		{Name: kindLook, Run: ofProgram(w.runLook), Transient: true, Display: displayLook},
		{Name: kindOutputs, Version: 1, Run: w.runOutputs, Transient: true, Display: displayAction},

		{Name: kindPrints, Run: ofProgram(w.runPrints), Decode: decodeFindings, Display: path},
		{Name: kindFindings, Run: ofProgram(w.runFindings), Decode: decodeFindings, Display: path, Root: true},
		{Name: kindClosure, Run: ofProgram(w.runClosure), Decode: decodeClosure, Display: self, Root: true},
		{Name: kindRequest, Run: ofProgram(w.runRequest), Decode: decodeRequest, Display: self, Root: true},
	}
}
