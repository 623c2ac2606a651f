package archive

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"io"
)

// bzip2Reader reads bzip2 streams one after another, and tells zeros behind the last one from damage.
type bzip2Reader struct {
	in      lastBytes
	z       io.Reader
	padding int64 // zeros behind the last stream
}

func newBzip2Reader(in *bufio.Reader) *bzip2Reader {
	b := &bzip2Reader{in: lastBytes{Reader: in}}
	b.z = bzip2.NewReader(&b.in)
	return b
}

// behindLast is the error of package bzip2 for what follows a stream and does not begin as another one.
const behindLast = bzip2.StructuralError("bad magic value in continuation file")

// Read implements io.Reader.
func (b *bzip2Reader) Read(p []byte) (int, error) {
	n, err := b.z.Read(p)
	switch {
	case errors.Is(err, behindLast) && b.in.last == [2]byte{}:
		b.padding = 2
		err = zeros(b.in.Reader, &b.padding)
	case errors.Is(err, behindLast):
		err = errTrailing
	}
	return n, err
}

// lastBytes remembers the last two bytes that package bzip2 read, one at a time.
type lastBytes struct {
	*bufio.Reader
	last [2]byte
}

// ReadByte implements io.ByteReader.
func (l *lastBytes) ReadByte() (byte, error) {
	c, err := l.Reader.ReadByte()
	if err == nil {
		l.last[0], l.last[1] = l.last[1], c
	}
	return c, err
}
