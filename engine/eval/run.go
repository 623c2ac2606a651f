package eval

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
)

// NotStartedError is the error of a node that was not run, since another had failed whose
// kind is FailFast too.
type NotStartedError struct {
	Because error // what the other failed with
}

// Error says so. What the other failed with is told where that one was asked for.
func (e *NotStartedError) Error() string { return "not started, since another action failed" }

// call runs the function of w's node. It returns with e.mu held.
func (s *Session) call(w *work) {
	e, n := s.e, w.node
	kind := &e.kinds[n.kind]
	if err := s.mayStart(w); err != nil {
		e.mu.Lock()
		s.finish(w, err)
		return
	}
	w.depth++
	c := &Context{s: s, work: w}
	if w.reason == nil {
		r, err := runGuarded(kind, c, n.arg)
		e.mu.Lock()
		s.finish(w, s.remade(w, c, r, err))
		return
	}
	fin := event.NodeFinished{ID: n.id, Kind: kind.Name, Reason: w.reason}
	c.start = s.events.Since()
	if !kind.TellsStart {
		c.Started()
	}
	r, err := runGuarded(kind, c, n.arg)
	fin.Start, fin.End, fin.Outcome, fin.Key = c.start, s.events.Since(), c.outcome, c.key
	fin.Name, fin.Label = e.display(n)
	if err != nil {
		fin.Outcome, fin.Err = event.Failed, err
		if c.inputFailed || errors.Is(err, context.Canceled) {
			fin.Outcome = event.Abandoned // the failure is another's, or nobody's
		}
		s.events.Emit(fin)
		e.mu.Lock()
		if kind.FailFast && s.failure == nil {
			s.failure = err
		}
		s.finish(w, err)
		return
	}
	digest := Of(r.Value)
	fin.Changed = !n.recorded || digest != n.digest
	fin.Digest = digest.String()
	var changed *event.Reason
	if fin.Changed && n.recorded {
		changed = w.reason
		if kind.Diff != nil {
			if attr, old, new, ok := kind.Diff(n.value, r.Value); ok {
				changed = &event.Reason{Cause: event.Attribute, Name: attr, Old: old, New: new, From: w.reason}
			}
		}
	}
	s.events.Emit(fin)
	e.mu.Lock()
	if n.phase == remaking {
		s.remakes++
		n.live.remade = s.remakes
		err = s.remade(w, c, r, nil)
	} else {
		n.live.object, n.live.reason = r.Object, changed
		e.record(n, r.Value, digest, c.trace)
	}
	s.finish(w, err)
}

// mayStart says why the function of w's node may not be called now, if so.
func (s *Session) mayStart(w *work) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if w.depth >= maxDepth {
		return s.tooDeep(w.node)
	}
	if w.node.phase == running && !w.doomed && !s.e.KeepGoing && s.e.kinds[w.node.kind].FailFast {
		s.e.mu.Lock()
		defer s.e.mu.Unlock()
		if s.failure != nil {
			return &NotStartedError{s.failure}
		}
	}
	return nil
}

// remade takes what a node yields that was run once more: its object, when the value is the same.
// Otherwise what was told of it in this session is not true any more. It fails, and the new
// value is recorded for the next build. e.mu is held.
func (s *Session) remade(w *work, c *Context, r Result, err error) error {
	n := w.node
	if err != nil {
		return err
	}
	n.live.object = r.Object
	if digest := Of(r.Value); digest != n.digest {
		s.e.record(n, r.Value, digest, c.trace)
		name, label := s.e.display(n)
		return &diag.Error{Label: label, Msg: fmt.Sprintf("running %s again yields another result than before although nothing that it reads has changed", name),
			Hints: []string{"build again"}}
	}
	return nil
}

// runGuarded turns a panic of a function into an error: a bug must not lose the traces of
// everything else, and no Go stack reaches a user unasked.
func runGuarded(kind *Kind, c *Context, arg string) (r Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = c.internal(fmt.Sprint(p), &panicError{debug.Stack()})
		}
	}()
	r, err = kind.Run(c, arg)
	if err == nil && kind.Transient && r.Object == nil {
		err = c.internal("no object", nil)
	}
	return r, err
}

func (c *Context) internal(what string, cause error) error {
	name, label := c.s.e.display(c.work.node)
	return &diag.Error{Label: label, Msg: fmt.Sprintf("internal error in %s: %s", name, what),
		Hints: []string{"this is a bug in sbomctl; please report it"}, Err: cause}
}

// panicError keeps the stack of a panic for a debugger; it is never printed.
type panicError struct{ stack []byte }

func (p *panicError) Error() string { return string(p.stack) }
