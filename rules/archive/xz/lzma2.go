package xz

// lzma2 decodes a block's chunks. A chunk has at most 64 KiB of input and 2 MiB of output and
// is decoded at once, so there is no state within a chunk to be kept between calls.
//
// The window holds the dictionary and what follows. When it is full its last part is moved to
// its front, which happens once for every half dictionary and costs little. It grows with what
// is decoded, so that a small file takes little memory whatever dictionary it asks for.
type lzma2 struct {
	dict      int
	win       []byte
	pos       int    // end of the history in win
	out       []byte // of the last chunk, not yet taken
	needDict  bool   // the next chunk must reset the dictionary
	needProps bool   // the next LZMA chunk must set the properties
	lzma      lzma
	settle    func() // called before out is overwritten
}

const (
	maxChunk      = 2 << 20
	initialWindow = 64 << 10
)

// start begins a block with a dictionary of dict bytes.
func (d *lzma2) start(dict int) {
	d.dict, d.pos, d.out = dict, 0, nil
	d.needDict, d.needProps = true, true
}

// chunk decodes the next chunk into out; it returns false at the end of the chunks.
func (d *lzma2) chunk(in *input) (bool, error) {
	control := in.byte()
	if in.err != nil || control == 0 {
		return false, in.err
	}
	// 0x01 copies after a reset of the dictionary, 0x02 copies. From 0x80 on it is LZMA: 0xa0
	// resets its state, 0xc0 also sets its properties, 0xe0 also resets the dictionary.
	if control >= 0xe0 || control == 0x01 {
		d.needDict, d.needProps = false, true
		d.settle()
		d.pos = 0
	}
	if d.needDict || control > 0x02 && control < 0x80 {
		return false, ErrCorrupt
	}
	var sizes [4]byte
	if control < 0x80 {
		in.full(sizes[:2])
		n := int(sizes[0])<<8 + int(sizes[1]) + 1
		d.reserve(n)
		in.full(d.win[d.pos : d.pos+n])
		return d.produced(n, in.err)
	}
	in.full(sizes[:])
	n := int(control&0x1f)<<16 + int(sizes[0])<<8 + int(sizes[1]) + 1
	compressed := int(sizes[2])<<8 + int(sizes[3]) + 1
	if control >= 0xc0 {
		if !d.lzma.setProperties(in.byte()) {
			return false, in.or(ErrCorrupt)
		}
		d.needProps = false
	}
	if d.needProps {
		return false, in.or(ErrCorrupt)
	}
	if control >= 0xa0 {
		d.lzma.reset()
	}
	in.full(d.lzma.in[:compressed])
	if in.err != nil {
		return false, in.err
	}
	d.reserve(n)
	if !d.lzma.decode(uint32(compressed), d.win, d.pos, d.pos+n, uint32(d.dict)) {
		return false, ErrCorrupt
	}
	return d.produced(n, nil)
}

func (d *lzma2) produced(n int, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	d.out = d.win[d.pos : d.pos+n]
	d.pos += n
	return true, nil
}

// reserve makes room for n bytes behind pos, which it may change to another place that is
// congruent modulo 16, as the decoder wants it.
func (d *lzma2) reserve(n int) {
	need := d.pos + n + slack
	if need <= len(d.win) {
		return
	}
	if full := d.dict + max(d.dict/2, 1<<20) + maxChunk; len(d.win) < full {
		win := make([]byte, min(full, max(2*len(d.win), need, initialWindow)))
		copy(win, d.win[:d.pos])
		d.win = win
	}
	if need > len(d.win) {
		d.settle()
		keep := d.dict + d.pos&15
		copy(d.win, d.win[d.pos-keep:d.pos])
		d.pos = keep
	}
}
