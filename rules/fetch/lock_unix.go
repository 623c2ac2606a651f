//go:build unix

package fetch

import (
	"os"
	"syscall"
)

// tryLock claims an open file for this holder until it is closed, also against other
// holders in the same process. It never waits.
func tryLock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
