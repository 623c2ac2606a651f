package engine

import (
	"path"
	"path/filepath"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/files"
)

// diskTree is the files.Tree of a directory on behalf of one node: every question it is
// asked becomes a dependency of that node.
type diskTree struct {
	w      *Workspace
	c      *eval.Context
	root   string // as a leaf's argument
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

func (t *diskTree) Ignored(p string, isDir bool) (bool, error) {
	if t.ignore == nil {
		real, err := filepath.EvalSymlinks(t.w.path(t.root))
		if err != nil {
			return false, &diag.Error{Pos: diag.File(t.root), Msg: "no such directory", Err: err}
		}
		src := gitSource{t.w, t.c}
		repo, err := files.FindRepo(real, src)
		if err != nil {
			return false, err
		}
		if t.ignore, err = files.NewIgnore(src, repo, real); err != nil {
			return false, err
		}
	}
	return t.ignore.Ignored(p, isDir)
}

// gitSource is the files.Source whose questions become dependencies of a node.
type gitSource struct {
	w *Workspace
	c *eval.Context
}

// arg turns an absolute path into a leaf's argument.
func (g gitSource) arg(p string) string {
	if rel, ok := strings.CutPrefix(p, g.w.prefix); ok {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(p)
}

func (g gitSource) Kind(p string) (files.Kind, error) {
	o, err := g.c.Get(fileKey(g.arg(p)))
	if err != nil {
		return files.Absent, err
	}
	return o.(files.State).Kind, nil
}

func (g gitSource) ReadFile(p string, limit int64) ([]byte, bool, error) {
	o, err := g.c.Get(textKey(g.arg(p)))
	if err != nil {
		return nil, false, err
	}
	t := o.(Text)
	if int64(len(t.Bytes)) > limit {
		return nil, false, &diag.Error{Pos: diag.File(g.arg(p)), Msg: "the file is too large"}
	}
	return t.Bytes, !t.Absent, nil
}

func (g gitSource) Rules(p string) (*files.Rules, error) {
	data, ok, err := g.ReadFile(p, files.RulesLimit)
	if err != nil || !ok {
		return nil, err
	}
	return files.ParseRules(data), nil
}

// Index is large and seldom needed, so its bytes are not recorded, only its digest.
func (g gitSource) Index(p string) (*files.Index, error) {
	o, err := g.c.Get(fileKey(g.arg(p)))
	if err != nil {
		return nil, err
	}
	want := o.(files.State)
	if want.Kind != files.Regular {
		return nil, nil
	}
	if x, ok := g.w.gitIndexes.Load(want.Digest); ok {
		return x.(*files.Index), nil
	}
	data, state, _, err := files.ReadBytes(p, files.IndexLimit)
	if err != nil {
		return nil, err
	}
	if state.Digest != want.Digest {
		return nil, &diag.Error{Pos: diag.File(g.arg(p)), Msg: "the file changed while the build was reading it", Hints: []string{"build again"}}
	}
	x, err := files.ParseIndex(p, data)
	if err != nil {
		return nil, err
	}
	g.w.gitIndexes.Store(want.Digest, x)
	return x, nil
}
