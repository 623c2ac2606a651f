package xz

import "encoding/binary"

// The range decoder. Its state is three values: the range, the code within it, and the
// position in the input; all functions take and return them, because in local variables they
// stay in registers, which is what makes this decoder fast. The functions are small enough to
// be inlined.
const (
	rangeTop = 1 << 24 // the range is normalized when it is below

	inSize = 1 << 17 // holds a chunk's input and what a decoder may read behind it before it notices
	inMask = inSize - 1
)

// normalize shifts a byte in when the range has become small.
func normalize(in *[inSize]byte, rng, code, ip uint32) (uint32, uint32, uint32) {
	if rng < rangeTop {
		return rng << 8, code<<8 | uint32(in[ip&inMask]), ip + 1
	}
	return rng, code, ip
}

// branch decodes a bit that decides what to do next, and branches on it.
func branch(p *uint16, rng, code uint32) (_, _ uint32, one bool) {
	prob := uint32(*p)
	bound := (rng >> 11) * prob
	if code < bound {
		*p = uint16(prob + (1<<11-prob)>>5)
		return bound, code, false
	}
	*p = uint16(prob - prob>>5)
	return rng - bound, code - bound, true
}

// bit decodes a bit of a number. A processor cannot predict those, so it has no branch:
// mask is all ones for a 0 and zero for a 1. For a 0 the probability p becomes
// p + (2048-p)>>5, which is p - (p-2048+31)>>5 with an arithmetic shift.
func bit(p *uint16, rng, code uint32) (_, _, mask uint32) {
	const towards0 = 1<<32 - 1<<11 + 31
	prob := uint32(*p)
	bound := (rng >> 11) * prob
	diff := uint64(code) - uint64(bound)
	mask = uint32(diff >> 32)
	*p = uint16(prob - uint32(int32(prob+mask&towards0)>>5))
	rng -= bound
	return rng + (bound-rng)&mask, uint32(diff) + bound&mask, mask
}

// The probabilities are one array, with these offsets, whose size is a power of two, so that a
// masked index needs no bounds check.
const (
	offIsMatch     = 0
	offIsRep       = offIsMatch + 12*16
	offIsRep0      = offIsRep + 12
	offIsRep1      = offIsRep0 + 12
	offIsRep2      = offIsRep1 + 12
	offIsRep0Long  = offIsRep2 + 12
	offDistSlot    = offIsRep0Long + 12*16
	offDistSpecial = offDistSlot + 4*64
	offDistAlign   = offDistSpecial + 128
	offMatchLen    = offDistAlign + 16
	offRepLen      = offMatchLen + lenProbs
	offLiteral     = offRepLen + lenProbs

	// A length decoder: two choices, and trees for 16 position states.
	offLenLow  = 2
	offLenMid  = offLenLow + 16*8
	offLenHigh = offLenMid + 16*8
	lenProbs   = offLenHigh + 256

	literalProbs = 0x300 // of each of at most 16 literal coders
	probCount    = 1 << 14
	probMask     = probCount - 1
)

// lzma is the state of the decoder between chunks.
type lzma struct {
	probs                  [probCount]uint16
	rep0, rep1, rep2, rep3 uint32 // distances of the latest matches, less one
	state                  uint32 // what the latest symbols were: below 7, the last one was a literal
	lc, lpMask, pbMask     uint32 // the properties
	in                     [inSize]byte
}

func (l *lzma) reset() {
	for i := range l.probs {
		l.probs[i] = 1 << 10
	}
	l.rep0, l.rep1, l.rep2, l.rep3, l.state = 0, 0, 0, 0, 0
}

// setProperties takes the byte that holds lc, lp and pb.
func (l *lzma) setProperties(b byte) bool {
	lc, lp, pb := uint32(b%9), uint32(b/9%5), uint32(b/45)
	if pb > 4 || lc+lp > 4 {
		return false
	}
	l.lc, l.lpMask, l.pbMask = lc, 1<<lp-1, 1<<pb-1
	return true
}

// The next state by the present one.
var (
	afterLiteral  = [16]uint32{0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 4, 5}
	afterMatch    = [16]uint32{7, 7, 7, 7, 7, 7, 7, 10, 10, 10, 10, 10}
	afterRep      = [16]uint32{8, 8, 8, 8, 8, 8, 8, 11, 11, 11, 11, 11}
	afterShortRep = [16]uint32{9, 9, 9, 9, 9, 9, 9, 11, 11, 11, 11, 11}
)

// slack is how many bytes behind limit decode may overwrite.
const slack = 8

// decode decodes a chunk: the first size bytes of l.in become exactly win[pos:limit]. win[:pos] is
// the history; it reaches back to where the dictionary was reset, or dictSize bytes at least, and
// pos is congruent modulo 16 to the number of bytes since then. It returns false when the chunk
// is damaged.
func (l *lzma) decode(size uint32, win []byte, pos, limit int, dictSize uint32) bool {
	in, probs := &l.in, &l.probs
	if size < 5 || in[0] != 0 {
		return false
	}
	rng, code, ip := ^uint32(0), binary.BigEndian.Uint32(in[1:5]), uint32(5)
	rep0, rep1, rep2, rep3, state := l.rep0, l.rep1, l.rep2, l.rep3, l.state
	last := uint32(0) // byte before pos
	if pos > 0 {
		last = uint32(win[pos-1])
	}
	var one bool
	var mask uint32
	for pos < limit {
		// A symbol takes 20 bytes of input at most, so in has room for the one that goes too far.
		if ip > size {
			return false
		}
		posState := uint32(pos) & l.pbMask
		rng, code, ip = normalize(in, rng, code, ip)
		rng, code, one = branch(&probs[(offIsMatch+state<<4+posState)&probMask], rng, code)
		if !one { // literal
			base := offLiteral + literalProbs*((uint32(pos)&l.lpMask)<<l.lc+last>>(8-l.lc))
			symbol := uint32(1)
			if state < 7 {
				for symbol < 0x100 {
					rng, code, ip = normalize(in, rng, code, ip)
					rng, code, mask = bit(&probs[(base+symbol)&probMask], rng, code)
					symbol = symbol<<1 + 1 + mask
				}
			} else {
				// The byte that a match would have brought predicts the bits until one differs.
				predicted := uint32(0)
				if from := pos - int(rep0) - 1; from >= 0 {
					predicted = uint32(win[from])
				}
				offset := uint32(0x100)
				for symbol < 0x100 {
					predicted <<= 1
					next := predicted & offset
					rng, code, ip = normalize(in, rng, code, ip)
					rng, code, mask = bit(&probs[(base+offset+next+symbol)&probMask], rng, code)
					symbol = symbol<<1 + 1 + mask
					offset &= next ^ mask
				}
			}
			last = symbol & 0xff
			win[pos] = byte(symbol)
			pos++
			state = afterLiteral[state&15]
			continue
		}

		lenBase := uint32(offRepLen)
		rng, code, ip = normalize(in, rng, code, ip)
		rng, code, one = branch(&probs[(offIsRep+state)&probMask], rng, code)
		isRep := one
		if !isRep {
			lenBase = offMatchLen
			rep1, rep2, rep3 = rep0, rep1, rep2
			state = afterMatch[state&15]
		} else {
			rng, code, ip = normalize(in, rng, code, ip)
			rng, code, one = branch(&probs[(offIsRep0+state)&probMask], rng, code)
			if !one {
				rng, code, ip = normalize(in, rng, code, ip)
				rng, code, one = branch(&probs[(offIsRep0Long+state<<4+posState)&probMask], rng, code)
				if !one { // one byte at the latest distance
					from := pos - int(rep0) - 1
					if from < 0 || rep0 >= dictSize {
						return false
					}
					win[pos] = win[from]
					last = uint32(win[pos])
					pos++
					state = afterShortRep[state&15]
					continue
				}
			} else {
				rng, code, ip = normalize(in, rng, code, ip)
				rng, code, one = branch(&probs[(offIsRep1+state)&probMask], rng, code)
				if !one {
					rep0, rep1 = rep1, rep0
				} else {
					rng, code, ip = normalize(in, rng, code, ip)
					rng, code, one = branch(&probs[(offIsRep2+state)&probMask], rng, code)
					if !one {
						rep0, rep1, rep2 = rep2, rep0, rep1
					} else {
						rep0, rep1, rep2, rep3 = rep3, rep0, rep1, rep2
					}
				}
			}
			state = afterRep[state&15]
		}

		// The length: 2 to 9, 10 to 17 or 18 to 273.
		base, symbols, length := lenBase+offLenLow+posState<<3, uint32(8), uint32(2)
		rng, code, ip = normalize(in, rng, code, ip)
		rng, code, one = branch(&probs[lenBase&probMask], rng, code)
		if one {
			base, length = lenBase+offLenMid+posState<<3, 10
			rng, code, ip = normalize(in, rng, code, ip)
			rng, code, one = branch(&probs[(lenBase+1)&probMask], rng, code)
			if one {
				base, symbols, length = lenBase+offLenHigh, 256, 18
			}
		}
		symbol := uint32(1)
		for symbol < symbols {
			rng, code, ip = normalize(in, rng, code, ip)
			rng, code, mask = bit(&probs[(base+symbol)&probMask], rng, code)
			symbol = symbol<<1 + 1 + mask
		}
		length += symbol - symbols

		// The distance of a new match: its highest two bits and their place are the slot.
		if !isRep {
			base := offDistSlot + min(length-2, 3)<<6
			slot := uint32(1)
			for slot < 64 {
				rng, code, ip = normalize(in, rng, code, ip)
				rng, code, mask = bit(&probs[(base+slot)&probMask], rng, code)
				slot = slot<<1 + 1 + mask
			}
			slot -= 64
			rep0 = slot
			if slot >= 4 {
				bits := slot>>1 - 1
				rep0 = 2 + slot&1
				base := uint32(offDistAlign)
				if slot < 14 {
					rep0 <<= bits
					base = offDistSpecial + rep0 - slot
				} else {
					for range bits - 4 { // bits without a probability
						rng, code, ip = normalize(in, rng, code, ip)
						rng >>= 1
						code -= rng
						mask = -(code >> 31)
						code += rng & mask
						rep0 = rep0<<1 + 1 + mask
					}
					rep0 <<= 4
					bits = 4
				}
				symbol := uint32(1)
				for i := range bits { // from the lowest
					rng, code, ip = normalize(in, rng, code, ip)
					rng, code, mask = bit(&probs[(base+symbol)&probMask], rng, code)
					symbol = symbol<<1 + 1 + mask
					rep0 += (1 + mask) << (i & 31)
				}
			}
		}

		from, to, n := pos-int(rep0)-1, pos, int(length)
		if from < 0 || rep0 >= dictSize || n > limit-pos {
			return false
		}
		pos += n
		if rep0 >= 7 {
			for ; to < pos; to, from = to+8, from+8 { // what is written too far is overwritten
				binary.LittleEndian.PutUint64(win[to:to+8], binary.LittleEndian.Uint64(win[from:from+8]))
			}
		} else {
			for ; to < pos; to, from = to+1, from+1 {
				win[to] = win[from]
			}
		}
		last = uint32(win[pos-1])
	}
	_, code, ip = normalize(in, rng, code, ip)
	l.rep0, l.rep1, l.rep2, l.rep3, l.state = rep0, rep1, rep2, rep3, state
	return ip == size && code == 0
}
