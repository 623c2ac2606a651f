package engine

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/star"
)

const (
	kindDefinition = "definition" // one action of a target: *definition
	kindAction     = "action"     // what came of it: *executed
	kindValidation = "validation" // the same for an action that only checks; it does not stop others when it fails
	kindOutputs    = "outputs"    // an action's outputs without its findings, which change nothing for who reads them: []action.Output
)

// definition is one action of a target. It is a node of its own, so that a target whose other
// actions changed does not run this one.
type definition struct {
	Label     string
	Operation string
	Mnemonic  string
	Params    json.RawMessage
	Inputs    []inputRef
	Outputs   []string
}

// actionArg is the argument of the nodes of a target's action; splitAction is its inverse.
func actionArg(owner string, index int) string { return owner + "#" + strconv.Itoa(index) }

func splitAction(arg string) (owner string, index int) {
	i := strings.LastIndexByte(arg, '#')
	if i < 0 {
		return arg, -1
	}
	n, err := strconv.Atoi(arg[i+1:])
	if err != nil {
		return arg, -1
	}
	return arg[:i], n
}

// validationOutput is the one output of every validation; nobody reads it.
const validationOutput = "report"

// runDefinition picks one action out of its target and resolves what its inputs are called.
func (w *Workspace) runDefinition(c *eval.Context, arg string) (eval.Result, error) {
	owner, index := splitAction(arg)
	o, err := c.Get(targetKey(owner))
	if err != nil {
		return eval.Result{}, err
	}
	actions := o.(*star.Target).Actions()
	if index < 0 || index >= len(actions) {
		return eval.Result{}, fmt.Errorf("%s has no action %d", owner, index)
	}
	a := actions[index]
	s := definition{Label: owner, Operation: a.Operation, Mnemonic: a.Mnemonic, Params: a.Params}
	for _, in := range a.Inputs {
		ref := inputRef{Name: in.Name}
		for _, r := range in.Refs {
			f, err := w.inputFile(c, r)
			if err != nil {
				return eval.Result{}, err
			}
			ref.Files = append(ref.Files, f)
		}
		s.Inputs = append(s.Inputs, ref)
	}
	for _, out := range a.Outputs {
		s.Outputs = append(s.Outputs, out.Name)
	}
	if a.Validation {
		s.Outputs = []string{validationOutput}
	}
	return eval.Result{Value: []byte(mustJSON(s)), Object: &s}, nil
}

func decodeDefinition(value []byte) (any, error) {
	s := &definition{}
	return s, json.Unmarshal(value, s)
}

// inputFile says which node yields what an action's input consists of.
func (w *Workspace) inputFile(c *eval.Context, r star.Ref) (fileRef, error) {
	switch {
	case r.Artifact != nil:
		return w.fileRef(*r.Artifact), nil
	case r.Tree != nil:
		t, err := w.treeRef(c.Get, *r.Tree)
		return fileRef{Set: &fileSetSpec{Tree: t, All: true}}, err
	}
	t, err := w.treeRef(c.Get, r.FileSet.Tree)
	return fileRef{IncludeAttr: r.FileSet.IncludeAttr, ExcludeAttr: r.FileSet.ExcludeAttr, Set: &fileSetSpec{
		Tree: t, All: r.FileSet.Members, Links: files.Links(max(0, slices.Index(star.LinksWords, r.FileSet.Links))), Include: r.FileSet.Include, Exclude: r.FileSet.Exclude, Loose: !r.FileSet.RequireAll,
	}}, err
}

func (w *Workspace) fileRef(a star.Artifact) fileRef {
	if a.Source() {
		return fileRef{Path: a.Path}
	}
	return fileRef{Action: actionArg(a.Owner.String(), a.Action), Output: a.Output, Name: a.Path}
}

// treeRef resolves a tree, for which the user may have given another with --override. get is eval.Context.Get, or a session's.
func (w *Workspace) treeRef(get func(eval.Key) (any, error), t star.Tree) (treeRef, error) {
	strip := t.StripPrefix
	if !t.AutoStrip && strip == "" {
		strip = "."
	}
	o, err := get(optionKey(overrideOption + t.Owner.String()))
	if err != nil {
		return treeRef{}, err
	}
	if p := o.(Option); p.Set {
		if strip != "." {
			strip = "" // another release has another folder
		}
		return treeRef{Path: p.Value, Strip: strip}, nil
	}
	if t.Archive == nil {
		return treeRef{Path: path.Clean(t.Path), Strip: strip}, nil
	}
	f := w.fileRef(*t.Archive)
	return treeRef{Path: f.Path, Action: f.Action, Output: f.Output, File: f.Name, Strip: strip}, nil
}

// overrideOption begins the name of the option that replaces a tree; its label follows.
const overrideOption = "override "

// runAction brings an action, or a validation, to its outputs.
func (w *Workspace) runAction(c *eval.Context, arg string) (eval.Result, error) {
	o, err := c.Get(eval.Key{Kind: kindDefinition, Arg: arg})
	if err != nil {
		return eval.Result{}, err
	}
	s := o.(*definition)
	c.Named(s.Label + " " + s.Mnemonic)
	r, err := w.execute(c, s.Operation, s.Params, s.Inputs, s.Outputs, s.Label)
	if err != nil {
		return eval.Result{}, labelled(s.atPatterns(err), s.Label)
	}
	return eval.Result{Value: r.encode(), Object: r}, nil
}

// runOutputs strips an action of its findings. Outputs may be as large as the action's own record, so only their digest is
// recorded.
func (w *Workspace) runOutputs(c *eval.Context, arg string) (eval.Result, error) {
	o, err := c.All([]eval.Key{{Kind: kindAction, Arg: arg}, {Kind: kindDefinition, Arg: arg}})
	if err != nil {
		return eval.Result{}, err
	}
	outputs, d := o[0].(*executed).outputs, o[1].(*definition)
	c.Named(d.Label + " " + d.Mnemonic)
	sum := eval.Of(appendOutputs(nil, outputs))
	return eval.Result{Value: sum[:], Object: outputs}, nil
}

// labelled gives the diagnostics in err that name no target this one.
func labelled(err error, label string) error {
	var out diag.List
	for _, e := range diag.Flatten(err) {
		if d, ok := e.(*diag.Error); ok && d.Label == "" {
			copied := *d
			copied.Label = label
			e = &copied
		}
		out = append(out, e)
	}
	return out.Err()
}

// displayAction names an action before it has named itself.
func displayAction(arg string) (name, label string) {
	owner, _ := splitAction(arg)
	return arg, owner
}

func displayDefinition(arg string) (name, label string) {
	owner, _ := splitAction(arg)
	return "definition of " + owner, owner
}
