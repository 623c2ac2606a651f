package xz

import (
	"bufio"
	"hash"
	"io"
)

// input reads fields one after another; after the first error it reads zeros.
type input struct {
	r   *bufio.Reader
	pos int64       // bytes read
	crc hash.Hash32 // of what is read, while it is not nil
	err error
}

// or returns the error of reading, or else err.
func (in *input) or(err error) error {
	if in.err != nil {
		return in.err
	}
	return err
}

// full fills b.
func (in *input) full(b []byte) {
	if in.err != nil {
		clear(b)
		return
	}
	n, err := io.ReadFull(in.r, b)
	in.pos += int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	in.err = err
	if in.crc != nil {
		in.crc.Write(b[:n])
	}
}

func (in *input) byte() byte {
	var b [1]byte
	in.full(b[:])
	return b[0]
}

// zeros reads n bytes and reports whether all are zero.
func (in *input) zeros(n int64) bool {
	all := true
	for range n {
		all = in.byte() == 0 && in.err == nil && all
	}
	return all
}

// varint reads a number of up to 63 bits in its shortest form, 7 bits a byte, the lowest first.
func (in *input) varint() int64 {
	var v int64
	for shift := 0; shift < 63; shift += 7 {
		b := in.byte()
		v |= int64(b&0x7f) << shift
		if b < 0x80 {
			if b == 0 && shift > 0 {
				break
			}
			return v
		}
	}
	if in.err == nil {
		in.err = ErrCorrupt
	}
	return 0
}
