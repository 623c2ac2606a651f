// Package cache keeps blobs by the digest of their contents, and results of actions by the
// digest of the action. It knows nothing of what they mean.
//
// # Model
//
// There are two maps, as in the Remote Execution API: the content-addressed store (Store;
// digest to bytes) and the action cache (ActionCache; digest of an Action to its
// ActionResult). Both may forget anything at any time: whatever is not there, or is not
// what it claims to be, is ErrMiss, and the caller makes it again. Disk is both of them in a
// folder:
//
//	DIR/v1/cas/ab/<64 hexadecimal digits>   a blob, read-only, named by its SHA-256
//	DIR/v1/ac/ab/<64 hexadecimal digits>    an ActionResult and its checksum, named by the key
//	DIR/v1/tmp/                             files being written, named by their owner
//	DIR/v1/workspaces/<...>/                what the engine keeps of one workspace (Disk.State)
//	DIR/v1/oci/                             container images, by package engine/oci (ImagesDir)
//	DIR/v1/rootfs/                          images, unpacked, by package engine/rootfs (RootsDir)
//	DIR/v1/sandbox/                         what commands in containers are run on, by package engine/container (SandboxDir)
//
// # Trust
//
// Nothing that is read is believed. A blob is hashed before the first byte of it is handed
// out (once in a process, as long as the file stays the same one); an action result carries
// its own checksum, bound to its key. An entry that fails is warned of once, taken away,
// and from then on a miss, which the next Put heals. Nothing is opened through a link
// (package osfile): what a link, a fifo or a folder in the place of a file leads to or holds is
// never read, written or waited for. The folder that the user named may itself be a link.
//
// # Concurrency
//
// Processes share a folder without locks: an entry is written to a file of its own and
// renamed into its place, so it is there whole or not at all, and of two that write the same
// entry either one wins, with the same bytes. Entries are never changed in place.
//
// # Durability
//
// There is no fsync. After a power failure a file may be there with its size and without
// its contents; that is the same as any other damage and is found when it is read. To wait
// for the disk would only save work that a power failure has already made rare, and costs
// milliseconds a blob.
package cache

import (
	"context"
	"errors"
	"io"

	"github.com/sbomctl/sbomctl/cache/reapi"
)

// ErrMiss is what errors are (errors.Is) that say: not in the cache. It is the one error
// that a caller mends, by making the thing again.
var ErrMiss = errors.New("not in the cache")

// Blob is an open blob, verified already. It is read-only; ReadAt may be called concurrently.
type Blob interface {
	io.Reader
	io.ReaderAt
	io.Seeker
	io.Closer
}

// Store is content-addressed storage. Its methods may be called concurrently. Errors are
// ErrMiss, an *Error, or that of a context that is over.
//
// A store may lie before another one: it answers what it has, and asks the other one for the
// rest. Nothing here says where bytes are.
type Store interface {
	// Missing returns those of digests that are not there, in their order. It looks at entries
	// from outside only: Open and ReadAll may still find that one is a miss.
	Missing(ctx context.Context, digests []Digest) ([]Digest, error)
	// Open returns a blob, all of which has been checked against d.
	Open(ctx context.Context, d Digest) (Blob, error)
	// ReadAll returns a blob's bytes, checked against d. More than max bytes is an *Error.
	ReadAll(ctx context.Context, d Digest, max int64) ([]byte, error)
	// Put stores b. A blob that is there already, unharmed, is not written again.
	Put(ctx context.Context, b []byte) (Digest, error)
	// Create returns a writer for a blob that is not held in memory.
	Create(ctx context.Context) (Writer, error)
}

// Writer takes a blob piece by piece. It is used by one goroutine.
//
//	writing ──Commit──► sealed        Abort, or an error, ends it from any state;
//	   └──────Abort───► sealed        nothing is left behind
type Writer interface {
	// Write appends to the blob. An error stays: every later call returns it.
	io.Writer
	// Commit seals the blob and returns its digest. From then on it is in the store. It can be
	// called once.
	Commit() (Digest, error)
	// Abort drops the blob. After Commit, or a second time, it does nothing.
	Abort()
}

// ActionCache remembers results of actions. Its methods may be called concurrently. Errors
// are ErrMiss, an *Error, or that of a context that is over.
type ActionCache interface {
	// Get returns the result recorded under the digest of an Action. The blobs that it names
	// may be gone.
	Get(ctx context.Context, key Digest) (*reapi.ActionResult, error)
	// PutResult records a result, in place of an earlier one. The caller records nothing that
	// failed. An output whose Contents the result does not carry is in the Store before. One
	// whose Contents it carries need not be: a cache that shares results with others puts it
	// there.
	PutResult(ctx context.Context, key Digest, r *reapi.ActionResult) error
}
