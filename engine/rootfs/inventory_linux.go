package rootfs

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// inventory is a digest of what is in a tree beside the bytes of files: names, kinds, modes, sizes, times and owners. What is in a folder
// that we may not list is left out.
func inventory(root string, owners bool) (string, error) {
	fd, err := unix.Open(root, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	sum := sha256.New()
	if err == unix.EACCES {
		return hex.EncodeToString(sum.Sum(nil)), nil
	}
	if err == nil {
		err = list(sum, fd, owners)
	}
	if err != nil {
		return "", &os.PathError{Op: "look through", Path: ".", Err: err}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// list adds the folder fd, which it closes.
func list(sum hash.Hash, fd int, owners bool) error {
	dir := os.NewFile(uintptr(fd), "")
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return err
	}
	slices.Sort(names)
	var record []byte
	var st unix.Stat_t
	for _, name := range append(names, ".") {
		switch err := unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err {
		case nil:
		case unix.EACCES: // a folder that may be listed and not entered
			st = unix.Stat_t{}
		default:
			return err
		}
		isFolder := st.Mode&unix.S_IFMT == unix.S_IFDIR
		if isFolder { // how large it is depends on what was in it
			st.Size = 0
		}
		if !owners {
			st.Uid, st.Gid = 0, 0
		}
		record = append(append(record[:0], name...), 0)
		for _, n := range []int64{int64(st.Mode), st.Size, int64(st.Mtim.Sec), int64(st.Mtim.Nsec), int64(st.Uid), int64(st.Gid)} {
			record = binary.AppendVarint(record, n)
		}
		sum.Write(record)
		if !isFolder || name == "." {
			continue
		}
		below, err := unix.Openat(fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err == unix.EACCES {
			continue
		}
		if err == nil {
			err = list(sum, below, owners)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
