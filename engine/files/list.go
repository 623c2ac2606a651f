package files

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// maxEntries bounds a listing, so that a hostile directory costs bounded memory.
const maxEntries = 4 << 20

// List returns the entries of a directory, sorted by name in byte order, and the directory's
// signature: while it is Fresh, List would return the same. The directory itself may not be a
// link (a caller resolves the root of a tree first). Where dir is absent or no directory, errors.Is(err,
// fs.ErrNotExist) holds.
func List(dir string) ([]Entry, Sig, error) {
	for range attempts {
		start := time.Now()
		entries, before, after, err := readDir(dir)
		if err != nil {
			if absent(err, dir) || isNotDirectory(err) {
				return nil, Sig{}, &diag.Error{Pos: diag.File(Printable(dir)), Msg: "no such directory", Err: fs.ErrNotExist}
			}
			return nil, Sig{}, pathError(dir, err)
		}
		if len(entries) > maxEntries {
			return nil, Sig{}, &diag.Error{Pos: diag.File(Printable(dir)), Msg: "has more than " + strconv.Itoa(maxEntries) + " entries"}
		}
		if before.Same(after) {
			slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
			before.Racy = before.racy(start)
			return entries, before, nil
		}
	}
	return nil, Sig{}, &diag.Error{Pos: diag.File(Printable(dir)), Msg: "changes while it is being listed; it must stay as it is during a build"}
}

// readDir returns the entries of a directory in no order, and its signature before and after.
func readDir(dir string) (entries []Entry, before, after Sig, err error) {
	before, kind, err := Lstat(dir)
	if err != nil {
		return nil, before, after, err
	}
	switch kind {
	case Directory:
	case Absent:
		return nil, before, after, syscall.ENOENT
	default:
		return nil, before, after, syscall.ENOTDIR
	}
	f, err := os.OpenFile(dir, os.O_RDONLY|listFlags, 0)
	if err != nil {
		if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, before, after, err
	}
	defer f.Close()
	for len(entries) <= maxEntries {
		list, err := f.ReadDir(1024)
		for _, e := range list {
			entries = append(entries, Entry{e.Name(), typeKind(e.Type())})
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, before, after, err
		}
	}
	after, _, err = Lstat(dir)
	return entries, before, after, err
}

// typeKind returns the kind that a portable mode says.
func typeKind(m fs.FileMode) Kind {
	switch m.Type() {
	case 0:
		return Regular
	case fs.ModeDir:
		return Directory
	case fs.ModeSymlink:
		return Symlink
	}
	return Other
}
