package engine

import (
	"errors"
	"fmt"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
)

// kindInspect is a node that prepares an action of a target without running it: its inputs
// are brought up to date. The argument is that of the action.
const kindInspect = "inspect"

// ErrNoOperation is the cause of the error of a target that has no action with the wanted operation.
var ErrNoOperation = errors.New("no such operation")

// Inspect returns the parameters and inputs of the target's action with that operation, for a
// command that works on them outside a build. The Call can create no output.
func (w *Workspace) Inspect(l label.Label, operation string) (action.Call, error) {
	call, _, err := w.InspectPlaced(l, operation)
	return call, err
}

// InspectPlaced is Inspect, and a function that makes positions in the action's inputs positions in the workspace.
func (w *Workspace) InspectPlaced(l label.Label, operation string) (action.Call, func(diag.Pos) diag.Pos, error) {
	o := w.session.Get([]eval.Key{targetKey(l.String())})[0]
	if o.Err != nil {
		return nil, nil, w.explain(diag.List{o.Err})
	}
	t := o.Object.(*star.Target)
	for i, a := range t.Actions() {
		if a.Operation != operation {
			continue
		}
		o := w.session.Get([]eval.Key{{Kind: kindInspect, Arg: actionArg(l.String(), i)}})[0]
		if o.Err != nil {
			return nil, nil, w.explain(diag.List{o.Err})
		}
		in := o.Object.(*inspected)
		place := func(p diag.Pos) diag.Pos { return w.diskPos(p, in.spec.Inputs, in.producers) }
		return w.runner.Inspect(w.ctx, in.spec), place, nil
	}
	site := w.declared(l.String())
	return nil, nil, &diag.Error{Pos: site.Pos, Label: l.String(), Err: ErrNoOperation,
		Msg: fmt.Sprintf("is a %s, which does not use the operation %s", t.RuleName, operation)}
}

// inspected is the object of an inspect node.
type inspected struct {
	spec      *action.Spec
	producers map[cache.Digest]eval.Key // of the blobs among its files
}

// runInspect is transient: its object is the action's specification, with its files.
func (w *Workspace) runInspect(c *eval.Context, arg string) (eval.Result, error) {
	o, err := c.Get(eval.Key{Kind: kindDefinition, Arg: arg})
	if err != nil {
		return eval.Result{}, err
	}
	s := o.(*definition)
	sp, producers, _, err := w.prepare(c, s.Operation, s.Params, s.Inputs, s.Outputs)
	if err != nil {
		return eval.Result{}, labelled(s.atPatterns(err), s.Label)
	}
	key, err := sp.Key()
	if err != nil {
		return eval.Result{}, err
	}
	return eval.Result{Value: []byte(key.String()), Object: &inspected{sp, producers}}, nil
}
