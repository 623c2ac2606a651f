//go:build unix

package files

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// kindOf returns the kind that the type bits of a Unix mode say.
func kindOf(mode uint32) Kind {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return Regular
	case unix.S_IFDIR:
		return Directory
	case unix.S_IFLNK:
		return Symlink
	}
	return Other
}

func executable(s Sig) bool { return s.Mode&unix.S_IXUSR != 0 }

// absent reports whether an error of lstat or open means that nothing has this name.
func absent(err error, path string) bool {
	switch err {
	case unix.ENOENT, unix.ENOTDIR:
		return true
	case unix.ENAMETOOLONG:
		return hasLongName(path)
	}
	return false
}

// hasLongName reports whether a segment of path is longer than any file's name can be.
func hasLongName(path string) bool {
	n := 0
	for i := range len(path) {
		if path[i] == '/' {
			n = 0
		} else if n++; n > 255 {
			return true
		}
	}
	return false
}

func sigOf(st *unix.Stat_t) Sig {
	return Sig{
		Size:  st.Size,
		Mtime: st.Mtim.Nano(),
		Ctime: st.Ctim.Nano(),
		Ino:   uint64(st.Ino),
		Mode:  uint32(st.Mode),
	}
}

// fstatat is lstat of a path relative to the directory dirfd.
func fstatat(dirfd int, path string) (Sig, error) {
	var st unix.Stat_t
	for {
		err := unix.Fstatat(dirfd, path, &st, unix.AT_SYMLINK_NOFOLLOW)
		if err == nil {
			return sigOf(&st), nil
		}
		if err != unix.EINTR {
			return Sig{}, err
		}
	}
}

func fstat(fd int) (Sig, error) {
	var st unix.Stat_t
	for {
		err := unix.Fstat(fd, &st)
		if err == nil {
			return sigOf(&st), nil
		}
		if err != unix.EINTR {
			return Sig{}, err
		}
	}
}

func readlink(path string) (string, error) {
	for size := 256; ; size *= 4 {
		buf := make([]byte, size)
		n, err := unix.Readlink(path, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return "", &fs.PathError{Op: "readlink", Path: path, Err: err}
		}
		if n < size {
			return string(buf[:n]), nil
		}
	}
}

// file is an open regular file, or whatever open yielded instead: the caller compares its Sig
// with that of the path before and after. os.File is not used because it registers with the
// poller and a finalizer, which costs more than reading a small file.
type file int

// openFile opens path for reading. It neither follows a link nor waits for a FIFO's writer.
func openFile(path string) (file, error) {
	for {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return file(fd), err
		}
	}
}

func (f file) stat() (Sig, error) { return fstat(int(f)) }
func (f file) close()             { unix.Close(int(f)) }

// read returns 0 at the end of the file.
func (f file) read(b []byte) (int, error) {
	for {
		n, err := unix.Read(int(f), b)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

func isNotDirectory(err error) bool { return err == syscall.ENOTDIR }
