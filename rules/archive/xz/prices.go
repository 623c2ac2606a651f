package xz

// Prices are in sixteenths of a bit. Those of lengths and distances are kept in tables, which follow
// the probabilities at some distance: they are made anew after a number of symbols.

const priceInfinite = 1 << 30

// priceOf is the price of a bit by its probability, in steps of 16.
var priceOf = func() (prices [128]uint8) {
	for i := range prices {
		w, bits := uint32(i*16+8), uint32(0)
		for range 4 { // a logarithm by squares
			w *= w
			for bits <<= 1; w >= 1<<16; bits++ {
				w >>= 1
			}
		}
		prices[i] = uint8(11*16 - 15 - bits)
	}
	return prices
}()

// price is what a bit costs.
func (e *encoder) price(at, bit uint32) uint32 {
	return uint32(priceOf[(uint32(e.probs[at&probMask])^-bit&0x7ff)>>4])
}

// treePrice is the price of a symbol of a tree of probabilities, see encoder.symbol: marked has a 1 before
// its bits.
func (e *encoder) treePrice(base, marked uint32) uint32 {
	sum := uint32(0)
	for ; marked > 1; marked >>= 1 {
		sum += e.price(base+marked>>1, marked&1)
	}
	return sum
}

// reversePrice is the price of n bits of v, see encoder.reverse.
func (e *encoder) reversePrice(base, v, n uint32) uint32 {
	sum := uint32(0)
	for node := uint32(1); n > 0; n-- {
		sum += e.price(base+node, v&1)
		node, v = node<<1|v&1, v>>1
	}
	return sum
}

// literalPrice is the price of a literal's byte. predicted is what a match would have brought, for states that have one.
func (e *encoder) literalPrice(pos int, last, b byte, state uint32, predicted byte) uint32 {
	base := e.literalBase(pos, last)
	if state < 7 {
		return e.treePrice(base, 0x100|uint32(b))
	}
	sum, symbol, match, offset := uint32(0), 0x100|uint32(b), uint32(predicted), uint32(0x100)
	for symbol < 0x10000 {
		match <<= 1
		sum += e.price(base+offset+match&offset+symbol>>8, symbol>>7&1)
		symbol <<= 1
		offset &^= match ^ symbol
	}
	return sum
}

// lenPrices are the prices of lengths of one of the two coders.
type lenPrices struct {
	at    [posStates][nice + 1]uint32 // by length
	stale [posStates]int              // symbols until the prices are made anew
}

func (e *encoder) updateLengths(t *lenPrices, base, posState uint32) {
	t.stale[posState] = nice
	short, long := e.price(base, 0), e.price(base, 1)
	mid, high := long+e.price(base+1, 0), long+e.price(base+1, 1)
	for n := uint32(2); n <= nice; n++ {
		switch l := n - 2; {
		case l < 8:
			t.at[posState][n] = short + e.treePrice(base+offLenLow+posState<<3, 8|l)
		case l < 16:
			t.at[posState][n] = mid + e.treePrice(base+offLenMid+posState<<3, l)
		default:
			t.at[posState][n] = high + e.treePrice(base+offLenHigh, 256|(l-16))
		}
	}
}

// distPrices are the prices of distances.
type distPrices struct {
	slot         [4][64]uint32 // by length, with the bits that have no probability
	near         [4][128]uint32
	align        [16]uint32
	stale        int // matches until slot and near are made anew
	staleAligned int
}

func (e *encoder) updateDistances() {
	d := &e.dists
	d.stale = 128
	for l := range uint32(4) {
		for slot := range uint32(64) {
			d.slot[l][slot] = e.treePrice(offDistSlot+l<<6, 64|slot)
			if slot >= 14 {
				d.slot[l][slot] += (slot>>1 - 1 - 4) << 4
			}
		}
	}
	for dist := range uint32(128) {
		slot := distSlot(dist)
		sum := uint32(0)
		if slot >= 4 {
			bits := slot>>1 - 1
			from := (2 | slot&1) << bits
			sum = e.reversePrice(offDistSpecial+from-slot, dist-from, bits)
		}
		for l := range d.near {
			d.near[l][dist] = d.slot[l][slot] + sum
		}
	}
}

func (e *encoder) updateAlign() {
	e.dists.staleAligned = 16
	for v := range uint32(16) {
		e.dists.align[v] = e.reversePrice(offDistAlign, v, 4)
	}
}

// distPrice is the price of a distance of a match of n bytes.
func (d *distPrices) price(dist, n uint32) uint32 {
	l := min(n-2, 3)
	if dist < 128 {
		return d.near[l][dist]
	}
	return d.slot[l][distSlot(dist)&63] + d.align[dist&15]
}

// updatePrices makes those prices anew that are too old.
func (e *encoder) updatePrices() {
	if e.dists.stale <= 0 {
		e.updateDistances()
	}
	if e.dists.staleAligned <= 0 {
		e.updateAlign()
	}
	for s := range uint32(posStates) {
		if e.matchLens.stale[s] <= 0 {
			e.updateLengths(&e.matchLens, offMatchLen, s)
		}
		if e.repLens.stale[s] <= 0 {
			e.updateLengths(&e.repLens, offRepLen, s)
		}
	}
}
