package files

import "slices"

// automaton matches a path against many patterns at once, a segment at a time, so that a walk
// carries its states downwards and never matches a directory's path twice. It is the usual
// nondeterministic one: a state is a position in a pattern, before one of its segments; the
// state after it is the next number.
type automaton struct {
	states []position
	start  []int32 // the states before anything is read
}

type position struct {
	segment
	pattern int32 // index of the pattern it belongs to
	last    bool  // no segment follows
}

// newAutomaton returns the automaton of patterns, each given as its alternatives.
func newAutomaton(patterns [][][]segment) *automaton {
	a := new(automaton)
	for i, alternatives := range patterns {
		for _, segments := range alternatives {
			first := int32(len(a.states))
			for j, s := range segments {
				a.states = append(a.states, position{s, int32(i), j == len(segments)-1})
			}
			a.start = a.enter(a.start, first)
		}
	}
	return a
}

// enter adds state s to set, and the one behind it where s may match no segment at all.
func (a *automaton) enter(set []int32, s int32) []int32 {
	set = append(set, s)
	if p := &a.states[s]; p.form == formAny && !p.last {
		set = append(set, s+1) // never ** again
	}
	return set
}

// step returns the states in which the directory name, met in the states of set, is entered:
// none when no pattern can match anything in it.
func (a *automaton) step(set []int32, name string) []int32 {
	var next []int32
	for _, s := range set {
		p := &a.states[s]
		switch {
		case p.form == formAny:
			if !hidden(name) {
				next = a.enter(next, s)
			}
		case !p.last && p.match(name):
			next = a.enter(next, s+1)
		}
	}
	if len(next) > 1 {
		slices.Sort(next)
		next = slices.Compact(next)
	}
	return next
}

// accept calls found, if not nil, with each pattern that matches the file name, met in the
// states of set, and returns the least one, or -1.
func (a *automaton) accept(set []int32, name string, found func(pattern int32)) int32 {
	least := int32(-1)
	for _, s := range set {
		p := &a.states[s]
		if !p.last {
			continue
		}
		if p.form == formAny && !hidden(name) || p.form != formAny && p.match(name) {
			if least < 0 || p.pattern < least {
				least = p.pattern
			}
			if found != nil {
				found(p.pattern)
			}
		}
	}
	return least
}

// literals returns the names that the states of set can go on with, in byte order, each once;
// false when there is a wildcard among them.
func (a *automaton) literals(set []int32) ([]string, bool) {
	names := make([]string, 0, len(set))
	for _, s := range set {
		p := &a.states[s]
		if p.form != formLiteral {
			return nil, false
		}
		names = append(names, p.text)
	}
	slices.Sort(names)
	return slices.Compact(names), true
}

// spelt reports whether a state of set goes on into a directory that the pattern spells out.
func (a *automaton) spelt(set []int32, name string) bool {
	for _, s := range set {
		if p := &a.states[s]; p.form == formLiteral && !p.last && p.text == name {
			return true
		}
	}
	return false
}
