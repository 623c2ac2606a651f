package engine

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/record"
	"github.com/sbomctl/sbomctl/engine/star"
)

const (
	kindClosure = "closure" // what analysis says of a target and all below it: *closure; the argument is its label
	kindRequest = "request" // what building a target yields: *request; the argument is its label
)

func closureKey(label string) eval.Key { return eval.Key{Kind: kindClosure, Arg: label} }
func requestKey(label string) eval.Key { return eval.Key{Kind: kindRequest, Arg: label} }

// closure is what analysis says of a target and of all targets below it.
type closure struct {
	validations []validation // sorted
	prints      []finding.Finding
}

// validation is a validation node.
type validation struct {
	arg   string // of the node
	group string // "": it runs in every build and check
}

// runClosure gathers the validations of a target and of all targets below it, and what their Starlark printed.
func (w *Workspace) runClosure(c *eval.Context, arg string) (eval.Result, error) {
	o, err := c.Get(targetKey(arg))
	if err != nil {
		return eval.Result{}, err
	}
	t := o.(*star.Target)
	all := map[validation]bool{}
	for _, v := range t.Validations() {
		all[validation{actionArg(arg, v.Index), v.Group}] = true
	}
	keys := make([]eval.Key, len(t.Deps))
	for i, d := range t.Deps {
		keys[i] = closureKey(d.String())
	}
	if !t.IsFile() { // a file needs no package to be loaded
		keys = append(keys, printsKey(t.Label.Pkg))
	}
	objects, err := c.All(keys)
	if err != nil {
		return eval.Result{}, err
	}
	prints := printed(t.Warnings)
	for _, o := range objects {
		switch below := o.(type) {
		case *closure:
			for _, v := range below.validations {
				all[v] = true
			}
			prints = append(prints, below.prints...)
		case []finding.Finding:
			prints = append(prints, below...)
		}
	}
	sorted := slices.SortedFunc(maps.Keys(all), func(a, b validation) int { return strings.Compare(a.arg, b.arg) })
	value := binary.AppendUvarint(nil, uint64(len(sorted)))
	for _, v := range sorted {
		value = appendString(appendString(value, v.arg), v.group)
	}
	return eval.Result{Value: append(value, encodeFindings(prints)...)}, nil
}

func decodeClosure(value []byte) (any, error) {
	r := &record.Reader{B: value}
	x := &closure{}
	for range r.Uint() {
		if r.Bad {
			break
		}
		x.validations = append(x.validations, validation{string(r.Bytes()), string(r.Bytes())})
	}
	if r.Bad {
		return nil, errDamaged
	}
	var err error
	x.prints, err = finding.Decode(r.B)
	return x, err
}

// request is what building a target yields.
type request struct {
	files    []requested
	findings []finding.Finding // of the actions that make them, and of all below those
}

// requested is one file that a requested target yields.
type requested struct {
	Path     string // relative to the output folder
	Digest   cache.Digest
	Producer string // argument of its action node

	Executable bool
}

// runRequest builds the default outputs of a target, and gathers the findings.
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
	// Not together with the outputs, or what fails below would be told twice.
	keys = actionsOf(refs)
	for i := range keys {
		keys[i] = findingsKey(keys[i])
	}
	lists, err := c.All(keys)
	if err != nil {
		return eval.Result{}, err
	}
	var found []finding.Finding
	for _, o := range lists {
		found = append(found, o.([]finding.Finding)...)
	}
	value := binary.AppendUvarint(nil, uint64(len(refs)))
	for i, ref := range refs {
		out, err := ref.of(objects[i].([]action.Output))
		if err != nil {
			return eval.Result{}, err
		}
		value = appendString(value, ref.Name)
		value = appendString(value, out.Digest.String())
		value = appendString(value, ref.Action)
		if out.Executable {
			value = append(value, 1)
		} else {
			value = append(value, 0)
		}
	}
	return eval.Result{Value: append(value, encodeFindings(found)...)}, nil
}

func decodeRequest(value []byte) (any, error) {
	r := &record.Reader{B: value}
	x := &request{}
	for range r.Uint() {
		f := requested{Path: string(r.Bytes())}
		var err error
		if f.Digest, err = cache.ParseDigest(string(r.Bytes())); err != nil {
			return nil, errDamaged
		}
		f.Producer = string(r.Bytes())
		f.Executable = r.Byte() == 1
		x.files = append(x.files, f)
	}
	if r.Bad {
		return nil, errDamaged
	}
	var err error
	x.findings, err = finding.Decode(r.B)
	return x, err
}
