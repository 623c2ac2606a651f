package engine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/files"
)

// kindPlaced is the leaf of a file in the output folder: the digest of its bytes, nothing for anything
// but an ordinary file. The argument is its path relative to the workspace's root.
const kindPlaced = "placed"

type placedLeaf struct{ w *Workspace }

func (l placedLeaf) Prober() eval.Prober { return &statProber{w: l.w} }

func (l placedLeaf) Read(arg string) (value, signature []byte, err error) {
	state, sig, err := files.Read(l.w.place(arg))
	if err != nil {
		return nil, nil, err
	}
	if state.Kind != files.Regular {
		return nil, sig.Append(nil), nil
	}
	return placedValue(state.Digest), sig.Append(nil), nil
}

func placedValue(d cache.Digest) []byte { return []byte(d.String()) }

// Output is a file that a requested target yields.
type Output struct {
	Label   string
	Path    string // relative to the workspace's root, slash-separated
	Digest  cache.Digest
	Written bool // false: the file had these bytes already

	producer eval.Key
}

// placeAll brings the output folder in line with outputs: a file is replaced only when its
// bytes differ.
func (w *Workspace) placeAll(outputs []Output) error {
	keys := make([]eval.Key, len(outputs))
	for i := range outputs {
		keys[i] = eval.Key{Kind: kindPlaced, Arg: outputs[i].Path}
	}
	var errs diag.List
	cleaned := map[string]bool{}
	for i, o := range w.session.Get(keys) {
		out := &outputs[i]
		if o.Err == nil && bytes.Equal(o.Object.([]byte), placedValue(out.Digest)) {
			w.opt.Events.Emit(event.OutputReady{Label: out.Label, Path: out.Path, Digest: out.Digest.String()})
			continue
		}
		if dir := path.Dir(out.Path); !cleaned[dir] {
			cleaned[dir] = true
			cache.CleanTemp(filepath.FromSlash(w.place(dir))) // a killed build left a half-written output there, if anywhere
		}
		if err := w.placeOne(out, keys[i]); err != nil {
			errs = append(errs, err)
			continue
		}
		out.Written = true
		w.opt.Events.Emit(event.OutputReady{Label: out.Label, Path: out.Path, Digest: out.Digest.String(), Written: true})
	}
	return errs.Err()
}

func (w *Workspace) placeOne(out *Output, k eval.Key) error {
	name := w.place(out.Path)
	err := w.makeFolder(path.Dir(out.Path))
	if err == nil {
		err = w.store.CopyTo(out.Digest, name, false)
	}
	if errors.Is(err, cache.ErrMiss) {
		if err := w.restore(out); err != nil {
			return err
		}
		err = w.store.CopyTo(out.Digest, name, false)
	}
	if err != nil {
		var ce *cache.Error
		why := err.Error()
		if errors.As(err, &ce) {
			why = ce.Err.Error()
		}
		d := &diag.Error{Pos: diag.File(out.Path), Label: out.Label, Msg: "the output cannot be written: " + why, Err: err}
		if info, e := os.Lstat(name); e == nil && info.IsDir() {
			d.Msg = "the output cannot be written: there is a folder in its place"
			d.Hints = []string{"remove the folder " + out.Path}
		}
		var way *inTheWay
		if errors.As(err, &way) {
			d.Hints = []string{"remove " + way.path}
		}
		return d
	}
	sig, _, err := files.Lstat(name)
	if err != nil {
		return err
	}
	// Whoever changes it within the clock's granularity is found out in the next build.
	sig.Racy = true
	w.session.Learn(k, placedValue(out.Digest), sig.Append(nil))
	return nil
}

// restore puts an output into the store: a small one, which travels with its action's result, or one that
// was there once and is made again.
func (w *Workspace) restore(out *Output) error {
	o := w.session.Get([]eval.Key{out.producer})[0]
	if o.Err != nil {
		return o.Err
	}
	for _, a := range o.Object.(*executed).outputs {
		if a.Digest == out.Digest && a.Inline != nil {
			_, err := w.store.Put(a.Inline)
			return err
		}
	}
	return w.session.RunAgain(out.producer)
}

// inTheWay says that there is something else where a folder should be.
type inTheWay struct{ path string }

func (e *inTheWay) Error() string { return e.path + " is in the way: it is no folder" }

// makeFolder makes a folder below the root, through no link: outputs stay in the workspace.
func (w *Workspace) makeFolder(dir string) error {
	if dir == "." || dir == "/" {
		return nil
	}
	if err := w.makeFolder(path.Dir(dir)); err != nil {
		return err
	}
	full := filepath.FromSlash(w.place(dir))
	info, err := os.Lstat(full)
	switch {
	case errors.Is(err, os.ErrNotExist):
		err = os.Mkdir(full, 0o777)
	case err == nil && !info.IsDir():
		return &inTheWay{dir}
	}
	var pe *os.PathError
	if errors.As(err, &pe) {
		return fmt.Errorf("folder %s: %w", dir, pe.Err)
	}
	return err
}
