package cache

// The entries of a cache's folder, for whoever walks a tree in which one may lie: Layout is a folder, and Tag a file.
const (
	Layout = layout
	Tag    = "CACHEDIR.TAG"
)
