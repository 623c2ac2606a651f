package archive

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
)

const (
	magicGzip = "\x1f\x8b"

	gzipHeaderCRC = 1 << 1 // flags of a header: what follows it
	gzipExtra     = 1 << 2
	gzipName      = 1 << 3
	gzipComment   = 1 << 4
	gzipReserved  = 0xe0
)

var (
	errGzipHeader   = errors.New("gzip: damaged header")
	errGzipChecksum = errors.New("gzip: checksum does not match")
)

// gzipReader reads gzip streams (RFC 1952) one after another, as the gzip program does. Package gzip refuses names and comments of
// more than 512 bytes, and does not tell zeros behind the last stream, or a damaged header, from anything else.
type gzipReader struct {
	in      *bufio.Reader
	z       io.ReadCloser // flate.Resetter; nil until the first header was read
	sum     uint32        // CRC-32 of what was read of this stream
	size    uint32        // and its length
	padding int64         // zeros behind the last stream
}

func newGzipReader(in *bufio.Reader) (*gzipReader, error) {
	g := &gzipReader{in: in}
	return g, g.header()
}

// header reads a stream's header and makes z ready for what it compresses.
func (g *gzipReader) header() error {
	var sum uint32
	var read error // the first error
	next := func() byte {
		b, err := g.in.ReadByte()
		if err != nil {
			if read == nil {
				read = noEOF(err)
			}
			return 0
		}
		sum = crc32.Update(sum, crc32.IEEETable, []byte{b})
		return b
	}
	var fixed [10]byte // magic, method, flags, time, level, system
	for i := range fixed {
		fixed[i] = next()
	}
	flags := fixed[3]
	if read == nil && (string(fixed[:2]) != magicGzip || fixed[2] != 8 || flags&gzipReserved != 0) {
		return errGzipHeader
	}
	if flags&gzipExtra != 0 {
		for n := int(next()) | int(next())<<8; n > 0 && read == nil; n-- {
			next()
		}
	}
	for _, text := range []byte{gzipName, gzipComment} {
		for flags&text != 0 && read == nil && next() != 0 {
		}
	}
	if want := sum & 0xffff; flags&gzipHeaderCRC != 0 && uint32(next())|uint32(next())<<8 != want && read == nil {
		return errGzipHeader
	}
	if read != nil {
		return read
	}
	g.sum, g.size = 0, 0
	if g.z == nil {
		g.z = flate.NewReader(g.in)
		return nil
	}
	return g.z.(flate.Resetter).Reset(g.in, nil)
}

// Read implements io.Reader.
func (g *gzipReader) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	g.sum = crc32.Update(g.sum, crc32.IEEETable, p[:n])
	g.size += uint32(n)
	if err == io.EOF {
		err = g.end()
	}
	return n, err
}

// end reads what follows a stream's data, up to the data of the next one; io.EOF when there is none.
func (g *gzipReader) end() error {
	var b [8]byte
	if _, err := io.ReadFull(g.in, b[:]); err != nil {
		return noEOF(err)
	}
	if binary.LittleEndian.Uint32(b[:]) != g.sum || binary.LittleEndian.Uint32(b[4:]) != g.size {
		return errGzipChecksum
	}
	switch next, err := g.in.Peek(len(magicGzip)); {
	case len(next) == 0 && err == io.EOF:
		return io.EOF
	case len(next) == 0:
		return err
	case string(next) == magicGzip:
		return g.header()
	}
	return zeros(g.in, &g.padding)
}

// zeros reads the rest of in, which may be zeros only, and counts them; it returns io.EOF then.
func zeros(in *bufio.Reader, n *int64) error {
	for {
		b, err := in.ReadByte()
		switch {
		case err != nil:
			return err
		case b != 0:
			return errTrailing
		}
		*n++
	}
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
