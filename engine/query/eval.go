package query

import (
	"context"
	"errors"
	"slices"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// evaluation is one Eval.
type evaluation struct {
	ctx   context.Context
	graph Graph
	src   source
	keep  bool      // go on without what cannot be loaded
	errs  diag.List // of that

	path []*Target // of the somepath that was evaluated last
}

// binding is a variable in scope, and those outside of it.
type binding struct {
	name  string
	value set
	outer *binding
}

// Eval answers the query. What cannot be loaded is an error; with keepGoing the result is what could be, beside the error.
func (x *Expr) Eval(ctx context.Context, g Graph, order Order, keepGoing bool) (*Result, error) {
	e := &evaluation{ctx: ctx, graph: g, src: x.src, keep: keepGoing}
	s, err := x.root.eval(e, nil)
	if err != nil {
		return nil, err
	}
	r := &Result{eval: e}
	switch c, isCall := x.root.(call); {
	case order == Deps:
		deps, err := e.edges(s)
		if err != nil {
			return nil, err
		}
		r.Targets = topological(s.sorted(), deps)
	case isCall && c.fn.path && order == Auto:
		r.Targets = e.path
	default:
		r.Targets = s.sorted()
	}
	return r, e.errs.Err()
}

// failed notes an error of the graph when the query goes on beside it.
func (e *evaluation) failed(err error) error {
	if err == nil || !e.keep || errors.Is(err, context.Canceled) {
		return err
	}
	for _, one := range diag.Flatten(err) {
		if !slices.ContainsFunc(e.errs, func(had error) bool { return had.Error() == one.Error() }) {
			e.errs = append(e.errs, one)
		}
	}
	return nil
}

func (e *evaluation) deps(t *Target) ([]*Target, error) {
	if err := e.ctx.Err(); err != nil {
		return nil, err
	}
	if !t.asked {
		t.deps, t.failed = e.graph.Deps(t)
		t.asked = true
	}
	return t.deps, e.failed(t.failed)
}

func (n pattern) eval(e *evaluation, _ *binding) (set, error) {
	targets, err := e.graph.Match(n.p)
	return setOf(targets...), e.failed(e.src.at(n.at, err))
}

func (n variable) eval(_ *evaluation, vars *binding) (set, error) {
	for vars.name != n.name { // the parser has seen that there is one
		vars = vars.outer
	}
	return vars.value, nil
}

func (n let) eval(e *evaluation, vars *binding) (set, error) {
	value, err := n.value.eval(e, vars)
	if err != nil {
		return nil, err
	}
	return n.body.eval(e, &binding{n.name, value, vars})
}

func (nothing) eval(*evaluation, *binding) (set, error) { return set{}, nil }

// both evaluates two operands.
func both(e *evaluation, vars *binding, x, y node) (a, b set, err error) {
	if a, err = x.eval(e, vars); err == nil {
		b, err = y.eval(e, vars)
	}
	return a, b, err
}

func (n union) eval(e *evaluation, vars *binding) (set, error) {
	// A long chain, such as a set of many words, leans to the left.
	var right []node
	var x node = n
	for u, ok := x.(union); ok; u, ok = x.(union) {
		right = append(right, u.y)
		x = u.x
	}
	all := set{}
	for _, x := range append(right, x) {
		s, err := x.eval(e, vars)
		if err != nil {
			return nil, err
		}
		for t := range s {
			all.add(t)
		}
	}
	return all, nil
}

func (n except) eval(e *evaluation, vars *binding) (set, error) {
	a, b, err := both(e, vars, n.x, n.y)
	return a.filter(func(t *Target) bool { return !b.has(t) }), err
}

func (n intersec) eval(e *evaluation, vars *binding) (set, error) {
	a, b, err := both(e, vars, n.x, n.y)
	return a.filter(b.has), err
}

func (s set) filter(keep func(*Target) bool) set {
	out := set{}
	for t := range s {
		if keep(t) {
			out.add(t)
		}
	}
	return out
}

func (n call) eval(e *evaluation, vars *binding) (set, error) {
	sets := make([]set, len(n.args))
	for i, a := range n.args {
		if a.node == nil {
			continue
		}
		var err error
		if sets[i], err = a.node.eval(e, vars); err != nil {
			return nil, err
		}
	}
	return n.fn.run(e, n.args, sets)
}
