package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
)

// ReplaceSource makes content the file at path, which is relative to the root. A link is not followed, neither the file itself
// nor a folder on the way, because a checkout could lead anywhere by it.
func (w *Workspace) ReplaceSource(name string, content []byte) error {
	return w.replaceIn("", name, content)
}

// replaceIn is the one way to write among the user's own files: those of the workspace, or of the folder tree,
// which the user chose.
func (w *Workspace) replaceIn(tree, name string, content []byte) error {
	if err := w.noLinkTo(tree, name); err != nil {
		return err
	}
	file := w.in(tree, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	return osfile.Replace(file, content, w.store.TempDir())
}

// in is the path of a file of the workspace, or of a tree outside of it.
func (w *Workspace) in(tree, name string) string {
	if tree == "" {
		return w.path(name)
	}
	return filepath.Join(tree, filepath.FromSlash(name))
}

// noLinkTo reports a name that leads out of the tree, by itself or by a link of a folder on the way.
func (w *Workspace) noLinkTo(tree, name string) error {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		if tree == "" {
			return fmt.Errorf("%s is not in the workspace", name)
		}
		return fmt.Errorf("%s is not in %s", name, tree)
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		fi, err := os.Lstat(w.in(tree, dir))
		if errors.Is(err, fs.ErrNotExist) {
			continue // there is none on the way to it either
		}
		if err != nil {
			return err
		}
		if why := osfile.NoFolder(fi); why != "" {
			return fmt.Errorf("%s is no folder: %s", dir, why)
		}
	}
	return nil
}

// Change is an edit of one of the user's own files: the whole of it before and after.
type Change struct {
	Path   string // relative to the workspace's root, or to Tree; slash-separated
	Before []byte // nil when there is no such file
	After  []byte
	Tree   string // absolute path of a folder outside of the workspace that the file is in; "" for the workspace

	Executable bool // of a file that is new; one that is there keeps what it is
}

// Place is the file's path as messages have it: absolute for one outside of the workspace.
func (c Change) Place() string {
	if c.Tree == "" {
		return c.Path
	}
	return filepath.Join(c.Tree, filepath.FromSlash(c.Path))
}

// Apply makes the changes, each file at once: it has the old bytes or the new ones whatever happens. A file that is not as it was
// when the change was worked out is an error, and none is then written. Changes that change nothing are skipped; it returns
// the others, as far as they were made.
func (w *Workspace) Apply(changes []Change) (made []Change, err error) {
	for _, c := range changes {
		now, err := os.ReadFile(w.in(c.Tree, c.Path))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, unwritable(c.Place(), err)
		}
		if !bytes.Equal(now, c.Before) || (err == nil) != (c.Before != nil) {
			return nil, &diag.Error{Pos: diag.File(c.Place()), Msg: "the file changed meanwhile; nothing was written", Hints: []string{"run the command again"}}
		}
	}
	for _, c := range changes {
		if c.Before != nil && bytes.Equal(c.Before, c.After) {
			continue
		}
		if err := w.replaceIn(c.Tree, c.Path, c.After); err != nil {
			return made, unwritable(c.Place(), err)
		}
		if c.Before == nil && c.Executable {
			if err := os.Chmod(w.in(c.Tree, c.Path), 0o755); err != nil {
				return made, unwritable(c.Place(), err)
			}
		}
		made = append(made, c)
	}
	return made, nil
}

// ReadSource returns one of the user's own files, for a command that will edit it; nil when there is none.
func (w *Workspace) ReadSource(path string) ([]byte, error) {
	b, err := os.ReadFile(w.path(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &diag.Error{Pos: diag.File(path), Msg: "the file cannot be read: " + osfile.Reason(err).Error(), Err: err}
	}
	return b, nil
}

// maxFixed bounds a file that a fix edits, in bytes.
const maxFixed = 64 << 20

// writableSource returns one of the user's own files that a fix may edit: an ordinary one, in the workspace and behind no
// link, that its owner may write.
func (w *Workspace) writableSource(name string) ([]byte, error) {
	no := func(format string, args ...any) ([]byte, error) {
		return nil, &diag.Error{Pos: diag.File(name), Msg: fmt.Sprintf(format, args...)}
	}
	switch {
	case name == "":
		return nil, &diag.Error{Msg: "it is in no file"}
	case !filepath.IsLocal(filepath.FromSlash(name)) || strings.HasPrefix(name, "@"):
		return no("it is no file of the workspace")
	case name == w.opt.OutDir || strings.HasPrefix(name, w.opt.OutDir+"/"):
		return no("it is an output")
	}
	archive, _, member := strings.Cut(name, "!")
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if fi, err := os.Lstat(w.path(dir)); err == nil && osfile.NoFolder(fi) != "" && !member {
			return no("%s is no folder: %s", dir, osfile.NoFolder(fi))
		}
	}
	fi, err := os.Lstat(w.path(name))
	switch {
	case err != nil && member:
		return no("it is in the archive %s", archive)
	case err != nil:
		return nil, unwritable(name, err)
	case osfile.Unfit(fi) != "":
		return no("%s", osfile.Unfit(fi))
	case fi.Size() > maxFixed:
		return no("it has %d bytes, and at most %d are edited", fi.Size(), maxFixed)
	case fi.Mode().Perm()&0o200 == 0:
		return no("it is read-only")
	}
	return w.ReadSource(name)
}

func unwritable(path string, err error) error {
	return &diag.Error{Pos: diag.File(path), Msg: "the file cannot be written: " + osfile.Reason(err).Error(), Err: err}
}

// FileInTree begins the change of a file of the tree that an input of the target's action with that operation is a file set of: the file called
// name, as it is on the disk, wherever --override may have put the tree. An archive cannot be changed.
func (w *Workspace) FileInTree(l label.Label, operation, input, name string) (Change, error) {
	c := Change{Path: name}
	t, err := w.treeOfInput(l, operation, input)
	if err != nil {
		return c, err
	}
	archive := &diag.Error{Pos: diag.File(t.String()), Label: l.String(), Msg: "the tree is an archive, in which no file can be written",
		Hints: []string{"--override=LABEL=DIR takes a folder in its place"}}
	if t.Path == "" {
		return c, archive
	}
	dir, err := filepath.EvalSymlinks(w.path(t.Path))
	if err != nil {
		return c, unwritable(t.String(), err)
	}
	if fi, err := os.Stat(dir); err != nil || !fi.IsDir() {
		return c, archive
	}
	if rel, err := filepath.Rel(w.opt.Root, dir); err == nil && filepath.IsLocal(rel) {
		c.Path = path.Join(filepath.ToSlash(rel), name)
	} else {
		c.Tree = dir
	}
	if err := w.noLinkTo(c.Tree, c.Path); err != nil {
		return c, unwritable(c.Place(), err)
	}
	file := w.in(c.Tree, c.Path)
	switch fi, err := os.Lstat(file); {
	case errors.Is(err, fs.ErrNotExist):
		return c, nil
	case err != nil:
		return c, unwritable(c.Place(), err)
	case osfile.Unfit(fi) != "":
		return c, unwritable(c.Place(), errors.New(osfile.Unfit(fi)))
	}
	if c.Before, err = os.ReadFile(file); err != nil {
		return c, unwritable(c.Place(), err)
	}
	if c.Before == nil {
		c.Before = []byte{}
	}
	return c, nil
}

// treeOfInput is the tree of a file set.
func (w *Workspace) treeOfInput(l label.Label, operation, input string) (treeRef, error) {
	o := w.session.Get([]eval.Key{targetKey(l.String())})[0]
	if o.Err != nil {
		return treeRef{}, w.explain(diag.List{o.Err})
	}
	for i, a := range o.Object.(*star.Target).Actions() {
		if a.Operation != operation {
			continue
		}
		o := w.session.Get([]eval.Key{{Kind: kindDefinition, Arg: actionArg(l.String(), i)}})[0]
		if o.Err != nil {
			return treeRef{}, w.explain(diag.List{o.Err})
		}
		for _, in := range o.Object.(*definition).Inputs {
			if in.Name == input && len(in.Files) == 1 && in.Files[0].Set != nil {
				return in.Files[0].Set.Tree, nil
			}
		}
	}
	return treeRef{}, internalError(fmt.Sprintf("%s has no file set %q for %s", l, input, operation))
}
