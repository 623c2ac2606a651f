package vendor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/bluekeyes/go-gitdiff/gitdiff"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// forward applies the patches to upstream's files, and compares with the tree.
func (c *comparison) forward(ctx context.Context) error {
	f := &forward{comparison: c, world: worldOf(c.in.Upstream), pairs: newPairing(c.in.Mapping, c.in.Upstream), alias: map[string]string{}}
	c.result.pairs = f.pairs
	c.checkMapping(f.pairs)
	for range 2 { // the second time, the neighbours are known
		for i := range c.in.Files {
			t := &c.in.Files[i]
			if f.alias[t.Path] != "" {
				continue
			}
			if u, err := f.pairs.of(t); err == nil && u != "" {
				f.alias[t.Path] = u
				f.pairs.vote(t.Path, u)
			}
		}
	}
	for i, p := range c.patches {
		for _, change := range p.files {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := f.apply(i, change); err != nil {
				return err
			}
		}
	}
	for i := range c.in.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f.judge(&c.in.Files[i]); err != nil {
			return err
		}
	}
	return nil
}

// forward is a comparison with upstream's archive: world is upstream's files, as the patches so far leave them.
type forward struct {
	*comparison
	world
	pairs    *pairing
	alias    map[string]string // the tree's name of a file -> upstream's
	folders  map[string]bool   // of upstream; nil until they are asked for
	byDigest map[cache.Digest]string
}

// named is the file of upstream that a patch names, which may do so by the tree's path; "" for none.
func (f *forward) named(name string) (string, error) {
	k := named(name, func(n string) string {
		if f.has(n) {
			return n
		}
		if u := f.alias[n]; f.has(u) {
			return u
		}
		return ""
	})
	if k != "" {
		return k, nil
	}
	near := nearest(name, f.pairs.byName[base(name)])
	if len(near) > 1 {
		return "", fmt.Errorf("the name may stand for %s of upstream", several(near))
	}
	if len(near) == 0 {
		return "", errors.New("upstream has no such file")
	}
	return near[0], nil
}

// newName is what a file that a patch makes is called among upstream's.
func (f *forward) newName(change *gitdiff.File) string {
	name := change.NewName
	for _, t := range f.in.Files {
		if t.Path == name || t.Path == after(name) {
			return first(f.pairs.newName(t.Path), t.Path)
		}
	}
	if change.NewMode != 0 || change.IsRename || change.IsCopy {
		return name // of git's, which was read without its first folder
	}
	if f.folders == nil {
		f.folders = map[string]bool{".": true}
		for u := range f.pairs.upstream {
			for d := path.Dir(u); !f.folders[d]; d = path.Dir(d) {
				f.folders[d] = true
			}
		}
	}
	rest := after(name)
	if rest != "" && !f.folders[path.Dir(name)] && (f.folders[path.Dir(rest)] || strings.HasPrefix(name, "a/") || strings.HasPrefix(name, "b/")) {
		return rest
	}
	return name
}

// apply applies one change of a patch.
func (f *forward) apply(i int, change *gitdiff.File) error {
	if changesNothing(change) {
		return nil
	}
	p := f.patches[i]
	x, old, made := &content{}, "", ""
	switch {
	case change.IsNew:
		if made = f.newName(change); f.has(made) {
			f.badPatch(i, made, errors.New("it makes the file, and upstream has one"))
			return nil
		}
	default:
		var err error
		if old, err = f.named(change.OldName); err != nil {
			f.badPatch(i, change.OldName, err)
			return nil
		}
		x, made = f.world[old], old
		if change.IsRename || change.IsCopy {
			if made = f.newName(change); f.has(made) && made != old {
				f.badPatch(i, made, errors.New("it makes the file, and upstream has one"))
				return nil
			}
		}
	}
	before, err := x.read()
	if err != nil && !errors.Is(err, errLarge) {
		return err
	}
	if f.enough(i, before) {
		return nil
	}
	var after []byte
	if err == nil {
		after, err = apply(change, before)
	}
	if err != nil {
		if r, e := reversed(change); e == nil && !change.IsNew && !change.IsDelete && len(x.patches) == 0 {
			if _, e := apply(r, before); e == nil {
				err = errors.New("upstream has the change already; the patch is needed no more")
			}
		}
		f.badPatch(i, first(old, made), err)
		return nil
	}
	if change.IsRename || change.IsDelete {
		delete(f.world, old)
		f.pairs.remove(old)
	}
	if after == nil {
		p.hits++ // there is no file of the package to show for it
		return nil
	}
	f.world[made] = &content{bytes: after, patches: append(slices.Clone(x.patches), p.name)}
	f.pairs.add(made, cache.Of(after))
	return nil
}

// checkMapped reports what of mapping is no file or folder of the package.
func (c *comparison) checkMapped() {
	for _, m := range mapEntries(c.in.Mapping) {
		if !slices.ContainsFunc(c.in.Files, func(f File) bool { _, ok := under(f.Path, m.to); return ok }) {
			var paths []string
			if len(c.in.Files) <= maxNear {
				paths = folders(c.in.Files)
			}
			c.find(finding.Finding{Rule: Unexplained.ID, Severity: finding.Error, Attr: "mapping",
				Msg: fmt.Sprintf("mapping leads %q to %q, where the package has no file%s", m.from, m.to, diag.DidYouMean(m.to, paths))})
		}
	}
}

// checkMapping reports what of mapping is no file or folder of upstream.
func (c *comparison) checkMapping(pairs *pairing) {
	for _, m := range pairs.mapping {
		if slices.ContainsFunc(c.in.Upstream, func(u File) bool { _, ok := under(u.Path, m.from); return ok }) {
			continue
		}
		var paths []string
		if len(c.in.Upstream) <= maxNear {
			paths = folders(c.in.Upstream)
		}
		c.find(finding.Finding{Rule: Unexplained.ID, Severity: finding.Error, Attr: "mapping",
			Msg: fmt.Sprintf("mapping names %q, and upstream has no such file or folder%s", m.from, diag.DidYouMean(m.from, paths))})
	}
}

// folders are the paths of files and of their folders, sorted.
func folders(list []File) []string {
	all := map[string]bool{}
	for _, f := range list {
		for p := f.Path; p != "." && !all[p]; p = path.Dir(p) {
			all[p] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// judge gives a file of the tree its verdict.
func (f *forward) judge(t *File) error {
	r := FileResult{Path: t.Path, executable: t.Executable}
	local := f.isOwn(t)
	u, pairErr := f.pairs.of(t)
	r.Upstream = u
	x := f.world[u]
	if x != nil {
		for _, name := range x.patches {
			f.hit(name)
		}
	}
	switch {
	case x != nil && len(x.patches) == 0 && x.src.Digest == t.Digest:
		r.Verdict = Identical
	case x != nil && len(x.patches) > 0 && cache.Of(x.bytes) == t.Digest:
		r.Verdict, r.Patches = Patched, x.patches
	case local:
		r.Verdict = Local
	default:
		r.Verdict = Unexpl
		if err := f.explainNot(t, x, &r, pairErr); err != nil {
			return err
		}
	}
	f.result.Files = append(f.result.Files, r)
	return nil
}

// explainNot reports an unexplained file.
func (f *forward) explainNot(t *File, x *content, r *FileResult, pairErr error) error {
	out := finding.Finding{Rule: Unexplained.ID, Severity: finding.Error, Pos: diag.File(t.Path)}
	var err error
	if r.got, err = readAll(t); err == nil && x != nil {
		if r.want = x.bytes; r.want == nil {
			r.want, err = readAll(x.src)
		}
	}
	if r.large = errors.Is(err, errLarge); err != nil && !r.large {
		return err
	}
	show := "sbomctl vendor-diff " + f.in.Label
	switch {
	case x == nil && pairErr != nil:
		out.Msg = "nobody can say which of upstream's files this is: " + pairErr.Error()
	case x == nil:
		out.Msg = "upstream's archive has no such file"
		out.Hints = []string{fmt.Sprintf("if it is the project's own, say local = [%q]; if upstream calls it otherwise, say so with mapping", t.Path)}
		if u := f.sameBytes(t); u != "" {
			out.Hints = []string{fmt.Sprintf("upstream's %s has the same bytes: mapping = {%q: %q}", u, u, t.Path)}
		}
	default:
		out.Msg = fmt.Sprintf("differs from upstream's %s, and nothing declared explains it", r.Upstream)
		if len(x.patches) > 0 {
			out.Msg = fmt.Sprintf("differs from what %s of upstream's %s", makes(x.patches), r.Upstream)
		}
		if r.large {
			out.Msg += fmt.Sprintf("; it is not looked into, since it has more than %d bytes", MaxFileBytes)
			break
		}
		if how := lineEnds(r.want, r.got); how != "" {
			out.Msg += ": " + how
			break
		}
		d := difference(r)
		out.Pos.Line = d.line
		out.Found = strings.ToValidUTF8(strings.Join(d.head(maxFound), "\n"), "\ufffd")
		out.Hints = append(d.head(maxHints), show+" shows the difference; with --patch FILE it writes the patch that would explain it")
	}
	if !f.in.Keep {
		r.want, r.got = nil, nil
	}
	f.find(out)
	return nil
}

// lineEnds says that two files differ in nothing but the ends of lines; "" when they do in more.
func lineEnds(want, got []byte) string {
	lf := func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), newline) }
	if !isText(want) || !isText(got) || !bytes.Equal(lf(want), lf(got)) {
		return ""
	}
	name := func(b []byte) string {
		switch n, crlf := bytes.Count(b, newline), bytes.Count(b, []byte("\r\n")); {
		case crlf == 0:
			return "LF"
		case crlf == n:
			return "CRLF"
		}
		return "some CRLF"
	}
	return fmt.Sprintf("only in the ends of lines, %s upstream and %s here", name(want), name(got))
}

// sameBytes is a file of upstream that has the same bytes under another name; "" when none has.
func (f *forward) sameBytes(t *File) string {
	if t.Digest.Size == 0 {
		return ""
	}
	if f.byDigest == nil {
		f.byDigest = make(map[cache.Digest]string, len(f.in.Upstream))
		for _, u := range f.in.Upstream {
			if _, ok := f.byDigest[u.Digest]; !ok {
				f.byDigest[u.Digest] = u.Path
			}
		}
	}
	return f.byDigest[t.Digest]
}

func makes(patches []string) string {
	if len(patches) == 1 {
		return patches[0] + " makes"
	}
	return strings.Join(patches, ", ") + " make"
}
