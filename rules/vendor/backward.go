package vendor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/bluekeyes/go-gitdiff/gitdiff"

	"github.com/sbomctl/sbomctl/cache"
)

// backward takes the patches back from the tree, the last one first.
func (c *comparison) backward(ctx context.Context) error {
	b := &backward{comparison: c, world: worldOf(c.in.Files), byName: map[string][]string{}, mapping: mapEntries(c.in.Mapping), renamed: map[string]string{}}
	for _, f := range c.in.Files {
		b.byName[base(f.Path)] = append(b.byName[base(f.Path)], f.Path)
	}
	for i := len(c.patches) - 1; i >= 0; i-- {
		for _, change := range slices.Backward(c.patches[i].files) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := b.takeBack(i, change); err != nil {
				return err
			}
		}
	}
	for _, f := range c.in.Files {
		r := FileResult{Path: f.Path, Verdict: Unverified}
		local := c.isOwn(&f)
		switch x := b.world[f.Path]; {
		case x.broken:
			r.Verdict = Unexpl
		case len(x.patches) > 0:
			r.Verdict, r.Patches = Patched, x.patches
		case local:
			r.Verdict = Local
		}
		c.result.Files = append(c.result.Files, r)
	}
	return nil
}

// backward is a comparison without the archive: world is the tree's files, as taking the patches back so far leaves them.
type backward struct {
	*comparison
	world
	byName  map[string][]string // the tree's paths by their last segment
	mapping []mapEntry
	renamed map[string]string // the name before a patch that renamed a file -> the tree's
}

// takeBack applies one change of a patch in reverse.
func (b *backward) takeBack(i int, change *gitdiff.File) error {
	if changesNothing(change) {
		return nil
	}
	r, err := reversed(change)
	if change.IsDelete {
		return b.gone(i, change, r, err)
	}
	name, nameErr := b.treeName(change.NewName)
	if nameErr != nil {
		b.badPatch(i, change.NewName, nameErr)
		return nil
	}
	x := b.world[name]
	now, readErr := x.read()
	if readErr != nil && !errors.Is(readErr, errLarge) {
		return readErr
	}
	if b.enough(i, now) {
		x.broken = true
		return nil
	}
	if err == nil {
		err = readErr
	}
	var before []byte
	if err == nil {
		before, err = apply(r, now)
		if _, applies := apply(change, now); err != nil && applies == nil && !change.IsNew {
			err = errors.New("it was not applied yet, and would apply")
		}
	}
	if err != nil {
		x.broken = true
		b.badPatch(i, name, err)
		return nil
	}
	b.patches[i].hits++
	if before == nil {
		before = []byte{}
	}
	x.bytes, x.patches = before, append([]string{b.patches[i].name}, x.patches...)
	if change.IsRename {
		b.renamed[change.OldName] = name
		if old, err := b.exactName(change.OldName); err == nil && old != "" && old != name && len(b.world[old].patches) == 0 {
			b.badPatch(i, old, errors.New("it renames the file, which is still there"))
		}
	}
	return nil
}

// gone checks that the tree has not what a patch removes: a file of the name, or the same bytes under a name that ends alike.
func (b *backward) gone(i int, change, r *gitdiff.File, err error) error {
	name, _ := b.exactName(change.OldName)
	var lines []byte
	if err == nil {
		lines, err = apply(r, nil)
	}
	if name == "" && err == nil {
		for _, near := range nearest(change.OldName, b.byName[base(change.OldName)]) {
			if b.world[near].src.Digest == cache.Of(lines) {
				name = near
			}
		}
	}
	switch {
	case name != "" && len(b.world[name].patches) == 0:
		b.badPatch(i, name, errors.New("it removes the file, which is there"))
	case err != nil:
		b.badPatch(i, change.OldName, err)
	default:
		b.patches[i].hits++
		b.world[change.OldName] = &content{bytes: lines} // for the patches before this one
	}
	return nil
}

// exactName is the file of the package that a patch names in full, or as mapping has it; "" for none.
func (b *backward) exactName(name string) (string, error) {
	var found []string
	k := named(name, func(n string) string {
		if b.has(n) {
			return n
		}
		if t := b.renamed[n]; t != "" {
			return t
		}
		for _, m := range b.mapping {
			if rest, ok := under(n, m.from); ok {
				if t := join(m.to, rest); b.has(t) && !slices.Contains(found, t) {
					found = append(found, t)
				}
			}
		}
		if len(found) == 1 {
			return found[0]
		}
		return ""
	})
	if len(found) > 1 {
		return "", fmt.Errorf("by mapping the name stands for %s", several(found))
	}
	return k, nil
}

// treeName is the file of the package that a patch names.
func (b *backward) treeName(name string) (string, error) {
	if k, err := b.exactName(name); k != "" || err != nil {
		return k, err
	}
	near := nearest(name, b.byName[base(name)])
	if len(near) > 1 {
		return "", fmt.Errorf("the name may stand for %s; mapping says which", several(near))
	}
	if len(near) == 0 {
		return "", errors.New("no file of the package is called so")
	}
	return near[0], nil
}
