package engine

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/record"
	"github.com/sbomctl/sbomctl/engine/star"
)

// inputRef is a named input of an action before its files are known.
type inputRef struct {
	Name  string
	Files []fileRef
}

// fileRef is one or several files of an input: a source file, an output of an action, or a
// file set. Exactly one of Path, Action and Set is set.
type fileRef struct {
	Path   string // a leaf's argument
	Action string // argument of the action node
	Output string // the name of its output
	Name   string // path of the output file, relative to sbom-out
	Set    *fileSetSpec

	IncludeAttr, ExcludeAttr []string `json:",omitempty"` // where Set's patterns come from, as star.FileSet has it
}

func (f fileRef) key() eval.Key {
	switch {
	case f.Set != nil:
		return fileSetKey(*f.Set)
	case f.Action != "":
		return eval.Key{Kind: kindOutputs, Arg: f.Action}
	}
	return fileKey(f.Path)
}

// of finds the output that f names among those of its action.
func (f fileRef) of(outputs []action.Output) (action.Output, error) {
	for _, out := range outputs {
		if out.Name == f.Output {
			return out, nil
		}
	}
	return action.Output{}, internalError(fmt.Sprintf("action %s has no output %q", f.Action, f.Output))
}

// prepare brings the inputs of an action up to date. producers says which node makes each
// blob again that it reads, and found is what the engine itself finds of them: no part of the action's result, which is cached
// by what the action sees.
func (w *Workspace) prepare(c *eval.Context, operation string, params []byte, inputs []inputRef, outputs []string) (s *action.Spec, producers map[cache.Digest]eval.Key, found []finding.Finding, err error) {
	if _, err := c.Get(operationKey(operation)); err != nil {
		return nil, nil, nil, err
	}
	s, err = w.specOf(operation, params, outputs)
	if err != nil {
		return nil, nil, nil, err
	}
	var keys []eval.Key
	for _, in := range inputs {
		for _, f := range in.Files {
			keys = append(keys, f.key())
		}
	}
	objects, err := c.All(keys)
	if err != nil {
		return nil, nil, nil, err
	}
	found = unmatched(inputs, objects)
	producers = map[cache.Digest]eval.Key{}
	for _, in := range inputs {
		ai := action.Input{Name: in.Name}
		for _, f := range in.Files {
			if err := w.resolve(&ai, f, objects[0], producers); err != nil {
				return nil, nil, nil, err
			}
			objects = objects[1:]
		}
		s.Inputs = append(s.Inputs, ai)
	}
	slices.SortFunc(s.Inputs, func(a, b action.Input) int { return strings.Compare(a.Name, b.Name) })
	if operation == star.OpCommand {
		if err := layTree(s); err != nil {
			return nil, nil, nil, err
		}
		found = append(found, unsealed(s)...)
	}
	return s, producers, found, nil
}

// specOf is what an action runs, without its inputs.
func (w *Workspace) specOf(operation string, params []byte, outputs []string) (*action.Spec, error) {
	if operation == star.OpCommand {
		return commandSpec(params, outputs)
	}
	op := w.operation(operation)
	if op == nil {
		return nil, w.knownOperation(operation)
	}
	s := &action.Spec{Operation: op.Identity(), Params: params, Outputs: outputs, NoCache: op.Trivial}
	var err error
	if len(op.Aside) > 0 {
		s.Params, s.Aside, err = splitParams(params, op.Aside)
	}
	return s, err
}

// execute brings an action to its result. label is the target it belongs to; "" for none.
func (w *Workspace) execute(c *eval.Context, operation string, params []byte, inputs []inputRef, outputs []string, label string) (*executed, error) {
	spec, producers, own, err := w.prepare(c, operation, params, inputs, outputs)
	if err != nil {
		return nil, err
	}
	c.Started()
	lost := c.Reason() != nil && c.Reason().Cause == event.Lost
	// Each time another blob may be gone, since a node is run again only once.
	for range len(producers) + 1 {
		r, err := w.exec.Do(c.Context(), spec, lost)
		var l *action.LostError
		if errors.As(err, &l) {
			producer, ok := producers[l.Digest]
			if !ok {
				return nil, &diag.Error{Msg: "blob " + l.Digest.Hex() + " is gone from the cache, and nothing in this build makes it", Err: err}
			}
			if err := c.RunAgain(producer); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, w.onDisk(err, spec.Inputs, producers)
		}
		if op := w.operation(operation); op != nil && op.Accept != nil { // a command accepts what it made
			if err := op.Accept(spec.DecodeParams, r.Outputs); err != nil {
				return nil, err
			}
		}
		for i := range r.Findings {
			f := &r.Findings[i]
			inside := event.Printable(f.Pos.File) // the system's paths need not be text
			f.Pos = w.diskPos(f.Pos, spec.Inputs, producers)
			if f.Pos.File = event.Printable(f.Pos.File); f.Pos.File != inside {
				f.Path = inside
			}
		}
		r.Findings = append(r.Findings, own...)
		for i := range r.Findings {
			if f := &r.Findings[i]; f.Label == "" {
				f.Label = label
			}
		}
		if r.Cached {
			c.FoundInCache(r.Key.String())
		} else {
			c.Executed(r.Key.String())
		}
		return &executed{r.Outputs, r.Findings}, nil
	}
	return nil, errVanishing
}

var errVanishing = &diag.Error{Msg: "blobs keep vanishing from the cache while the build runs", Hints: []string{"is another program cleaning it?"}}

// onDisk makes positions in files of a tree, which is how an operation knows them, positions in the
// workspace: "tree/a.c:1", or in an archive "tree.tgz!a.c:1".
func (w *Workspace) onDisk(err error, inputs []action.Input, producers map[cache.Digest]eval.Key) error {
	var out diag.List
	for _, e := range diag.Flatten(err) {
		if d, ok := e.(*diag.Error); ok {
			if pos := w.diskPos(d.Pos, inputs, producers); pos != d.Pos {
				copied := *d
				copied.Pos = pos
				e = &copied
			}
		}
		out = append(out, e)
	}
	return out.Err()
}

func (w *Workspace) diskPos(pos diag.Pos, inputs []action.Input, producers map[cache.Digest]eval.Key) diag.Pos {
	for _, in := range inputs {
		for i := range in.Files {
			rest, ok := strings.CutPrefix(pos.File, in.Files[i].Path)
			if !ok || rest != "" && rest[0] != '!' {
				continue
			}
			on := pos
			switch h := in.Files[i].Handle.(type) {
			case action.Disk:
				on.File = strings.TrimPrefix(h.Path, w.prefix) + rest
				return on
			case action.Inline:
				if h.Path != "" {
					on.File = h.Path + rest
					return on
				}
			case action.Member:
				var t treeRef
				if k := producers[h.Data]; k.Kind == kindIndex && json.Unmarshal([]byte(k.Arg), &t) == nil {
					on.File = strings.TrimPrefix(t.String(), w.prefix) + "!" + pos.File
					return on
				}
			}
		}
	}
	return pos
}

// resolve adds the files that f stands for, given its node's object, to in, and notes which
// node makes a blob again.
func (w *Workspace) resolve(in *action.Input, f fileRef, object any, producers map[cache.Digest]eval.Key) error {
	switch {
	case f.Set != nil:
		set := object.(*fileSet)
		in.Files = append(in.Files, set.inputs(w)...)
		if set.Index != "" {
			producers[set.Data] = eval.Key{Kind: kindIndex, Arg: set.Index}
		}
	case f.Action != "":
		out, err := f.of(object.([]action.Output))
		if err != nil {
			return err
		}
		in.Files = append(in.Files, action.File{Path: f.Name, Digest: out.Digest, Executable: out.Executable, Handle: out.Handle()})
		producers[out.Digest] = eval.Key{Kind: kindAction, Arg: f.Action}
	default:
		s := object.(files.State)
		switch s.Kind {
		case files.Regular:
		case files.Absent:
			return &diag.Error{Pos: diag.File(f.Path), Msg: "no such file"}
		default:
			return &diag.Error{Pos: diag.File(f.Path), Msg: fmt.Sprintf("is a %s, expected a file", s.Kind)}
		}
		name := f.Path
		if filepath.IsAbs(name) {
			name = filepath.Base(name) // where a checkout lies must not reach a key
		}
		in.Files = append(in.Files, action.File{Path: name, Digest: s.Digest, Facet: s.Facet,
			Executable: s.Executable, Handle: action.Disk{Path: w.path(f.Path)}})
	}
	return nil
}

// readBlob reads a blob that an action made; again makes it again when it is gone.
func (w *Workspace) readBlob(ctx context.Context, d cache.Digest, max int64, again func() error) ([]byte, error) {
	b, err := w.store.ReadAll(ctx, d, max)
	if errors.Is(err, cache.ErrMiss) {
		if err := again(); err != nil {
			return nil, err
		}
		b, err = w.store.ReadAll(ctx, d, max)
	}
	if err != nil {
		return nil, cacheError(err)
	}
	return b, nil
}

// cacheError is an error of the cache for a user.
func cacheError(err error) error {
	return &diag.Error{Msg: err.Error(), Hints: []string{"--disk_cache=DIR moves the cache"}, Err: err}
}

// splitParams takes the named parameters out of a JSON object. Both objects are in canonical form.
func splitParams(params []byte, names []string) (rest, taken []byte, err error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(params, &all); err != nil {
		return nil, nil, err
	}
	aside := map[string]json.RawMessage{}
	for _, n := range names {
		if v, ok := all[n]; ok {
			aside[n] = v
			delete(all, n)
		}
	}
	return []byte(mustJSON(all)), []byte(mustJSON(aside)), nil
}

// executed is what came of an action: the value of its node.
type executed struct {
	outputs  []action.Output
	findings []finding.Finding // of the workspace: with labels, and positions of its files
}

func (x *executed) encode() []byte {
	return append(appendOutputs(nil, x.outputs), encodeFindings(x.findings)...)
}

func decodeExecuted(value []byte) (any, error) {
	r := &record.Reader{B: value}
	x := &executed{outputs: readOutputs(r)}
	if r.Bad {
		return nil, errDamaged
	}
	var err error
	x.findings, err = finding.Decode(r.B)
	return x, err
}

// What is said of an output beside its name and digest.
const (
	outputInline     = 1 << iota // its bytes follow
	outputExecutable             // it is a program
)

func appendOutputs(b []byte, outputs []action.Output) []byte {
	b = binary.AppendUvarint(b, uint64(len(outputs)))
	for _, out := range outputs {
		b = appendString(b, out.Name)
		b = append(b, out.Digest.Hash[:]...)
		b = binary.AppendUvarint(b, uint64(out.Digest.Size))
		var flags byte
		if out.Inline != nil {
			flags |= outputInline
		}
		if out.Executable {
			flags |= outputExecutable
		}
		if b = append(b, flags); out.Inline != nil {
			b = appendString(b, string(out.Inline))
		}
	}
	return b
}

func readOutputs(r *record.Reader) []action.Output {
	n := r.Uint()
	if n > uint64(len(r.B)) {
		r.Bad = true
		return nil
	}
	out := make([]action.Output, n)
	for i := range out {
		out[i].Name = string(r.Bytes())
		copy(out[i].Digest.Hash[:], r.Take(len(out[i].Digest.Hash)))
		out[i].Digest.Size = int64(r.Uint())
		flags := r.Byte()
		out[i].Executable = flags&outputExecutable != 0
		if flags&outputInline != 0 {
			out[i].Inline = r.Bytes() // shares the value, which is never written
		}
	}
	return out
}
