package xz

// maxPath is how far ahead the parser looks.
const maxPath = 4096

// node is the cheapest way that is known to a position behind the parser's: what was written last, and where that began.
// A way may end in several symbols at once, [a match,] a literal and a match at the same distance as the one before: such ways
// would be lost otherwise, because the literal alone looks expensive.
type node struct {
	price  uint32
	from   uint32
	back   uint32 // of the last symbol
	before step   // in a way that ends in several symbols: what is before the literal, of length 0 for nothing
	triple bool   // it ends in several symbols
	state  uint32 // when it is reached
	reps   [4]uint32
}

// apply is what a symbol does to the state.
func apply(state uint32, reps *[4]uint32, s step) uint32 {
	switch {
	case s.back == literal:
		return afterLiteral[state&15]
	case s.back >= 4:
		state = afterMatch[state&15]
	case s.length == 1:
		return afterShortRep[state&15]
	default:
		state = afterRep[state&15]
	}
	pushDistance(reps, s.back)
	return state
}

// parse puts the symbols of the next bytes into path. The finder may have looked at one position more than they take.
func (e *encoder) parse() {
	if !e.looked {
		e.ahead = e.finder.find()
	}
	e.looked = false
	left := len(e.src) - e.pos
	limit := min(left, maxMatch)

	// What is long enough is taken as it is.
	best, length := 0, 0
	for i, rep := range e.reps {
		if n := extend(e.src, e.pos-int(rep)-1, e.pos, 0, limit); n > length {
			best, length = i, n
		}
	}
	if length >= nice {
		e.take(step{uint32(length), uint32(best)})
		return
	}
	if n := len(e.ahead); n > 0 && e.ahead[n-1].length >= nice {
		e.take(step{e.ahead[n-1].length, e.ahead[n-1].dist + 4})
		return
	}
	if left < 2 {
		e.path = append(e.path, step{1, literal})
		return
	}

	e.nodes[0] = node{state: e.state, reps: e.reps}
	end := e.relax(0, 0, e.ahead) // the furthest position that is reached
	cur := uint32(1)
	for ; cur < end && cur < maxPath; cur++ {
		ahead := e.finder.find()
		if n := len(ahead); n > 0 && ahead[n-1].length >= nice {
			e.looked, e.ahead = true, ahead
			break
		}
		n := &e.nodes[cur]
		from := &e.nodes[n.from]
		n.state, n.reps = from.state, from.reps
		if n.triple {
			if n.before.length > 0 {
				n.state = apply(n.state, &n.reps, n.before)
			}
			n.state = afterRep[afterLiteral[n.state&15]]
		} else {
			n.state = apply(n.state, &n.reps, step{cur - n.from, n.back})
		}
		end = e.relax(cur, end, ahead)
	}
	e.takeWay(cur)
}

// takeWay puts the cheapest way to a position into path, from its end to its beginning, as path is written.
func (e *encoder) takeWay(cur uint32) {
	for cur > 0 {
		n := &e.nodes[cur]
		length := cur - n.from
		if n.triple {
			length -= n.before.length + 1
			e.path = append(e.path, step{length, 0}, step{1, literal})
			if length = n.before.length; length > 0 {
				e.path = append(e.path, n.before)
			}
		} else {
			e.path = append(e.path, step{length, n.back})
		}
		cur = n.from
	}
}

// take makes one symbol the path, at whose first byte the finder has looked.
func (e *encoder) take(s step) {
	e.path = append(e.path, s)
	e.finder.skip(int(s.length) - 1)
}

// reach makes sure that there are nodes up to position to.
func (e *encoder) reach(end, to uint32) uint32 {
	for end < to {
		end++
		e.nodes[end].price = priceInfinite
	}
	return end
}

// relax tries all symbols that may follow at a position, whose node is known, and returns the furthest position that is reached.
func (e *encoder) relax(cur, end uint32, matches []match) uint32 {
	src, pos := e.src, e.pos+int(cur)
	n := &e.nodes[cur]
	state, reps, price := n.state&15, n.reps, n.price
	posState := uint32(pos) & (posStates - 1)
	b, predicted := src[pos], src[pos-int(reps[0])-1]
	left := uint32(min(len(src)-pos, maxPath+maxMatch-1-int(cur)))
	end = e.reach(end, cur+1)

	isMatch := offIsMatch + state<<4 + posState
	literalPrice := price + e.price(isMatch, 0) + e.literalPrice(pos, src[pos-1], b, state, predicted)
	next := &e.nodes[cur+1]
	literalIsBest := false
	if literalPrice < next.price {
		*next = node{price: literalPrice, from: cur, back: literal}
		literalIsBest = true
	}
	matchPrice := price + e.price(isMatch, 1)
	repPrice := matchPrice + e.price(offIsRep+state, 1)
	if b == predicted && !(next.from < cur && next.back == 0) {
		if p := repPrice + e.price(offIsRep0+state, 0) + e.price(offIsRep0Long+state<<4+posState, 0); p <= next.price {
			*next = node{price: p, from: cur, back: 0}
			literalIsBest = true
		}
	}
	if left < 2 {
		return end
	}
	limit := min(left, nice)
	if b != predicted && !literalIsBest {
		end = e.relaxTriple(cur, end, step{}, literalPrice, afterLiteral[state], reps[0])
	}

	shortest := uint32(2) // match that no repeated distance is as good as
	for i, rep := range reps {
		at := pos - int(rep) - 1
		if src[at] != b || src[at+1] != src[pos+1] {
			continue
		}
		length := uint32(extend(src, at, pos, 2, int(limit)))
		end = e.reach(end, cur+length)
		p := repPrice + e.repPrice(uint32(i), state, posState)
		for l := length; l >= 2; l-- {
			if q := p + e.repLens.at[posState][l]; q < e.nodes[cur+l].price {
				e.nodes[cur+l] = node{price: q, from: cur, back: uint32(i)}
			}
		}
		if i == 0 {
			shortest = length + 1
		}
		end = e.relaxAfter(cur, end, step{length, uint32(i)}, p+e.repLens.at[posState][length], afterRep[state], rep)
	}

	if len(matches) == 0 {
		return end
	}
	p := matchPrice + e.price(offIsRep+state, 0)
	longest := min(matches[len(matches)-1].length, limit)
	if longest < shortest {
		return end
	}
	end = e.reach(end, cur+longest)
	i := 0
	for matches[i].length < shortest {
		i++
	}
	for l := shortest; l <= longest; l++ {
		m := matches[i]
		q := p + e.matchLens.at[posState][l] + e.dists.price(m.dist, l)
		if q < e.nodes[cur+l].price {
			e.nodes[cur+l] = node{price: q, from: cur, back: m.dist + 4}
		}
		if l == m.length || l == longest {
			end = e.relaxAfter(cur, end, step{l, m.dist + 4}, q, afterMatch[state], m.dist)
			i++
		}
	}
	return end
}

// repPrice is the price of saying which repeated distance it is, for a match of more than a byte.
func (e *encoder) repPrice(i, state, posState uint32) uint32 {
	switch i {
	case 0:
		return e.price(offIsRep0+state, 0) + e.price(offIsRep0Long+state<<4+posState, 1)
	case 1:
		return e.price(offIsRep0+state, 1) + e.price(offIsRep1+state, 0)
	}
	return e.price(offIsRep0+state, 1) + e.price(offIsRep1+state, 1) + e.price(offIsRep2+state, i-2)
}

// relaxAfter tries a literal and a match at the same distance behind a match that costs price and leads to state.
func (e *encoder) relaxAfter(cur, end uint32, s step, price, state, dist uint32) uint32 {
	pos := e.pos + int(cur+s.length)
	at := pos - int(dist) - 1
	if len(e.src)-pos < 3 || e.src[at+1] != e.src[pos+1] || e.src[at+2] != e.src[pos+2] {
		return end
	}
	posState := uint32(pos) & (posStates - 1)
	price += e.price(offIsMatch+state<<4+posState, 0) + e.literalPrice(pos, e.src[pos-1], e.src[pos], state, e.src[at])
	return e.relaxTriple(cur, end, s, price, afterLiteral[state], dist)
}

// relaxTriple tries a match at the distance before behind a literal, with which it costs price and leads to state.
func (e *encoder) relaxTriple(cur, end uint32, before step, price, state, dist uint32) uint32 {
	start := cur + before.length + 1
	pos := e.pos + int(start)
	limit := min(len(e.src)-pos, maxPath+maxMatch-int(start), nice)
	if limit < 2 {
		return end
	}
	length := uint32(extend(e.src, pos-int(dist)-1, pos, 0, limit))
	if length < 2 {
		return end
	}
	posState := uint32(pos) & (posStates - 1)
	price += e.price(offIsMatch+state<<4+posState, 1) + e.price(offIsRep+state, 1) + e.repPrice(0, state, posState) + e.repLens.at[posState][length]
	to := start + length
	end = e.reach(end, to)
	if price < e.nodes[to].price {
		e.nodes[to] = node{price: price, from: cur, back: 0, before: before, triple: true}
	}
	return end
}
