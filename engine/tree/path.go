package tree

import (
	"errors"
	"fmt"
	"strings"
)

// Bounds of every path.
const (
	MaxPath  = 4096 // bytes, as Linux's PATH_MAX
	MaxDepth = 256  // segments
)

// CheckPath returns nil when path may name a member of a tree: relative, slash-separated, without empty, "."
// or ".." segments and NUL. As in a folder any other byte is a letter: backslashes, line ends, what is not
// UTF-8. The error reads on after the path's name ("is absolute").
func CheckPath(path string) error {
	switch {
	case path == "":
		return errors.New("is empty")
	case len(path) > MaxPath:
		return fmt.Errorf("is longer than %d bytes", MaxPath)
	case path[0] == '/':
		return errors.New("is absolute")
	case strings.IndexByte(path, 0) >= 0:
		return errors.New("has a NUL")
	}
	if strings.Count(path, "/") >= MaxDepth {
		return fmt.Errorf("has more than %d segments", MaxDepth)
	}
	for rest := path; ; {
		segment, after, more := strings.Cut(rest, "/")
		switch segment {
		case "":
			return errors.New("has an empty segment")
		case ".":
			return errors.New(`has a "." segment`)
		case "..":
			return errors.New(`has a ".." segment`)
		}
		if !more {
			return nil
		}
		rest = after
	}
}
