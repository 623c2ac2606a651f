package eval

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
)

// ErrNotStarted is the error of a node that was not run because another had failed.
var ErrNotStarted = errors.New("not started, since another action failed")

// errAbandoned unwinds the tasks of a cycle that exists only because one of its nodes was
// verifying an outdated trace; see closesCycle.
var errAbandoned = errors.New("abandoned: asked for by an outdated trace")

// task is the work on one node: first verifying its trace, then running its function.
type task struct {
	n         *node // nil for the session's own task, and for a group of leaves
	verifying bool
	abandoned bool          // a dependency was: the node goes back to unvisited
	mistrust  bool          // the trace being verified closed a cycle: stop verifying and run
	cycle     *CycleError   // its function closed a real cycle
	waiting   []*node       // the nodes it is waiting for, whoever works on them
	over      chan struct{} // closed when the node is done, failed or abandoned
}

// ensureAll brings nodes up to date for the task by; errors are found in the nodes. The
// caller holds a slot.
func (s *Session) ensureAll(nodes []*node, by *task) {
	var leaves, rest []*node
	var group *task
	s.e.mu.Lock()
	for _, n := range nodes {
		switch {
		case n.phase == done || n.phase == failed:
		case s.e.kinds[n.kind].Leaf == nil || n.phase == working:
			rest = append(rest, n)
		default:
			// Leaves wait for nothing, so one task can stand for all of them.
			if group == nil {
				group = &task{over: make(chan struct{})}
			}
			n.phase, n.task = working, group
			leaves = append(leaves, n)
		}
	}
	s.planned += len(rest)
	s.e.mu.Unlock()
	if group != nil {
		s.claimedLeaves(leaves)
		close(group.over)
	}
	if len(rest) == 1 {
		s.ensure(rest[0], by)
		return
	}
	// A few more workers than slots: one that waits for another task gives up its slot.
	var next atomic.Int64
	work := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(rest) {
				return
			}
			s.ensure(rest[i], by)
		}
	}
	var wg sync.WaitGroup
	for range min(4*s.e.Jobs, len(rest)) - 1 {
		wg.Go(func() {
			s.slots <- struct{}{}
			work()
			<-s.slots
		})
	}
	work()
	if len(rest) > 1 {
		<-s.slots
		wg.Wait()
		s.slots <- struct{}{}
	}
}

// claimedLeaves reads leaves that the caller has claimed.
func (s *Session) claimedLeaves(leaves []*node) {
	const chunk = 16
	var next atomic.Int64
	work := func() {
		var p probers
		defer p.close()
		for {
			i := int(next.Add(chunk)) - chunk
			if i >= len(leaves) {
				return
			}
			for _, n := range leaves[i:min(i+chunk, len(leaves))] {
				phase := s.readLeaf(n, &p)
				s.e.mu.Lock()
				n.phase, n.task = phase, nil
				s.e.mu.Unlock()
			}
		}
	}
	var wg sync.WaitGroup
	for range min(s.e.Jobs, (len(leaves)+chunk-1)/chunk) - 1 {
		wg.Go(func() {
			// Only slots that are free now: this is a helping hand, not a task.
			select {
			case s.slots <- struct{}{}:
				work()
				<-s.slots
			default:
			}
		})
	}
	work()
	wg.Wait()
}

// finish ends a task.
func (s *Session) finish(t *task, p phase) {
	s.e.mu.Lock()
	t.n.phase, t.n.task = p, nil
	s.finished++
	progress := event.Planned{Done: s.finished, Total: s.planned}
	s.e.mu.Unlock()
	close(t.over)
	s.events.Emit(progress)
}

// ensure brings n up to date for the task by. It returns when n is done or failed, or when by
// has to be abandoned or to mistrust its trace.
func (s *Session) ensure(n *node, by *task) {
	for {
		s.e.mu.Lock()
		if by.unwinding() {
			s.e.mu.Unlock()
			return
		}
		switch n.phase {
		case done, failed:
			s.e.mu.Unlock()
			return
		case working:
			other := n.task
			if s.closesCycle(n, by) {
				s.e.mu.Unlock()
				return
			}
			by.waiting = append(by.waiting, n)
			s.e.mu.Unlock()
			<-s.slots
			<-other.over
			s.slots <- struct{}{}
			s.e.mu.Lock()
			by.stopWaiting(n)
			s.e.mu.Unlock()
		default:
			if err := s.mayStart(n); err != nil {
				n.phase, n.err = failed, err
				s.e.mu.Unlock()
				return
			}
			t := &task{n: n, over: make(chan struct{})}
			n.phase, n.task = working, t
			by.waiting = append(by.waiting, n)
			s.e.mu.Unlock()
			s.finish(t, s.work(t))
			s.e.mu.Lock()
			by.stopWaiting(n)
			retry := t.abandoned && !by.unwinding()
			s.e.mu.Unlock()
			if retry {
				// The abandoned cycle ran through another task that waits for n. Let that one
				// go first, or this one would close the same cycle again.
				<-s.slots
				runtime.Gosched()
				s.slots <- struct{}{}
			}
		}
	}
}

// unwinding reports whether t has to give up what it is doing. e.mu is held.
func (t *task) unwinding() bool { return t.abandoned || t.mistrust }

func (t *task) stopWaiting(n *node) {
	for i, w := range t.waiting {
		if w == n {
			t.waiting = append(t.waiting[:i], t.waiting[i+1:]...)
			return
		}
	}
}

// mayStart says why n may not be started now, if so. e.mu is held.
func (s *Session) mayStart(n *node) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if s.stop && !s.e.KeepGoing && s.e.kinds[n.kind].FailFast {
		return ErrNotStarted
	}
	return nil
}

// work verifies t's node and runs it when that fails.
func (s *Session) work(t *task) phase {
	n := t.n
	if s.e.kinds[n.kind].Leaf != nil {
		var p probers
		defer p.close()
		return s.readLeaf(n, &p)
	}
	reason := &event.Reason{Cause: event.NoTrace}
	switch {
	case n.recorded:
		var holds bool
		if reason, holds = s.verify(t); holds {
			s.e.mu.Lock()
			s.upToDate[n.kind]++
			s.e.mu.Unlock()
			return done
		}
		if t.abandoned {
			return unvisited
		}
	case s.e.replaced:
		reason.Cause = event.Forced
	}
	return s.run(t, reason)
}

// verify goes through the recorded trace of t's node, in order. It returns why the node
// has to run, or that the trace holds.
func (s *Session) verify(t *task) (*event.Reason, bool) {
	s.e.mu.Lock()
	t.verifying = true
	s.e.mu.Unlock()
	defer func() {
		s.e.mu.Lock()
		t.verifying, t.mistrust = false, false
		s.e.mu.Unlock()
	}()
	for rest := s.e.trace(t.n); len(rest) > 0; {
		var edges []byte
		edges, rest = rest.group()
		nodes, ok := s.targets(edges)
		if !ok {
			return &event.Reason{Cause: event.Forced}, false
		}
		s.ensureAll(nodes, t)
		s.e.mu.Lock()
		mistrust := t.mistrust
		s.e.mu.Unlock()
		if mistrust {
			return &event.Reason{Cause: event.NoTrace}, false
		}
		if t.abandoned {
			return nil, false
		}
		if reason := s.difference(nodes, edges); reason != nil {
			return reason, false
		}
	}
	return nil, true
}

// targets returns the nodes that edges lead to; ok is false when one is not known any more.
func (s *Session) targets(edges []byte) (nodes []*node, ok bool) {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	nodes = make([]*node, len(edges)/edgeSize)
	for i := range nodes {
		to, _ := edgeAt(edges, i)
		if nodes[i] = s.e.nodes[to]; nodes[i] == nil {
			return nil, false
		}
	}
	return nodes, true
}

// difference says which of the nodes does not have the digest that its edge recorded; nil
// when all have. A node that failed differs: the function may not ask for it any more.
func (s *Session) difference(nodes []*node, edges []byte) *event.Reason {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	for i, d := range nodes {
		if _, want := edgeAt(edges, i); d.phase == failed || !bytes.Equal(d.digest[:], want) {
			return s.e.inputReason(d, want)
		}
	}
	return nil
}

// run executes the function of t's node and records what it yields.
func (s *Session) run(t *task, reason *event.Reason) phase {
	e, n := s.e, t.n
	kind := &e.kinds[n.kind]
	name, label := e.display(n)
	fin := event.NodeFinished{ID: n.id, Kind: kind.Name, Name: name, Label: label, Reason: reason, Start: s.events.Since()}
	c := &Context{s: s, n: n, task: t, reason: reason, start: fin.Start}
	if !kind.TellsStart {
		c.Started()
	}
	r, err := runGuarded(kind, c, n.arg)
	fin.End, fin.Outcome, fin.Key = s.events.Since(), c.outcome, c.key
	fin.Start = c.start
	fin.Name, _ = e.display(n)
	s.e.mu.Lock()
	abandoned := t.abandoned
	s.e.mu.Unlock()
	if abandoned {
		fin.Outcome, fin.Err = event.Abandoned, errAbandoned
		s.events.Emit(fin)
		return unvisited
	}
	if err != nil {
		n.err = err
		fin.Outcome, fin.Err = event.Failed, err
		if c.inputFailed || errors.Is(err, context.Canceled) {
			fin.Outcome = event.Abandoned // the failure is another's, or nobody's
		}
		e.mu.Lock()
		if kind.FailFast && !errors.Is(err, ErrNotStarted) {
			s.stop = true
		}
		e.mu.Unlock()
		s.events.Emit(fin)
		return failed
	}
	digest := Of(r.Value)
	fin.Changed = !n.recorded || digest != n.digest
	fin.Digest = digest.String()
	if fin.Changed && n.recorded {
		n.reason = reason
		if kind.Diff != nil {
			if attr, old, new, ok := kind.Diff(n.value, r.Value); ok {
				n.reason = &event.Reason{Cause: event.Attribute, Name: attr, Old: old, New: new, From: reason}
			}
		}
	}
	e.mu.Lock()
	n.object = r.Object
	e.record(n, r.Value, digest, c.trace)
	e.mu.Unlock()
	s.events.Emit(fin)
	return done
}

// runGuarded turns a panic of a function into an error: a bug must not lose the traces of
// everything else, and no Go stack reaches a user unasked.
func runGuarded(kind *Kind, c *Context, arg string) (r Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			name, label := c.s.e.display(c.n)
			err = &diag.Error{Label: label, Msg: fmt.Sprintf("internal error in %s: %v", name, p),
				Hints: []string{"this is a bug in sbomctl; please report it"}, Err: &panicError{debug.Stack()}}
		}
	}()
	if err := c.s.ctx.Err(); err != nil {
		return Result{}, err
	}
	return kind.Run(c, arg)
}

// panicError keeps the stack of a panic for a debugger; it is never printed.
type panicError struct{ stack []byte }

func (p *panicError) Error() string { return string(p.stack) }
