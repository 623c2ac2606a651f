package eval

import "strings"

// CycleError says that nodes depend on each other.
type CycleError struct {
	Keys []Key // in order: each asks for the next, the last for the first
}

// Error returns "dependency cycle: a -> b -> a".
func (c *CycleError) Error() string {
	var b strings.Builder
	b.WriteString("dependency cycle: ")
	for _, k := range c.Keys {
		b.WriteString(k.String() + " -> ")
	}
	b.WriteString(c.Keys[0].String())
	return b.String()
}

// closesCycle reports whether by must not wait for n, which is being worked on, because n's
// task waits for by already. e.mu is held.
//
// When some task on the cycle is verifying, its trace is not to be trusted: an earlier
// build wrote it, and the node may not ask for that dependency any more. That task stops
// verifying and runs; the tasks between it and here are abandoned, back to unvisited.
// Only when all tasks on the cycle are running is the cycle real, and by's function is told so.
func (s *Session) closesCycle(n *node, by *task) bool {
	path := pathTo(n.task, by, map[*task]bool{})
	if path == nil {
		return false
	}
	for i := len(path) - 1; i >= 0; i-- {
		if path[i].verifying {
			path[i].mistrust = true
			for _, t := range path[i+1:] {
				t.abandoned = true
			}
			return true
		}
	}
	keys := []Key{s.e.key(by.n)}
	for _, t := range path[:len(path)-1] {
		keys = append(keys, s.e.key(t.n))
	}
	by.cycle = &CycleError{keys}
	return true
}

// pathTo returns the tasks from t to goal, both included, along what each is waiting for;
// nil when there is no way.
func pathTo(t, goal *task, seen map[*task]bool) []*task {
	if t == goal {
		return []*task{t}
	}
	if seen[t] {
		return nil
	}
	seen[t] = true
	for _, n := range t.waiting {
		if n.task == nil {
			continue
		}
		if rest := pathTo(n.task, goal, seen); rest != nil {
			return append([]*task{t}, rest...)
		}
	}
	return nil
}
