package linediff

// maxCost bounds the search in a region: half of how many lines of it may differ. Its time is the square of that at most.
const maxCost = 4096

// comparison finds a least set of lines to take away and to add, by Myers' algorithm in linear space ("An O(ND) difference algorithm and its
// variations", 1986). Lines are numbers, equal for equal lines.
type comparison struct {
	a, b             []int
	removed, added   []bool // of a, of b
	forward, reverse []int  // how far paths with so many differences reach, by diagonal; from either end
}

// edits are the lines to replace, in order.
func edits(old, now [][]byte) []Edit {
	numbers := map[string]int{}
	number := func(lines [][]byte) []int {
		out := make([]int, len(lines))
		for i, l := range lines {
			n, ok := numbers[string(l)]
			if !ok {
				n = len(numbers)
				numbers[string(l)] = n
			}
			out[i] = n
		}
		return out
	}
	c := &comparison{a: number(old), b: number(now), removed: make([]bool, len(old)), added: make([]bool, len(now))}
	c.region(0, len(old), 0, len(now))
	var out []Edit
	for i, j := 0, 0; i < len(old) || j < len(now); {
		e := Edit{Begin: i}
		from := j
		for i < len(old) && c.removed[i] {
			i++
		}
		for j < len(now) && c.added[j] {
			j++
		}
		if e.End = i; e.End > e.Begin || j > from {
			e.New = now[from:j]
			out = append(out, e)
			continue
		}
		i, j = i+1, j+1
	}
	return out
}

// region marks what differs between a[a0:a1] and b[b0:b1].
func (c *comparison) region(a0, a1, b0, b1 int) {
	for {
		for a0 < a1 && b0 < b1 && c.a[a0] == c.b[b0] {
			a0, b0 = a0+1, b0+1
		}
		for a0 < a1 && b0 < b1 && c.a[a1-1] == c.b[b1-1] {
			a1, b1 = a1-1, b1-1
		}
		x, y, ok := 0, 0, false
		if a0 < a1 && b0 < b1 {
			x, y, ok = c.middle(c.a[a0:a1], c.b[b0:b1])
		}
		if !ok {
			for i := a0; i < a1; i++ {
				c.removed[i] = true
			}
			for j := b0; j < b1; j++ {
				c.added[j] = true
			}
			return
		}
		c.region(a0, a0+x, b0, b0+y)
		a0, b0 = a0+x, b0+y
	}
}

// middle is a point that a least path goes through, about half of its differences before it. Neither a nor b is empty, and they begin and end
// differently, so that there are two differences at least, and the point is at neither end.
func (c *comparison) middle(a, b []int) (x, y int, ok bool) {
	n, m := len(a), len(b)
	most := min((n+m+1)/2, maxCost)
	size := 2*most + 3
	if len(c.forward) < size {
		c.forward, c.reverse = make([]int, size), make([]int, size)
	}
	f, r, at := c.forward, c.reverse, most+1
	f[at+1], r[at+1] = 0, 0
	delta := n - m
	for d := 0; d <= most; d++ {
		for k := -d; k <= d; k += 2 {
			x := furthest(f, at, d, k)
			for y := x - k; x < n && y >= 0 && y < m && a[x] == b[y]; y++ {
				x++
			}
			f[at+k] = x
			if o := delta - k; delta%2 != 0 && -d < o && o < d && x+r[at+o] >= n {
				return x, x - k, true
			}
		}
		for k := -d; k <= d; k += 2 {
			x := furthest(r, at, d, k)
			for y := x - k; x < n && y >= 0 && y < m && a[n-1-x] == b[m-1-y]; y++ {
				x++
			}
			r[at+k] = x
			if o := delta - k; delta%2 == 0 && -d <= o && o <= d && x+f[at+o] >= n {
				return n - x, m - (x - k), true
			}
		}
	}
	return 0, 0, false
}

// furthest is how far a path with d differences reaches on diagonal k, before the equal lines there.
func furthest(v []int, at, d, k int) int {
	if k == -d || k != d && v[at+k-1] < v[at+k+1] {
		return v[at+k+1]
	}
	return v[at+k-1] + 1
}
