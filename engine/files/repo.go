package files

import (
	"path/filepath"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Source is what FindRepo and Ignore ask of the disk. The evaluator's implementation records
// every question as a dependency. Paths are absolute, in the system's form.
type Source interface {
	// Kind returns what a path is; absence is no error.
	Kind(path string) (Kind, error)
	// ReadFile returns the bytes of a regular file, not following a link; false when path is
	// anything else. A file of more than limit bytes is an error.
	ReadFile(path string, limit int64) (data []byte, exists bool, err error)
	// Rules returns the parsed file, nil when path is no regular file. It is ReadFile with
	// RulesLimit and ParseRules, and may be remembered.
	Rules(path string) (*Rules, error)
	// Index returns the parsed file, nil when path is no regular file. It is ReadFile with
	// IndexLimit and ParseIndex, and may be remembered.
	Index(path string) (*Index, error)
}

// Limits of the files that a Source reads, in bytes.
const (
	RulesLimit = 16 << 20
	IndexLimit = maxIndex
	linkLimit  = 64 << 10 // a .git file, a commondir file
)

// Repo is a git checkout. Paths are absolute.
type Repo struct {
	Root      string // the top folder of the working tree
	GitDir    string // its own data: the index. <Root>/.git, unless that is a file that names another place
	CommonDir string // what linked worktrees share: info/exclude. GitDir, except in a linked worktree
}

// FindRepo returns the repository in which the folder dir lies: the nearest, at or above it,
// that has a valid .git; nil when there is none. It looks as git does, but not at the
// environment (GIT_DIR, GIT_CEILING_DIRECTORIES) and not at core.worktree. dir must be absolute
// and without links.
func FindRepo(dir string, src Source) (*Repo, error) {
	for dir = filepath.Clean(dir); ; {
		repo, err := repoAt(dir, src)
		if repo != nil || err != nil {
			return repo, err
		}
		up := filepath.Dir(dir)
		if up == dir {
			return nil, nil
		}
		dir = up
	}
}

func repoAt(root string, src Source) (*Repo, error) {
	dot := filepath.Join(root, ".git")
	kind, err := src.Kind(dot)
	if err != nil {
		return nil, err
	}
	switch kind {
	case Directory, Symlink: // git follows a link here
		repo := &Repo{Root: root, GitDir: dot}
		ok, err := repo.complete(src)
		if err != nil || !ok {
			return nil, err // git takes an incomplete one for an ordinary folder
		}
		return repo, nil
	case Regular:
		data, ok, err := src.ReadFile(dot, linkLimit)
		if err != nil || !ok {
			return nil, err
		}
		target, ok := strings.CutPrefix(strings.TrimRight(string(data), "\r\n"), "gitdir: ")
		if !ok || target == "" {
			return nil, &diag.Error{Pos: diag.File(Printable(dot)), Msg: `is no valid file of git; "gitdir: PATH" was expected`}
		}
		repo := &Repo{Root: root, GitDir: absolute(root, target)}
		if ok, err = repo.complete(src); err == nil && !ok {
			err = &diag.Error{Pos: diag.File(Printable(dot)), Msg: "leads to " + Printable(repo.GitDir) + ", which is no repository of git",
				Hints: []string{"run git worktree repair or git submodule update; or remove the file if this is no checkout any more"}}
		}
		if err != nil {
			return nil, err
		}
		return repo, nil
	}
	return nil, nil
}

// complete finds CommonDir and reports whether everything is there that makes a folder a
// repository for git.
func (r *Repo) complete(src Source) (bool, error) {
	r.CommonDir = r.GitDir
	data, ok, err := src.ReadFile(filepath.Join(r.GitDir, "commondir"), linkLimit)
	if err != nil {
		return false, err
	}
	if ok {
		r.CommonDir = absolute(r.GitDir, strings.TrimRight(string(data), "\r\n"))
	}
	for _, path := range []string{
		filepath.Join(r.GitDir, "HEAD"),
		filepath.Join(r.CommonDir, "objects"),
		filepath.Join(r.CommonDir, "refs"),
	} {
		if kind, err := src.Kind(path); err != nil || kind == Absent {
			return false, err
		}
	}
	return true, nil
}

func absolute(base, path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(base, path)
}
