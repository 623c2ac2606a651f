package eval

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/event"
)

// CycleError says that nodes depend on each other.
type CycleError struct {
	Keys []Key // in order: each asks for the next, the last for the first

	text string // made once: it is long, and everybody on the cycle is told the same error
}

func newCycleError(keys []Key) *CycleError {
	var b strings.Builder
	b.WriteString("dependency cycle: ")
	for _, k := range keys {
		b.WriteString(k.String() + " -> ")
	}
	b.WriteString(keys[0].String())
	return &CycleError{keys, b.String()}
}

// Error returns "dependency cycle: a -> b -> a".
func (c *CycleError) Error() string { return c.text }

// breakCycles lets works go on that can never have what they wait for. It is called when
// nothing else can go on, so every work that is left waits for another, and some of them, at
// least, for each other: a component of the graph of who waits for whom. It takes time in
// proportion to that graph. e.mu is held.
//
// When nodes of a component are verifying, those stop and run: an outdated trace made them
// wait, and their functions may not ask for it any more. Mostly they do, and the
// next call finds the same component with all of its nodes running. Then the cycle is real, and
// each of the functions is told so.
func (s *Session) breakCycles() {
	broken := false
	for _, c := range s.components() {
		broken = true
		trusting := false
		for _, w := range c {
			if w.node.phase == verifying {
				trusting = true
				w.waits = nil
				s.toRun(w, &event.Reason{Cause: event.NoTrace})
			}
		}
		if trusting {
			continue
		}
		err := newCycleError(s.shortest(c))
		for _, w := range c {
			w.waits, w.cycle = nil, err
			s.enqueue(w)
		}
	}
	if !broken {
		panic("the scheduler has work left that waits for nothing")
	}
}

// deps calls f for the works that w waits for.
func (w *work) deps(f func(*work)) {
	for _, n := range w.waits.nodes {
		if n.live != nil && n.live.work != nil {
			f(n.live.work)
		}
	}
}

// components returns the sets of works that wait for each other, each ordered by the keys of
// its nodes (Tarjan's algorithm, without recursion).
func (s *Session) components() [][]*work {
	type frame struct {
		w    *work
		next int // index of the node of w's group to look at
	}
	var all []*work
	for _, n := range s.e.nodes {
		if n != nil && n.live != nil && n.live.work != nil && n.live.work.waits != nil {
			n.live.work.index, n.live.work.onStack = 0, false
			all = append(all, n.live.work)
		}
	}
	var out [][]*work
	var stack []*work
	var path []frame
	count := 0
	enter := func(w *work) {
		count++
		w.index, w.low, w.onStack = count, count, true
		stack = append(stack, w)
		path = append(path, frame{w: w})
	}
	for _, root := range all {
		if root.index != 0 {
			continue
		}
		enter(root)
		for len(path) > 0 {
			f := &path[len(path)-1]
			w := f.w
			if f.next < len(w.waits.nodes) {
				n := w.waits.nodes[f.next]
				f.next++
				if n.live == nil || n.live.work == nil {
					continue // over
				}
				if d := n.live.work; d.index == 0 {
					enter(d)
				} else if d.onStack {
					w.low = min(w.low, d.index)
				}
				continue
			}
			path = path[:len(path)-1]
			if len(path) > 0 {
				above := path[len(path)-1].w
				above.low = min(above.low, w.low)
			}
			if w.low != w.index {
				continue
			}
			first := len(stack)
			for w.onStack {
				first--
				stack[first].onStack = false
			}
			c := slices.Clone(stack[first:])
			stack = stack[:first]
			itself := false
			w.deps(func(d *work) { itself = itself || d == w })
			if len(c) > 1 || itself {
				slices.SortFunc(c, func(a, b *work) int {
					return cmp.Or(cmp.Compare(a.node.kind, b.node.kind), strings.Compare(a.node.arg, b.node.arg))
				})
				out = append(out, c)
			}
		}
	}
	return out
}

// shortest returns a shortest cycle through the first work of a component, so that which
// one is told does not depend on who came first.
func (s *Session) shortest(c []*work) []Key {
	in := make(map[*work]bool, len(c))
	for _, w := range c {
		in[w] = true
	}
	from := make(map[*work]*work, len(c)) // who was seen to wait for it first
	queue := []*work{c[0]}
	for from[c[0]] == nil {
		w := queue[0]
		queue = queue[1:]
		w.deps(func(d *work) {
			if in[d] && from[d] == nil {
				from[d] = w
				queue = append(queue, d)
			}
		})
	}
	keys := []Key{}
	for w := from[c[0]]; w != c[0]; w = from[w] {
		keys = append(keys, s.e.key(w.node))
	}
	keys = append(keys, s.e.key(c[0].node))
	slices.Reverse(keys)
	return keys
}
