package cache

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

const (
	errorTooManyOpenFiles = syscall.Errno(4)
	errorNotEnoughMemory  = syscall.Errno(8)
	errorHandleDiskFull   = syscall.Errno(39)
	errorDiskFull         = syscall.Errno(112)
)

// openFile opens an entry for reading, without following a symbolic link.
func openFile(path string) (*os.File, error) {
	fi, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() && !fi.IsDir() {
		return nil, plainError{"it is no ordinary file", fs.ErrInvalid}
	}
	return os.Open(path)
}

func isNoSpace(err error) bool {
	return errors.Is(err, errorDiskFull) || errors.Is(err, errorHandleDiskFull)
}

// isExhausted reports that the process or the machine is out of something, which says
// nothing about the file.
func isExhausted(err error) bool {
	return errors.Is(err, errorTooManyOpenFiles) || errors.Is(err, errorNotEnoughMemory)
}

func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }

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

// plainError gives an error of the system another text.
type plainError struct {
	text string
	err  error
}

func (e plainError) Error() string { return e.text }
func (e plainError) Unwrap() error { return e.err }
