package engine

import (
	"encoding/binary"
	"errors"
)

// errDamaged says that a recorded value is not what this package wrote.
var errDamaged = errors.New("damaged record")

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// reader takes fields off a recorded value; bad is set, and stays set, when it ends too
// early. Strings share one copy of the value, s.
type reader struct {
	b   []byte
	s   string
	bad bool
}

func (r *reader) skip(n int) { r.b, r.s = r.b[n:], r.s[n:] }

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b, r.s = true, nil, ""
		return 0
	}
	r.skip(n)
	return v
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.bad, r.b, r.s = true, nil, ""
		return nil
	}
	p := r.b[:n]
	r.skip(n)
	return p
}

func (r *reader) string() string {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.bad, r.b, r.s = true, nil, ""
		return ""
	}
	p := r.s[:n]
	r.skip(int(n))
	return p
}
