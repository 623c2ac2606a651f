package eval

import (
	"context"
	"fmt"
	"sync"

	"github.com/sbomctl/sbomctl/engine/event"
)

// Session is one consistent look at the world: a leaf is read at most once in it. Values
// that were done stay done, so a session may be asked several times (first which targets a
// pattern means, then for their outputs). It has one caller at a time.
type Session struct {
	e      *Evaluator
	ctx    context.Context
	events *event.Stream

	// Guarded by e.mu.
	checks   []*work    // can be verified further
	ready    []*work    // need a worker
	busy     int        // workers; at most Jobs
	live     int        // works that are not over
	idle     *sync.Cond // live became 0
	caller   *work      // stands for who called Get
	failure  error      // of the first FailFast node that failed
	remakes  uint64     // how often a function was run again for a lost blob
	seen     seen       // what the caller knows of that
	upToDate [256]int   // by kind
	planned  int        // nodes that were found to need checking
	finished int        // and those of them that are over
}

// NewSession starts a session. The previous session of e must be over.
func (e *Evaluator) NewSession(ctx context.Context, events *event.Stream) *Session {
	for _, n := range e.nodes {
		if n != nil {
			n.phase, n.looked, n.refreshed, n.live = unvisited, false, false, nil
		}
	}
	return &Session{e: e, ctx: ctx, events: events, caller: &work{}, idle: sync.NewCond(&e.mu)}
}

// UpToDate returns how many nodes of a kind were found unchanged without being run.
func (s *Session) UpToDate(kind string) int {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	return s.upToDate[s.e.kindIndex[kind]]
}

// Outcome is what became of one wanted node: its object, or an error. An error that is a
// *NotStartedError holds the one that is to blame.
type Outcome struct {
	Object any
	Err    error
}

// Get brings the nodes up to date and returns their objects, in the order of keys.
func (s *Session) Get(keys []Key) []Outcome {
	e := s.e
	nodes := make([]*node, len(keys))
	e.mu.Lock()
	for i, k := range keys {
		nodes[i] = e.lookup(k)
	}
	e.mu.Unlock()
	s.refresh(nodes)
	for _, n := range nodes {
		if s.ctx.Err() == nil {
			s.isClean(n)
		}
	}
	e.mu.Lock()
	s.await(nodes)
	s.seen.asked = s.remakes
	values := s.values(nodes)
	e.mu.Unlock()
	out := make([]Outcome, len(nodes))
	for i, n := range nodes {
		if out[i].Err = values[i].err; out[i].Err == nil {
			out[i].Object, out[i].Err = s.decode(n, values[i])
		}
	}
	return out
}

// await brings nodes, and their objects, up to date for the session's caller. When it returns nobody
// is at work. e.mu is held, but not meanwhile.
func (s *Session) await(nodes []*node) {
	for s.ask(s.caller, nodes, true) {
		s.advance()
		for s.live > 0 {
			s.idle.Wait()
		}
		s.events.Emit(event.Planned{Done: s.finished, Total: s.planned})
	}
}

// RunAgain is Context.RunAgain for the caller of the session.
func (s *Session) RunAgain(k Key) error {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	n := s.e.lookup(k)
	s.await([]*node{n})
	if s.again(n, s.caller, &s.seen) {
		s.await([]*node{n})
	}
	s.seen.now(n, s.remakes)
	if n.phase == failed {
		return n.live.err
	}
	return nil
}

// Learn replaces what is recorded of a leaf by what the caller has just made of it. The
// session must have asked for it before.
func (s *Session) Learn(k Key, value, signature []byte) {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	n := s.e.lookup(k)
	s.e.record(n, value, Of(value), signature)
	n.phase, n.live = done, nil
}

// outcome is what is known of a node that is over: a value, perhaps with its object, or an error.
type outcome struct {
	value  []byte
	object any
	err    error
}

// values returns what became of nodes that are over. e.mu is held.
func (s *Session) values(nodes []*node) []outcome {
	out := make([]outcome, len(nodes))
	for i, n := range nodes {
		switch {
		case n.phase == failed:
			out[i].err = n.live.err
		case n.live != nil:
			out[i].object = n.live.object
			fallthrough
		default:
			out[i].value = n.value
		}
	}
	return out
}

// decode returns the object of n, whose outcome o is. It is kept for who asks next, but for a leaf's,
// of which there are many.
func (s *Session) decode(n *node, o outcome) (any, error) {
	k := &s.e.kinds[n.kind]
	switch {
	case o.object != nil:
		return o.object, nil
	case k.Decode == nil:
		return o.value, nil
	}
	object, err := k.Decode(o.value)
	if err != nil {
		return nil, fmt.Errorf("the recorded value of %s cannot be read: %w", s.e.key(n), err)
	}
	if k.Leaf == nil {
		s.e.mu.Lock()
		n.session().object = object
		s.e.mu.Unlock()
	}
	return object, nil
}
