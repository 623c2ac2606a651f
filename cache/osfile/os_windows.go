package osfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

// noWait has no meaning here: there are no fifos among files.
const noWait = 0

// IsExhausted reports that the process or the machine is out of something, which says
// nothing about the file.
func IsExhausted(err error) bool {
	return errors.Is(err, windows.ERROR_TOO_MANY_OPEN_FILES) || errors.Is(err, windows.ERROR_NOT_ENOUGH_MEMORY)
}

func isNoSpace(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

func isOtherDevice(err error) bool { return errors.Is(err, windows.ERROR_NOT_SAME_DEVICE) }

// HasOtherNames reports that a file is in other folders too, or may be.
func HasOtherNames(fs.FileInfo) bool { return false }

// tryLock claims an open file until it is closed. It never waits. The byte that is locked
// lies behind all contents, because a lock forbids others to read here.
func tryLock(f *os.File) (bool, error) {
	at := &windows.Overlapped{OffsetHigh: 1 << 30}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, syscall.ERROR_IO_PENDING) {
		return false, nil
	}
	return err == nil, err
}

// processDead reports that no process has this number.
func processDead(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return !errors.Is(err, fs.ErrPermission)
	}
	p.Release()
	return false
}

// plain gives an error of the system the text that it has elsewhere.
func plain(err error) error {
	switch {
	case isNoSpace(err):
		return plainError{"no space left on device", err}
	case errors.Is(err, fs.ErrPermission):
		return plainError{"permission denied", err}
	case errors.Is(err, fs.ErrNotExist):
		return plainError{"no such file or directory", err}
	}
	return err
}
