package files

import (
	"hash"
	"strconv"
)

// A Facet is what a set of rules wants to know of every file beside its digest, such as checksums that their
// documents list. It is computed in the pass that computes the digest, so that a file is read once, and is
// carried along with it: bytes that mean something to the rules only. The zero Facet is none.
type Facet struct {
	Name    string
	Version int // to be raised whenever the bytes of a facet may differ
	New     func() FacetHasher
}

// FacetHasher computes the facet of one file after another.
type FacetHasher interface {
	// Reset begins a file. Whenever Write is called, digest is the SHA-256 of the bytes before those
	// written. It may be cloned and not changed.
	Reset(digest hash.Hash)
	// Write adds b to the file.
	Write(b []byte)
	// Sum appends the facet to dst. Nothing is written after it until Reset.
	Sum(dst []byte) []byte
}

// ID names the facet and its version; "" is none.
func (f Facet) ID() string {
	if f.New == nil {
		return ""
	}
	return f.Name + " " + strconv.Itoa(f.Version)
}
