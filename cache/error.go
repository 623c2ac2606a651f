package cache

import (
	"errors"

	"github.com/sbomctl/sbomctl/cache/osfile"
)

// Error says that the cache, or a file that it was to write, does not work: no space, no
// permission, a bad path. It is not a miss: making the thing again does not help.
type Error struct {
	Op   string // what was being done: "write to the cache", "open the cache", "write", ...
	Path string // the cache's folder, or the file outside it that was to be written; may be ""
	Err  error  // why: "no space left on device", without operation and path
}

// Error returns one line, "cannot write to the cache DIR: no space left on device".
func (e *Error) Error() string {
	s := "cannot " + e.Op
	if e.Path != "" {
		s += " " + e.Path
	}
	return s + ": " + e.Err.Error()
}

// Unwrap returns the reason, so that errors.Is(err, fs.ErrPermission) and the like hold.
func (e *Error) Unwrap() error { return e.Err }

// failure makes an *Error of an error of package os. One that is an *Error already stays.
func failure(op, path string, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return &Error{Op: op, Path: path, Err: osfile.Reason(err)}
}
