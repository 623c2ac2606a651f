package eval

import (
	"slices"

	"github.com/sbomctl/sbomctl/engine/event"
)

// work is what the session does about one node, or about a batch of leaves, until it is
// over. It is in exactly one place:
//
//   - verifying, in Session.checks: its node's trace can be compared further. That costs no
//     worker; whoever changed something does it before it lets go of the lock.
//   - in Session.ready: it needs a worker, to read leaves, to call a function or to go on
//     with one.
//   - at a worker, or rather in the hands of the goroutine that is one. Options.Jobs bounds
//     how many there are (Session.busy).
//   - waiting for the other works of a group (waits). Only a function that waits has a
//     goroutine meanwhile.
//
// So when checks and ready are empty and no worker is busy, every work that is left waits for
// another one, and there is a cycle among them (cycle.go).
type work struct {
	node   *node    // nil for a batch of leaves, and for the session's caller
	leaves []*node  // the batch
	askers []*group // the groups that this work is of
	waits  *group   // what it waits for; nil when it can go on
	depth  int      // how many functions wait for each other down to this one

	// verifying
	rest  trace  // the groups that are yet to compare
	edges []byte // the group that was asked for
	nodes []*node

	// running, remaking
	reason *event.Reason // why; nil when only the object is wanted
	doomed bool          // something that it asked for last time failed: it may run to say of itself what that means
	wake   chan struct{} // not nil once the function was suspended: it goes on when told
	cycle  *CycleError   // what it waited for can never be

	// breakCycles
	index, low int
	onStack    bool
}

// group is nodes that were asked for together. A work that stops waiting for a group, because
// of a cycle, leaves it behind; what becomes of that group concerns nobody any more.
type group struct {
	by      *work
	nodes   []*node
	pending int // works of the group that are not over
}

// maxDepth bounds how many functions may wait for each other in a row, since each keeps a
// stack. Verifying a recorded chain keeps none and has no bound.
const maxDepth = 100_000

// maxBatch is how many leaves one work reads at most.
const maxBatch = 16

// open reports whether n has to be waited for: by one who wants its value, or also its object.
func (e *Evaluator) open(n *node, object bool) bool {
	switch n.phase {
	case failed:
		return false
	case done:
		return object && e.kinds[n.kind].Transient && (n.live == nil || n.live.object == nil)
	}
	return true
}

// ask makes by wait for those of nodes that are open, and reports whether there are any.
// Nodes that nobody works on are begun. e.mu is held.
//
// When by may go on they have all been over, but need not be any more: a node that is done
// may be run again meanwhile. So the caller asks until the answer is no.
func (s *Session) ask(by *work, nodes []*node, object bool) bool {
	e := s.e
	var g *group
	var begun []*work
	var batch *work
	for _, n := range nodes {
		if !e.open(n, object) {
			continue
		}
		switch {
		case n.phase == done:
			n.phase = remaking
			begun = append(begun, s.begin(n, by))
		case n.phase != unvisited:
		case e.kinds[n.kind].Leaf != nil:
			// Leaves wait for nothing, so one work can stand for several of them.
			if batch == nil || len(batch.leaves) == min(max(1, len(nodes)/e.Jobs), maxBatch) {
				batch = &work{}
				s.live++
				begun = append(begun, batch)
			}
			n.phase = reading
			n.session().work = batch
			batch.leaves = append(batch.leaves, n)
		default:
			n.phase = verifying
			begun = append(begun, s.begin(n, by))
		}
		if g == nil {
			g = &group{by: by, nodes: nodes}
			by.waits = g
		}
		w := n.live.work
		if last := len(w.askers) - 1; last < 0 || w.askers[last] != g {
			w.askers = append(w.askers, g)
			g.pending++
		}
	}
	// Both lists are worked off from the end, so that the first node is the first, and what is
	// below it comes before the second: few functions wait at a time.
	for _, w := range slices.Backward(begun) {
		s.enqueue(w)
	}
	return g != nil
}

// begin makes the work on n, whose phase the caller has set. e.mu is held.
func (s *Session) begin(n *node, by *work) *work {
	w := &work{node: n, depth: by.depth}
	n.session().work = w
	s.live++
	s.planned++
	if n.phase == verifying {
		w.rest = s.e.trace(n)
	}
	return w
}

// enqueue puts w where it goes on. e.mu is held.
func (s *Session) enqueue(w *work) {
	if w.node != nil && w.node.phase == verifying {
		s.checks = append(s.checks, w)
	} else {
		s.ready = append(s.ready, w)
	}
}

// over ends w and lets those go on who waited for it last. The phases of its nodes are set.
// e.mu is held.
func (s *Session) over(w *work) {
	s.live--
	if w.node != nil {
		w.node.live.work = nil
		s.finished++
	}
	for _, g := range w.askers {
		if g.pending--; g.pending == 0 && g.by.waits == g {
			g.by.waits = nil
			if g.by != s.caller {
				s.enqueue(g.by)
			}
		}
	}
}

// finish ends the work on a node. e.mu is held.
func (s *Session) finish(w *work, err error) {
	n := w.node
	n.phase = done
	if err != nil {
		n.phase, n.live.err = failed, err
	}
	s.over(w)
}

// advance does what costs no worker and puts free workers to work. Whoever changed something
// calls it before letting go of e.mu.
func (s *Session) advance() {
	for {
		s.check()
		for s.busy < s.e.Jobs && len(s.ready) > 0 {
			w := pop(&s.ready)
			s.busy++
			if w.wake != nil {
				w.wake <- struct{}{}
			} else {
				go s.worker(w)
			}
		}
		if s.busy > 0 || s.live == 0 {
			break
		}
		s.breakCycles()
	}
	if s.live == 0 {
		s.idle.Broadcast()
	}
}

// worker works until there is nothing to do, or until it wakes a function, whose goroutine
// is the worker from then on.
func (s *Session) worker(w *work) {
	for w != nil {
		if w.node == nil {
			s.readBatch(w)
		} else {
			s.call(w)
		}
		// The works are over and the lock is held.
		w = s.next()
		s.e.mu.Unlock()
	}
}

// next returns what the worker that calls it does next; nil when it is none any more.
// e.mu is held.
func (s *Session) next() *work {
	s.check()
	s.events.Emit(event.Planned{Done: s.finished, Total: s.planned})
	s.busy--
	var w *work
	if last := len(s.ready) - 1; last >= 0 && s.ready[last].wake == nil {
		w = pop(&s.ready)
		s.busy++
	}
	s.advance()
	return w
}

// suspend gives another the place of w's function at its worker until what w waits for is over.
// e.mu is held, but not meanwhile.
func (s *Session) suspend(w *work) {
	if w.wake == nil {
		w.wake = make(chan struct{}, 1)
	}
	s.busy--
	s.advance()
	s.e.mu.Unlock()
	<-w.wake
	s.e.mu.Lock()
}

// readBatch reads leaves. It returns with e.mu held.
func (s *Session) readBatch(w *work) {
	found := make([]leafState, len(w.leaves))
	var p probers
	for i, n := range w.leaves {
		found[i] = s.readLeaf(n, &p)
	}
	p.close()
	s.e.mu.Lock()
	for i, n := range w.leaves {
		n.live = nil
		s.take(n, found[i])
	}
	s.over(w)
}

// pop takes the last element of a list.
func pop[T any](list *[]*T) *T {
	last := len(*list) - 1
	x := (*list)[last]
	(*list)[last] = nil
	*list = (*list)[:last]
	return x
}
