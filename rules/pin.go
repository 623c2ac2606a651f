package rules

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/edit"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules/pin"
)

// PinRequest says what Pin is to do.
type PinRequest struct {
	Patterns label.Patterns // container_image targets; a wildcard passes over others
	Tag      string         // the tag that the one target gets; "" keeps those that are declared

	// Resolve asks the registry what a tag of an image is now.
	Resolve func(ctx context.Context, image pin.Image, tag string) (v1.Descriptor, error)
}

// PinResult is what Pin worked out.
type PinResult struct {
	Changes []engine.Change
	Lines   []string // one for each image, and for each reference: what moved, from what to what
	Notes   []string // what a person has to do
}

// Pin asks registries for the digests of tags, and works out the edits that write them: into the declarations, and into the files of the trees that name
// the images. Either everything can be written, or it is an error; only what lies in an archive, or is written in pieces, is left to a person. It
// writes nothing.
//
//	declared ──► registry ──► edits of BUILD.star ──► preview ──► edits of references ──► changes
func Pin(ctx context.Context, w *engine.Workspace, r PinRequest) (PinResult, error) {
	p := &pinning{ctx: ctx, w: w, r: r, files: map[string]*edit.File{}, references: map[string]*rewritten{}}
	for _, step := range []func() error{p.choose, p.open, p.resolve, p.edit, p.preview, p.rewrite, p.finish} {
		if err := step(); err != nil {
			return PinResult{}, err
		}
	}
	return p.result, nil
}

// pinning is one call of Pin.
type pinning struct {
	ctx        context.Context
	w          *engine.Workspace
	r          PinRequest
	images     []*pinned
	files      map[string]*edit.File // of BUILD.star files, by path
	references map[string]*rewritten // by place
	result     PinResult
}

// pinned is one image.
type pinned struct {
	label       label.Label
	site        star.Site
	was         pin.Image
	call        *edit.Call
	tag, digest string // the new ones
}

func (p *pinned) moved() bool { return p.tag != p.was.Tag || p.digest != p.was.Digest }

func (p *pinned) fail(format string, args ...any) *diag.Error {
	return &diag.Error{Pos: p.site.Pos, Label: p.label.String(), Msg: fmt.Sprintf(format, args...)}
}

// rewritten is a file that names images, and its edits.
type rewritten struct {
	change engine.Change
	edits  []pin.Edit
}

// choose finds the images that are meant.
func (p *pinning) choose() error {
	labels, err := p.w.Matching(p.r.Patterns)
	if err != nil {
		return err
	}
	var errs diag.List
	for _, l := range labels {
		var image pin.Image
		has, err := p.w.Params(l, pin.OperationName, &image)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if !has && !named(p.r.Patterns, l) {
			continue
		}
		site, rule, err := p.w.Declared(l)
		switch {
		case err != nil:
			errs = append(errs, err)
		case !has:
			errs = append(errs, &diag.Error{Pos: site.Pos, Label: l.String(), Msg: fmt.Sprintf("is a %s, and only a container_image is pinned", rule)})
		case image.Tag == "" && p.r.Tag == "":
			errs = append(errs, &diag.Error{Pos: site.Pos, Label: l.String(), Msg: "declares no tag whose digest could be asked for", Hints: []string{"--tag TAG says which"}})
		default:
			p.images = append(p.images, &pinned{label: l, site: site, was: image, tag: cmp.Or(p.r.Tag, image.Tag)})
		}
	}
	switch {
	case len(errs) > 0:
		return errs.Err()
	case len(p.images) == 0:
		return &diag.Error{Msg: "none of the targets is a container_image"}
	case len(p.images) > 1 && p.r.Tag != "":
		return &diag.Error{Msg: fmt.Sprintf("--tag is of one image, and the patterns name %d", len(p.images))}
	}
	return nil
}

// open finds the calls that declare the images, and makes sure that they say what is declared, before anybody is asked.
func (p *pinning) open() error {
	var errs diag.List
	for _, i := range p.images {
		if err := p.openImage(i); err != nil {
			errs = append(errs, err)
		}
	}
	return errs.Err()
}

func (p *pinning) openImage(i *pinned) error {
	if n := len(i.site.Macros); n > 0 {
		m := i.site.Macros[n-1]
		d := i.fail("is made by %s, which may make tag and digest of anything: edit what the macro makes it of, by hand", m.Name)
		d.Hints = i.site.Hints()
		return d
	}
	path := i.site.Pos.File
	f := p.files[path]
	if f == nil {
		content, err := p.w.Source(path)
		if err != nil {
			return err
		}
		if f, err = edit.Parse(path, content); err != nil {
			return err
		}
		p.files[path] = f
	}
	var err error
	if i.call, err = f.CallAt(i.site.Pos); err != nil {
		return err
	}
	for attr, declared := range map[string]string{"tag": i.was.Tag, "digest": i.was.Digest} {
		text, _, err := i.call.String(attr)
		if err != nil {
			if d, ok := err.(*diag.Error); ok && d.Label == "" {
				d.Label = i.label.String()
			}
			return err
		}
		if text != declared {
			return i.fail("%s is not in this call: edit it by hand", attr)
		}
	}
	return nil
}

// resolve asks for the digests.
func (p *pinning) resolve() error {
	var errs diag.List
	for _, i := range p.images {
		d, err := p.r.Resolve(p.ctx, i.was, i.tag)
		if err != nil {
			errs = append(errs, p.about(i, err))
			continue
		}
		if !d.MediaType.IsIndex() && !d.MediaType.IsImage() {
			errs = append(errs, i.fail("%s:%s is a %q, expected an image or an index of images", i.was.Repository, i.tag, d.MediaType))
			continue
		}
		i.digest = d.Digest.String()
		p.line("%s", i.told())
		if !d.MediaType.IsIndex() && i.moved() {
			p.note("%s is an image of a single platform, not an index of several: other platforms have none", i.label)
		}
	}
	return errs.Err()
}

// about places an error of a registry at the image.
func (p *pinning) about(i *pinned, err error) error {
	d := i.fail("%s", err.Error())
	d.Err = err
	if of, ok := err.(*diag.Error); ok {
		d.Msg, d.Hints = of.Msg, of.Hints
	}
	if e := (*oci.Error)(nil); errors.As(err, &e) && e.Kind == oci.Offline {
		d.Hints = []string{"only the registry knows where its tag points: run the command again where it can be reached, without --offline"}
	}
	return d
}

// told says what became of an image.
func (p *pinned) told() string {
	name := p.was.Repository + ":" + p.tag
	switch {
	case !p.moved():
		return fmt.Sprintf("%s is up to date: %s is still %s", p.label, name, p.digest)
	case p.was.Digest == "" && p.tag == p.was.Tag:
		return fmt.Sprintf("%s is pinned: %s is %s", p.label, name, p.digest)
	case p.was.Digest == "":
		return fmt.Sprintf("%s is pinned, and goes from tag %s to %s: %s is %s", p.label, p.was.Tag, p.tag, name, p.digest)
	case p.tag == p.was.Tag:
		return fmt.Sprintf("%s: the tag had moved: %s was %s, and is %s", p.label, name, p.was.Digest, p.digest)
	case p.digest == p.was.Digest:
		return fmt.Sprintf("%s goes from tag %s to %s, which is the same image: %s", p.label, p.was.Tag, p.tag, p.digest)
	}
	return fmt.Sprintf("%s goes from tag %s, %s, to %s, %s", p.label, p.was.Tag, p.was.Digest, p.tag, p.digest)
}

func (p *pinning) line(format string, args ...any) {
	p.result.Lines = append(p.result.Lines, fmt.Sprintf(format, args...))
}

func (p *pinning) note(format string, args ...any) {
	p.result.Notes = append(p.result.Notes, fmt.Sprintf(format, args...))
}

// edit writes tags and digests into the declarations.
func (p *pinning) edit() error {
	for _, i := range p.images {
		for _, a := range []struct{ attr, was, now string }{{"tag", i.was.Tag, i.tag}, {"digest", i.was.Digest, i.digest}} {
			if a.was != a.now {
				if err := i.call.Set(a.attr, a.now); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// preview makes sure that the edits lead to the declarations that are meant, and to no others.
func (p *pinning) preview() error {
	var changes []engine.Change
	for _, path := range slices.Sorted(maps.Keys(p.files)) {
		changes = append(changes, engine.Change{Path: path, After: p.files[path].Bytes()})
	}
	v, err := p.w.Preview(p.ctx, changes)
	if err != nil {
		return err
	}
	defer v.Close()
	meant := map[string]bool{}
	packages := map[string]*pinned{}
	for _, i := range p.images {
		meant[i.label.String()] = true
		packages[i.label.Pkg] = i
		var now pin.Image
		if _, err := v.Params(i.label, pin.OperationName, &now); err != nil {
			return err
		}
		if now.Tag != i.tag || now.Digest != i.digest {
			return i.fail("its tag and digest are not those of this call: edit it by hand")
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(packages)) {
		others, err := p.w.Differing(v, pkg)
		if err != nil {
			return err
		}
		for _, l := range others {
			if !meant[l.String()] {
				return packages[pkg].fail("this call declares %s too, which would be another then: edit it by hand", l)
			}
		}
	}
	return nil
}

// rewrite works out the edits of the files that name the images: those of the image's own references, and of each container_references that
// lists it.
func (p *pinning) rewrite() error {
	targets, err := p.w.Targets()
	if err != nil {
		return err
	}
	of := map[string]*pinned{}
	for _, i := range p.images {
		of[i.was.Label] = i
	}
	for _, l := range targets {
		operation, images, err := p.namedBy(l)
		if err != nil {
			return err
		}
		for n, image := range images {
			if i := of[image.Label]; i != nil {
				if err := p.rewriteFor(i, l, operation, images, n); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// namedBy returns the images that the references of a target are held against, and the operation that does.
func (p *pinning) namedBy(l label.Label) (operation string, images []pin.GroupImage, err error) {
	var image pin.Image
	if has, err := p.w.Params(l, pin.OperationName, &image); err != nil {
		return "", nil, err
	} else if has {
		if len(image.References) == 0 {
			return "", nil, nil
		}
		return pin.OperationName, []pin.GroupImage{{Label: image.Label, Repository: image.Repository, Tag: image.Tag, Digest: image.Digest, Role: image.Role}}, nil
	}
	var group pin.Group
	if _, err := p.w.Params(l, pin.GroupOperationName, &group); err != nil {
		return "", nil, err
	}
	return pin.GroupOperationName, group.Images, nil
}

// rewriteFor works out the edits for image number n in the files of a target.
func (p *pinning) rewriteFor(i *pinned, l label.Label, operation string, images []pin.GroupImage, n int) error {
	call, place, err := p.w.InspectPlaced(l, operation)
	if err != nil {
		return err
	}
	for _, f := range call.Files(pin.InputFiles) {
		if f.Digest.Size > pin.MaxFileBytes {
			continue // check says so
		}
		src, err := call.Read(f, pin.MaxFileBytes)
		if err != nil {
			return err
		}
		if diag.CheckText(f.Path, src) != nil {
			continue // likewise
		}
		for _, e := range pin.Rewrite(images, n, i.tag, i.digest, f.Path, src) {
			at := place(e.Pos)
			if _, onDisk := f.Handle.(action.Disk); !onDisk {
				p.note("%s is in an archive, where nothing can be written: it has to be %s", at, e.Want)
				continue
			}
			if e.New == "" {
				p.note("%s is written in pieces: together it has to be %s", at, e.Want)
				continue
			}
			if err := p.reference(l, operation, f, src, at, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// reference adds an edit of a file.
func (p *pinning) reference(l label.Label, operation string, f action.File, src []byte, at diag.Pos, e pin.Edit) error {
	c, err := p.w.FileInTree(l, operation, pin.InputFiles, f.Path)
	if err != nil {
		return err
	}
	if !bytes.Equal(c.Before, src) {
		return &diag.Error{Pos: diag.File(c.Place()), Msg: "the file changed meanwhile; nothing was written", Hints: []string{"run the command again"}}
	}
	if p.files[c.Place()] != nil {
		return &diag.Error{Pos: at, Label: l.String(), Msg: "a file that declares targets cannot be rewritten as a reference, too"}
	}
	file := p.references[c.Place()]
	if file == nil {
		file = &rewritten{change: c}
		p.references[c.Place()] = file
	}
	for _, old := range file.edits {
		if old.At == e.At { // another target lists the file, too
			if old.New != e.New {
				return &diag.Error{Pos: at, Label: l.String(), Msg: fmt.Sprintf("two targets want different images here, %s and %s", old.New, e.New)}
			}
			return nil
		}
	}
	file.edits = append(file.edits, e)
	p.line("%s: %s -> %s", at, e.Old, e.New)
	return nil
}

// finish makes the changes: files that change nothing have none.
func (p *pinning) finish() error {
	for _, path := range slices.Sorted(maps.Keys(p.files)) {
		before, err := p.w.Source(path)
		if err != nil {
			return err
		}
		if after := p.files[path].Bytes(); !bytes.Equal(before, after) {
			p.result.Changes = append(p.result.Changes, engine.Change{Path: path, Before: before, After: after})
		}
	}
	for _, place := range slices.Sorted(maps.Keys(p.references)) {
		r := p.references[place]
		slices.SortFunc(r.edits, func(a, b pin.Edit) int { return cmp.Compare(a.At, b.At) })
		var after strings.Builder
		at := 0
		for _, e := range r.edits {
			if e.At < at {
				return &diag.Error{Pos: e.Pos, Msg: fmt.Sprintf("two references overlap here, of which one has to become %s: edit it by hand", e.Want)}
			}
			after.Write(r.change.Before[at:e.At])
			after.WriteString(e.New)
			at = e.At + len(e.Old)
		}
		after.Write(r.change.Before[at:])
		r.change.After = []byte(after.String())
		p.result.Changes = append(p.result.Changes, r.change)
	}
	return nil
}
