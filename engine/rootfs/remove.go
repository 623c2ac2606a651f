package rootfs

import (
	"errors"
	"io/fs"
	"os"
)

// Remove removes an unpacked tree, or whatever is at path. Unlike os.RemoveAll it gets rid of folders that their owner may not write to,
// of which images have many. Links are removed, not followed.
func Remove(path string) error {
	err := os.RemoveAll(path)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	fi, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if fi.IsDir() {
		if err := os.Chmod(path, 0o700); err != nil {
			return err
		}
		root, err := os.OpenRoot(path)
		if err != nil {
			return err
		}
		openUp(root)
		root.Close()
	}
	return os.RemoveAll(path)
}

// openUp gives their owner all rights to the folders below root. What fails here is told by the removal.
func openUp(root *os.Root) {
	dir, err := root.Open(".")
	if err != nil {
		return
	}
	entries, _ := dir.ReadDir(-1)
	dir.Close()
	for _, e := range entries {
		if !e.IsDir() || root.Chmod(e.Name(), 0o700) != nil {
			continue
		}
		if below, err := root.OpenRoot(e.Name()); err == nil {
			openUp(below)
			below.Close()
		}
	}
}
