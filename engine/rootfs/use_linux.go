package rootfs

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/sbomctl/sbomctl/cache/osfile"
)

// used are the locks of the roots that this process has handed out, by the path of the lock's file. They are shared with others who use
// the same root, and end with the process: only then does nobody run anything there any more.
var used = struct {
	sync.Mutex
	locks map[string]*os.File
}{locks: map[string]*os.File{}}

// use keeps others from removing a root as long as this process lives. It reports whether that can be: not while somebody makes or removes
// the root. Where no lock can be had, as in a cache that may not be written to, nobody can remove anything either.
func use(folder *osfile.Folder, name string) bool {
	used.Lock()
	defer used.Unlock()
	lock := folder.Path(name + lockSuffix)
	if used.locks[lock] != nil {
		return true
	}
	f, _, err := folder.Open(name+lockSuffix, os.O_RDONLY)
	if err != nil {
		return true
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); err == unix.EWOULDBLOCK {
		f.Close()
		return false
	}
	// Whoever removed the root may have removed the lock's file as well, between our open and our lock.
	fi, err := f.Stat()
	now, nowErr := folder.Lstat(name + lockSuffix)
	if err != nil || nowErr != nil || !os.SameFile(fi, now) {
		f.Close()
		return false
	}
	used.locks[lock] = f
	return true
}

// unuse gives the root free whose lock has that path.
func unuse(lock string) {
	used.Lock()
	defer used.Unlock()
	if f := used.locks[lock]; f != nil {
		f.Close()
		delete(used.locks, lock)
	}
}
