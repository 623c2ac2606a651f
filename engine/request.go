package engine

import (
	"sort"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/star"
)

const (
	kindClosure = "closure" // arguments of the validation nodes of a target and all below it: []string
	kindRequest = "request" // what building a target yields: []requested; the argument is its label
)

func closureKey(label string) eval.Key { return eval.Key{Kind: kindClosure, Arg: label} }
func requestKey(label string) eval.Key { return eval.Key{Kind: kindRequest, Arg: label} }

// runClosure gathers the validations of a target and of all targets below it.
func (w *Workspace) runClosure(c *eval.Context, arg string) (eval.Result, error) {
	o, err := c.Get(targetKey(arg))
	if err != nil {
		return eval.Result{}, err
	}
	t := o.(*star.Target)
	all := map[string]bool{}
	for _, i := range t.Validations() {
		all[actionArg(arg, i)] = true
	}
	keys := make([]eval.Key, len(t.Deps))
	for i, d := range t.Deps {
		keys[i] = closureKey(d.String())
	}
	lists, err := c.All(keys)
	if err != nil {
		return eval.Result{}, err
	}
	for _, l := range lists {
		for _, v := range l.([]string) {
			all[v] = true
		}
	}
	sorted := make([]string, 0, len(all))
	for v := range all {
		sorted = append(sorted, v)
	}
	sort.Strings(sorted)
	var value []byte
	for _, v := range sorted {
		value = appendString(value, v)
	}
	return eval.Result{Value: value}, nil
}

// requested is one file that a requested target yields.
type requested struct {
	Path     string // relative to the output folder
	Digest   cache.Digest
	Producer string // argument of its action node
}

// runRequest builds the default outputs of a target.
func (w *Workspace) runRequest(c *eval.Context, arg string) (eval.Result, error) {
	o, err := c.Get(targetKey(arg))
	if err != nil {
		return eval.Result{}, err
	}
	var keys []eval.Key
	var refs []fileRef
	for _, f := range o.(*star.Target).Files() {
		ref := w.fileRef(f)
		if ref.Action == "" {
			continue // a source file: it is where it is
		}
		refs = append(refs, ref)
		keys = append(keys, ref.key())
	}
	objects, err := c.All(keys)
	if err != nil {
		return eval.Result{}, err
	}
	var value []byte
	for i, ref := range refs {
		out, err := ref.of(objects[i].([]action.Output))
		if err != nil {
			return eval.Result{}, err
		}
		value = appendString(value, ref.Name)
		value = appendString(value, out.Digest.String())
		value = appendString(value, ref.Action)
	}
	return eval.Result{Value: value}, nil
}

func decodeRequest(value []byte) (any, error) {
	o, err := decodeStrings(value)
	if err != nil {
		return nil, err
	}
	s := o.([]string)
	if len(s)%3 != 0 {
		return nil, errDamaged
	}
	out := make([]requested, len(s)/3)
	for i := range out {
		d, err := cache.ParseDigest(s[3*i+1])
		if err != nil {
			return nil, errDamaged
		}
		out[i] = requested{Path: s[3*i], Digest: d, Producer: s[3*i+2]}
	}
	return out, nil
}
