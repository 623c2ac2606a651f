package engine

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/files"
)

// What sbomctl writes is never an input: a build that reads what it writes is never up to date. It is
// no part of any tree, glob or archive, by whatever path the tree is reached:
//
//   - the output folder of this workspace and of any other: a folder of that name beside a RootFile;
//   - what the cache makes in its folder, which may lie below the root, and any other cache, which has
//     the same two entries;
//   - files being written (osfile.IsTemp), which a command that was killed has left behind;
//   - the files at the root of a workspace that commands of the rules append to (RuleSet.Written).
//
// An explicit path into the first (of this workspace) or the second is refused.

// cacheOption is the option with the cache's folder.
const cacheOption = "cache folder"

// cachePaths returns the paths of what the cache makes, without links.
func (w *Workspace) cachePaths(c *eval.Context) ([]string, error) {
	o, err := c.Get(optionKey(cacheOption))
	if err != nil {
		return nil, err
	}
	dir, err := w.realPath(c, o.(Option).Value)
	if err != nil {
		return nil, err
	}
	return []string{filepath.Join(dir, cache.Layout), filepath.Join(dir, cache.Tag)}, nil
}

// mayBeWritten reports whether something called name may be what sbomctl writes, so that of nearly all paths
// nothing is asked.
func (w *Workspace) mayBeWritten(name string) bool {
	return name == w.opt.OutDir || name == cache.Layout || name == cache.Tag || osfile.IsTemp(name) || slices.Contains(w.opt.Rules.Written, name)
}

// writtenByName reports whether a path is an output folder, of a cache, or a file being written.
func (w *Workspace) writtenByName(c *eval.Context, arg string, isDir bool) (bool, error) {
	beside := func(name string, want files.Kind) (bool, error) {
		kind, err := w.kindOf(c, path.Join(path.Dir(arg), name))
		return kind == want, err
	}
	switch name := path.Base(arg); {
	case isDir && name == w.opt.OutDir:
		return beside(RootFile, files.Regular)
	case isDir && name == cache.Layout:
		return beside(cache.Tag, files.Regular)
	case !isDir && name == cache.Tag:
		return beside(cache.Layout, files.Directory)
	case !isDir && slices.Contains(w.opt.Rules.Written, name):
		return beside(RootFile, files.Regular)
	}
	return !isDir && osfile.IsTemp(path.Base(arg)), nil
}

// refuseWritten refuses a path of the user's that leads into the output folder or the cache.
func (w *Workspace) refuseWritten(c *eval.Context, arg string) error {
	real, err := w.realPath(c, arg)
	if err != nil || real == "" {
		return err
	}
	root, err := w.realPath(c, ".")
	if err != nil {
		return err
	}
	refused := func(where string) error {
		return &diag.Error{Pos: diag.File(files.Printable(arg)), Msg: fmt.Sprintf("lies in %s; what sbomctl writes is never an input", where),
			Hints: []string{"name the target that makes it"}}
	}
	if within(real, filepath.Join(root, w.opt.OutDir)) {
		return refused("the output folder")
	}
	paths, err := w.cachePaths(c)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(paths, func(p string) bool { return within(real, p) }) {
		return refused("the cache")
	}
	return nil
}

// within reports whether an absolute path is dir or lies below it.
func within(p, dir string) bool {
	rest, ok := strings.CutPrefix(p, dir)
	return ok && (rest == "" || rest[0] == filepath.Separator || strings.HasSuffix(dir, string(filepath.Separator)))
}
