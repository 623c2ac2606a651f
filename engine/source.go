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
)

// ReplaceSource makes content the file at path, which is relative to the root. It is the one
// way to write among the user's own files, and makes the folders on the way. A link is not followed, neither the file itself
// nor a folder on the way, because a checkout could lead anywhere by it.
func (w *Workspace) ReplaceSource(name string, content []byte) error {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("%s is not in the workspace", name)
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		fi, err := os.Lstat(w.path(dir))
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
	if err := os.MkdirAll(w.path(path.Dir(name)), 0o777); err != nil {
		return err
	}
	return osfile.Replace(w.path(name), content, w.store.TempDir())
}

// Change is an edit of one of the user's own files: the whole of it before and after.
type Change struct {
	Path   string // relative to the workspace's root, slash-separated
	Before []byte // nil when there is no such file
	After  []byte
}

// Apply makes the changes, each file at once: it has the old bytes or the new ones whatever happens. A file that is not as it was
// when the change was worked out is an error, and none is then written. Changes that change nothing are skipped; it returns
// the others, as far as they were made.
func (w *Workspace) Apply(changes []Change) (made []Change, err error) {
	for _, c := range changes {
		now, err := os.ReadFile(w.path(c.Path))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, unwritable(c.Path, err)
		}
		if !bytes.Equal(now, c.Before) || (err == nil) != (c.Before != nil) {
			return nil, &diag.Error{Pos: diag.File(c.Path), Msg: "the file changed meanwhile; nothing was written", Hints: []string{"run the command again"}}
		}
	}
	for _, c := range changes {
		if c.Before != nil && bytes.Equal(c.Before, c.After) {
			continue
		}
		if err := w.ReplaceSource(c.Path, c.After); err != nil {
			return made, unwritable(c.Path, err)
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
