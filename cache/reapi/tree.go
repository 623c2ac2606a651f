package reapi

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// TreeFile is one file of an input tree.
type TreeFile struct {
	Path       string // slash-separated, relative, clean, valid UTF-8
	Digest     Digest
	Executable bool
}

// PathError says which path of a tree is not acceptable, and why.
type PathError struct {
	Path   string
	Reason string // "has a '..' segment", "is both a file and a directory", ...
}

func (e *PathError) Error() string { return fmt.Sprintf("path %q %s", e.Path, e.Reason) }

// BuildTree makes the Merkle tree of a set of files and returns the digest of its root
// Directory. The order of files does not matter. For every Directory, children before
// parents, emit is called with its digest and canonical encoding, which is only valid
// during the call; emit may be nil. Directories exist where a file lies below them; the
// tree of no files is one empty Directory. A path that is empty, absolute, not clean, not
// valid UTF-8, given twice, or both a file and a directory is a *PathError.
//
// The files are sorted so that every directory is one run of them, and then a stack of
// open directories is all the state there is: each holds the encoded files and
// subdirectories it has seen, which is its message once it is closed.
func BuildTree(files []TreeFile, emit func(Digest, []byte)) (Digest, error) {
	for i := range files {
		if reason := badPath(files[i].Path); reason != "" {
			return Digest{}, &PathError{files[i].Path, reason}
		}
	}
	files = treeOrder(files)
	b := builder{emit: emit}
	b.open("")
	last := ""
	for i := range files {
		f := &files[i]
		if i > 0 {
			if f.Path == last {
				return Digest{}, &PathError{f.Path, "occurs twice"}
			}
			if strings.HasPrefix(f.Path, last) && f.Path[len(last)] == '/' {
				return Digest{}, &PathError{last, "is both a file and a directory"}
			}
		}
		b.add(f, sharedSegments(last, f.Path))
		last = f.Path
	}
	for b.depth > 1 {
		b.close()
	}
	return b.finish(), nil
}

// treeOrder returns files sorted segment by segment: '/' comes before every other byte, so
// that nothing comes between a directory and what lies below it.
func treeOrder(files []TreeFile) []TreeFile {
	if slices.IsSortedFunc(files, func(x, y TreeFile) int { return compareTree(x.Path, y.Path) }) {
		return files
	}
	files = slices.Clone(files)
	slices.SortFunc(files, func(x, y TreeFile) int { return compareTree(x.Path, y.Path) })
	return files
}

func compareTree(x, y string) int {
	n := min(len(x), len(y))
	for i := range n {
		if x[i] != y[i] {
			switch {
			case x[i] == '/':
				return -1
			case y[i] == '/':
				return 1
			}
			return int(x[i]) - int(y[i])
		}
	}
	return len(x) - len(y)
}

// sharedSegments counts the directories that x and y have in common, from the top.
func sharedSegments(x, y string) int {
	n := 0
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			break
		}
		if x[i] == '/' {
			n++
		}
	}
	return n
}

// builder is the stack of open directories; those above depth are spare buffers.
type builder struct {
	emit  func(Digest, []byte)
	stack []openDirectory
	depth int
}

type openDirectory struct {
	name  string
	files []byte // encoded field "files"
	dirs  []byte // encoded field "directories"
}

func (b *builder) open(name string) {
	if b.depth == len(b.stack) {
		b.stack = append(b.stack, openDirectory{})
	}
	d := &b.stack[b.depth]
	d.name, d.files, d.dirs = name, d.files[:0], d.dirs[:0]
	b.depth++
}

// close ends the innermost directory and enters it in its parent.
func (b *builder) close() {
	digest := b.finish()
	name := b.stack[b.depth-1].name
	b.depth--
	parent := &b.stack[b.depth-1]
	parent.dirs = appendNode(parent.dirs, 2, name, digest, false)
}

func (b *builder) finish() Digest {
	d := &b.stack[b.depth-1]
	d.files = append(d.files, d.dirs...)
	digest := Of(d.files)
	if b.emit != nil {
		b.emit(digest, d.files)
	}
	return digest
}

// add enters a file whose first shared directories are open already.
func (b *builder) add(f *TreeFile, shared int) {
	for b.depth > shared+1 {
		b.close()
	}
	rest := f.Path
	for range shared {
		_, rest, _ = strings.Cut(rest, "/")
	}
	for {
		segment, below, more := strings.Cut(rest, "/")
		if !more {
			break
		}
		b.open(segment)
		rest = below
	}
	d := &b.stack[b.depth-1]
	d.files = appendNode(d.files, 1, rest, f.Digest, f.Executable)
}

// badSegment says what is wrong with one segment of a path; "" if nothing.
func badSegment(s string) string {
	switch {
	case s == "":
		return "has an empty segment"
	case s == ".":
		return "has a '.' segment"
	case s == "..":
		return "has a '..' segment"
	case strings.IndexByte(s, '/') >= 0:
		return "has a slash"
	case strings.IndexByte(s, 0) >= 0:
		return "has a NUL byte"
	}
	return ""
}

// badPath says what is wrong with a slash-separated relative path; "" if nothing.
func badPath(p string) string {
	switch {
	case p == "":
		return "is empty"
	case p[0] == '/':
		return "is absolute"
	case !utf8.ValidString(p):
		return "is not valid UTF-8"
	}
	for rest, more := p, true; more; {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		if reason := badSegment(segment); reason != "" {
			return reason
		}
	}
	return ""
}
