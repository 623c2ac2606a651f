package realimage

import (
	"archive/tar"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// archive writes a root filesystem, with owners, links and hard links.
func archive(w *tar.Writer, root string) error {
	links := map[uint64]string{} // path of the first name of a file that has several
	return filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		if left(name) {
			if info.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		target := ""
		if info.Mode()&fs.ModeSymlink != 0 {
			if target, err = os.Readlink(path); err != nil {
				return err
			}
		}
		h, err := tar.FileInfoHeader(info, target)
		if err != nil {
			return err
		}
		h.Name, h.Uname, h.Gname = name, "", ""
		if info.IsDir() {
			h.Name += "/"
		}
		if stat := info.Sys().(*syscall.Stat_t); stat.Nlink > 1 && info.Mode().IsRegular() {
			if first := links[stat.Ino]; first != "" {
				h.Typeflag, h.Linkname, h.Size = tar.TypeLink, first, 0
			} else {
				links[stat.Ino] = name
			}
		}
		if err := w.WriteHeader(h); err != nil || h.Typeflag != tar.TypeReg {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	})
}
