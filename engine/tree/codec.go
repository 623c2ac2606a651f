package tree

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/sbomctl/sbomctl/engine/files"
)

// An encoded index is the magic, then numbers as minimal unsigned varints:
//
//	prefix length, prefix, data size, number of entries, entries
//	entry = kind and flag, path length, path, and of a regular file
//	        size, offset, SHA-256, facet length, facet;
//	        of any other member text length, text
const (
	magic = "sbomctl tree index 3\n"

	flagExecutable = 1 // the kind lies above it

	maxFacet = 4 << 10 // bytes
	minEntry = 3 + 1   // three numbers and a path of one byte
)

// Encode returns the canonical bytes of x.
func (x *Index) Encode() []byte {
	n := len(magic) + len(x.prefix) + 3*binary.MaxVarintLen64
	for i := range x.entries {
		n += len(x.entries[i].Path) + 5*binary.MaxVarintLen64 + sha256.Size + len(x.entries[i].Facet) + len(x.entries[i].Text)
	}
	b := make([]byte, 0, n)
	b = append(b, magic...)
	b = appendString(b, x.prefix)
	b = binary.AppendUvarint(b, uint64(x.dataSize))
	b = binary.AppendUvarint(b, uint64(len(x.entries)))
	for i := range x.entries {
		e := &x.entries[i]
		head := uint64(e.Kind) << 1
		if e.Executable {
			head |= flagExecutable
		}
		b = binary.AppendUvarint(b, head)
		b = appendString(b, e.Path)
		if e.Kind != files.Regular {
			b = appendString(b, e.Text)
			continue
		}
		b = binary.AppendUvarint(b, uint64(e.Digest.Size))
		b = binary.AppendUvarint(b, uint64(e.Offset))
		b = append(b, e.Digest.Hash[:]...)
		b = appendString(b, e.Facet)
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// Decode is the inverse of Encode. Whatever Encode would not write is an error; memory
// is bounded by a small multiple of len(b).
func Decode(b []byte) (*Index, error) {
	x, err := decode(b)
	if err != nil {
		return nil, fmt.Errorf("damaged tree index: %w", err)
	}
	return x, nil
}

func decode(b []byte) (*Index, error) {
	if len(b) < len(magic) || string(b[:len(magic)]) != magic {
		return nil, errors.New("it does not begin as one")
	}
	// Every path and facet is a substring of this one copy, so that decoding allocates nothing for an entry.
	d := decoder{b: b[len(magic):], s: string(b[len(magic):])}
	prefix := d.path()
	dataSize := d.number(1<<63 - 1)
	count := d.number(MaxEntries)
	if d.err == nil && count > int64(len(d.b)-d.pos)/minEntry {
		d.err = errTruncated
	}
	if d.err != nil {
		return nil, d.err
	}
	entries := make([]Entry, count)
	for i := range entries {
		e := &entries[i]
		head := d.number(int64(files.Unusable)<<1 | flagExecutable)
		e.Kind, e.Executable = files.Kind(head>>1), head&flagExecutable != 0
		e.Path = d.path()
		if e.Kind == files.Regular {
			e.Digest.Size = d.number(1<<63 - 1)
			e.Offset = d.number(1<<63 - 1)
			d.bytes(e.Digest.Hash[:])
			e.Facet = d.text(maxFacet)
		} else {
			e.Text = d.text(MaxText)
		}
		if d.err != nil {
			return nil, d.err
		}
	}
	if d.pos != len(d.b) {
		return nil, errors.New("bytes after its end")
	}
	return New(prefix, dataSize, entries)
}

var errTruncated = errors.New("it is truncated")

// decoder reads fields one after another; after the first error it reads zeros.
type decoder struct {
	b   []byte
	s   string // the same bytes
	pos int
	err error
}

func (d *decoder) number(limit int64) int64 {
	if d.err != nil {
		return 0
	}
	v, n := binary.Uvarint(d.b[d.pos:])
	switch {
	case n == 0:
		d.err = errTruncated
	case n < 0 || v > uint64(limit):
		d.err = errors.New("a number is out of range")
	case n > 1 && d.b[d.pos+n-1] == 0:
		d.err = errors.New("a number is not in its shortest form")
	default:
		d.pos += n
		return int64(v)
	}
	return 0
}

func (d *decoder) path() string { return d.text(MaxPath) }

// text reads a string with its length before it.
func (d *decoder) text(most int64) string {
	n := int(d.number(most))
	if d.err == nil && n > len(d.b)-d.pos {
		d.err = errTruncated
	}
	if d.err != nil {
		return ""
	}
	d.pos += n
	return d.s[d.pos-n : d.pos]
}

func (d *decoder) bytes(dst []byte) {
	if d.err == nil && len(dst) > len(d.b)-d.pos {
		d.err = errTruncated
	}
	if d.err != nil {
		return
	}
	d.pos += copy(dst, d.b[d.pos:])
}
