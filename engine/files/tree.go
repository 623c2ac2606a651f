package files

// Tree is what Expand asks of a source tree. The evaluator's implementation records every
// question as a dependency; a question not asked is none. Paths are relative to the tree's root.
type Tree interface {
	// List returns the entries of a directory in byte order; "" is the root.
	List(dir string) ([]Entry, error)
	// Lookup returns what a path is, and the target of a link or why a member is Unusable. Absence is no error.
	Lookup(path string) (kind Kind, text string, err error)
	// Ignored reports whether the path is left out, as git does; see Ignore.
	Ignored(path string, isDir bool) (bool, error)
	// Written reports whether the path is something that sbomctl itself writes. That is Ignored, and
	// a link that leads there does not exist either.
	Written(path string, isDir bool) (bool, error)
}
