package files

import (
	"bytes"
	"encoding/binary"
	"sync"

	"golang.org/x/sys/unix"
)

var direntPool = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// Offsets in struct linux_dirent64, see getdents64(2).
const (
	direntReclen = 16
	direntType   = 18
	direntName   = 19
)

// readDir returns the entries of a directory in no order, and its signature before and after.
func readDir(dir string) (entries []Entry, before, after Sig, err error) {
	var fd int
	for {
		fd, err = unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		return nil, before, after, err
	}
	defer unix.Close(fd)
	if before, err = fstat(fd); err != nil {
		return nil, before, after, err
	}
	p := direntPool.Get().(*[]byte)
	defer direntPool.Put(p)
	for len(entries) <= maxEntries {
		n, err := unix.Getdents(fd, *p)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, before, after, err
		}
		if n <= 0 {
			break
		}
		for b := (*p)[:n]; len(b) > direntName; {
			size := int(binary.NativeEndian.Uint16(b[direntReclen:]))
			if size <= direntName || size > len(b) {
				return nil, before, after, unix.EIO
			}
			rec := b[:size]
			b = b[size:]
			name := rec[direntName:]
			if i := bytes.IndexByte(name, 0); i >= 0 {
				name = name[:i]
			}
			if s := string(name); s != "." && s != ".." && s != "" {
				kind, err := direntKind(fd, s, rec[direntType])
				if err != nil {
					return nil, before, after, err
				}
				if kind != Absent {
					entries = append(entries, Entry{s, kind})
				}
			}
		}
	}
	after, err = fstat(fd)
	return entries, before, after, err
}

// direntKind asks for the kind when the file system does not keep it in the directory.
func direntKind(fd int, name string, typ byte) (Kind, error) {
	switch typ {
	case unix.DT_REG:
		return Regular, nil
	case unix.DT_DIR:
		return Directory, nil
	case unix.DT_LNK:
		return Symlink, nil
	case unix.DT_UNKNOWN:
		_, kind, err := lstatAt(fd, name)
		return kind, err
	}
	return Other, nil
}

func lstatAt(fd int, name string) (Sig, Kind, error) {
	sig, err := fstatat(fd, name)
	if err != nil {
		if absent(err, name) {
			return Sig{}, Absent, nil
		}
		return Sig{}, Absent, err
	}
	return sig, kindOf(sig.Mode), nil
}
