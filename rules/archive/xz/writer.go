package xz

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"hash/crc64"
	"io"
)

// blockSize is how much of the data is compressed by itself. Larger blocks repeat more of what was before and take longer to come
// together; xz -T takes the same size.
const blockSize = 24 << 20

// Writer encodes an .xz file. It implements io.WriteCloser.
//
// Blocks are compressed at the same time, and say how large they are, so that xz -T reads them so too. What is written depends on the
// data and on nothing else: not on how it came, nor on the number of workers.
type Writer struct {
	ctx    context.Context
	out    io.Writer
	block  []byte
	size   int // of a block
	idle   chan *encoder
	doing  []chan block // in the order of the file, at most as many as there are workers
	blocks int64
	index  []byte // records
	err    error
}

// block is a compressed block and its record in the index.
type block struct {
	bytes                  []byte
	unpadded, uncompressed int64
}

// NewWriter returns a Writer to w. Memory is 150 MiB a worker; a worker that has nothing to do has none. When ctx is done, so are the
// workers: whoever gives up before Close cancels it.
func NewWriter(ctx context.Context, w io.Writer, workers int) *Writer {
	return newWriter(ctx, w, workers, blockSize)
}

func newWriter(ctx context.Context, w io.Writer, workers, size int) *Writer {
	z := &Writer{ctx: ctx, out: w, size: size, idle: make(chan *encoder, workers)}
	for range workers {
		z.idle <- nil
	}
	header := []byte(headerMagic + "\x00\x04") // CRC-64
	z.write(appendCRC(header, header[6:]))
	return z
}

// Write implements io.Writer.
func (z *Writer) Write(p []byte) (int, error) {
	n := 0
	for len(p) > 0 && z.err == nil {
		if z.block == nil {
			z.block = make([]byte, 0, min(z.size, max(len(p), 1<<20)))
		}
		part := p[:min(len(p), z.size-len(z.block))]
		z.block = append(z.block, part...)
		n, p = n+len(part), p[len(part):]
		if len(z.block) == z.size {
			z.start()
		}
	}
	return n, z.err
}

// Close writes what is left, and the end of the file.
func (z *Writer) Close() error {
	if len(z.block) > 0 {
		z.start()
	}
	for len(z.doing) > 0 && z.err == nil {
		z.finish()
	}
	index := binary.AppendUvarint([]byte{0}, uint64(z.blocks))
	index = append(index, z.index...)
	index = append(index, make([]byte, -len(index)&3)...)
	index = appendCRC(index, index)
	z.write(index)
	footer := binary.LittleEndian.AppendUint32(nil, uint32(len(index)/4-1))
	footer = append(footer, 0, 4)
	z.write(append(appendCRC(nil, footer), append(footer, footerMagic...)...))
	return z.err
}

// start gives the block to a worker.
func (z *Writer) start() {
	if len(z.doing) == cap(z.idle) {
		z.finish()
	}
	src, done := z.block, make(chan block, 1)
	z.block = nil
	z.doing = append(z.doing, done)
	e := <-z.idle
	go func() {
		if e == nil {
			e = new(encoder)
		}
		b := e.block(src, func() bool { return z.ctx.Err() != nil })
		z.idle <- e
		done <- b
	}()
}

// finish writes the first block that is worked at.
func (z *Writer) finish() {
	b := <-z.doing[0]
	z.doing = z.doing[1:]
	if z.err == nil {
		z.err = z.ctx.Err()
	}
	z.write(b.bytes)
	z.blocks++
	z.index = binary.AppendUvarint(z.index, uint64(b.unpadded))
	z.index = binary.AppendUvarint(z.index, uint64(b.uncompressed))
}

func (z *Writer) write(b []byte) {
	if z.err == nil {
		_, z.err = z.out.Write(b)
	}
}

var crc64Table = crc64.MakeTable(crc64.ECMA)

// block makes a block of src.
func (e *encoder) block(src []byte, stop func() bool) block {
	const room = 32 // for the header, which has the sizes
	b := e.blockData(make([]byte, room, room+len(src)/4), src, stop)
	compressed := len(b) - room
	header := []byte{0, 0xc0} // both sizes follow
	header = binary.AppendUvarint(header, uint64(compressed))
	header = binary.AppendUvarint(header, uint64(len(src)))
	header = append(header, 0x21, 1, 2*dictBits-24) // LZMA2 with a dictionary of 1<<dictBits
	header = append(header, make([]byte, -len(header)&3)...)
	header[0] = byte(len(header) / 4)
	header = appendCRC(header, header)
	start := room - len(header)
	copy(b[start:], header)
	unpadded := int64(len(b) - start + 8)
	b = append(b, make([]byte, -compressed&3)...)
	b = binary.LittleEndian.AppendUint64(b, crc64.Checksum(src, crc64Table))
	return block{b[start:], unpadded, int64(len(src))}
}

func appendCRC(dst, of []byte) []byte {
	return binary.LittleEndian.AppendUint32(dst, crc32.ChecksumIEEE(of))
}
