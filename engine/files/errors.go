package files

import (
	"errors"
	"io/fs"
	"strconv"
	"syscall"
	"unicode"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// pathError turns an error of the system into a diagnostic that names the path.
func pathError(path string, err error) error {
	why := "input/output error"
	var errno syscall.Errno
	switch {
	case errors.Is(err, fs.ErrPermission):
		why = "permission denied"
	case errors.Is(err, fs.ErrNotExist):
		why = "no such file or directory"
	case errors.As(err, &errno):
		why = errno.Error()
	}
	return &diag.Error{Pos: diag.File(Printable(path)), Msg: "cannot be read: " + why, Err: err}
}

// Printable returns path as it is, or quoted when it would garble a message.
func Printable(path string) string {
	for _, r := range path {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return strconv.Quote(path)
		}
	}
	return path
}

// quote writes s as messages do: in double quotes, escaped where it must be.
func quote(s string) string { return strconv.Quote(s) }
