package files

import (
	"hash"
	"strconv"

	"github.com/sbomctl/sbomctl/engine/record"
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

// Join returns the facet that has the facets of several independent sets of rules as its parts.
func Join(parts ...Facet) Facet {
	joined := Facet{New: func() FacetHasher {
		j := &joinedHasher{}
		for _, p := range parts {
			j.parts = append(j.parts, p.New())
		}
		return j
	}}
	for i, p := range parts {
		if i > 0 {
			joined.Name += "+"
		}
		joined.Name += p.Name
		joined.Version += p.Version // so it is raised whenever one of them is
	}
	return joined
}

// joinedHasher appends each part with its length before it.
type joinedHasher struct {
	parts []FacetHasher
	buf   []byte
}

// Reset implements FacetHasher.
func (j *joinedHasher) Reset(digest hash.Hash) {
	for _, p := range j.parts {
		p.Reset(digest)
	}
}

// Write implements FacetHasher.
func (j *joinedHasher) Write(b []byte) {
	for _, p := range j.parts {
		p.Write(b)
	}
}

// Sum implements FacetHasher.
func (j *joinedHasher) Sum(dst []byte) []byte {
	for _, p := range j.parts {
		j.buf = p.Sum(j.buf[:0])
		dst = record.AppendString(dst, j.buf)
	}
	return dst
}

// Part returns part i of a facet that Join made; nil when it has no such part.
func Part(facet string, i int) []byte {
	r := record.Reader{B: []byte(facet)}
	for ; i > 0; i-- {
		r.Bytes()
	}
	return r.Bytes()
}
