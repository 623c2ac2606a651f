package xz

// rangeEncoder is the inverse of the range decoder.
type rangeEncoder struct {
	low     uint64 // bit 32 is a carry
	rng     uint32
	cache   byte // the last byte that a carry may still reach,
	pending int  // it and the bytes 0xff behind it
	out     []byte
}

func (r *rangeEncoder) reset() {
	*r = rangeEncoder{rng: ^uint32(0), pending: 1, out: r.out[:0]}
}

// size is how many bytes flush would leave in out.
func (r *rangeEncoder) size() int { return len(r.out) + r.pending + 4 }

func (r *rangeEncoder) shift() {
	if uint32(r.low) < 0xff000000 || r.low>>32 != 0 {
		carry := byte(r.low >> 32)
		r.out = append(r.out, r.cache+carry)
		for ; r.pending > 1; r.pending-- {
			r.out = append(r.out, 0xff+carry)
		}
		r.pending = 0
		r.cache = byte(r.low >> 24)
	}
	r.pending++
	r.low = r.low << 8 & 0xffffffff
}

func (r *rangeEncoder) flush() {
	for range 5 {
		r.shift()
	}
}

// bit encodes a bit whose probability of being 0 is *p.
func (r *rangeEncoder) bit(p *uint16, bit uint32) {
	prob := uint32(*p)
	bound := (r.rng >> 11) * prob
	if bit == 0 {
		r.rng = bound
		*p = uint16(prob + (1<<11-prob)>>5)
	} else {
		r.low += uint64(bound)
		r.rng -= bound
		*p = uint16(prob - prob>>5)
	}
	if r.rng < rangeTop {
		r.rng <<= 8
		r.shift()
	}
}

// direct encodes the lowest n bits of v, the highest first, without a probability.
func (r *rangeEncoder) direct(v uint32, n uint32) {
	for n > 0 {
		n--
		r.rng >>= 1
		r.low += uint64(r.rng & -(v >> n & 1))
		if r.rng < rangeTop {
			r.rng <<= 8
			r.shift()
		}
	}
}

// symbol encodes the lowest n bits of v by a tree of probabilities, the highest first.
func (e *encoder) symbol(base, v, n uint32) {
	for node := uint32(1); n > 0; {
		n--
		bit := v >> (n & 31) & 1
		e.rc.bit(&e.probs[(base+node)&probMask], bit)
		node = node<<1 | bit
	}
}

// reverse encodes the lowest n bits of v by a tree of probabilities, the lowest first.
func (e *encoder) reverse(base, v, n uint32) {
	for node := uint32(1); n > 0; n-- {
		e.rc.bit(&e.probs[(base+node)&probMask], v&1)
		node, v = node<<1|v&1, v>>1
	}
}
