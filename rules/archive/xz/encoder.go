package xz

import "math/bits"

// The properties: source code is text, which has no alignment.
const (
	lc, lp, pb = 4, 0, 0
	posStates  = 1 << pb

	dictBits = 23
	maxMatch = 273
)

// encoder compresses one block after another.
//
// What a block becomes depends on its bytes alone. The finder looks for matches, the parser weighs ways to
// write the next bytes against each other by what they would cost (parse), and the range encoder writes the cheapest one.
type encoder struct {
	finder finder
	rc     rangeEncoder
	probs  [probCount]uint16
	reps   [4]uint32
	state  uint32

	matchLens, repLens lenPrices
	dists              distPrices

	src    []byte
	pos    int     // of the next byte to be written
	path   []step  // to be written, the last one first
	looked bool    // the finder has looked at pos: what it found is in ahead
	ahead  []match // at the position before the finder's
	nodes  [maxPath + maxMatch + 1]node
}

// step is a symbol.
type step struct {
	length uint32
	back   uint32 // literal, 0 to 3 for a repeated distance, or the distance plus 4
}

const literal = ^uint32(0)

// reset is what the decoder does when a chunk resets the state.
func (e *encoder) reset() {
	for i := range e.probs {
		e.probs[i] = 1 << 10
	}
	e.reps, e.state = [4]uint32{}, 0
	e.dists.stale, e.dists.staleAligned = 0, 0
	e.matchLens.stale, e.repLens.stale = [posStates]int{}, [posStates]int{}
}

// blockData appends the chunks that src, which is not empty, becomes to dst. It stops early when stop says so.
func (e *encoder) blockData(dst, src []byte, stop func() bool) []byte {
	e.finder.reset(src)
	e.src, e.pos, e.path, e.looked = src, 0, e.path[:0], false
	e.reset()
	control := byte(0xe0) // of the next chunk: resets the dictionary, sets the properties, resets the state
	stored := byte(0x01)
	for e.pos < len(src) && !stop() {
		start := e.pos
		e.chunk()
		n, b := e.pos-start, e.rc.out
		if len(b) < n {
			dst = append(dst, control|byte((n-1)>>16), byte((n-1)>>8), byte(n-1), byte((len(b)-1)>>8), byte(len(b)-1))
			if control >= 0xc0 {
				dst = append(dst, (pb*5+lp)*9+lc)
			}
			dst = append(dst, b...)
			control, stored = 0x80, 0x02
			continue
		}
		// It is smaller as it is. What the parser knows begins with a state that the decoder does not have.
		e.pos, e.path, e.looked = e.finder.pos, e.path[:0], false
		for b := src[start:e.pos]; len(b) > 0; {
			n := min(len(b), 1<<16)
			dst = append(dst, stored, byte((n-1)>>8), byte(n-1))
			dst = append(dst, b[:n]...)
			b, stored = b[n:], 0x02
		}
		e.reset()
		if control >= 0xc0 {
			control = 0xc0
		} else {
			control = 0xa0
		}
	}
	return append(dst, 0)
}

// chunk encodes as much as one chunk holds.
func (e *encoder) chunk() {
	const symbol = 64 // bytes that a symbol may take, and more
	e.rc.reset()
	start := e.pos
	if start == 0 { // there is nothing that it could repeat
		e.finder.skip(1)
		e.write(step{1, literal})
	}
	for e.pos < len(e.src) && e.pos-start <= maxChunk-maxMatch && e.rc.size() <= 1<<16-symbol {
		if len(e.path) == 0 {
			e.updatePrices()
			e.parse()
		}
		last := len(e.path) - 1
		e.write(e.path[last])
		e.path = e.path[:last]
	}
	e.rc.flush()
}

func (e *encoder) literalBase(pos int, last byte) uint32 {
	return offLiteral + literalProbs*((uint32(pos)&(1<<lp-1))<<lc+uint32(last)>>(8-lc))
}

// write encodes a symbol.
func (e *encoder) write(s step) {
	posState := uint32(e.pos) & (posStates - 1)
	probs, rc := &e.probs, &e.rc
	isMatch := &probs[(offIsMatch+e.state<<4+posState)&probMask]
	if s.back == literal {
		rc.bit(isMatch, 0)
		e.writeLiteral()
		e.state = afterLiteral[e.state&15]
		e.pos++
		return
	}
	rc.bit(isMatch, 1)
	isRep := &probs[offIsRep+e.state&15]
	if s.back >= 4 {
		rc.bit(isRep, 0)
		e.writeLength(&e.matchLens, offMatchLen, s.length, posState)
		e.writeDistance(s.back-4, s.length)
		e.state = afterMatch[e.state&15]
	} else {
		rc.bit(isRep, 1)
		if s.back == 0 {
			rc.bit(&probs[offIsRep0+e.state&15], 0)
			rc.bit(&probs[(offIsRep0Long+e.state<<4+posState)&probMask], min(s.length-1, 1))
		} else {
			rc.bit(&probs[offIsRep0+e.state&15], 1)
			rc.bit(&probs[offIsRep1+e.state&15], min(s.back-1, 1))
			if s.back > 1 {
				rc.bit(&probs[offIsRep2+e.state&15], s.back-2)
			}
		}
		if s.length == 1 {
			e.state = afterShortRep[e.state&15]
		} else {
			e.writeLength(&e.repLens, offRepLen, s.length, posState)
			e.state = afterRep[e.state&15]
		}
	}
	pushDistance(&e.reps, s.back)
	e.pos += int(s.length)
}

// pushDistance makes a distance the latest one.
func pushDistance(reps *[4]uint32, back uint32) {
	switch back {
	case 0:
	case 1:
		reps[0], reps[1] = reps[1], reps[0]
	case 2:
		reps[0], reps[1], reps[2] = reps[2], reps[0], reps[1]
	case 3:
		*reps = [4]uint32{reps[3], reps[0], reps[1], reps[2]}
	default:
		*reps = [4]uint32{back - 4, reps[0], reps[1], reps[2]}
	}
}

func (e *encoder) writeLiteral() {
	last := byte(0)
	if e.pos > 0 {
		last = e.src[e.pos-1]
	}
	base, b := e.literalBase(e.pos, last), uint32(e.src[e.pos])
	if e.state < 7 {
		e.symbol(base, b, 8)
		return
	}
	symbol, match, offset := 0x100|b, uint32(e.src[e.pos-int(e.reps[0])-1]), uint32(0x100)
	for symbol < 0x10000 {
		match <<= 1
		e.rc.bit(&e.probs[(base+offset+match&offset+symbol>>8)&probMask], symbol>>7&1)
		symbol <<= 1
		offset &^= match ^ symbol
	}
}

func (e *encoder) writeLength(t *lenPrices, base, length, posState uint32) {
	t.stale[posState]--
	switch l := length - 2; {
	case l < 8:
		e.rc.bit(&e.probs[base], 0)
		e.symbol(base+offLenLow+posState<<3, l, 3)
	case l < 16:
		e.rc.bit(&e.probs[base], 1)
		e.rc.bit(&e.probs[base+1], 0)
		e.symbol(base+offLenMid+posState<<3, l-8, 3)
	default:
		e.rc.bit(&e.probs[base], 1)
		e.rc.bit(&e.probs[base+1], 1)
		e.symbol(base+offLenHigh, l-16, 8)
	}
}

func (e *encoder) writeDistance(dist, length uint32) {
	e.dists.stale--
	slot := distSlot(dist)
	e.symbol(offDistSlot+min(length-2, 3)<<6, slot, 6)
	if slot < 4 {
		return
	}
	n := slot>>1 - 1
	from := (2 | slot&1) << n
	low := dist - from
	base := offDistSpecial + from - slot
	if slot >= 14 {
		e.rc.direct(low>>4, n-4)
		e.dists.staleAligned--
		base, n = offDistAlign, 4
	}
	e.reverse(base, low, n)
}

// distSlot is the class of a distance: its highest two bits and where they are.
func distSlot(dist uint32) uint32 {
	if dist < 4 {
		return dist
	}
	n := uint32(bits.Len32(dist)) - 1
	return n<<1 | dist>>(n-1)&1
}
