//go:build unix

package cache

import (
	"errors"
	"os"
	"syscall"
)

// openFile opens an entry for reading, without following a symbolic link and without
// waiting for the other end of a fifo.
func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
}

func isNoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// isExhausted reports that the process or the machine is out of something, which says
// nothing about the file.
func isExhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOMEM)
}

func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }

// processDead reports that no process has this number.
func processDead(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// plain returns err with a text that reads as every other.
func plain(err error) error {
	if errors.Is(err, syscall.ELOOP) {
		return plainError{"it is a symbolic link", err}
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
