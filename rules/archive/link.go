package archive

import (
	"archive/tar"
	"path"
	"strings"

	"github.com/sbomctl/sbomctl/engine/tree"
)

// symlink is a symbolic link whose entry waits for what it leads to, which may come later.
type symlink struct {
	name   string // of the member, in messages
	target string // below the prefix
	entry  int32
}

// hardLink adds an entry with the bytes of an earlier member, which the link names by its
// full name.
func (w *walker) hardLink(header *tar.Header, rel string) error {
	target, err := w.target(header, strings.TrimPrefix(header.Linkname, "./"))
	if err != nil {
		return err
	}
	n := w.paths[target]
	if n.kind != regular || target == rel {
		return w.member(header.Name, "is a hard link to %q, which is no earlier file of the archive", header.Linkname)
	}
	e := w.entries[n.entry]
	e.Path = rel
	w.entries = append(w.entries, e)
	return nil
}

// symbolicLink adds an entry to be filled by resolve. The link's target is relative to its directory.
func (w *walker) symbolicLink(header *tar.Header, name, rel string) error {
	target := header.Linkname
	if !strings.HasPrefix(target, "/") {
		target = path.Join(path.Dir(name), target)
	}
	target, err := w.target(header, target)
	if err != nil {
		return err
	}
	w.links = append(w.links, symlink{name: header.Name, target: target, entry: int32(len(w.entries))})
	w.entries = append(w.entries, tree.Entry{Path: rel})
	return nil
}

// target returns the path below the prefix that a link leads to.
func (w *walker) target(header *tar.Header, full string) (string, error) {
	if tree.CheckPath(full) == nil {
		if w.prefix == "" {
			return full, nil
		}
		if rel, below := strings.CutPrefix(full, w.prefix+"/"); below {
			return rel, nil
		}
	}
	return "", w.member(header.Name, "is a link to %q, which is outside of the archive's tree", header.Linkname)
}

// resolve gives every symbolic link the bytes of the regular file that it leads to, at once
// or by other links. A link that passes through a linked directory is not followed.
func (w *walker) resolve() error {
	next := make(map[int32]string, len(w.links))
	for _, l := range w.links {
		next[l.entry] = l.target
	}
	for _, l := range w.links {
		at := l.target
		for steps := 0; w.paths[at].kind == symbolic; steps++ {
			if steps == maxLinks {
				return w.member(l.name, "is a link that leads to no file, not in %d steps", maxLinks)
			}
			at = next[w.paths[at].entry]
		}
		switch w.paths[at].kind {
		case directory:
			return w.member(l.name, "is a link to the directory %q, which is not supported", at)
		case 0:
			return w.member(l.name, "is a link to %q, which is not in the archive", at)
		}
		e := w.entries[w.paths[at].entry]
		e.Path = w.entries[l.entry].Path
		w.entries[l.entry] = e
	}
	return nil
}

// maxLinks is how many symbolic links may lead to a file, as Linux's limit.
const maxLinks = 40
