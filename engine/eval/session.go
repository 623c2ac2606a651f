package eval

import (
	"context"
	"fmt"

	"github.com/sbomctl/sbomctl/engine/event"
)

// Session is one consistent look at the world: a leaf is read at most once in it. Values
// that were done stay done, so a session may be asked several times (first which targets a
// pattern means, then for their outputs).
type Session struct {
	e      *Evaluator
	ctx    context.Context
	events *event.Stream
	slots  chan struct{} // capacity Jobs: held while computing

	// Guarded by e.mu.
	stop     bool     // a FailFast node failed
	upToDate [256]int // by kind
	planned  int      // nodes that were found to need checking
	finished int      // and those of them that are over
}

// NewSession starts a session. The previous session of e must be over.
func (e *Evaluator) NewSession(ctx context.Context, events *event.Stream) *Session {
	for _, n := range e.nodes {
		if n != nil {
			n.phase, n.clean, n.refreshed, n.again = unvisited, unknown, false, false
			n.err, n.object, n.reason, n.task, n.title = nil, nil, nil, nil, ""
		}
	}
	return &Session{e: e, ctx: ctx, events: events, slots: make(chan struct{}, e.Jobs)}
}

// UpToDate returns how many nodes of a kind were found unchanged without being run.
func (s *Session) UpToDate(kind string) int {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	return s.upToDate[s.e.kindIndex[kind]]
}

// Outcome is what became of one wanted node: its object, or an error.
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
	var open []*node
	for _, n := range nodes {
		if s.ctx.Err() == nil && !s.isClean(n) {
			open = append(open, n)
		}
	}
	if len(open) > 0 {
		root := &task{}
		s.slots <- struct{}{}
		s.ensureAll(open, root)
		<-s.slots
	}
	out := make([]Outcome, len(nodes))
	for i, n := range nodes {
		out[i] = s.outcome(n)
	}
	return out
}

func (s *Session) outcome(n *node) Outcome {
	s.e.mu.Lock()
	phase, err := n.phase, n.err
	s.e.mu.Unlock()
	switch phase {
	case done:
		o, err := s.object(n)
		return Outcome{o, err}
	case failed:
		return Outcome{Err: err}
	}
	if err := s.ctx.Err(); err != nil {
		return Outcome{Err: err}
	}
	return Outcome{Err: ErrNotStarted}
}

// object returns the decoded value of a node that is done.
func (s *Session) object(n *node) (any, error) {
	k := &s.e.kinds[n.kind]
	s.e.mu.Lock()
	o, value := n.object, n.value
	s.e.mu.Unlock()
	switch {
	case o != nil:
		return o, nil
	case k.Transient:
		return s.rehydrate(n)
	case k.Decode == nil:
		return value, nil
	}
	o, err := k.Decode(value)
	if err != nil {
		return nil, fmt.Errorf("the recorded value of %s cannot be read: %w", s.e.key(n), err)
	}
	if k.Leaf == nil {
		s.e.mu.Lock()
		n.object = o
		s.e.mu.Unlock()
	}
	return o, nil
}

// rehydrate runs the function of a transient node that is done, to have its object.
func (s *Session) rehydrate(n *node) (any, error) {
	c := &Context{s: s, n: n, rehydrating: true}
	r, err := s.e.kinds[n.kind].Run(c, n.arg)
	if err != nil {
		return nil, err
	}
	if Of(r.Value) != n.digest {
		return nil, fmt.Errorf("%s yields another value than before although nothing it reads has changed", s.e.key(n))
	}
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	if n.object == nil {
		n.object = r.Object
	}
	return n.object, nil
}
