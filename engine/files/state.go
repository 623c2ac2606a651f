package files

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/sbomctl/sbomctl/cache"
)

// Kind is what sort of thing a path is.
type Kind uint8

// The kinds. Their values are part of every encoding and never change.
const (
	Absent    Kind = iota // nothing is there
	Regular               // a regular file
	Directory             // a directory
	Symlink               // a symbolic link, whatever it leads to
	Other                 // a FIFO, socket or device
	Unusable              // a member of an archive that nothing can be made of; never in a folder
)

var kindNames = [...]string{"absent", "regular file", "directory", "symbolic link", "special file", "unusable member"}

// String returns the kind in words.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown kind"
}

// State is what a path is, without its name or times. Two States are equal when their
// encodings are.
type State struct {
	Kind       Kind
	Executable bool         // Regular: its owner may execute it
	Digest     cache.Digest // Regular: SHA-256 and size of the bytes
	Facet      string       // Regular: see Facet
	Target     string       // Symlink: the target as written
}

const flagExecutable = 1

// maxFacet bounds a file's facet, in bytes.
const maxFacet = 4 << 10

// Append appends the canonical encoding of s to dst: a byte of kind; for a regular file a byte
// of flags, SHA-256, size and the facet with its length; for a link the target with its length.
func (s State) Append(dst []byte) []byte {
	dst = append(dst, byte(s.Kind))
	switch s.Kind {
	case Regular:
		var flags byte
		if s.Executable {
			flags |= flagExecutable
		}
		dst = append(dst, flags)
		dst = append(dst, s.Digest.Hash[:]...)
		dst = binary.AppendUvarint(dst, uint64(s.Digest.Size))
		dst = binary.AppendUvarint(dst, uint64(len(s.Facet)))
		dst = append(dst, s.Facet...)
	case Symlink:
		dst = binary.AppendUvarint(dst, uint64(len(s.Target)))
		dst = append(dst, s.Target...)
	}
	return dst
}

// DecodeState decodes what Append wrote at the start of b and returns the rest of b. Any other
// encoding is an error.
func DecodeState(b []byte) (State, []byte, error) {
	if len(b) == 0 || Kind(b[0]) > Other {
		return State{}, b, errDamaged
	}
	s := State{Kind: Kind(b[0])}
	rest := b[1:]
	switch s.Kind {
	case Regular:
		if len(rest) < 1+sha256.Size || rest[0]&^flagExecutable != 0 {
			return State{}, b, errDamaged
		}
		s.Executable = rest[0]&flagExecutable != 0
		rest = rest[1:]
		rest = rest[copy(s.Digest.Hash[:], rest):]
		size, r, ok := uvarint(rest)
		if !ok || size > 1<<63-1 {
			return State{}, b, errDamaged
		}
		n, r, ok := uvarint(r)
		if !ok || n > uint64(min(len(r), maxFacet)) {
			return State{}, b, errDamaged
		}
		s.Digest.Size = int64(size)
		s.Facet, rest = string(r[:n]), r[n:]
	case Symlink:
		n, r, ok := uvarint(rest)
		if !ok || n > uint64(len(r)) {
			return State{}, b, errDamaged
		}
		s.Target, rest = string(r[:n]), r[n:]
	}
	return s, rest, nil
}

// uvarint decodes the shortest form only, so that each value has one encoding.
func uvarint(b []byte) (uint64, []byte, bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 || n > 1 && b[n-1] == 0 {
		return 0, b, false
	}
	return v, b[n:], true
}

// Entry is one name in a directory.
type Entry struct {
	Name string
	Kind Kind // never Absent
}

// AppendEntries appends the canonical encoding of a listing to dst.
func AppendEntries(dst []byte, entries []Entry) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(entries)))
	for _, e := range entries {
		dst = append(dst, byte(e.Kind))
		dst = binary.AppendUvarint(dst, uint64(len(e.Name)))
		dst = append(dst, e.Name...)
	}
	return dst
}

// DecodeEntries decodes what AppendEntries wrote at the start of b and returns the rest of b.
// The names must be in ascending order, each once, and non-empty.
func DecodeEntries(b []byte) ([]Entry, []byte, error) {
	count, rest, ok := uvarint(b)
	if !ok || count > uint64(len(rest))/3 { // kind, length and at least one letter
		return nil, b, errDamaged
	}
	entries := make([]Entry, 0, count)
	for range count {
		if len(rest) == 0 || rest[0] == byte(Absent) || Kind(rest[0]) > Other {
			return nil, b, errDamaged
		}
		kind := Kind(rest[0])
		n, r, ok := uvarint(rest[1:])
		if !ok || n == 0 || n > uint64(len(r)) {
			return nil, b, errDamaged
		}
		name := string(r[:n])
		if len(entries) > 0 && entries[len(entries)-1].Name >= name {
			return nil, b, errDamaged
		}
		entries = append(entries, Entry{name, kind})
		rest = r[n:]
	}
	return entries, rest, nil
}
