//go:build unix

package osfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// noWait keeps open from waiting for the other end of a fifo.
const noWait = syscall.O_NONBLOCK

// IsExhausted reports that the process or the machine is out of something, which says
// nothing about the file.
func IsExhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOMEM)
}

func isOtherDevice(err error) bool { return errors.Is(err, syscall.EXDEV) }

// HasOtherNames reports that a file is in other folders too, or may be: whoever writes to it
// there changes it here.
func HasOtherNames(fi fs.FileInfo) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	return !ok || st.Nlink > 1
}

// tryLock claims an open file until it is closed. It never waits.
func tryLock(f *os.File) (bool, error) {
	err := ignoringEINTR(func() error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) })
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

func ignoringEINTR(call func() error) error {
	for {
		if err := call(); err != syscall.EINTR {
			return err
		}
	}
}

// processDead reports that no process has this number.
func processDead(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func plain(err error) error {
	if errors.Is(err, syscall.ELOOP) {
		return plainError{"it is a symbolic link", err}
	}
	return err
}
