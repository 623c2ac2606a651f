package sandbox

import (
	"fmt"
)

// Bubblewrap is the program that makes sandboxes.
type Bubblewrap struct {
	Path    string
	Version Version
}

// Version is that of bubblewrap.
type Version struct{ Major, Minor int }

// String returns such as "0.8".
func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

func (v Version) atLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}
