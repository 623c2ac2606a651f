package main

import (
	"slices"
	"strings"
)

// shrinkTries bounds how often a sequence is done again to make it smaller.
const shrinkTries = 400

// shrink returns a smaller sequence that fails too: steps are dropped, then operations of the steps
// that are left, then lines of the Starlark files that those write, then flags.
func shrink(seq []step, fails func([]step) bool, tries int) []step {
	try := func(candidate []step) bool {
		tries--
		return tries >= 0 && fails(candidate)
	}
	for before := -1; before != size(seq) && tries > 0; {
		before = size(seq)
		seq = shrinkOnce(seq, try)
	}
	return seq
}

// size is what shrinking makes smaller.
func size(seq []step) int {
	n := len(seq)
	for _, s := range seq {
		n += len(s.ops) + len(s.args)
		for _, o := range s.ops {
			n += strings.Count(o.arg, "\n")
		}
	}
	return n
}

func shrinkOnce(seq []step, try func([]step) bool) []step {
	last := seq[len(seq)-1]
	seq = append(minimize(seq[:len(seq)-1], func(s []step) bool { return try(append(slices.Clone(s), last)) }), last)
	// with is the sequence with another step at i.
	with := func(i int, s step) []step {
		out := slices.Clone(seq)
		out[i] = s
		return out
	}
	for i := range seq {
		s := seq[i]
		s.ops = minimize(s.ops, func(ops []op) bool { return try(with(i, step{ops, s.args, s.jobs})) })
		seq[i] = s
	}
	for i := range seq {
		for j, o := range seq[i].ops {
			if o.verb != "write" || !strings.HasSuffix(o.path, ".star") {
				continue
			}
			replaced := func(lines []string) step {
				s := seq[i]
				s.ops = slices.Clone(s.ops)
				s.ops[j].arg = strings.Join(lines, "")
				return s
			}
			lines := slices.Collect(strings.Lines(o.arg))
			seq[i] = replaced(minimize(lines, func(lines []string) bool { return try(with(i, replaced(lines))) }))
		}
		s := seq[i]
		s.args = append(s.args[:1:1], minimize(s.args[1:], func(flags []string) bool {
			return try(with(i, step{s.ops, append(s.args[:1:1], flags...), s.jobs}))
		})...)
		seq[i] = s
	}
	return seq
}

// minimize drops what it can, in chunks that become smaller and smaller, while the rest still fails.
func minimize[T any](items []T, fails func([]T) bool) []T {
	for size := len(items); size > 0; size /= 2 {
		for at := 0; at < len(items); {
			rest := slices.Delete(slices.Clone(items), at, min(at+size, len(items)))
			if fails(rest) {
				items = rest
			} else {
				at += size
			}
		}
	}
	return items
}
