//go:build !linux

package files

import (
	"io"
	"io/fs"
	"os"
	"syscall"
)

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
	f, err := os.Open(dir)
	if err != nil {
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
