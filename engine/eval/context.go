package eval

import (
	"context"
	"time"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
)

// Context is what a node's function sees of the graph. What it asks for becomes the
// node's trace. A function that gets an error from it must return an error.
type Context struct {
	s           *Session
	n           *node
	task        *task
	reason      *event.Reason
	trace       trace
	before      map[Key]*node // what the recorded trace names, once it is needed
	outcome     event.Outcome
	key         string
	start       time.Duration // of the work proper, since the build started
	inputFailed bool          // the function was told that a node it asked for failed
	rehydrating bool          // the trace holds: only objects are wanted
}

// Context returns the context of the build, which ends when the user interrupts it.
func (c *Context) Context() context.Context { return c.s.ctx }

// Get returns the object of the node k, evaluated first where needed.
func (c *Context) Get(k Key) (any, error) {
	objects, err := c.All([]Key{k})
	if err != nil {
		return nil, err
	}
	return objects[0], nil
}

// All returns the objects of the nodes in the order of keys; they are evaluated in
// parallel. The errors of all that failed are returned together.
func (c *Context) All(keys []Key) ([]any, error) {
	nodes, _, err := c.need(keys)
	if err != nil {
		return nil, err
	}
	objects := make([]any, len(nodes))
	for i, n := range nodes {
		if objects[i], err = c.s.object(n); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

// Digests is All for a function to which it only matters which values they are.
func (c *Context) Digests(keys []Key) ([]Digest, error) {
	_, edges, err := c.need(keys)
	if err != nil {
		return nil, err
	}
	digests := make([]Digest, len(edges))
	for i := range edges {
		digests[i] = edges[i].digest
	}
	return digests, nil
}

// lookup returns the node of k. It looks among the nodes that the recorded trace names first: a
// function mostly asks for what it asked for last time, and then the index of a kind with a hundred
// thousand nodes need not be made. e.mu is held.
func (c *Context) lookup(k Key) *node {
	e := c.s.e
	kind := e.kindIndex[k.Kind]
	if e.index[kind] != nil || !c.n.recorded {
		return e.lookup(k)
	}
	if c.before == nil {
		c.before = map[Key]*node{}
		e.trace(c.n).each(func(to id, _ []byte) bool {
			if d := e.nodes[to]; d != nil {
				c.before[e.key(d)] = d
			}
			return true
		})
	}
	if n := c.before[k]; n != nil {
		return n
	}
	return e.lookup(k)
}

// need brings the nodes up to date and adds them to the trace as one group.
func (c *Context) need(keys []Key) ([]*node, []edge, error) {
	if len(keys) == 0 {
		return nil, nil, nil
	}
	e := c.s.e
	nodes := make([]*node, len(keys))
	open := false
	e.mu.Lock()
	for i, k := range keys {
		n := c.lookup(k)
		nodes[i] = n
		open = open || n.phase != done
	}
	e.mu.Unlock()
	if open && !c.rehydrating {
		c.s.ensureAll(nodes, c.task)
		e.mu.Lock()
		abandoned, cycle := c.task.abandoned, c.task.cycle
		e.mu.Unlock()
		if abandoned {
			return nil, nil, errAbandoned
		}
		if cycle != nil {
			return nil, nil, cycle
		}
	}
	var errs diag.List
	edges := make([]edge, len(nodes))
	e.mu.Lock()
	for i, n := range nodes {
		switch n.phase {
		case done:
			edges[i] = edge{n.id, n.digest}
		case failed:
			errs = append(errs, n.err)
		default:
			errs = append(errs, ErrNotStarted)
		}
	}
	e.mu.Unlock()
	if err := errs.Err(); err != nil {
		c.inputFailed = true
		return nil, nil, err
	}
	c.trace = appendGroup(c.trace, edges)
	return nodes, edges, nil
}

// Reason says why the function runs.
func (c *Context) Reason() *event.Reason { return c.reason }

// Events returns the build's stream.
func (c *Context) Events() *event.Stream { return c.s.events }

// Named says how the node is called in events from now on: for a kind whose argument does
// not say what the node does.
func (c *Context) Named(name string) {
	c.s.e.mu.Lock()
	c.n.title = name
	c.s.e.mu.Unlock()
}

// Started tells that the work proper begins, for a kind that TellsStart.
func (c *Context) Started() {
	kind := &c.s.e.kinds[c.n.kind]
	name, label := c.s.e.display(c.n)
	c.start = c.s.events.Since()
	c.s.events.Emit(event.NodeStarted{ID: c.n.id, Kind: kind.Name, Name: name, Label: label, At: c.start})
}

// FoundInCache notes that the result came from the action cache, under this key.
func (c *Context) FoundInCache(key string) { c.outcome, c.key = event.Cached, key }

// Executed notes that the action was executed, under this key.
func (c *Context) Executed(key string) { c.outcome, c.key = event.Ran, key }

// RunAgain runs the function of k, which is up to date, once more because something its value
// names is gone (a blob that was removed from the cache). Its value must come out the
// same. The caller must have asked for k before. The second time in a session it is an
// error: what is made anew does not stay.
func (c *Context) RunAgain(k Key) error { return c.s.runAgain(k, c.task) }

// RunAgain is Context.RunAgain for the caller of the session.
func (s *Session) RunAgain(k Key) error {
	root := &task{}
	s.slots <- struct{}{}
	defer func() { <-s.slots }()
	return s.runAgain(k, root)
}

func (s *Session) runAgain(k Key, by *task) error {
	if by == nil { // a node whose object is being made again
		by = &task{}
	}
	e := s.e
	e.mu.Lock()
	n := e.lookup(k)
	if n.phase == done && !n.again {
		n.again = true
		before := n.digest
		t := &task{n: n, over: make(chan struct{})}
		n.phase, n.task, n.object = working, t, nil
		by.waiting = append(by.waiting, n)
		e.mu.Unlock()
		p := s.run(t, &event.Reason{Cause: event.Lost})
		if p == done && n.digest != before {
			p, n.err = failed, &diag.Error{Msg: "running " + k.String() + " again yields another result than before"}
		}
		s.finish(t, p)
		e.mu.Lock()
		by.stopWaiting(n)
		e.mu.Unlock()
		return n.err
	}
	e.mu.Unlock()
	s.ensure(n, by) // another task is at it, or was
	e.mu.Lock()
	defer e.mu.Unlock()
	if by.unwinding() {
		return errAbandoned
	}
	return n.err
}

// Learn replaces what is recorded of a leaf by what the caller has just made of it. The
// session must have asked for it before.
func (s *Session) Learn(k Key, value, signature []byte) {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	n := s.e.lookup(k)
	s.e.record(n, value, Of(value), signature)
	n.phase, n.err = done, nil
}
