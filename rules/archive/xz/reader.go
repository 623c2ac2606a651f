// Package xz decodes and encodes the .xz format (https://tukaani.org/xz/xz-file-format.txt): as fast as the xz program decodes
// on one core, and as small as xz -6 encodes. To read a file call NewReader, to write one NewWriter.
//
// A file is a row of streams, padded with zeros; a stream is a header, blocks, an index of the
// blocks, and a footer; a block is a header, LZMA2 chunks, and a checksum of what they decode to.
// Everything that the format makes redundant is checked: all checksums, sizes, the index
// against the blocks, the footer against the header, and that padding is zero.
//
// LZMA2 is the only filter: the others (BCJ, delta) are made for machine code and samples, and
// nobody publishes sources with them.
//
// The encoder finds matches with a binary tree (finder), weighs ways to write them by their prices (parse, prices), and
// writes the cheapest (encoder, rangeEncoder), one block after another, several at the same time (Writer).
package xz

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"io"
)

// The errors. A stream that ends too early is io.ErrUnexpectedEOF, and errors of the underlying
// reader are returned as they are.
var (
	ErrFormat      = errors.New("xz: no xz stream")
	ErrCorrupt     = errors.New("xz: damaged")
	ErrChecksum    = errors.New("xz: checksum does not match")
	ErrTrailing    = errors.New("xz: data after the last stream")
	ErrUnsupported = errors.New("xz: unsupported filter or check")
	ErrDictionary  = errors.New("xz: dictionary too large")
)

const (
	headerMagic = "\xfd7zXZ\x00"
	footerMagic = "YZ"
)

// Reader decodes an .xz file. It implements io.Reader.
type Reader struct {
	in      input
	maxDict uint32
	err     error

	inStream bool
	flags    [2]byte       // of the stream: the second byte is the kind of check
	check    hash.Hash     // of the block's data; nil for none
	checked  chan struct{} // closed when check has the last chunk; nil when it has
	blocks   index

	inBlock   bool
	block     blockHeader
	start     int64 // of the block's header, in the file
	dataStart int64 // of its first chunk
	size      int64 // of what was decoded of it
	decoder   lzma2
}

// NewReader returns a Reader of r, which it reads to its end. A stream that needs a dictionary
// of more than maxDict bytes is refused with ErrDictionary. Memory is at most one and a half
// dictionaries and 3 MiB, and not much more than twice what was decoded.
func NewReader(r io.Reader, maxDict uint32) *Reader {
	z := &Reader{in: input{r: bufio.NewReaderSize(r, 64<<10)}, maxDict: maxDict}
	z.decoder.settle = z.settle
	return z
}

// Read implements io.Reader. What was returned before an error may be damaged too.
func (z *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(z.decoder.out) == 0 {
		if z.err == nil {
			z.err = z.advance()
		}
		if z.err != nil {
			return 0, z.err
		}
	}
	n := copy(p, z.decoder.out)
	z.decoder.out = z.decoder.out[n:]
	return n, nil
}

// advance reads the next part of the file: a header, a chunk, or an end.
func (z *Reader) advance() error {
	switch {
	case !z.inStream:
		return z.startStream()
	case z.inBlock:
		return z.chunk()
	}
	switch size := z.in.byte(); {
	case z.in.err != nil:
		return z.in.err
	case size != 0:
		return z.startBlock(size)
	}
	if err := z.endStream(); err != nil {
		return err
	}
	z.inStream = false
	return z.padding()
}

// startStream reads a stream's header.
func (z *Reader) startStream() error {
	var b [12]byte
	z.in.full(b[:])
	switch {
	case z.in.err != nil:
		return z.in.err
	case string(b[:6]) != headerMagic:
		return ErrFormat
	case crc32.ChecksumIEEE(b[6:8]) != binary.LittleEndian.Uint32(b[8:]):
		return ErrChecksum
	}
	z.flags = [2]byte(b[6:8])
	z.blocks = newIndex()
	z.inStream = true
	var err error
	z.check, err = newCheck(z.flags)
	return err
}

// endStream reads a stream's index, whose first byte was read, and its footer.
func (z *Reader) endStream() error {
	indexSize, err := z.blocks.read(&z.in)
	if err != nil {
		return err
	}
	var b [12]byte // CRC-32, size of the index, flags, magic
	z.in.full(b[:])
	switch {
	case z.in.err != nil:
		return z.in.err
	case string(b[10:]) != footerMagic:
		return ErrCorrupt
	case crc32.ChecksumIEEE(b[4:10]) != binary.LittleEndian.Uint32(b[:4]):
		return ErrChecksum
	case (int64(binary.LittleEndian.Uint32(b[4:8]))+1)*4 != indexSize || [2]byte(b[8:10]) != z.flags:
		return ErrCorrupt
	}
	return nil
}

// padding reads the zeros behind a stream, four at a time, up to the next one; at the end of the
// file it returns io.EOF.
func (z *Reader) padding() error {
	for {
		head, err := z.in.r.Peek(len(headerMagic))
		switch {
		case err != nil && err != io.EOF:
			return err
		case len(head) == 0:
			return io.EOF
		case string(head) == headerMagic:
			return nil
		case len(head) < 4 || binary.LittleEndian.Uint32(head) != 0:
			return ErrTrailing
		}
		z.in.r.Discard(4)
	}
}
