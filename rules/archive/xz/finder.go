package xz

import (
	"encoding/binary"
	"math/bits"
)

// match is an earlier place that the bytes at a position are equal to.
type match struct {
	length uint32
	dist   uint32 // less one, as the format counts
}

// finder finds matches in a block by a binary tree: for each hash of four bytes, the earlier positions with it are
// a search tree by what follows them, of which the newest position is the root. Its memory is scratch and belongs to no block.
type finder struct {
	src   []byte
	pos   int // the next one to be looked at
	mask  int // the tree's size less one: how far back it reaches
	hash2 [1 << 12]int32
	hash3 [1 << 16]int32
	hash4 []int32 // positions plus one
	shift uint32  // of hash4
	tree  []int32 // two children of each position, smaller and greater, plus one
	found []match // by the latest call
}

// Bounds of the search: what is longer than nice is good enough, and depth is how many nodes are looked at.
const (
	nice  = 64
	depth = 48
)

// reset begins a block.
func (f *finder) reset(src []byte) {
	f.src, f.pos = src, 0
	size := 1 << min(dictBits, max(16, bits.Len(uint(len(src)))))
	f.mask = size - 1
	f.shift = uint32(32 - bits.Len(uint(size/4)))
	clear(f.hash2[:])
	clear(f.hash3[:])
	f.hash4 = zeroed(f.hash4, 1<<(32-f.shift))
	// What the tree holds of another block is never reached.
	if cap(f.tree) < 2*size {
		f.tree = make([]int32, 2*size)
	}
	f.tree = f.tree[:2*size]
}

func zeroed(b []int32, n int) []int32 {
	if cap(b) < n {
		return make([]int32, n)
	}
	b = b[:n]
	clear(b)
	return b
}

// insert puts the position into the hash tables and returns those that were there.
func (f *finder) insert(pos int) (at2, at3, at4 int) {
	v := binary.LittleEndian.Uint32(f.src[pos:])
	h2 := &f.hash2[v&0xffff*0x9e3779b1>>20]
	h3 := &f.hash3[v<<8*0x9e3779b1>>16]
	h4 := &f.hash4[v*0x9e3779b1>>(f.shift&31)]
	at2, at3, at4 = int(*h2)-1, int(*h3)-1, int(*h4)-1
	*h2, *h3, *h4 = int32(pos)+1, int32(pos)+1, int32(pos)+1
	return at2, at3, at4
}

// find looks at the next position: matches are longer one after another, each the nearest of its length.
func (f *finder) find() []match {
	pos, src := f.pos, f.src
	f.pos++
	f.found = f.found[:0]
	limit := min(nice, len(src)-pos)
	if limit < 4 {
		return nil
	}
	at2, at3, at4 := f.insert(pos)
	best := 1
	if at2 >= 0 && pos-at2 <= f.mask && src[at2] == src[pos] && src[at2+1] == src[pos+1] {
		best = extend(src, at2, pos, 2, limit)
		f.found = append(f.found, match{uint32(best), uint32(pos - at2 - 1)})
	}
	if at3 >= 0 && at3 != at2 && best < limit && pos-at3 <= f.mask && src[at3] == src[pos] && src[at3+best] == src[pos+best] {
		if n := extend(src, at3, pos, 0, limit); n > best && n > 2 {
			best = n
			f.found = append(f.found, match{uint32(n), uint32(pos - at3 - 1)})
		}
	}
	f.descend(pos, at4, limit, max(best, 3), true)
	if n := len(f.found); n > 0 && f.found[n-1].length == nice {
		m := &f.found[n-1]
		m.length = uint32(extend(src, pos-int(m.dist)-1, pos, nice, min(maxMatch, len(src)-pos)))
	}
	return f.found
}

// skip inserts the next n positions.
func (f *finder) skip(n int) {
	for range n {
		pos := f.pos
		f.pos++
		if limit := min(nice, len(f.src)-pos); limit >= 4 {
			_, _, at4 := f.insert(pos)
			f.descend(pos, at4, limit, limit, false)
		}
	}
}

// descend makes pos the root of the tree whose root is at, and appends what is longer than best.
func (f *finder) descend(pos, at, limit, best int, record bool) {
	src, tree, mask := f.src, f.tree, f.mask
	tree = tree[:2*mask+2]
	smaller, greater := 2*(pos&mask), 2*(pos&mask)+1 // where the next position that is so goes
	lenSmaller, lenGreater := 0, 0
	here := src[pos : pos+limit]
	for range depth {
		if at < 0 || pos-at > mask {
			break
		}
		children := 2 * (at & mask)
		n := min(lenSmaller, lenGreater)
		there := src[at : at+limit]
		if there[n] == here[n] {
			n = common(there, here, n+1)
			if record && n > best {
				best = n
				f.found = append(f.found, match{uint32(n), uint32(pos - at - 1)})
			}
			if n == limit {
				tree[smaller], tree[greater] = tree[children], tree[children+1]
				return
			}
		}
		if there[n] < here[n] {
			tree[smaller] = int32(at) + 1
			smaller = children + 1
			at = int(tree[smaller]) - 1
			lenSmaller = n
		} else {
			tree[greater] = int32(at) + 1
			greater = children
			at = int(tree[greater]) - 1
			lenGreater = n
		}
	}
	tree[smaller], tree[greater] = 0, 0
}

// extend returns how many bytes at a and b, a before b, are equal, n of which are known to be, up to limit.
func extend(src []byte, a, b, n, limit int) int { return common(src[a:a+limit], src[b:b+limit], n) }

// common returns how long the common beginning of two texts of one length is; n bytes are known to be equal.
func common(a, b []byte, n int) int {
	for len(a) >= n+8 && len(b) >= n+8 {
		if x := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
		n += 8
	}
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
