package signals

import (
	"errors"
	"hash"

	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/record"
)

// FacetPart is which part of a file's facet (files.Join) Facet is.
const FacetPart = 1

// Facet is the encoded result of Scan. It is part FacetPart of a file's facet; decode that with Decode. An action's key has
// files' digests and not their facets: when Version is raised, so is that of "inventory.unclaimed".
var Facet = files.Facet{Name: "signals", Version: 1, New: func() files.FacetHasher { return new(scanner) }}

// Reset implements files.FacetHasher.
func (s *scanner) Reset(hash.Hash) { s.head = s.head[:0] }

// Write implements files.FacetHasher: it keeps the head of the file until all of it is there.
func (s *scanner) Write(b []byte) {
	if n := MaxScan - len(s.head); n > 0 {
		s.head = append(s.head, b[:min(n, len(b))]...)
	}
}

// Sum implements files.FacetHasher.
func (s *scanner) Sum(dst []byte) []byte { return Encode(dst, s.scan(s.head)) }

// Encode appends signals to dst, each as kind (a byte), line (unsigned varint), text (its length before it).
func Encode(dst []byte, signals []Signal) []byte {
	for _, s := range signals {
		dst = append(dst, byte(s.Kind))
		dst = record.AppendUint(dst, uint64(s.Line))
		dst = record.AppendString(dst, s.Text)
	}
	return dst
}

// Decode is the inverse of Encode.
func Decode(b []byte) ([]Signal, error) {
	var out []Signal
	r := record.Reader{B: b}
	for len(r.B) > 0 {
		s := Signal{Kind: Kind(r.Byte()), Line: int(r.Uint())}
		s.Text = string(r.Bytes())
		if r.Bad || s.Kind < Copyright || s.Kind > Grant || s.Line < 1 || len(out) == maxSignals {
			return nil, errors.New("the signals of a file are malformed")
		}
		out = append(out, s)
	}
	return out, nil
}
