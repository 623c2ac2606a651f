package engine

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/files"
)

// diskTree is the files.Tree of a directory on behalf of one node: every question it is
// asked becomes a dependency of that node.
type diskTree struct {
	w    *Workspace
	c    *eval.Context
	root string // as a leaf's argument

	real   string   // where root leads; "" until it is known
	cache  []string // what cachePaths returned
	ignore *files.Ignore
}

func (w *Workspace) diskTree(c *eval.Context, root string) *diskTree {
	return &diskTree{w: w, c: c, root: root}
}

func (t *diskTree) List(dir string) ([]files.Entry, error) {
	o, err := t.c.Get(dirKey(path.Join(t.root, dir)))
	if err != nil {
		return nil, err
	}
	return o.([]files.Entry), nil
}

func (t *diskTree) Lookup(p string) (files.Kind, string, error) {
	o, err := t.c.Get(fileKey(path.Join(t.root, p)))
	if err != nil {
		return files.Absent, "", err
	}
	s := o.(files.State)
	return s.Kind, s.Target, nil
}

// Ignored leaves out what sbomctl writes, and what git ignores.
func (t *diskTree) Ignored(p string, isDir bool) (bool, error) {
	if written, err := t.Written(p, isDir); err != nil || written {
		return written, err
	}
	if t.ignore == nil {
		if err := t.locate(); err != nil {
			return false, err
		}
		src, err := t.w.gitSource(t.c)
		if err != nil {
			return false, err
		}
		repo, err := files.FindRepo(t.real, src)
		if err != nil {
			return false, err
		}
		if t.ignore, err = files.NewIgnore(src, repo, t.real); err != nil {
			return false, err
		}
	}
	return t.ignore.Ignored(p, isDir)
}

// Written reports whether sbomctl writes what is at p; see written.go.
func (t *diskTree) Written(p string, isDir bool) (bool, error) {
	if !t.w.mayBeWritten(p[strings.LastIndexByte(p, '/')+1:]) {
		return false, nil
	}
	if err := t.locate(); err != nil {
		return false, err
	}
	if slices.Contains(t.cache, filepath.Join(t.real, filepath.FromSlash(p))) {
		return true, nil
	}
	return t.w.writtenByName(t.c, path.Join(t.root, p), isDir)
}

// locate finds out where the tree lies.
func (t *diskTree) locate() (err error) {
	if t.real != "" {
		return nil
	}
	if t.cache, err = t.w.cachePaths(t.c); err != nil {
		return err
	}
	real, err := t.w.realPath(t.c, t.root)
	if err == nil && real == "" {
		err = &diag.Error{Pos: diag.File(t.root), Msg: "no such directory"}
	}
	t.real = real
	return err
}

// realPath returns where a path leads; "" when nothing is there.
func (w *Workspace) realPath(c *eval.Context, arg string) (string, error) {
	o, err := c.Get(realKey(arg))
	if err != nil {
		return "", err
	}
	return string(o.(Real)), nil
}

// kindOf returns what sort of thing a path is.
func (w *Workspace) kindOf(c *eval.Context, arg string) (files.Kind, error) {
	o, err := c.Get(kindKey(arg))
	if err != nil {
		return files.Absent, err
	}
	return o.(files.Kind), nil
}

// gitSource is the files.Source whose questions become dependencies of a node.
type gitSource struct {
	w    *Workspace
	c    *eval.Context
	root string // where the workspace's root leads, with a slash at its end
}

func (w *Workspace) gitSource(c *eval.Context) (gitSource, error) {
	root, err := w.realPath(c, ".")
	return gitSource{w, c, strings.TrimSuffix(root, string(filepath.Separator)) + string(filepath.Separator)}, err
}

// arg turns an absolute path without links into a leaf's argument.
func (g gitSource) arg(p string) string {
	if p+string(filepath.Separator) == g.root {
		return "."
	}
	return filepath.ToSlash(strings.TrimPrefix(p, g.root))
}

func (g gitSource) Kind(p string) (files.Kind, error) { return g.w.kindOf(g.c, g.arg(p)) }

func (g gitSource) ReadFile(p string, limit int64) ([]byte, bool, error) {
	o, err := g.c.Get(textKey(g.arg(p)))
	if err != nil {
		return nil, false, err
	}
	t := o.(Text)
	if int64(len(t.Bytes)) > limit {
		return nil, false, &diag.Error{Pos: diag.File(g.arg(p)), Msg: "the file is too large"}
	}
	return t.Bytes, t.Kind == files.Regular, nil
}

func (g gitSource) Rules(p string) (*files.Rules, error) {
	data, ok, err := g.ReadFile(p, files.RulesLimit)
	if err != nil || !ok {
		return nil, err
	}
	if r, ok := g.w.rules.Load(string(data)); ok {
		return r.(*files.Rules), nil
	}
	r, _ := g.w.rules.LoadOrStore(string(data), files.ParseRules(data))
	return r.(*files.Rules), nil
}

func (g gitSource) Index(p string) (*files.Index, error) {
	o, err := g.c.Get(eval.Key{Kind: kindTracked, Arg: g.arg(p)})
	if err != nil {
		return nil, err
	}
	return o.(*files.Index), nil
}

// kindTracked is the set of paths that a git index lists: *files.Index, nil for none. The argument is the index
// file. git rewrites that file for its own ends (git status does); who asks for the set is not run again then.
const kindTracked = "tracked"

func (w *Workspace) runTracked(c *eval.Context, arg string) (eval.Result, error) {
	o, err := c.Get(fileKey(arg))
	if err != nil {
		return eval.Result{}, err
	}
	s := o.(files.State)
	if s.Kind != files.Regular {
		return eval.Result{Object: (*files.Index)(nil)}, nil
	}
	x, err := w.gitIndex(arg, s)
	if err != nil {
		return eval.Result{}, err
	}
	sum := x.Sum()
	return eval.Result{Value: sum[:], Object: x}, nil
}
