package eval

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
)

// check verifies, as far as that goes without waiting. e.mu is held.
func (s *Session) check() {
	for len(s.checks) > 0 {
		s.verify(pop(&s.checks))
	}
}

// verify goes on with the trace of w's node, group after group, until it has to wait for one,
// until one differs and the function has to run, or until the trace holds. e.mu is held.
func (s *Session) verify(w *work) {
	n := w.node
	if err := s.ctx.Err(); err != nil {
		s.finish(w, err)
		return
	}
	if !n.recorded {
		reason := &event.Reason{Cause: event.NoTrace}
		if s.e.replaced {
			reason.Cause = event.Forced
		}
		s.toRun(w, reason)
		return
	}
	for {
		if w.nodes != nil {
			if s.ask(w, w.nodes, false) {
				return
			}
			if reason := s.difference(w.nodes, w.edges); reason != nil {
				w.doomed = slices.ContainsFunc(w.nodes, func(n *node) bool { return n.phase == failed })
				s.toRun(w, reason)
				return
			}
		}
		if len(w.rest) == 0 {
			s.upToDate[n.kind]++
			s.finish(w, nil)
			return
		}
		w.edges, w.rest = w.rest.group()
		if w.nodes = s.targets(w.edges); w.nodes == nil {
			s.toRun(w, &event.Reason{Cause: event.Forced})
			return
		}
	}
}

// toRun ends the verification of w's node: the function has to run. e.mu is held.
func (s *Session) toRun(w *work, reason *event.Reason) {
	w.node.phase = running
	w.rest, w.edges, w.nodes = nil, nil, nil
	w.reason = reason
	s.enqueue(w)
}

// tooDeep is the error of a function for which too many others wait in a row.
func (s *Session) tooDeep(n *node) error {
	name, label := s.e.display(n)
	return &diag.Error{Label: label, Msg: fmt.Sprintf("%s is reached through a chain of %d dependencies that were never built; at most %d may wait for each other", name, maxDepth, maxDepth),
		Hints: []string{"build what lies further down the chain first"}}
}

// targets returns the nodes that edges lead to; nil when one is not known any more. e.mu is held.
func (s *Session) targets(edges []byte) []*node {
	nodes := make([]*node, len(edges)/edgeSize)
	for i := range nodes {
		to, _ := edgeAt(edges, i)
		if nodes[i] = s.e.nodes[to]; nodes[i] == nil {
			return nil
		}
	}
	return nodes
}

// difference says which of the nodes does not have the digest that its edge recorded; nil
// when all have. A node that failed differs: the function may not ask for it any more.
func (s *Session) difference(nodes []*node, edges []byte) *event.Reason {
	for i, d := range nodes {
		if _, want := edgeAt(edges, i); d.phase == failed || !bytes.Equal(d.digest[:], want) {
			return s.e.inputReason(d, want)
		}
	}
	return nil
}
