// Package action is the sharable part of the graph: a pure function over declared files.
//
// An Operation is Go code, registered under a name and a version. An Action applies one to
// parameters and declared inputs and names its outputs. Its key is the digest of a Remote
// Execution API v2 Action (operation and parameters are the Command, the inputs are the
// Merkle tree), so the same key addresses the local action cache, a remote cache and
// remote execution. An operation is handed a Call: its parameters, its declared inputs and
// its declared outputs, and nothing else.
package action

import (
	"context"
	"io"

	"github.com/sbomctl/sbomctl/cache"
)

// Operation is a function from parameters and input files to output files. It must be
// pure: no clock, environment, file or network but what the Call hands it.
type Operation struct {
	Name    string // "spdx.base", "archive.index", ...: package-like prefix, a dot, a verb or noun
	Version int    // part of every key; to be raised whenever Run's result may differ
	Run     func(ctx context.Context, call Call) error
	Trivial bool // running it costs less than a look into the action cache, so it is not cached
}

// Call is what an operation sees of the world.
type Call interface {
	// Params decodes the action's parameters (a JSON object) into v, a pointer to a struct
	// with json tags; an unknown or ill-typed parameter is an error.
	Params(v any) error
	// Files returns the files of the named input, in the input's own order (declared order;
	// for a file set: include pattern, then path in code-point order; for an archive's index:
	// archive order). A name that the action does not declare yields nil.
	Files(input string) []File
	// Read returns a file's bytes, checked against its digest; more than max bytes is an error.
	Read(f File, max int64) ([]byte, error)
	// Open returns a file's bytes as a stream. The stream ends in an error, not in io.EOF, when the
	// bytes do not have f's digest.
	Open(f File) (io.ReadCloser, error)
	// OpenAt gives random access to a file's bytes, checked against its digest first.
	OpenAt(f File) (ReaderAtCloser, error)
	// Create returns a writer for a declared output; Close seals it. Every declared
	// output must be created exactly once.
	Create(output string) (io.WriteCloser, error)
	// Warn tells the user something that fails nothing (one line, lower case, no full stop).
	Warn(format string, args ...any)
}

// ReaderAtCloser is random access to a file.
type ReaderAtCloser interface {
	io.ReaderAt
	io.Closer
}

// File is one input file of an action.
type File struct {
	Path       string // slash-separated path inside the input (inside the tree, for a file set)
	Digest     cache.Digest
	Facet      string // of a file of a tree: see files.Facet; "" otherwise
	Executable bool
	Pattern    int // for a file set: index of the first include pattern that matched
	Handle     any // the engine's own: where the bytes are
}
