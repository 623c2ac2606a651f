package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// stepsEach is how many edits a workspace gets before another one is made.
const stepsEach = 12

// random edits random workspaces. Each build is held against one of a copy with an empty cache.
func random(s *session) error {
	for seed := s.seed; s.more(); seed++ {
		w, err := s.newWorld()
		if err != nil {
			return err
		}
		g := newGenerator(seed, s.skip)
		next := step{ops: g.workspace(), args: []string{"//...", "-k"}, jobs: 1 + g.r.IntN(64)}
		first := next.ops
		var seq []step
		for i := 0; i < stepsEach && s.more(); i++ {
			s.trials++
			seq = append(seq, next)
			for _, o := range next.ops {
				o.do(w)
			}
			r := w.buildStep(next)
			if r.code == 0 {
				s.good++
			}
			if f := w.against(next, r, s.counts); f != nil {
				s.found(seed, f, s.smallest(seq, f))
				break
			}
			next = step{args: g.command(), jobs: 1 + g.r.IntN(64)}
			if next.ops = g.edit(w.look()); g.chance(15) {
				next.ops = heal(first)
			}
		}
		os.RemoveAll(filepath.Dir(w.dir))
	}
	if s.trials >= 2*stepsEach && s.good == 0 {
		s.found(s.seed, failed("nothing builds", "none of %d builds exits with 0: a drill over such worlds shows nothing", s.trials), "")
	}
	return nil
}

// replay does a sequence in a new world and holds its last build against a clean one. The builds before
// are done once, or with twice in two.
func (s *session) replay(seq []step, twice bool) *failure {
	if s.ctx.Err() != nil {
		return nil
	}
	w, err := s.newWorld()
	if err != nil {
		return failed("drill", "%v", err)
	}
	defer os.RemoveAll(filepath.Dir(w.dir))
	var r result
	for i, st := range seq {
		for _, o := range st.ops {
			o.do(w)
		}
		r = w.buildStep(st)
		if twice && i < len(seq)-1 {
			w.buildStep(st)
		}
	}
	return w.against(seq[len(seq)-1], r, s.counts)
}

// smallest shrinks a sequence that fails and describes what is left.
func (s *session) smallest(seq []step, f *failure) string {
	again := func(twice bool) func([]step) bool {
		return func(seq []step) bool {
			g := s.replay(seq, twice)
			return g != nil && g.kind == f.kind
		}
	}
	for _, twice := range []bool{false, true} {
		if !again(twice)(seq) {
			continue
		}
		small := shrink(slices.Clone(seq), again(twice), shrinkTries)
		if g := s.replay(small, twice); g != nil {
			f.detail = g.detail
		}
		return describe(small)
	}
	return "it did not fail when it was done again\n" + describe(seq[1:])
}

// describe writes a sequence as a reader would do it by hand.
func describe(seq []step) string {
	var b strings.Builder
	for _, s := range seq {
		for _, o := range s.ops {
			if o.verb == "write" && strings.Count(o.arg, "\n") > 1 {
				fmt.Fprintf(&b, "    write %s\n        %s\n", o.path, strings.ReplaceAll(strings.TrimSpace(o.arg), "\n", "\n        "))
			} else {
				fmt.Fprintf(&b, "    %s\n", o)
			}
		}
		fmt.Fprintf(&b, "    build %s --jobs=%d\n", strings.Join(s.args, " "), s.jobs)
	}
	return b.String()
}
