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
//	DIR/v1/workspaces/<...>/                what the engine keeps of one workspace (StatePath)
//
// # Trust
//
// Nothing that is read is believed. A blob is hashed before the first byte of it is handed
// out (once in a process, as long as the file stays the same one); an action result carries
// its own checksum, bound to its key. An entry that fails is warned of once, taken away,
// and from then on a miss, which the next Put heals.
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
// ErrMiss or an *Error.
type Store interface {
	// Has reports whether there is an entry for d that looks right from outside (a file of d's
	// size). It does not read it: Open and ReadAll may still find a miss.
	Has(d Digest) bool
	// Open returns a blob, all of which has been checked against d.
	Open(d Digest) (Blob, error)
	// ReadAll returns a blob's bytes, checked against d. More than max bytes is an *Error.
	ReadAll(d Digest, max int64) ([]byte, error)
	// Put stores b. A blob that is there already, unharmed, is not written again.
	Put(b []byte) (Digest, error)
	// PutReader stores everything that r yields. An error of r is returned as it is.
	PutReader(r io.Reader) (Digest, error)
	// Create returns a writer for a blob that is not held in memory.
	Create() (*Writer, error)
}

// ActionCache remembers results of actions. Its methods may be called concurrently. Errors
// are ErrMiss or an *Error.
type ActionCache interface {
	// Get returns the result recorded under the digest of an Action. The blobs that it names
	// may be gone.
	Get(key Digest) (*reapi.ActionResult, error)
	// PutResult records a result, in place of an earlier one. The caller has put the outputs
	// into the Store before, and records nothing that failed.
	PutResult(key Digest, r *reapi.ActionResult) error
}

// Complete reports whether s has every blob that r names.
func Complete(s Store, r *reapi.ActionResult) bool {
	for _, f := range r.OutputFiles {
		if !s.Has(f.Digest) {
			return false
		}
	}
	for _, d := range []Digest{r.StdoutDigest, r.StderrDigest} {
		if !d.IsZero() && !s.Has(d) {
			return false
		}
	}
	return true
}
