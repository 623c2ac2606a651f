//go:build !unix

package files

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Lstat returns the signature and the kind of a path, without following a link. Nothing being
// there is no error: Absent and the zero Sig.
func Lstat(path string) (Sig, Kind, error) {
	fi, err := os.Lstat(path)
	if err != nil {
		if absent(err, path) {
			return Sig{}, Absent, nil
		}
		return Sig{}, Absent, pathError(path, err)
	}
	return sigOf(fi), typeKind(fi.Mode()), nil
}

// A Stater is Lstat for many paths. The zero Stater is ready; Close it at the end.
type Stater struct {
	Prefix string // put before a path that is not absolute
}

// Lstat is as the function Lstat.
func (s *Stater) Lstat(path string) (Sig, Kind, error) {
	if !filepath.IsAbs(path) {
		path = s.Prefix + path
	}
	return Lstat(path)
}

// Close does nothing here.
func (*Stater) Close() {}

func sigOf(fi fs.FileInfo) Sig {
	return Sig{Size: fi.Size(), Mtime: fi.ModTime().UnixNano(), Mode: uint32(fi.Mode())}
}

func executable(Sig) bool { return false }

// absent treats a name that the system could never have as one that is not there.
func absent(err error, path string) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || strings.ContainsAny(path, "\"<>|?*\n")
}

func readlink(path string) (string, error) { return os.Readlink(path) }

// file is an open file.
type file struct{ *os.File }

func openFile(path string) (file, error) {
	f, err := os.Open(path)
	return file{f}, err
}

func (f file) stat() (Sig, error) {
	fi, err := f.Stat()
	if err != nil {
		return Sig{}, err
	}
	return sigOf(fi), nil
}

func (f file) close() { f.Close() }

// read returns 0 at the end of the file.
func (f file) read(b []byte) (int, error) {
	n, err := f.Read(b)
	if err == io.EOF {
		return 0, nil
	}
	return n, err
}

func isNotDirectory(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
