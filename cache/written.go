package cache

import "strings"

// The entries of a cache's folder, for whoever walks a tree in which one may lie: Layout is a folder, and Tag a file.
const (
	Layout = layout
	Tag    = "CACHEDIR.TAG"
)

// IsTemp reports whether name is that of a file being written, by whatever process and machine.
func IsTemp(name string) bool {
	rest, ours := strings.CutPrefix(name, tempPrefix)
	return ours && strings.Count(rest, "-") == 2
}
