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
	work        *work
	trace       trace
	before      map[Key]*node // what the recorded trace names, once it is needed
	seen        seen
	outcome     event.Outcome
	key         string
	start       time.Duration // of the work proper, since the build started
	inputFailed bool          // the function was told that a node it asked for failed
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
	nodes, values, _, err := c.need(keys, true)
	if err != nil {
		return nil, err
	}
	objects := make([]any, len(nodes))
	for i, n := range nodes {
		if objects[i], err = c.s.decode(n, values[i]); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

// Digests is All for a function to which it only matters which values they are.
func (c *Context) Digests(keys []Key) ([]Digest, error) {
	_, _, edges, err := c.need(keys, false)
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
	n := c.work.node
	if e.index[kind] != nil || !n.recorded {
		return e.lookup(k)
	}
	if c.before == nil {
		c.before = map[Key]*node{}
		e.trace(n).each(func(to id, _ []byte) bool {
			if d := e.nodes[to]; d != nil {
				c.before[e.key(d)] = d
			}
			return true
		})
	}
	if d := c.before[k]; d != nil {
		return d
	}
	return e.lookup(k)
}

// need brings the nodes, and their objects if those are wanted, up to date and adds them to the trace
// as one group.
func (c *Context) need(keys []Key, object bool) ([]*node, []outcome, []edge, error) {
	if len(keys) == 0 {
		return nil, nil, nil, nil
	}
	e := c.s.e
	e.mu.Lock()
	defer e.mu.Unlock()
	nodes := make([]*node, len(keys))
	for i, k := range keys {
		nodes[i] = c.lookup(k)
	}
	if err := c.await(nodes, object); err != nil {
		return nil, nil, nil, err
	}
	c.seen.asked = c.s.remakes
	values := c.s.values(nodes)
	var errs diag.List
	for i := range values {
		if values[i].err != nil {
			errs = append(errs, values[i].err)
		}
	}
	if err := errs.Err(); err != nil {
		c.inputFailed = true
		return nil, nil, nil, err
	}
	edges := make([]edge, len(nodes))
	for i, n := range nodes {
		edges[i] = edge{n.id, n.digest}
	}
	c.trace = appendGroup(c.trace, edges)
	return nodes, values, edges, nil
}

// await suspends the function until nodes, and their objects if those are wanted, are up to date. The
// error says that they can never be. e.mu is held, but not meanwhile.
func (c *Context) await(nodes []*node, object bool) error {
	for c.s.ask(c.work, nodes, object) {
		c.s.suspend(c.work)
		if cycle := c.work.cycle; cycle != nil {
			c.work.cycle = nil
			// A cycle is told to all who are on it or wait for it, and counts once.
			c.inputFailed = cycle.Keys[0] != c.s.e.key(c.work.node)
			return cycle
		}
	}
	return nil
}

// Reason says why the function runs; nil when it does so silently, for its object only.
func (c *Context) Reason() *event.Reason { return c.work.reason }

// Events returns the build's stream.
func (c *Context) Events() *event.Stream { return c.s.events }

// Named says how the node is called in events from now on: for a kind whose argument does
// not say what the node does.
func (c *Context) Named(name string) {
	c.s.e.mu.Lock()
	c.work.node.live.title = name
	c.s.e.mu.Unlock()
}

// Started tells that the work proper begins, for a kind that TellsStart.
func (c *Context) Started() {
	n := c.work.node
	if c.work.reason == nil {
		return
	}
	kind := &c.s.e.kinds[n.kind]
	name, label := c.s.e.display(n)
	c.start = c.s.events.Since()
	c.s.events.Emit(event.NodeStarted{ID: n.id, Kind: kind.Name, Name: name, Label: label, At: c.start})
}

// FoundInCache notes that the result came from the action cache, under this key.
func (c *Context) FoundInCache(key string) { c.outcome, c.key = event.Cached, key }

// Executed notes that the action was executed, under this key.
func (c *Context) Executed(key string) { c.outcome, c.key = event.Ran, key }

// RunAgain runs the function of k, which is up to date, once more because something its value
// names is gone (a blob that was removed from the cache). Its value must come out the
// same. The caller must have asked for k before.
//
// Whoever asks for k meanwhile waits. When k was run again since the caller looked (it
// asked for k, or for anything else later, or called RunAgain), it has just to look again.
// How often a caller tries, when what is made anew does not stay, is its own affair.
func (c *Context) RunAgain(k Key) error {
	e := c.s.e
	e.mu.Lock()
	defer e.mu.Unlock()
	n := c.lookup(k)
	nodes := []*node{n}
	err := c.await(nodes, false)
	if err == nil && c.s.again(n, c.work, &c.seen) {
		err = c.await(nodes, false)
	}
	if err == nil && n.phase == failed {
		err, c.inputFailed = n.live.err, true
	}
	c.seen.now(n, c.s.remakes)
	return err
}

// seen says up to which of the session's remakes a caller saw what a node made.
type seen struct {
	asked uint64           // of any node
	again map[*node]uint64 // of one that it asked to be run again
}

func (s *seen) now(n *node, remakes uint64) {
	if s.again == nil {
		s.again = map[*node]uint64{}
	}
	s.again[n] = remakes
}

// again begins to run n's function once more for by, unless n failed or was run again since by looked. It
// reports whether it did. n is over, and e.mu is held.
func (s *Session) again(n *node, by *work, looked *seen) bool {
	if n.phase != done || n.session().remade > max(looked.asked, looked.again[n]) {
		return false
	}
	n.phase, n.live.object = remaking, nil
	w := s.begin(n, by)
	w.reason = &event.Reason{Cause: event.Lost}
	s.enqueue(w)
	return true
}
