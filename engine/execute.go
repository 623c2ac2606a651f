package engine

import (
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
		return eval.Key{Kind: kindAction, Arg: f.Action}
	}
	return fileKey(f.Path)
}

// prepare brings the inputs of an action up to date. producers says which node makes each
// blob again that it reads.
func (w *Workspace) prepare(c *eval.Context, op *action.Operation, params []byte, inputs []inputRef, outputs []string) (s *action.Spec, producers map[cache.Digest]eval.Key, err error) {
	var keys []eval.Key
	for _, in := range inputs {
		for _, f := range in.Files {
			keys = append(keys, f.key())
		}
	}
	objects, err := c.All(keys)
	if err != nil {
		return nil, nil, err
	}
	s = &action.Spec{Operation: op, Params: params, Outputs: outputs}
	producers = map[cache.Digest]eval.Key{}
	for _, in := range inputs {
		ai := action.Input{Name: in.Name}
		for _, f := range in.Files {
			if err := w.resolve(&ai, f, objects[0], producers); err != nil {
				return nil, nil, err
			}
			objects = objects[1:]
		}
		s.Inputs = append(s.Inputs, ai)
	}
	slices.SortFunc(s.Inputs, func(a, b action.Input) int { return strings.Compare(a.Name, b.Name) })
	return s, producers, nil
}

// execute brings an action to its result. label is the target it belongs to; "" for none.
func (w *Workspace) execute(c *eval.Context, op *action.Operation, params []byte, inputs []inputRef, outputs []string, label string) (*action.Result, error) {
	spec, producers, err := w.prepare(c, op, params, inputs, outputs)
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
		for _, m := range r.Warnings {
			c.Events().Emit(event.Warning{Label: label, Message: m})
		}
		if r.Cached {
			c.FoundInCache(r.Key.String())
		} else {
			c.Executed(r.Key.String())
		}
		return r, nil
	}
	return nil, &diag.Error{Msg: "blobs keep vanishing from the cache while the build runs", Hints: []string{"is another program cleaning it?"}}
}

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
		for _, out := range object.([]action.Output) {
			if out.Name == f.Output {
				in.Files = append(in.Files, action.File{Path: f.Name, Digest: out.Digest, Handle: out.Handle()})
				producers[out.Digest] = f.key()
				return nil
			}
		}
		return fmt.Errorf("action %s has no output %q", f.Action, f.Output)
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
		in.Files = append(in.Files, action.File{Path: name, Digest: s.Digest, SHA1: s.SHA1, Text: s.Text,
			Executable: s.Executable, Handle: action.Disk{Path: w.place(f.Path)}})
	}
	return nil
}

// readBlob reads a blob that an action made; again makes it again when it is gone.
func (w *Workspace) readBlob(d cache.Digest, max int64, again func() error) ([]byte, error) {
	b, err := w.store.ReadAll(d, max)
	if errors.Is(err, cache.ErrMiss) {
		if err := again(); err != nil {
			return nil, err
		}
		b, err = w.store.ReadAll(d, max)
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

// encodeOutputs is the value of an action node.
func encodeOutputs(r *action.Result) []byte {
	b := binary.AppendUvarint(nil, uint64(len(r.Outputs)))
	for _, out := range r.Outputs {
		b = appendString(b, out.Name)
		b = append(b, out.Digest.Hash[:]...)
		b = binary.AppendUvarint(b, uint64(out.Digest.Size))
		if out.Inline == nil {
			b = append(b, 0)
		} else {
			b = appendString(append(b, 1), string(out.Inline))
		}
	}
	return b
}

func decodeOutputs(value []byte) ([]action.Output, error) {
	r := &reader{b: value}
	n := r.uvarint()
	if n > uint64(len(value)) {
		return nil, errDamaged
	}
	out := make([]action.Output, n)
	for i := range out {
		out[i].Name = string(r.bytes())
		copy(out[i].Digest.Hash[:], r.take(len(out[i].Digest.Hash)))
		out[i].Digest.Size = int64(r.uvarint())
		if inline := r.take(1); len(inline) == 1 && inline[0] == 1 {
			out[i].Inline = r.bytes() // shares the value, which is never written
		}
	}
	if r.bad || len(r.b) > 0 {
		return nil, errDamaged
	}
	return out, nil
}
