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
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// Verdict is what is known of a file; see the package comment.
type Verdict string

// The verdicts.
const (
	Identical  Verdict = "identical"
	Patched    Verdict = "patched"
	Local      Verdict = "local"
	Unexpl     Verdict = "unexplained"
	Unverified Verdict = "unverified"
)

// File is a file that is compared. Read is called when its digest does not decide, and at most once.
type File struct {
	Path   string
	Digest cache.Digest
	Read   func() ([]byte, error)

	Executable bool
}

// Input is what a package declares, and what there is.
type Input struct {
	Label    string
	Files    []File // of the package, by their paths in the tree
	Archive  bool   // Upstream is known
	Upstream []File // every file of upstream's archive
	Patches  []File // declared, in order; the first TreePatches of them lie in the tree
	Stray    []File // patch files in the tree, beside the package's files; some may be declared
	Mapping  map[string]string
	Local    []string

	TreePatches int
	Keep        bool // the contents of unexplained files, for Diff and Explaining
}

// FileResult is what came of a file of the package.
type FileResult struct {
	Path     string   `json:"path"`
	Verdict  Verdict  `json:"verdict"`
	Upstream string   `json:"upstream,omitempty"` // upstream's path
	Patches  []string `json:"patches,omitempty"`  // that explain it

	// Of an unexplained file, when Input.Keep is set.
	want, got  []byte // what upstream and the patches say (nil: nothing), and what is there
	large      bool   // too large for these
	executable bool
}

// Result is the comparison of a package.
type Result struct {
	Files    []FileResult // in the order of Input.Files
	Findings []finding.Finding

	pairs *pairing // nil without the archive
}

// Explained reports whether nothing was found that is an error.
func (r *Result) Explained() bool {
	return !slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.Severity == finding.Error })
}

// comparison is one call of Compare.
type comparison struct {
	in      Input
	local   []*files.Matcher // of in.Local
	used    []bool           // of in.Local
	patches []*patch
	bad     []bool // of patches: something was found about it
	failed  int    // changes of patches that do not apply
	work    int64  // bytes that patches were applied to
	result  Result
}

// Compare gives each file of the package its verdict. An error means that something could not be read.
func Compare(ctx context.Context, in Input) (*Result, error) {
	c := &comparison{in: in, used: make([]bool, len(in.Local)), bad: make([]bool, len(in.Patches))}
	if err := c.compileLocal(); err != nil {
		return nil, err
	}
	if err := c.readPatches(ctx); err != nil {
		return nil, err
	}
	c.checkMapped()
	var err error
	if in.Archive {
		err = c.forward(ctx)
	} else {
		err = c.backward(ctx)
	}
	if err != nil {
		return nil, err
	}
	c.idle()
	c.strays()
	for i, used := range c.used {
		if !used {
			c.find(finding.Finding{Rule: "unmatched", Severity: finding.Error, Attr: fmt.Sprintf("local[%d]", i),
				Msg: fmt.Sprintf("local pattern %q matches no file of the package", in.Local[i]),
				Fix: &finding.Fix{Attr: fmt.Sprintf("local[%d]", i), Remove: true}})
		}
	}
	return &c.result, nil
}

func (c *comparison) find(f finding.Finding) { c.result.Findings = append(c.result.Findings, f) }

func (c *comparison) compileLocal() error {
	for i, p := range c.in.Local {
		m, err := files.Compile([]string{p}, nil)
		if err != nil {
			return &diag.Error{Attr: fmt.Sprintf("local[%d]", i), Msg: err.Error()}
		}
		c.local = append(c.local, m)
	}
	return nil
}

// isLocal reports whether the project declares the file as its own.
func (c *comparison) isLocal(path string) bool {
	local := false
	for i, m := range c.local {
		if _, ok := m.Match(path); ok {
			c.used[i], local = true, true
		}
	}
	return local
}

// isOwn reports whether a file of the package is the project's own: it is declared so, or is a declared patch itself.
func (c *comparison) isOwn(f *File) bool {
	return c.isLocal(f.Path) || slices.ContainsFunc(c.in.Patches, func(p File) bool { return p.Path == f.Path && p.Digest == f.Digest })
}

func (c *comparison) readPatches(ctx context.Context) error {
	if len(c.in.Patches) > MaxPatches {
		return &diag.Error{Attr: "patches", Msg: fmt.Sprintf("%d patches, expected at most %d", len(c.in.Patches), MaxPatches)}
	}
	total := int64(0)
	seen := map[cache.Digest]int{}
	for i, f := range c.in.Patches {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.patches = append(c.patches, &patch{name: f.Path})
		if k, twice := seen[f.Digest]; twice {
			c.badPatch(i, "", fmt.Errorf("it is declared twice: %s is the same patch", c.in.Patches[k].Path))
			continue
		}
		seen[f.Digest] = i
		if total += f.Digest.Size; f.Digest.Size > MaxPatchBytes || total > MaxAllPatches {
			c.badPatch(i, "", fmt.Errorf("it has %d bytes; expected at most %d, and %d in all patches of the package", f.Digest.Size, MaxPatchBytes, MaxAllPatches))
			continue
		}
		text, err := f.Read()
		if err != nil {
			return err
		}
		p, err := parsePatch(f.Path, text)
		if err != nil {
			c.badPatch(i, "", err)
			continue
		}
		c.patches[i] = p
	}
	return nil
}

// badPatch reports that a declared patch does not do what it should; to is the file, "" for none.
func (c *comparison) badPatch(i int, to string, err error) {
	c.bad[i] = true
	if c.failed++; c.failed > maxFailed {
		return
	}
	if c.failed == maxFailed {
		to, err = "", errors.New("neither can this many others; no more is looked into")
	}
	name := c.in.Patches[i].Path
	msg := fmt.Sprintf("the patch cannot be used: %v", err)
	switch {
	case to != "" && c.in.Archive:
		msg = fmt.Sprintf("the patch does not apply to %s: %v", to, err)
	case to != "":
		msg = fmt.Sprintf("the patch is not what was done to %s, since it does not apply in reverse: %v", to, err)
	}
	c.find(finding.Finding{Rule: Patch.ID, Severity: finding.Error, Pos: diag.File(name), Attr: c.patchAttr(i), Msg: msg,
		Hints: []string{"sbomctl vendor-diff " + c.in.Label + " shows what differs"}})
}

// Bounds of what is done with patches that do not apply, and with those that change large files again and again.
const (
	maxFailed = 100
	maxWork   = 8 << 30
)

// enough reports whether a change is not to be looked at any more.
func (c *comparison) enough(i int, content []byte) bool {
	if c.work += int64(len(content)); c.work > maxWork {
		c.badPatch(i, "", fmt.Errorf("with it, patches were applied to more than %d bytes", int64(maxWork)))
		return true
	}
	return c.failed >= maxFailed
}

// content is a file that patches may have changed.
type content struct {
	src     *File
	bytes   []byte // after the patches; nil before the first
	patches []string
	broken  bool // a patch did not apply
}

// errLarge is the error of a file that is too large to be patched or shown.
var errLarge = fmt.Errorf("the file has more than %d bytes", MaxFileBytes)

// readAll reads a file; what is there is never nil.
func readAll(f *File) ([]byte, error) {
	if f.Digest.Size > MaxFileBytes {
		return nil, errLarge
	}
	b, err := f.Read()
	if b == nil && err == nil {
		b = []byte{}
	}
	return b, err
}

func (x *content) read() (b []byte, err error) {
	if x.bytes == nil && x.src != nil {
		x.bytes, err = readAll(x.src)
	}
	return x.bytes, err
}

// world is a set of files that patches are applied to.
type world map[string]*content

func worldOf(list []File) world {
	w := make(world, len(list))
	for i := range list {
		w[list[i].Path] = &content{src: &list[i]}
	}
	return w
}

func (w world) has(path string) bool { return w[path] != nil }

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

// maxNear bounds the paths among which the nearest spelling is looked for.
const maxNear = 20_000

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

// hit notes that a patch changes a file of the package.
func (c *comparison) hit(name string) {
	for _, p := range c.patches {
		if p.name == name {
			p.hits++
		}
	}
}

// idle reports declared patches that change no file of the package.
func (c *comparison) idle() {
	for i, p := range c.patches {
		if p.hits == 0 && !c.bad[i] {
			c.badPatch(i, "", errors.New("it changes no file of the package"))
		}
	}
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

// The lines of a difference that a finding has, for a program and for a person.
const (
	maxFound = 200
	maxHints = 10
)

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

// patchAttr is where a patch is declared.
func (c *comparison) patchAttr(i int) string {
	if i < c.in.TreePatches {
		return "tree_patches"
	}
	return fmt.Sprintf("patches[%d]", i-c.in.TreePatches)
}

// strays reports patch files beside the package that it does not declare.
func (c *comparison) strays() {
	declared := map[cache.Digest]bool{}
	for _, p := range c.in.Patches {
		declared[p.Digest] = true
	}
	for _, s := range c.in.Stray {
		if !c.isLocal(s.Path) && !declared[s.Digest] {
			c.find(finding.Finding{Rule: Patch.ID, Severity: finding.Warning, Pos: diag.File(s.Path), Attr: "patches",
				Msg:   "the patch lies beside the package's files and is declared nowhere",
				Hints: []string{fmt.Sprintf("tree_patches = [%q] proves that it is applied; or say that it is the project's own, in local; or remove it", s.Path)}})
		}
	}
}

// equalBytes reports whether two contents are the same file: no file is not the empty one.
func equalBytes(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }
