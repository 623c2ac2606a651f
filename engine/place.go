package engine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/outdir"
	"github.com/sbomctl/sbomctl/engine/star"
)

// kindPlaced is the leaf of a file in the output folder: the digest of its bytes, nothing for anything
// but an ordinary file. The argument is its path relative to the workspace's root.
const kindPlaced = "placed"

type placedLeaf struct{ w *Workspace }

func (l placedLeaf) Prober() eval.Prober { return l.w.statProber() }

func (l placedLeaf) Read(arg string) (value, signature []byte, err error) {
	state, sig, err := files.Read(l.w.path(arg))
	if err != nil {
		return nil, nil, err
	}
	if state.Kind != files.Regular {
		return nil, sig.Append(nil), nil
	}
	return placedValue(state.Digest), sig.Append(nil), nil
}

func placedKey(path string) eval.Key { return eval.Key{Kind: kindPlaced, Arg: path} }

func placedValue(d cache.Digest) []byte { return []byte(d.String()) }

// Output is a file that a requested target yields.
type Output struct {
	Label   string
	Path    string // relative to the workspace's root, slash-separated
	Digest  cache.Digest
	Written bool // false: the file had these bytes already

	name     string // relative to the output folder
	producer eval.Key
	also     []string // the other targets that yield it

	executable bool
}

// maker is the target whose action makes the output.
func (o *Output) maker() string {
	owner, _ := splitAction(o.producer.Arg)
	return owner
}

// addTo adds what the record has to say of the output.
func (o *Output) addTo(r outdir.Record) outdir.Record {
	e := outdir.Entry{Label: o.Label, Maker: o.maker(), Path: o.name, Digest: o.Digest.String()}
	r = append(r, e)
	for _, l := range o.also {
		e.Label = l
		r = append(r, e)
	}
	return r
}

// place brings the output folder in line with this build. First goes what must not be there any more, which
// may be in the way of what comes. Then the record says what will be there, then the outputs are placed, and
// then the record says what is there. A file is replaced only when its bytes differ.
func (b *build) place() {
	b.distinct()
	late := b.late()
	before := b.folder.Record()
	next := b.remove(before, b.next(before))
	var unwritable error
	if len(late) > 0 {
		if err := b.folder.Write(slices.Concat(before, next)); err != nil {
			unwritable = &unwritten{err}
		}
	}
	var placed, unplaced []Output
	var errs []error
	for i, out := range b.outputs {
		if late[i] {
			err := unwritable
			if err == nil {
				err = b.placeOne(&out)
			}
			if err != nil {
				unplaced, errs = append(unplaced, out), append(errs, err)
				continue
			}
			out.Written = true
		}
		placed = append(placed, out)
		b.w.opt.Events.Emit(event.OutputReady{Label: out.Label, Path: out.Path, Digest: out.Digest.String(), Written: out.Written})
	}
	b.outputs = placed
	if len(unplaced) > 0 {
		b.unplaced(unplaced, errs)
		next = b.remove(slices.Concat(before, next), b.next(before))
	}
	if err := b.folder.Write(next); err != nil && len(unplaced) == 0 {
		// The record on disk names more than is there, which does no harm.
		b.w.warn("the record of what was placed cannot be written: " + systemReason(err))
	}
}

// late returns which of the outputs are not in place.
func (b *build) late() map[int]bool {
	keys := make([]eval.Key, len(b.outputs))
	for i := range b.outputs {
		keys[i] = placedKey(b.outputs[i].Path)
	}
	late := map[int]bool{}
	for i, o := range b.w.session.Get(keys) {
		if o.Err != nil || !bytes.Equal(o.Object.([]byte), placedValue(b.outputs[i].Digest)) {
			late[i] = true
		}
	}
	return late
}

// distinct joins outputs that several targets share. A path that two actions claim, or that one claims as a
// file and another as a folder, is an error, and nothing is placed there.
func (b *build) distinct() {
	first := map[string]int{} // index in kept
	var kept []Output
	bad := map[string]bool{}
	clash := func(o Output, format string, args ...any) {
		bad[o.name] = true
		b.errs = append(b.errs, &diag.Error{Pos: diag.File(o.Path), Label: o.maker(), Msg: fmt.Sprintf(format, args...), Hints: []string{"rename one of the targets"}})
	}
	for _, o := range b.outputs {
		i, taken := first[o.name]
		switch {
		case outdir.Reserved(o.name):
			clash(o, "the output path is taken: %s is the record of what was placed", path.Join(b.w.opt.OutDir, outdir.RecordName))
			kept = append(kept, o)
		case !taken:
			first[o.name] = len(kept)
			kept = append(kept, o)
		case kept[i].producer == o.producer:
			kept[i].also = append(kept[i].also, o.Label)
		default:
			clash(o, "the output path is claimed twice: by %s and by %s", kept[i].maker(), o.maker())
			kept[i].also = append(kept[i].also, o.Label)
		}
	}
	for _, o := range kept {
		for dir := path.Dir(o.name); dir != "."; dir = path.Dir(dir) {
			if i, file := first[dir]; file {
				clash(o, "the output path lies below %s, which is a file that %s makes", kept[i].Path, kept[i].maker())
				bad[dir] = true
				break
			}
		}
	}
	b.outputs = slices.DeleteFunc(kept, func(o Output) bool {
		if bad[o.name] {
			b.spoil(o)
		}
		return bad[o.name]
	})
}

// spoil notes that an output is not in place, through no fault of what the targets that yield it depend on.
func (b *build) spoil(o Output) {
	b.spoilt[o.name] = true
	for _, l := range append([]string{o.Label}, o.also...) {
		b.fates[l] = failed
	}
}

// next returns what the record has to say: what this build places, and those of the entries before that still
// hold.
func (b *build) next(before outdir.Record) outdir.Record {
	next := make(outdir.Record, 0, len(b.outputs))
	interrupted := b.w.ctx.Err() != nil // it is not the time to find out what must go
	at, above := map[string]*Output{}, map[string]bool{}
	for i := range b.outputs {
		o := &b.outputs[i]
		at[o.name] = o
		for dir := path.Dir(o.name); dir != "." && !above[dir]; dir = path.Dir(dir) {
			above[dir] = true
		}
		next = o.addTo(next)
	}
	c := claims{b: b, targets: map[string]bool{}, outputs: map[string]map[string]bool{}, makers: map[string]bool{}}
	for i := range b.outputs {
		c.makers[b.outputs[i].maker()] = true
	}
	for _, e := range before {
		if at[e.Path] != nil && b.fates[e.Label] == built {
			continue // it has a new entry
		}
		inTheWay := above[e.Path]
		for dir := path.Dir(e.Path); dir != "."; dir = path.Dir(dir) {
			inTheWay = inTheWay || at[dir] != nil
		}
		if !interrupted {
			v := c.judge(e)
			b.unmade[e.Path] = b.unmade[e.Path] || v == unmade
			if v != holds || inTheWay {
				continue
			}
		}
		if o := at[e.Path]; o != nil { // another target that was not asked for yields it, too
			e.Maker, e.Digest = o.maker(), o.Digest.String()
		}
		next = append(next, e)
	}
	return next
}

// claims decides which files of earlier builds may stay.
type claims struct {
	b       *build
	makers  map[string]bool            // targets whose outputs are placed in this build
	targets map[string]bool            // memo of gone
	outputs map[string]map[string]bool // memo of makes: output paths by target
}

// verdict says whether an entry of the record holds.
type verdict uint8

const (
	holds  verdict = iota // also when this build does not know better
	stale                 // no target makes the file any more
	unmade                // a target makes it, and failed to this time
)

// judge judges an entry by what this build knows: of the targets that were asked for, and of the packages that were
// loaded for them.
func (c *claims) judge(e outdir.Entry) verdict {
	b := c.b
	fate, asked := b.fates[e.Label]
	switch {
	case c.gone(e.Label), c.gone(e.Maker), !c.makes(e.Maker, e.Path):
		return stale
	case b.spoilt[e.Path], b.fates[e.Maker] == failed && !b.analysed[e.Maker]:
		return unmade
	case fate == built:
		return stale // what it yields now is known
	case fate == failed && !b.waiting[e.Path]:
		return unmade
	case asked && b.w.opt.KeepGoing:
		return unmade // nothing stopped the build, and yet it was not made
	case asked:
		return holds
	}
	if l, err := label.ParseAbsolute(e.Label); err == nil && b.broken[l.Pkg] && b.patterns.Matches(l) {
		return unmade
	}
	return holds
}

// gone reports whether a target is known not to be there any more.
func (c *claims) gone(target string) bool {
	gone, known := c.targets[target]
	if !known {
		l, err := label.ParseAbsolute(target)
		gone = err != nil || c.b.noTarget(l)
		c.targets[target] = gone
	}
	return gone
}

// noTarget reports whether the packages that the patterns speak of lack a target, or lack its whole package.
func (b *build) noTarget(l label.Label) bool {
	if p := b.packages[l.Pkg]; p != nil {
		return p.Target(l.Name) == nil
	}
	if !b.patterns.MatchesPackage(l.Pkg) {
		return false // taken away, so not looked for
	}
	for _, s := range b.subtrees {
		if s.pattern.MatchesPackage(l.Pkg) && !slices.Contains(s.packages, l.Pkg) {
			return true
		}
	}
	return false
}

// makes reports whether a target has an action that makes a file; true as well when this build did not analyse it.
func (c *claims) makes(target, file string) bool {
	if !c.b.analysed[target] && !c.makers[target] {
		return true
	}
	outputs, known := c.outputs[target]
	if !known {
		o := c.b.w.session.Get([]eval.Key{targetKey(target)})[0]
		if o.Err != nil {
			return true
		}
		outputs = map[string]bool{}
		for _, a := range o.Object.(*star.Target).Actions() {
			for _, out := range a.Outputs {
				outputs[out.Path] = true
			}
		}
		c.outputs[target] = outputs
	}
	return outputs[file]
}

// remove removes the files that a record names and the next one does not. It returns the next record with
// those that had to stay: a file whose bytes are not those that were placed is somebody's own.
func (b *build) remove(record, next outdir.Record) outdir.Record {
	digests := record.Without(next)
	var paths []string
	var keys []eval.Key
	for _, p := range sortedNames(digests) {
		if !b.dismissed[p] {
			b.dismissed[p] = true
			paths = append(paths, p)
			keys = append(keys, placedKey(path.Join(b.w.opt.OutDir, p)))
		}
	}
	kept := map[string]bool{}
	first := map[string]*diag.Error{} // by reason
	more := map[string][]string{}
	for i, o := range b.w.session.Get(keys) {
		p, name := paths[i], keys[i].Arg
		why := "no target makes it any more"
		if b.unmade[p] {
			why = "it could not be made this time"
		}
		err := o.Err
		if err == nil {
			digest := string(o.Object.([]byte))
			if digest == "" {
				continue // gone, or no file that was ever placed
			}
			if !slices.Contains(digests[p], digest) {
				kept[p] = true
				b.w.warn(fmt.Sprintf("%s stays although %s: it was changed since it was placed", name, why))
				continue
			}
			if err = b.folder.Remove(p); err == nil {
				b.w.opt.Events.Emit(event.OutputRemoved{Path: name, Failed: b.unmade[p]})
				continue
			}
		}
		kept[p] = true
		reason := why + ": " + systemReason(err)
		if first[reason] != nil {
			more[reason] = append(more[reason], name)
			continue
		}
		first[reason] = &diag.Error{Pos: diag.File(name), Msg: "cannot be removed although " + reason, Err: err}
		b.errs = append(b.errs, first[reason])
	}
	for reason, names := range more {
		first[reason].Hints = []string{"nor can " + several(names)}
	}
	for _, e := range record {
		if kept[e.Path] {
			next = append(next, e)
		}
	}
	return next
}

// unwritten is the error of a file that the system did not let us write.
type unwritten struct{ err error }

func (u *unwritten) Error() string { return systemReason(u.err) }
func (u *unwritten) Unwrap() error { return u.err }

// systemReason is what is wrong with a file, without the words around it.
func systemReason(err error) string {
	var ce *cache.Error
	var d *diag.Error
	switch {
	case errors.As(err, &ce):
		return ce.Err.Error()
	case errors.As(err, &d):
		return d.Pos.String() + " " + d.Msg
	}
	return err.Error()
}

// unplaced tells why outputs could not be placed. The system's reason is told once, at the first.
func (b *build) unplaced(outputs []Output, errs []error) {
	first := map[string]*diag.Error{}
	more := map[string][]string{}
	for i, out := range outputs {
		b.spoil(out)
		var u *unwritten
		if !errors.As(errs[i], &u) {
			b.errs = append(b.errs, errs[i])
			continue
		}
		why := u.Error()
		if first[why] != nil {
			more[why] = append(more[why], out.Path)
			continue
		}
		first[why] = &diag.Error{Pos: diag.File(out.Path), Label: out.Label, Msg: "the output cannot be written: " + why, Err: u}
		b.errs = append(b.errs, first[why])
	}
	for why, paths := range more {
		first[why].Hints = []string{"nor can " + several(paths)}
	}
}

// placeOne writes an output. What the system refuses is an *unwritten.
func (b *build) placeOne(out *Output) error {
	w := b.w
	name, err := b.folder.Prepare(out.name)
	var blocked *diag.Error
	if errors.As(err, &blocked) {
		at := *blocked
		at.Label = out.Label
		return &at
	}
	if err != nil {
		return &unwritten{err}
	}
	err = w.store.CopyTo(w.ctx, out.Digest, name, out.executable)
	if errors.Is(err, cache.ErrMiss) {
		if err := w.restore(out); err != nil {
			return err
		}
		err = w.store.CopyTo(w.ctx, out.Digest, name, out.executable)
	}
	switch info, e := os.Lstat(name); {
	case errors.Is(err, cache.ErrMiss):
		return errVanishing
	case err != nil && e == nil && info.IsDir():
		return &diag.Error{Pos: diag.File(out.Path), Label: out.Label, Msg: "the output cannot be written: there is a folder in its place",
			Hints: []string{"remove the folder " + out.Path}, Err: err}
	case err != nil:
		return &unwritten{err}
	}
	sig, _, err := files.Lstat(name)
	if err != nil {
		return err
	}
	// Whoever changes it within the clock's granularity is found out in the next build.
	sig.Racy = true
	w.session.Learn(placedKey(out.Path), placedValue(out.Digest), sig.Append(nil))
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
			_, err := w.store.Put(w.ctx, a.Inline)
			return err
		}
	}
	return w.session.RunAgain(out.producer)
}
