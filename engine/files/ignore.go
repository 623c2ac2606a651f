package files

import (
	"path/filepath"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Ignore answers what git would leave out of a tree: what the .gitignore files of its
// repository and info/exclude say, unless git tracks it. The meaning is that of gitignore(5),
// with these decisions:
//
//   - core.excludesFile and the rest of the user's and the system's configuration are not read,
//     nor is core.ignoreCase: patterns are case-sensitive.
//   - .git is ignored, wherever it lies.
//   - The index is read only when a rule matches, since only a file that a rule matches can
//     differ by being tracked.
//   - What a submodule holds is never ignored by the rules of the repository around it; the
//     submodule's own rules count only when it is itself the tree.
//   - A .gitignore that is a symbolic link is not read (as git since 2.32), nor is one that a sparse
//     checkout has left in the index only.
//   - Where the repository ignores the tree's root itself (an archive unpacked into a
//     build folder), the tree is no part of the checkout and nothing in it is ignored.
//
// An Ignore remembers what it has read, so it is for one goroutine and one build.
type Ignore struct {
	src    Source
	repo   *Repo
	prefix string // of the tree's root in the repository: "" or "a/b"
	dirs   map[string]*ignoreDir

	started bool
	off     bool // the tree's root is ignored
	exclude *Rules
	index   *Index
	indexed bool
}

// ignoreDir is what holds for the entries of one directory.
type ignoreDir struct {
	parent   *ignoreDir
	path     string // in the repository; "" for its root
	rules    *Rules // its own .gitignore
	excluded bool   // it, or a directory above, is ignored: so is everything in it
}

// NewIgnore returns the Ignore of the tree whose root is the folder tree, absolute and without
// links, at or below repo.Root. A nil repo, that of a tree that is no checkout, ignores nothing but .git.
func NewIgnore(src Source, repo *Repo, tree string) (*Ignore, error) {
	g := &Ignore{src: src, repo: repo, dirs: map[string]*ignoreDir{}}
	if repo == nil {
		return g, nil
	}
	rel, err := filepath.Rel(repo.Root, tree)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return nil, &diag.Error{Pos: diag.File(Printable(tree)), Msg: "does not lie in the repository " + Printable(repo.Root), Err: err}
	}
	if rel != "." {
		g.prefix = filepath.ToSlash(rel)
	}
	return g, nil
}

// Ignored reports whether git leaves out a path, relative to the tree's root. isDir says that
// it is a directory, not a link to one. A directory is not left out when git tracks
// anything in it; the rest of it may be.
func (g *Ignore) Ignored(path string, isDir bool) (bool, error) {
	if inDotGit(path) {
		return true, nil
	}
	if g.repo == nil {
		return false, nil
	}
	if !g.started {
		if err := g.begin(); err != nil {
			return false, err
		}
	}
	if g.off {
		return false, nil
	}
	return g.ignored(join(g.prefix, path), isDir)
}

func inDotGit(path string) bool {
	if !strings.Contains(path, ".git") {
		return false
	}
	for s := range strings.SplitSeq(path, "/") {
		if s == ".git" {
			return true
		}
	}
	return false
}

// begin reads what holds for the whole repository.
func (g *Ignore) begin() (err error) {
	if g.exclude, err = g.src.Rules(filepath.Join(g.repo.CommonDir, "info", "exclude")); err != nil {
		return err
	}
	if g.prefix != "" {
		if g.off, err = g.ignored(g.prefix, true); err != nil {
			return err
		}
	}
	g.started = true
	return nil
}

// ignored is Ignored for a path relative to the repository's root.
func (g *Ignore) ignored(path string, isDir bool) (bool, error) {
	parent := ""
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		parent = path[:i]
	}
	d, err := g.dir(parent)
	if err != nil {
		return false, err
	}
	if !g.excludes(d, path, isDir) {
		return false, nil
	}
	if !g.indexed {
		if g.index, err = g.src.Index(filepath.Join(g.repo.GitDir, "index")); err != nil {
			return false, err
		}
		g.indexed = true
	}
	if g.index == nil {
		return true, nil
	}
	tracked, folded := g.index.tracked(path, isDir)
	if folded != "" {
		return false, &diag.Error{Pos: diag.File(Printable(path)), Msg: "is matched by an ignore rule, and the sparse index does not say whether git tracks it",
			Hints: []string{"run git sparse-checkout reapply --no-sparse-index"}}
	}
	return !tracked, nil
}

// dir returns what holds in a directory of the repository.
func (g *Ignore) dir(path string) (*ignoreDir, error) {
	if d := g.dirs[path]; d != nil {
		return d, nil
	}
	d := &ignoreDir{path: path}
	if path != "" {
		up := ""
		if i := strings.LastIndexByte(path, '/'); i >= 0 {
			up = path[:i]
		}
		parent, err := g.dir(up)
		if err != nil {
			return nil, err
		}
		d.parent, d.excluded = parent, g.excludes(parent, path, true)
	}
	if !d.excluded { // the files below an excluded directory cannot be included again
		var err error
		if d.rules, err = g.src.Rules(filepath.Join(g.repo.Root, filepath.FromSlash(path), ".gitignore")); err != nil {
			return nil, err
		}
	}
	g.dirs[path] = d
	return d, nil
}

// excludes reports whether the rules that hold in d exclude its entry path: the nearest
// .gitignore with a rule that matches decides, and behind all of them info/exclude.
func (g *Ignore) excludes(d *ignoreDir, path string, isDir bool) bool {
	if d.excluded {
		return true
	}
	base := path[strings.LastIndexByte(path, '/')+1:]
	for ; d != nil; d = d.parent {
		rel := path
		if d.path != "" {
			rel = path[len(d.path)+1:]
		}
		if ignore, found := d.rules.verdict(rel, base, isDir); found {
			return ignore
		}
	}
	ignore, _ := g.exclude.verdict(path, base, isDir)
	return ignore
}
