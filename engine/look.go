package engine

import (
	"encoding/json"
	"fmt"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
)

// A command that writes declarations asks what is declared, and looks into trees with patterns that no target has yet.

// SitedDeclaration is a target as it is declared, and where.
type SitedDeclaration struct {
	*star.Declaration
	Site star.Site
}

// Declarations returns all targets of the workspace that are declared in a BUILD.star, by package, each package's sorted by name.
// They are loaded and not analysed.
func (w *Workspace) Declarations() ([]SitedDeclaration, error) {
	o := w.session.Get([]eval.Key{packagesKey("", nil)})[0]
	if o.Err != nil {
		return nil, w.explain(diag.List{o.Err})
	}
	pkgs := o.Object.([]string)
	keys := make([]eval.Key, len(pkgs))
	for i, p := range pkgs {
		keys[i] = packageKey(p)
	}
	var out []SitedDeclaration
	var errs diag.List
	for _, o := range w.session.Get(keys) {
		if o.Err != nil {
			errs = append(errs, o.Err)
			continue
		}
		p := o.Object.(*star.Package)
		for _, d := range p.Targets() {
			out = append(out, SitedDeclaration{d, p.Site(d.Label.Name)})
		}
	}
	if len(errs) > 0 {
		return nil, w.explain(errs)
	}
	return out, nil
}

// kindLook is a node that selects files of the tree that a target stands for; the argument is a lookSpec.
const kindLook = "look"

// lookSpec says which files of which tree are meant.
type lookSpec struct {
	Label   string   `json:"label,omitempty"` // of the tree; "" is the workspace's own folder
	Include []string `json:"include"`
	Exclude []string `json:"exclude,omitempty"`
	Loose   bool     `json:"loose,omitempty"`
}

// LookInput names the input of the Call that Look returns.
const LookInput = "files"

// Look selects files of the tree that a target stands for, or of what --override puts in its place: the input LookInput of a Call that can read
// them. A pattern that matches nothing is an error, unless the look is loose.
func (w *Workspace) Look(tree label.Label, include, exclude []string, loose bool) (action.Call, error) {
	return w.look(lookSpec{tree.String(), include, exclude, loose})
}

// LookHere is Look for the workspace's own folder, of which no target need tell.
func (w *Workspace) LookHere(include, exclude []string, loose bool) (action.Call, error) {
	return w.look(lookSpec{"", include, exclude, loose})
}

func (w *Workspace) look(s lookSpec) (action.Call, error) {
	o := w.session.Get([]eval.Key{{Kind: kindLook, Arg: mustJSON(s)}})[0]
	if o.Err != nil {
		return nil, w.explain(diag.List{o.Err})
	}
	return w.runner.Inspect(w.ctx, &action.Spec{Inputs: []action.Input{{Name: LookInput, Files: o.Object.(*fileSet).inputs(w)}}}), nil
}

func (w *Workspace) runLook(c *eval.Context, arg string) (eval.Result, error) {
	var s lookSpec
	if err := json.Unmarshal([]byte(arg), &s); err != nil {
		return eval.Result{}, err
	}
	ref, err := w.lookedAt(c, s.Label)
	if err != nil {
		return eval.Result{}, err
	}
	o, err := c.Get(fileSetKey(fileSetSpec{Tree: ref, Include: s.Include, Exclude: s.Exclude, Loose: s.Loose}))
	if err != nil {
		return eval.Result{}, err
	}
	return o.(*fileSet).result(), nil
}

func (w *Workspace) lookedAt(c *eval.Context, target string) (treeRef, error) {
	if target == "" {
		return treeRef{Path: "."}, nil
	}
	o, err := c.Get(targetKey(target))
	if err != nil {
		return treeRef{}, err
	}
	t := o.(*star.Target)
	tree := t.Tree()
	if tree == nil {
		return treeRef{}, &diag.Error{Label: target, Msg: fmt.Sprintf("is a %s, which is no source tree", t.RuleName)}
	}
	return w.treeRef(c.Get, *tree)
}

func displayLook(arg string) (name, label string) {
	var s lookSpec
	if json.Unmarshal([]byte(arg), &s) != nil {
		return arg, ""
	}
	return "a look into " + s.Label, s.Label
}
