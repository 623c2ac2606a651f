// Package tree is the manifest of a source tree that lies in an archive.
//
// An archive is decoded once, into two blobs: data, the bytes of the uncompressed archive,
// and an index, which names every regular file, its checksums and where in data its bytes
// begin. It also names what is no file, as it is: symbolic links by their targets, empty folders, pipes,
// and members that cannot be used by what is wrong with them, for whoever selects one. Whoever has the index can list, match and check files without touching the
// archive again, and read one of them with a single positioned read of data.
//
// The encoding of an Index is canonical: equal indexes have equal bytes, and Decode refuses
// every byte sequence that Encode would not write. An index may come from a shared cache,
// so Decode trusts nothing in it: paths, offsets and sizes are checked, and a file's bytes
// are still to be checked against its digest by whoever reads them.
package tree

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/files"
)

// Bounds of every index.
const (
	MaxEntries  = 1 << 20   // members
	MaxAllPaths = 128 << 20 // bytes of all paths and texts together
	MaxText     = 4096      // bytes of a link's target, as of a path
)

// Entry is one member of the tree.
type Entry struct {
	Path string     // slash-separated, below the stripped prefix; CheckPath accepts it, and it need not be UTF-8
	Kind files.Kind // Regular, Symlink, Directory (an empty one), Other (a pipe) or Unusable

	// Of a regular file.
	Executable bool         // its owner may execute it
	Digest     cache.Digest // SHA-256 and size of its bytes
	Facet      string       // of its bytes; see files.Facet
	Offset     int64        // where its bytes begin in data

	Text string // of a symbolic link its target, as written; why a member cannot be used, reading on after its name
}

// State returns what e is as a leaf of the same kind would be.
func (e Entry) State() files.State {
	s := files.State{Kind: e.Kind, Executable: e.Executable, Digest: e.Digest, Facet: e.Facet}
	if e.Kind == files.Symlink {
		s.Target = e.Text
	}
	return s
}

// Section returns e's bytes in data. They are not checked against e's digest.
func (e Entry) Section(data io.ReaderAt) *io.SectionReader {
	return io.NewSectionReader(data, e.Offset, e.Digest.Size)
}

var errKind = errors.New("has fields that are not of its kind")

// check refuses fields that are not of e's kind: an index has one form.
func (e *Entry) check() error {
	if e.Kind == files.Regular {
		if e.Text != "" {
			return errKind
		}
		return nil
	}
	texts := e.Kind == files.Symlink || e.Kind == files.Unusable
	switch {
	case !texts && e.Kind != files.Directory && e.Kind != files.Other:
		return errors.New("is of an unknown kind")
	case e.Executable, e.Digest != cache.Digest{}, e.Facet != "", e.Offset != 0, texts != (e.Text != ""):
		return errKind
	case len(e.Text) > MaxText:
		return fmt.Errorf("has a text of more than %d bytes", MaxText)
	}
	return nil
}

// Index lists the members of one archive. Make it with New or Decode; it is read-only after that
// and may be used from any goroutine.
type Index struct {
	prefix   string
	dataSize int64
	entries  []Entry
	byPath   map[string]int32
	files    int
}

// New returns the index of an archive whose data has dataSize bytes and whose members lay below
// prefix ("" when nothing was stripped). Entries are in archive order and are kept, not copied.
// An index that could not be used safely is an error: a bad path, the same path twice, a member
// that is also the folder of another, bytes outside of data.
func New(prefix string, dataSize int64, entries []Entry) (*Index, error) {
	if prefix != "" {
		if err := CheckPath(prefix); err != nil {
			return nil, fmt.Errorf("prefix %q %w", prefix, err)
		}
	}
	if dataSize < 0 {
		return nil, errors.New("data has a negative size")
	}
	if len(entries) > MaxEntries {
		return nil, fmt.Errorf("more than %d members", MaxEntries)
	}
	x := &Index{prefix: prefix, dataSize: dataSize, entries: entries, byPath: make(map[string]int32, len(entries))}
	all := 0
	for i := range entries {
		e := &entries[i]
		if err := CheckPath(e.Path); err != nil {
			return nil, fmt.Errorf("path %q %w", e.Path, err)
		}
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("member %q %w", e.Path, err)
		}
		if e.Kind == files.Regular {
			x.files++
		}
		if all += len(e.Path) + len(e.Text); all > MaxAllPaths {
			return nil, fmt.Errorf("more than %d bytes of paths", MaxAllPaths)
		}
		if _, twice := x.byPath[e.Path]; twice {
			return nil, fmt.Errorf("path %q is there twice", e.Path)
		}
		x.byPath[e.Path] = int32(i)
		if e.Digest.Size < 0 || e.Offset < 0 || e.Digest.Size > dataSize || e.Offset > dataSize-e.Digest.Size {
			return nil, fmt.Errorf("the bytes of %q lie outside of data", e.Path)
		}
	}
	// Neighbours mostly share a directory, so remembering the last one saves most of the walk.
	last := ""
	for i := range entries {
		dir, _ := splitLast(entries[i].Path)
		if dir == last {
			continue
		}
		last = dir
		for dir != "" {
			if _, isFile := x.byPath[dir]; isFile {
				return nil, fmt.Errorf("path %q is both a file and a directory", dir)
			}
			dir, _ = splitLast(dir)
		}
	}
	return x, nil
}

func splitLast(path string) (dir, base string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// Prefix returns the directory that every member lay below and that was stripped from the
// paths, without a trailing slash; "" when nothing was stripped.
func (x *Index) Prefix() string { return x.prefix }

// DataSize returns the number of bytes in data.
func (x *Index) DataSize() int64 { return x.dataSize }

// Len returns the number of members.
func (x *Index) Len() int { return len(x.entries) }

// Files returns how many of them are regular files.
func (x *Index) Files() int { return x.files }

// At returns the i-th member in archive order.
func (x *Index) At(i int) Entry { return x.entries[i] }

// All iterates over the members in archive order.
func (x *Index) All() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for _, e := range x.entries {
			if !yield(e) {
				return
			}
		}
	}
}

// Lookup returns the member with the given path.
func (x *Index) Lookup(path string) (Entry, bool) {
	i, ok := x.byPath[path]
	if !ok {
		return Entry{}, false
	}
	return x.entries[i], true
}
