package query

import (
	"cmp"
	"slices"

	"github.com/sbomctl/sbomctl/engine/label"
)

// Target is a vertex of the graph. A Graph yields one *Target for each label.
type Target struct {
	Label label.Label
	Kind  string // "vendored_package rule", or "source file"

	Data any // the Graph's own

	deps   []*Target // what Graph.Deps returned, once it was asked
	failed error
	asked  bool
}

// Graph is what can be asked. Errors are for the user, without a position in the expression.
type Graph interface {
	// Match returns the targets that a pattern names; one that names nothing is an error.
	Match(p label.Pattern) ([]*Target, error)
	// Deps returns what a target's attributes name, each once.
	Deps(t *Target) ([]*Target, error)
	// Attr returns an attribute as text; ok is false when the target's rule has none of that name.
	Attr(t *Target, name string) (value string, ok bool, err error)
	// Labels returns what one attribute names.
	Labels(t *Target, attr string) ([]*Target, error)
	// Siblings returns all targets of the package of a target.
	Siblings(t *Target) ([]*Target, error)
	// BuildFiles returns the files that declare the package of a target: its BUILD.star, and what that loads.
	BuildFiles(t *Target) ([]*Target, error)
	// Owners returns the targets that claim the file of a tree.
	Owners(path string) ([]*Target, error)
}

// set is a set of targets.
type set map[*Target]struct{}

func setOf(targets ...*Target) set {
	s := make(set, len(targets))
	s.add(targets...)
	return s
}

func (s set) add(targets ...*Target) {
	for _, t := range targets {
		s[t] = struct{}{}
	}
}

func (s set) has(t *Target) bool {
	_, ok := s[t]
	return ok
}

// sorted returns the targets by label.
func (s set) sorted() []*Target {
	out := make([]*Target, 0, len(s))
	for t := range s {
		out = append(out, t)
	}
	slices.SortFunc(out, byLabel)
	return out
}

func byLabel(a, b *Target) int { return a.Label.Compare(b.Label) }

// Order is how a result is ordered.
type Order int

// The orders.
const (
	Auto Order = iota // a path as one, and everything else by label
	Deps              // who depends before what it depends on; by label where that leaves it open
	None              // whatever is fastest, which is by label
)

// Result is the answer to a query.
type Result struct {
	Targets []*Target // in the wanted order

	eval *evaluation
}

// AllEdges returns the edges between the targets of the result, sorted.
func (r *Result) AllEdges() ([]Edge, error) {
	deps, err := r.eval.edges(setOf(r.Targets...))
	if err != nil {
		return nil, err
	}
	var out []Edge
	for t, deps := range deps {
		for _, d := range deps {
			out = append(out, Edge{t, d})
		}
	}
	slices.SortFunc(out, func(a, b Edge) int { return cmp.Or(byLabel(a.From, b.From), byLabel(a.To, b.To)) })
	return out, nil
}

// Edge is an edge between two targets of a result.
type Edge struct{ From, To *Target }

// edges finds the edges between the members of a set, sorted.
func (e *evaluation) edges(members set) (map[*Target][]*Target, error) {
	out := make(map[*Target][]*Target, len(members))
	for t := range members {
		deps, err := e.deps(t)
		if err != nil {
			return nil, err
		}
		for _, d := range deps {
			if members.has(d) {
				out[t] = append(out[t], d)
			}
		}
		slices.SortFunc(out[t], byLabel)
	}
	return out, nil
}

// topological orders targets, which are sorted, such that each comes before what it depends on; in a cycle,
// such as nobody can build but one can ask about, one of the edges is left out of account.
func topological(targets []*Target, deps map[*Target][]*Target) []*Target {
	// Depth first, without recursion: a chain may be as long as the graph. What is finished first comes last.
	done := make(set, len(targets))
	out := make([]*Target, 0, len(targets))
	type frame struct {
		t    *Target
		next int
	}
	for _, start := range slices.Backward(targets) {
		if done.has(start) {
			continue
		}
		done.add(start)
		stack := []frame{{start, len(deps[start])}}
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if top.next == 0 {
				out = append(out, top.t)
				stack = stack[:len(stack)-1]
				continue
			}
			top.next--
			if d := deps[top.t][top.next]; !done.has(d) {
				done.add(d)
				stack = append(stack, frame{d, len(deps[d])})
			}
		}
	}
	slices.Reverse(out)
	return out
}
