package xz

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"hash/crc32"
)

// index compares the blocks of a stream with the list of them at its end. It keeps a hash of
// them, not a list, so that a stream of a billion empty blocks takes no memory.
type index struct {
	blocks int64
	hash   hash.Hash
}

func newIndex() index { return index{hash: sha256.New()} }

// add appends a block: the size of its header, chunks and checksum, and of what it decodes to.
func (x *index) add(unpadded, uncompressed int64) {
	x.blocks++
	addRecord(x.hash, unpadded, uncompressed)
}

func addRecord(h hash.Hash, unpadded, uncompressed int64) {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], uint64(unpadded))
	binary.LittleEndian.PutUint64(b[8:], uint64(uncompressed))
	h.Write(b[:])
}

// read reads the list, whose first byte, a zero, was read, and returns its size.
func (x *index) read(in *input) (int64, error) {
	start := in.pos - 1
	in.crc = crc32.NewIEEE()
	in.crc.Write([]byte{0})
	if blocks := in.varint(); blocks != x.blocks {
		return 0, in.or(ErrCorrupt)
	}
	listed := sha256.New()
	for range x.blocks {
		unpadded := in.varint()
		addRecord(listed, unpadded, in.varint())
		if in.err != nil {
			return 0, in.err
		}
	}
	if [32]byte(listed.Sum(nil)) != [32]byte(x.hash.Sum(nil)) || !in.zeros(-(in.pos-start)&3) {
		return 0, in.or(ErrCorrupt)
	}
	sum := in.crc.Sum32()
	in.crc = nil
	var b [4]byte
	in.full(b[:])
	if in.err == nil && binary.LittleEndian.Uint32(b[:]) != sum {
		return 0, ErrChecksum
	}
	return in.pos - start, in.err
}
