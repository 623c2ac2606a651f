package tree

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds of every path.
const (
	MaxPath  = 4096 // bytes, as Linux's PATH_MAX
	MaxDepth = 256  // segments
)

// CheckPath returns nil when path may name a file of a tree on every system and in every
// document: relative, slash-separated, UTF-8, without empty, "." or ".." segments, backslashes
// and control characters. The error reads on after the path's name ("is absolute").
func CheckPath(path string) error {
	switch {
	case path == "":
		return errors.New("is empty")
	case len(path) > MaxPath:
		return fmt.Errorf("is longer than %d bytes", MaxPath)
	case path[0] == '/':
		return errors.New("is absolute")
	}
	ascii := true
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '\\':
			return errors.New("has a backslash")
		case c < 0x20 || c == 0x7f:
			return errors.New("has a control character")
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	if !ascii {
		if !utf8.ValidString(path) {
			return errors.New("is not UTF-8")
		}
		for _, r := range path {
			if r >= 0x80 && r < 0xa0 {
				return errors.New("has a control character")
			}
		}
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
