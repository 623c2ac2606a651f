//go:build linux && (amd64 || arm64)

package files

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// fastPath is the longest path that is copied to the stack for its terminating NUL.
const fastPath = 511

// fstatat is lstat of a path relative to the directory dirfd. It allocates nothing, and does not
// tell the scheduler that it may block: the call takes a microsecond, of which the telling
// would be a tenth. On a file system that does block, it holds up its thread's other goroutines.
func fstatat(dirfd int, path string) (Sig, error) {
	var st syscall.Stat_t
	if len(path) > fastPath {
		return slowFstatat(dirfd, path)
	}
	var name [fastPath + 1]byte
	for i := range copy(name[:], path) {
		if name[i] == 0 {
			return Sig{}, unix.EINVAL
		}
	}
	for {
		_, _, errno := syscall.RawSyscall6(sysFstatat, uintptr(dirfd), uintptr(unsafe.Pointer(&name[0])),
			uintptr(unsafe.Pointer(&st)), unix.AT_SYMLINK_NOFOLLOW, 0, 0)
		switch errno {
		case 0:
			return Sig{
				Size:  st.Size,
				Mtime: st.Mtim.Nano(),
				Ctime: st.Ctim.Nano(),
				Ino:   st.Ino,
				Mode:  st.Mode,
			}, nil
		case syscall.EINTR:
		default:
			return Sig{}, errno
		}
	}
}
