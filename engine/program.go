package engine

import (
	"bytes"
	"os"
	"path/filepath"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/star"
)

// The leaf kinds of what a program brings along: code is an input like any other.
//
// An operation says itself when its results change, by its version. So its actions ask for that, and a release that changes
// one operation runs again only what used it. Everything else (Starlark's semantics, checks of attributes, what the nodes
// of loading and analysis make of their inputs) has no version but the program as a whole; it is quickly done again,
// and what comes out equal ends there.
const (
	kindProgram   = "program"   // the bytes of the program; the argument is ""
	kindOperation = "operation" // name and version of an operation; the argument is its name
	kindEmbedded  = "embedded"  // the text of an embedded module; the argument is its name
)

func operationKey(name string) eval.Key { return eval.Key{Kind: kindOperation, Arg: name} }
func embeddedKey(name string) eval.Key  { return eval.Key{Kind: kindEmbedded, Arg: name} }

// ofProgram makes the function of a kind depend on the program, since nothing else says when it changes.
func ofProgram(run func(*eval.Context, string) (eval.Result, error)) func(*eval.Context, string) (eval.Result, error) {
	return func(c *eval.Context, arg string) (eval.Result, error) {
		if _, err := c.Get(eval.Key{Kind: kindProgram}); err != nil {
			return eval.Result{}, err
		}
		return run(c, arg)
	}
}

// programFile is the file of the program, as it was when the workspace was opened.
type programFile struct {
	path string
	sig  files.Sig
}

func findProgram(path string) (programFile, error) {
	var err error
	if path == "" {
		path, err = os.Executable()
	}
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return programFile{}, &diag.Error{Msg: "the program's own file is not found: " + err.Error(), Err: err}
	}
	sig, _, err := files.Lstat(path)
	return programFile{path, sig}, err
}

// programLeaf knows a program by its content, which is read once: after that, as with any file, a signature that did not
// change says that the content did not.
type programLeaf struct{ w *Workspace }

func (l programLeaf) Prober() eval.Prober { return l }
func (l programLeaf) Close()              {}

func (l programLeaf) Probe(_ string, signature, _ []byte) bool {
	old, _, err := files.DecodeSig(signature)
	return err == nil && old.Fresh(l.w.program.sig)
}

func (l programLeaf) Read(string) (value, signature []byte, err error) {
	p := l.w.program
	state, sig, err := files.Read(p.path)
	if err != nil || !sig.Same(p.sig) {
		// It must not be read, or is another's by now: all that is known of the one that runs is its signature.
		p.sig.Racy = true
		return p.sig.Append(nil), p.sig.Append(nil), nil
	}
	return state.Digest.Hash[:], sig.Append(nil), nil
}

// valueLeaf is a leaf of which the program has the value at hand.
type valueLeaf func(arg string) []byte

func (l valueLeaf) Prober() eval.Prober { return l }
func (l valueLeaf) Close()              {}

func (l valueLeaf) Probe(arg string, _, value []byte) bool { return bytes.Equal(l(arg), value) }

func (l valueLeaf) Read(arg string) (value, signature []byte, err error) { return l(arg), nil, nil }

// treeIndex stands for the operation that RuleSet.TreeIndex names: which one that is must be part of a trace, too.
const treeIndex = "(tree index)"

// operation returns the operation of that name, nil when there is none.
func (w *Workspace) operation(name string) *action.Operation {
	if name == treeIndex {
		name = w.opt.Rules.TreeIndex
	}
	return w.operations[name]
}

// operationVersion is "name version"; nothing when there is no such operation.
func (w *Workspace) operationVersion(name string) []byte {
	if name == star.OpCommand {
		return []byte(action.Version{Name: name, Number: commandVersion}.String())
	}
	if op := w.operation(name); op != nil {
		return []byte(op.Identity().String())
	}
	return nil
}

// diffOperation shows both versions, so that an explanation does not show digests of short words.
func diffOperation(before, after []byte) (attribute, old, new string, ok bool) {
	return "operation", string(before), string(after), true
}

// embeddedText is the module's text after a 1; nothing when there is no such module.
func (w *Workspace) embeddedText(name string) []byte {
	text, ok := w.opt.Rules.Modules[name]
	if !ok {
		return nil
	}
	return append([]byte{1}, text...)
}
