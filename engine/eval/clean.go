package eval

import (
	"bytes"
	"sync"
	"sync/atomic"

	"github.com/sbomctl/sbomctl/engine/event"
)

// refresh probes every leaf that the recorded traces of the roots reach and that was not
// looked at in this session, and reads again those that may have changed.
func (s *Session) refresh(roots []*node) {
	e := s.e
	seen := make([]uint64, (len(e.nodes)+63)/64)
	var leaves []*node
	stack := append([]*node(nil), roots...)
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n == nil || seen[n.id/64]&(1<<(n.id%64)) != 0 || !n.recorded {
			continue
		}
		seen[n.id/64] |= 1 << (n.id % 64)
		if e.kinds[n.kind].Leaf != nil {
			if !n.refreshed {
				leaves = append(leaves, n)
			}
			continue
		}
		if n.phase == unvisited {
			e.trace(n).each(func(to id, _ []byte) bool { stack = append(stack, e.nodes[to]); return true })
		}
	}
	s.readLeaves(leaves)
}

// readLeaves brings leaves up to date, in parallel when they are many. The scheduler is not
// at work meanwhile.
func (s *Session) readLeaves(leaves []*node) {
	const chunk = 64
	var next atomic.Int64
	work := func() {
		var p probers
		defer p.close()
		for {
			i := int(next.Add(chunk)) - chunk
			if i >= len(leaves) || s.ctx.Err() != nil {
				return
			}
			for _, n := range leaves[i:min(i+chunk, len(leaves))] {
				found := s.readLeaf(n, &p)
				if found.same {
					n.phase = done
					continue
				}
				s.e.mu.Lock()
				s.take(n, found)
				s.e.mu.Unlock()
			}
		}
	}
	var wg sync.WaitGroup
	for range min(s.e.Jobs, (len(leaves)+chunk-1)/chunk) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
}

// leafState is what was found when a leaf was looked at.
type leafState struct {
	same             bool // what is recorded still holds
	value, signature []byte
	digest           Digest
	reason           *event.Reason
	err              error
}

// readLeaf looks at a leaf. Nobody else works on n meanwhile.
func (s *Session) readLeaf(n *node, p *probers) (found leafState) {
	if err := s.ctx.Err(); err != nil {
		return leafState{err: err}
	}
	leaf := s.e.kinds[n.kind].Leaf
	n.refreshed = true
	if n.recorded && p.of(n.kind, leaf).Probe(n.arg, n.basis, n.value) {
		return leafState{same: true}
	}
	found.value, found.signature, found.err = leaf.Read(n.arg)
	found.digest = n.digest
	if found.err == nil && (!n.recorded || !bytes.Equal(found.value, n.value)) {
		found.digest = Of(found.value)
		if n.recorded {
			found.reason = s.e.leafReason(n, found.value)
		}
	}
	return found
}

// take makes what was found of a leaf its state in this session. e.mu is held.
func (s *Session) take(n *node, found leafState) {
	switch {
	case found.err != nil:
		n.phase, n.session().err = failed, found.err
		return
	case !found.same:
		s.e.record(n, found.value, found.digest, found.signature)
	}
	n.phase = done
	if found.reason != nil {
		n.session().reason = found.reason
	}
}

// probers are the probers of one goroutine, by kind, made when they are needed.
type probers struct{ byKind []Prober }

func (p *probers) of(kind uint8, leaf Leaf) Prober {
	for len(p.byKind) <= int(kind) {
		p.byKind = append(p.byKind, nil)
	}
	if p.byKind[kind] == nil {
		p.byKind[kind] = leaf.Prober()
	}
	return p.byKind[kind]
}

func (p *probers) close() {
	for _, q := range p.byKind {
		if q != nil {
			q.Close()
		}
	}
}

// isClean reports whether n's recorded value holds: whether every node below it is clean
// and has the digest that was recorded. It runs nothing. A cycle in the traces (they may
// stem from different builds) counts as not clean. The scheduler is not at work meanwhile.
//
// All dependencies of a node are visited, also after one that differs, so that what is clean
// below a node that is not need not be verified by the scheduler.
func (s *Session) isClean(n *node) bool {
	type frame struct {
		n     *node
		rest  trace  // groups that are yet to look at
		edges []byte // what is yet to look at of the current group
		clean bool   // so far
	}
	var path []frame
	// enter begins with a node that was not looked at.
	enter := func(n *node) {
		if n != nil && n.phase == unvisited && !n.looked && n.recorded && s.e.kinds[n.kind].Leaf == nil {
			n.looked = true
			path = append(path, frame{n: n, rest: s.e.trace(n), clean: true})
		}
	}
	enter(n)
walk:
	for len(path) > 0 {
		depth := len(path)
		f := &path[depth-1]
		for len(f.edges) > 0 || len(f.rest) > 0 {
			if len(f.edges) == 0 {
				f.edges, f.rest = f.rest.group()
				continue
			}
			to, digest := edgeAt(f.edges, 0)
			d := s.e.nodes[to]
			if enter(d); len(path) > depth {
				continue walk // and come back to this edge
			}
			f.clean = f.clean && d != nil && d.phase == done && bytes.Equal(d.digest[:], digest)
			f.edges = f.edges[edgeSize:]
		}
		if f.clean {
			f.n.phase = done
			s.upToDate[f.n.kind]++
		}
		path = path[:depth-1]
	}
	return n.phase == done
}
