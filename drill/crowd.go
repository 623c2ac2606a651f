package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// crowd starts many builds at once, in several workspaces that share a cache and several in each, with clean and
// deletions of entries of the cache beside them. Each build succeeds; the one after all of them is right.
func crowd(s *session) error {
	for seed := s.seed; s.more(); seed++ {
		t, err := s.newTestbed(seed)
		if err != nil {
			return err
		}
		r := rand.New(rand.NewPCG(seed, 5))
		for i := 0; i < 8 && s.more(); i++ {
			s.trials++
			c := crowding{workspaces: 1 + r.IntN(3), builds: 1 + r.IntN(5), cleans: r.IntN(3), deletions: r.IntN(2) * r.IntN(60), empty: r.IntN(2) == 0, expunge: r.IntN(2) == 0}
			f, err := t.crowded(c, r)
			if err != nil {
				return err
			}
			if f != nil && s.counts(f) {
				s.found(seed, f, fmt.Sprintf("    world of seed %d, %s\n    %+v\n", seed, state(c.empty), c))
			}
		}
		t.remove()
	}
	return nil
}

// crowding is who is there.
type crowding struct {
	workspaces int // copies of one, sharing a cache
	builds     int // at once, in each
	cleans     int // in each, one after the other
	deletions  int // files of the cache
	empty      bool
	expunge    bool // clean --expunge
}

func (t *testbed) crowded(c crowding, r *rand.Rand) (*failure, error) {
	if err := t.reset(c.empty); err != nil {
		return nil, err
	}
	dir := filepath.Join(filepath.Dir(t.w.dir), "crowd")
	defer os.RemoveAll(dir)
	worlds := []*testbed{t}
	for i := 1; i < c.workspaces; i++ {
		other := *t
		other.w = &world{dir: filepath.Join(dir, fmt.Sprint(i)), cache: t.w.cache, program: t.w.program, builds: t.w.builds}
		if err := t.w.copyTo(other.w, false); err != nil {
			return nil, err
		}
		worlds = append(worlds, &other)
	}
	clean := []string{"clean", "--disk_cache=" + t.w.cache}
	if c.expunge {
		clean = append(clean, "--expunge")
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var worst *failure
	check := func(what string, r result) {
		f := where(what, crashed(r))
		if f == nil && r.code != 0 {
			f = failed("exit code", "%s: exit %d\n%s", what, r.code, tail(r.stderr))
		}
		mu.Lock()
		defer mu.Unlock()
		if worst == nil && f != nil {
			worst = f
		}
	}
	for _, o := range worlds {
		var started []*process
		for n := range c.builds {
			args := o.w.stepArgs(step{args: o.step.args, jobs: []int{1, 2, 8, 64}[n%4]})
			started = append(started, o.w.start(append([]string{o.w.program}, args...)))
		}
		for _, p := range started {
			wg.Go(func() { check("a build among others", p.wait()) })
		}
		var cleaners []*process
		for range c.cleans {
			cleaners = append(cleaners, o.w.start(append([]string{o.w.program}, clean...)))
		}
		for _, p := range cleaners {
			wg.Go(func() { check("clean among builds", p.wait()) })
		}
	}
	for range c.deletions {
		if files := filesOf(t.w.cache); len(files) > 0 {
			if f := pick(r, files); !strings.Contains(f, "workspaces") {
				_ = os.Remove(filepath.Join(t.w.cache, f))
			}
		}
	}
	wg.Wait()
	if worst != nil {
		return worst, nil
	}
	for _, o := range worlds {
		if f := o.recovers(); f != nil {
			return f, nil
		}
	}
	return nil, nil
}
