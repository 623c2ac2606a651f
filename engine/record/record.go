// Package record is how values are written down: fields one after another, numbers as
// unsigned varints in their shortest form, so that a value has one encoding, strings with
// their length before them.
package record

import "encoding/binary"

// AppendUint appends a number.
func AppendUint(b []byte, n uint64) []byte { return binary.AppendUvarint(b, n) }

// AppendString appends a string or bytes, its length before it.
func AppendString[T string | []byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// Reader takes fields off a record. When one is not there, or not well formed, Bad is set and
// stays set, and every later field is empty: it is enough to look at Bad in the end.
type Reader struct {
	B   []byte // what is left
	Bad bool
}

func (r *Reader) fail() { r.Bad, r.B = true, nil }

// Uint returns a number.
func (r *Reader) Uint() uint64 {
	v, n := binary.Uvarint(r.B)
	if n <= 0 || n > 1 && r.B[n-1] == 0 {
		r.fail()
		return 0
	}
	r.B = r.B[n:]
	return v
}

// Byte returns one byte.
func (r *Reader) Byte() byte {
	if p := r.Take(1); p != nil {
		return p[0]
	}
	return 0
}

// Take returns the next n bytes, which it shares with the record; nil when there are fewer.
func (r *Reader) Take(n int) []byte {
	if r.Bad || n > len(r.B) {
		r.fail()
		return nil
	}
	p := r.B[:n:n]
	r.B = r.B[n:]
	return p
}

// Bytes returns bytes with their length before them, which it shares with the record. They
// are nil only when Bad is set.
func (r *Reader) Bytes() []byte {
	n := r.Uint()
	if r.Bad || n > uint64(len(r.B)) {
		r.fail()
		return nil
	}
	return r.Take(int(n))
}
