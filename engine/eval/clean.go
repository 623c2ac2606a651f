package eval

import (
	"bytes"
	"sync"
	"sync/atomic"
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

// readLeaves brings leaves up to date, in parallel when they are many.
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
				n.phase = s.readLeaf(n, &p)
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

// readLeaf brings one leaf up to date and returns its phase, done or failed, which the
// caller sets. Nobody else works on n meanwhile: either the session's scheduler is not at
// work, or the caller has claimed n.
func (s *Session) readLeaf(n *node, p *probers) phase {
	e := s.e
	leaf := e.kinds[n.kind].Leaf
	n.refreshed = true
	if n.recorded && p.of(n.kind, leaf).Probe(n.arg, n.basis, n.value) {
		return done
	}
	value, sig, err := leaf.Read(n.arg)
	if err != nil {
		n.err = err
		return failed
	}
	digest := n.digest
	if !n.recorded || !bytes.Equal(value, n.value) {
		digest = Of(value)
		if n.recorded {
			n.reason = e.leafReason(n, value)
		}
	}
	e.mu.Lock()
	e.record(n, value, digest, sig)
	e.mu.Unlock()
	return done
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
func (s *Session) isClean(n *node) bool {
	switch {
	case n == nil || n.phase == failed:
		return false
	case n.phase == done:
		return true
	case n.clean != unknown:
		return n.clean == yes
	case !n.recorded || s.e.kinds[n.kind].Leaf != nil:
		return false
	}
	n.clean = visiting
	ok := true
	s.e.trace(n).each(func(to id, digest []byte) bool {
		// All of them are visited, so that what is clean below a node that is not need not be
		// verified by the scheduler.
		d := s.e.nodes[to]
		ok = s.isClean(d) && ok && bytes.Equal(d.digest[:], digest)
		return true
	})
	n.clean = no
	if ok {
		n.clean, n.phase = yes, done
		s.upToDate[n.kind]++
	}
	return ok
}
