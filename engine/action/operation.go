// Package action is the sharable part of the graph: a pure function over declared files.
//
// # Model
//
// What is run and how are apart. A Spec says what: an operation and its parameters, or a command and the platform that
// it runs on, the input files, the outputs. A Runner says how: InProcess calls Go functions, engine/container runs commands. An
// Executor asks the action cache first, and its key is the digest of a Remote Execution API v2 Action (Spec.Key), so
// the same key addresses the local action cache, a remote cache and remote execution. What comes
// back is that API's ActionResult, whoever made it:
//
//	output_files  the outputs
//	stdout_raw    the findings of an operation (finding.Encode)
//	exit_code     0; anything else is no result, and is not kept
//
// An Operation is Go code, registered under a name and a version. It is handed a Call: its
// parameters, its declared inputs and its declared outputs, and nothing else.
package action

import (
	"context"
	"crypto/sha256"
	"io"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// Operation is a function from parameters and input files to output files and findings. It must be
// pure: no clock, environment, file or network but what the Call hands it.
type Operation struct {
	Name    string // "spdx.base", "archive.index", ...: package-like prefix, a dot, a verb or noun
	Version int    // part of every key; to be raised whenever Run's result may differ
	Run     func(ctx context.Context, call Call) error
	Trivial bool // running it costs less than a look into the action cache, so it is not cached

	// Aside names the parameters that say where a result may be found, or how a person calls it, but not what
	// it is: they are no part of the key.
	Aside []string
	// Accept says why outputs, which may come from the cache, are not what these parameters ask for; params
	// is Call.Params. nil accepts everything.
	Accept func(params func(v any) error, outputs []Output) error
}

// Identity is the operation's part of a key.
func (o *Operation) Identity() Version { return Version{o.Name, o.Version} }

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
	// Create returns a writer for a declared output. Every declared output must be created
	// and sealed exactly once.
	Create(output string) (Writer, error)
	// Reuse makes the blob with that checksum a declared output, if the store has it already, whoever
	// made it, and it has at most max bytes. It reports whether it did.
	Reuse(output string, sum [sha256.Size]byte, max int64) (bool, error)
	// Report adds a finding. It fails nothing: the outputs are as good as without it.
	Report(f finding.Finding)
}

// Writer takes the bytes of an output. Close seals it; Abort, before that, drops what was written, and the output can
// be created again.
type Writer interface {
	io.WriteCloser
	Abort()
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
	Link       string // of a symbolic link, for who asks for links: its target, as written; Digest and Facet are of this text
	Folder     bool   // an empty folder, for who asks for links; Digest and Facet are those of no bytes
	Pattern    int    // for a file set: index of the first include pattern that matched
	Handle     any    // the engine's own: where the bytes are
}
