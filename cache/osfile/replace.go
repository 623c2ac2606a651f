package osfile

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace makes content the file at path, which belongs to the user: it is complete and on
// the disk before it takes the place of the old one, whose permissions it keeps. A link is
// refused, because it may lead anywhere.
//
// scratch is a folder that nobody looks at, in which the new file is written: whoever is
// killed meanwhile leaves nothing beside path. When that is on another file system it is
// written beside path after all, and what is left behind there goes with the next Replace.
func Replace(path string, content []byte, scratch string) error {
	mode := fs.FileMode(0o644)
	fi, err := os.Lstat(path)
	switch {
	case err == nil:
		if why := Unfit(fi); why != "" {
			return &OddError{fi, why}
		}
		mode = fi.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	beside := filepath.Dir(path)
	CleanTemp(beside)
	err = replaceVia(scratch, path, content, mode)
	if isOtherDevice(err) {
		err = replaceVia(beside, path, content, mode)
	}
	return err
}

func replaceVia(dir, path string, content []byte, mode fs.FileMode) error {
	f, err := CreateTemp(dir, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = cmp.Or(err, f.Chmod(mode), f.Sync(), f.Close()) // all are called; the first reason counts
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
