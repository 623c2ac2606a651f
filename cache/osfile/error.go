package osfile

import (
	"errors"
	"io/fs"
	"os"
)

var errNotDir = errors.New("not a directory")

// Reason returns why a call of the system failed: err without the operation and path that
// package os adds. The caller names the path, in the user's words.
func Reason(err error) error {
	for {
		switch e := err.(type) {
		case *fs.PathError:
			err = e.Err
		case *os.LinkError:
			err = e.Err
		case *os.SyscallError:
			err = e.Err
		default:
			return plain(err)
		}
	}
}

// plainError gives an error of the system the text that it has elsewhere.
type plainError struct {
	text string
	err  error
}

func (e plainError) Error() string { return e.text }
func (e plainError) Unwrap() error { return e.err }
