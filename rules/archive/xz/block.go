package xz

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
)

// blockHeader is what a block says of itself; a size that it does not say is -1.
type blockHeader struct {
	dict                     uint32
	compressed, uncompressed int64
}

// startBlock reads a block's header, whose first byte, size, was read.
func (z *Reader) startBlock(size byte) error {
	z.start = z.in.pos - 1
	b := make([]byte, (int(size)+1)*4)
	b[0] = size
	z.in.full(b[1:])
	if z.in.err != nil {
		return z.in.err
	}
	fields, sum := b[:len(b)-4], b[len(b)-4:]
	if crc32.ChecksumIEEE(fields) != binary.LittleEndian.Uint32(sum) {
		return ErrChecksum
	}
	var err error
	if z.block, err = parseBlockHeader(fields[1:]); err != nil {
		return err
	}
	if z.block.dict > z.maxDict {
		return fmt.Errorf("%w: %d bytes", ErrDictionary, z.block.dict)
	}
	if z.check != nil {
		z.check.Reset()
	}
	z.decoder.start(int(z.block.dict))
	z.inBlock, z.dataStart, z.size = true, z.in.pos, 0
	return nil
}

// parseBlockHeader parses the fields behind the size.
func parseBlockHeader(b []byte) (blockHeader, error) {
	h := blockHeader{compressed: -1, uncompressed: -1}
	in := input{r: bufio.NewReader(bytes.NewReader(b))}
	flags := in.byte()
	if flags&0x3c != 0 {
		return h, ErrUnsupported
	}
	if flags&0x40 != 0 {
		h.compressed = in.varint()
	}
	if flags&0x80 != 0 {
		h.uncompressed = in.varint()
	}
	const filterLZMA2 = 0x21
	if id := in.varint(); in.err == nil && (flags&3 != 0 || id != filterLZMA2) {
		return h, ErrUnsupported
	}
	properties := in.varint()
	dict := in.byte()
	if in.err != nil || properties != 1 || h.compressed == 0 {
		return h, ErrCorrupt
	}
	switch {
	case dict > 40:
		return h, ErrUnsupported
	case dict == 40:
		h.dict = 1<<32 - 1
	default:
		h.dict = (2 | uint32(dict)&1) << (dict/2 + 11)
	}
	if !in.zeros(int64(len(b)) - in.pos) {
		return h, ErrUnsupported
	}
	return h, nil
}

// chunk reads the next chunk of a block, or the block's end.
func (z *Reader) chunk() error {
	more, err := z.decoder.chunk(&z.in)
	switch {
	case err != nil:
		return err
	case !more:
		z.inBlock = false
		return z.endBlock()
	}
	z.size += int64(len(z.decoder.out))
	if z.check != nil {
		z.settle()
		out, checked := z.decoder.out, make(chan struct{})
		z.checked = checked
		go func() {
			z.check.Write(out)
			close(checked)
		}()
	}
	return nil
}

// settle waits until the checksum has the chunk that was decoded last: it is worked out while the next one is decoded.
func (z *Reader) settle() {
	if z.checked != nil {
		<-z.checked
		z.checked = nil
	}
}

// endBlock compares a block's sizes and checksum with what it says.
func (z *Reader) endBlock() error {
	h := z.block
	compressed := z.in.pos - z.dataStart
	if h.compressed >= 0 && h.compressed != compressed || h.uncompressed >= 0 && h.uncompressed != z.size {
		return ErrCorrupt
	}
	unpadded := z.in.pos - z.start
	if !z.in.zeros(-compressed & 3) {
		return z.in.or(ErrCorrupt)
	}
	if z.check != nil {
		z.settle()
		want := z.check.Sum(nil)
		got := make([]byte, len(want))
		z.in.full(got)
		if z.in.err != nil {
			return z.in.err
		}
		if !bytes.Equal(got, want) {
			return ErrChecksum
		}
		unpadded += int64(len(want))
	}
	z.blocks.add(unpadded, z.size)
	return nil
}

// newCheck returns the hash that a stream's flags ask for, nil for none.
func newCheck(flags [2]byte) (hash.Hash, error) {
	if flags[0] == 0 {
		switch flags[1] {
		case 0:
			return nil, nil
		case 1:
			return &littleEndian{Hash: crc32.NewIEEE()}, nil
		case 4:
			return &littleEndian{Hash: crc64.New(crc64.MakeTable(crc64.ECMA))}, nil
		case 10:
			return sha256.New(), nil
		}
	}
	return nil, ErrUnsupported
}

// littleEndian turns the sum of a CRC around: the format writes its lowest byte first.
type littleEndian struct{ hash.Hash }

func (c *littleEndian) Sum(b []byte) []byte {
	sum := c.Hash.Sum(nil)
	for i := range sum {
		b = append(b, sum[len(sum)-1-i])
	}
	return b
}
