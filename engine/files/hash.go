package files

import (
	"crypto/sha256"
	"hash"

	"github.com/sbomctl/sbomctl/cache"
)

// Hasher computes the digest and the facet of a file in one pass. Write never fails. The zero Hasher is
// not ready for use: see NewHasher.
type Hasher struct {
	sha256 hash.Hash
	facet  FacetHasher // nil for none
	size   int64
	buf    []byte // that facets are appended to
}

// NewHasher returns a Hasher of nothing.
func NewHasher(f Facet) *Hasher {
	h := &Hasher{sha256: sha256.New()}
	if f.New != nil {
		h.facet = f.New()
		h.facet.Reset(h.sha256)
	}
	return h
}

// Reset makes h the Hasher of nothing again.
func (h *Hasher) Reset() {
	h.sha256.Reset()
	h.size = 0
	if h.facet != nil {
		h.facet.Reset(h.sha256)
	}
}

// Write adds b to the file. It always returns len(b) and nil.
func (h *Hasher) Write(b []byte) (int, error) {
	if h.facet != nil {
		h.facet.Write(b)
	}
	h.size += int64(len(b))
	return h.sha256.Write(b)
}

// Sum returns the State of what was written: Kind Regular, Digest and Facet. Nothing may be written after it
// until Reset.
func (h *Hasher) Sum() State {
	s := State{Kind: Regular, Digest: cache.Digest{Size: h.size}}
	h.sha256.Sum(s.Digest.Hash[:0])
	if h.facet != nil {
		h.buf = h.facet.Sum(h.buf[:0])
		s.Facet = string(h.buf)
	}
	return s
}
