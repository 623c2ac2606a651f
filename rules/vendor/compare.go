package vendor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
}

// Input is what a package declares, and what there is.
type Input struct {
	Label    string
	Files    []File // of the package, by their paths in the tree
	Archive  bool   // Upstream is known
	Upstream []File // every file of upstream's archive
	Patches  []File // declared, in order
	Stray    []File // patch files in the tree, beside the package's files; some may be declared
	Mapping  map[string]string
	Local    []string
}

// FileResult is what came of a file of the package.
type FileResult struct {
	Path     string   `json:"path"`
	Verdict  Verdict  `json:"verdict"`
	Upstream string   `json:"upstream,omitempty"` // upstream's path
	Patches  []string `json:"patches,omitempty"`  // that explain it

	want, got []byte // of an unexplained file: what upstream and the patches say (nil: nothing), and what is there
}

// Result is the comparison of a package.
type Result struct {
	Files    []FileResult // in the order of Input.Files
	Findings []finding.Finding
}

// comparison is one call of Compare.
type comparison struct {
	in      Input
	local   *files.Matcher
	used    []bool // of in.Local
	patches []*patch
	result  Result
}

// Compare gives each file of the package its verdict. An error means that something could not be read.
func Compare(ctx context.Context, in Input) (*Result, error) {
	c := &comparison{in: in, used: make([]bool, len(in.Local))}
	if len(in.Patches) > MaxPatches {
		return nil, &diag.Error{Attr: "patches", Msg: fmt.Sprintf("%d patches, expected at most %d", len(in.Patches), MaxPatches)}
	}
	if err := c.compileLocal(); err != nil {
		return nil, err
	}
	if err := c.readPatches(); err != nil {
		return nil, err
	}
	var err error
	if in.Archive {
		err = c.forward(ctx)
	} else {
		err = c.backward(ctx)
	}
	if err != nil {
		return nil, err
	}
	for i, used := range c.used {
		if !used {
			c.find(finding.Finding{Rule: "unmatched", Severity: finding.Error, Attr: fmt.Sprintf("local[%d]", i),
				Msg: fmt.Sprintf("local pattern %q matches no file of the package", in.Local[i]),
				Fix: &finding.Fix{Attr: fmt.Sprintf("local[%d]", i), Remove: true}})
		}
	}
	c.strays()
	return &c.result, nil
}

func (c *comparison) find(f finding.Finding) { c.result.Findings = append(c.result.Findings, f) }

func (c *comparison) compileLocal() error {
	m, err := files.Compile(c.in.Local, nil)
	c.local = m
	return err
}

// isLocal reports whether the project declares the file as its own, by the first pattern that says so.
func (c *comparison) isLocal(path string) bool {
	for i, p := range c.in.Local {
		if m, err := files.Compile([]string{p}, nil); err == nil {
			if _, ok := m.Match(path); ok {
				c.used[i] = true
			}
		}
	}
	_, ok := c.local.Match(path)
	return ok
}

func (c *comparison) readPatches() error {
	for i, f := range c.in.Patches {
		text, err := f.Read()
		if err != nil {
			return err
		}
		p, err := parsePatch(f.Path, text)
		if err != nil {
			c.badPatch(i, "", err)
			p = &patch{name: f.Path}
		}
		c.patches = append(c.patches, p)
	}
	return nil
}

// badPatch reports that a declared patch does not do what it should; to is the file, "" for none.
func (c *comparison) badPatch(i int, to string, err error) {
	name := c.in.Patches[i].Path
	msg := fmt.Sprintf("the patch cannot be used: %v", err)
	switch {
	case to != "" && c.in.Archive:
		msg = fmt.Sprintf("the patch does not apply to %s: %v", to, err)
	case to != "":
		msg = fmt.Sprintf("the patch is not what was done to %s, since it does not apply in reverse: %v", to, err)
	}
	c.find(finding.Finding{Rule: Patch.ID, Severity: finding.Error, Pos: diag.File(name), Attr: fmt.Sprintf("patches[%d]", i), Msg: msg,
		Hints: []string{"sbomctl vendor-diff " + c.in.Label + " shows what differs"}})
}

// content is a file that patches may have changed.
type content struct {
	src     *File
	bytes   []byte // after the patches; nil before the first
	patches []string
	broken  bool // a patch did not apply
}

func (x *content) read() ([]byte, error) {
	if x.bytes != nil || x.src == nil {
		return x.bytes, nil
	}
	b, err := x.src.Read()
	if b == nil && err == nil {
		b = []byte{}
	}
	x.bytes = b
	return b, err
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
	upstream := worldOf(c.in.Upstream)
	names := make([]string, len(c.in.Upstream))
	for i, u := range c.in.Upstream {
		names[i] = u.Path
	}
	pairs := newPairing(c.in.Mapping, names)
	c.checkMapping(pairs)
	alias := map[string]string{} // the tree's name of a file -> upstream's
	for _, f := range c.in.Files {
		if u, err := pairs.of(f.Path); err == nil && u != "" {
			alias[f.Path] = u
		}
	}
	for i, p := range c.patches {
		for _, f := range p.files {
			if err := ctx.Err(); err != nil {
				return err
			}
			old, made := named(f.OldName, upstream.has, alias), f.NewName
			if f.IsNew {
				made = c.madeName(f.NewName, pairs, alias)
				if upstream.has(made) {
					c.badPatch(i, made, errors.New("it makes the file, and upstream has one"))
					continue
				}
			} else if old == "" {
				c.badPatch(i, f.OldName, errors.New("upstream has no such file"))
				continue
			} else if !f.IsRename && !f.IsCopy {
				made = old
			}
			x := upstream[old]
			if x == nil {
				x = &content{}
			}
			before, err := x.read()
			if err != nil {
				return err
			}
			after, err := apply(f, before)
			if err != nil {
				c.badPatch(i, first(old, made), err)
				x.broken = true
				continue
			}
			if f.IsRename || f.IsDelete {
				delete(upstream, old)
				pairs.remove(old)
			}
			if after != nil {
				upstream[made] = &content{bytes: after, patches: append(slices.Clone(x.patches), p.name), broken: x.broken}
				pairs.add(made)
			}
		}
	}
	for i := range c.in.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.judge(&c.in.Files[i], upstream, pairs); err != nil {
			return err
		}
	}
	return nil
}

// madeName is upstream's name of a file that a patch makes.
func (c *comparison) madeName(name string, pairs *pairing, alias map[string]string) string {
	for _, f := range c.in.Files {
		if f.Path == name || strings.HasSuffix(name, "/"+f.Path) {
			if u, ok := pairs.mapped(f.Path); ok {
				return u
			}
			return f.Path
		}
	}
	return name
}

// checkMapping reports a mapping that names nothing of upstream's, or leads two files to one.
func (c *comparison) checkMapping(pairs *pairing) {
	for from := range c.in.Mapping {
		found := from == "" || from == "."
		for u := range pairs.upstream {
			if _, ok := under(u, from); ok {
				found = true
				break
			}
		}
		if !found {
			c.find(finding.Finding{Rule: Unexplained.ID, Severity: finding.Error, Attr: "mapping",
				Msg: fmt.Sprintf("mapping names %q, and upstream has no such file or folder%s", from, diag.DidYouMean(from, folders(pairs.upstream)))})
		}
	}
}

// folders are the folders of files.
func folders(paths map[string]bool) []string {
	all := map[string]bool{}
	for p := range paths {
		for i := range p {
			if p[i] == '/' {
				all[p[:i]] = true
			}
		}
	}
	out := make([]string, 0, len(all))
	for d := range all {
		out = append(out, d)
	}
	slices.Sort(out)
	return out
}

// judge gives a file of the tree its verdict.
func (c *comparison) judge(f *File, upstream world, pairs *pairing) error {
	r := FileResult{Path: f.Path}
	local := c.isLocal(f.Path)
	u, pairErr := pairs.of(f.Path)
	r.Upstream = u
	var x *content
	if u != "" {
		x = upstream[u]
	}
	switch {
	case x != nil && x.bytes == nil && x.src.Digest == f.Digest:
		r.Verdict = Identical
	case x != nil && x.bytes != nil && cache.Of(x.bytes) == f.Digest:
		r.Verdict, r.Patches = Patched, x.patches
		if len(x.patches) == 0 { // a patch that failed had it read
			r.Verdict = Identical
		}
	case local:
		r.Verdict = Local
	default:
		r.Verdict = Unexpl
		if err := c.explainNot(f, x, &r, pairErr); err != nil {
			return err
		}
	}
	c.result.Files = append(c.result.Files, r)
	return nil
}

// explainNot reports an unexplained file.
func (c *comparison) explainNot(f *File, x *content, r *FileResult, pairErr error) error {
	out := finding.Finding{Rule: Unexplained.ID, Severity: finding.Error, Pos: diag.File(f.Path)}
	var err error
	if r.got, err = f.Read(); err != nil {
		return err
	}
	if x != nil {
		if r.want, err = x.read(); err != nil {
			return err
		}
	}
	show := "sbomctl vendor-diff " + c.in.Label
	switch {
	case x == nil && pairErr != nil:
		out.Msg = "nobody can say which of upstream's files this is: " + pairErr.Error()
	case x == nil:
		out.Msg = "upstream's archive has no such file"
		out.Hints = []string{fmt.Sprintf("if it is the project's own, say local = [%q]; if upstream calls it otherwise, say so with mapping", f.Path)}
	default:
		d := difference(r)
		out.Msg = fmt.Sprintf("differs from upstream's %s, and nothing declared explains it", r.Upstream)
		if len(x.patches) > 0 {
			out.Msg = fmt.Sprintf("differs from what %s of upstream's %s", makes(x.patches), r.Upstream)
		}
		out.Pos.Line = d.line
		out.Hints = append(d.head(10), show+" shows the difference; with --patch FILE it writes the patch that would explain it")
	}
	c.find(out)
	return nil
}

func makes(patches []string) string {
	if len(patches) == 1 {
		return patches[0] + " makes"
	}
	return strings.Join(patches, ", ") + " make"
}

// backward takes the patches back from the tree, the last one first.
func (c *comparison) backward(ctx context.Context) error {
	tree := worldOf(c.in.Files)
	byName := map[string][]string{}
	for _, f := range c.in.Files {
		byName[base(f.Path)] = append(byName[base(f.Path)], f.Path)
	}
	for i := len(c.patches) - 1; i >= 0; i-- {
		p := c.patches[i]
		for j := len(p.files) - 1; j >= 0; j-- {
			if err := ctx.Err(); err != nil {
				return err
			}
			f := p.files[j]
			if f.IsDelete {
				if name := c.treeName(f.OldName, tree, byName); name != "" {
					c.badPatch(i, name, errors.New("it removes the file, which is there"))
				}
				continue
			}
			name := c.treeName(f.NewName, tree, byName)
			if name == "" {
				c.badPatch(i, f.NewName, errors.New("no file of the package is called so"))
				continue
			}
			x := tree[name]
			after, err := x.read()
			if err != nil {
				return err
			}
			r, err := reversed(f)
			var before []byte
			if err == nil {
				before, err = apply(r, after)
			}
			if err != nil {
				if _, applies := apply(f, after); applies == nil {
					err = errors.New("it was not applied yet, and would apply")
				}
				c.badPatch(i, name, err)
				x.broken = true
				continue
			}
			if before == nil {
				before = []byte{}
			}
			x.bytes, x.patches = before, append([]string{p.name}, x.patches...)
		}
	}
	for _, f := range c.in.Files {
		r := FileResult{Path: f.Path, Verdict: Unverified}
		local := c.isLocal(f.Path)
		switch x := tree[f.Path]; {
		case x.broken:
			r.Verdict = Unexpl
			var err error
			if r.got, err = f.Read(); err != nil {
				return err
			}
		case len(x.patches) > 0:
			r.Verdict, r.Patches = Patched, x.patches
		case local:
			r.Verdict = Local
		}
		c.result.Files = append(c.result.Files, r)
	}
	return nil
}

// treeName resolves a name in a patch to a file of the package.
func (c *comparison) treeName(name string, tree world, byName map[string][]string) string {
	if n := named(name, tree.has, nil); n != "" {
		return n
	}
	for from, to := range c.in.Mapping {
		for _, n := range []string{name, after(name)} {
			if rest, ok := under(n, from); ok && tree.has(join(to, rest)) {
				return join(to, rest)
			}
		}
	}
	if near := nearest(name, byName[base(name)]); len(near) == 1 {
		return near[0]
	}
	return ""
}

// after is a path without its first segment.
func after(name string) string {
	_, rest, _ := strings.Cut(name, "/")
	return rest
}

// strays reports patch files beside the package that it does not declare.
func (c *comparison) strays() {
	declared := map[cache.Digest]bool{}
	for _, p := range c.in.Patches {
		declared[p.Digest] = true
	}
	for _, s := range c.in.Stray {
		if !declared[s.Digest] && !c.isLocal(s.Path) {
			c.find(finding.Finding{Rule: Patch.ID, Severity: finding.Error, Pos: diag.File(s.Path), Attr: "patches",
				Msg:   "the patch lies beside the package's files and is declared nowhere",
				Hints: []string{"add it to patches, which proves that it is applied; or say that it is the project's own, in local; or remove it"}})
		}
	}
}

// equalBytes reports whether two contents are the same file: no file is not the empty one.
func equalBytes(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }
