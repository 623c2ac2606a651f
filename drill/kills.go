package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
)

// trialsEach is how many hazards a world meets before another one is made.
const trialsEach = 60

// kills kills builds: at a system call, where strace is installed, and at an event. A build after that is
// right. What lies in sbom-out between the two is whole.
func kills(s *session) error {
	strace := haveStrace()
	if !strace {
		fmt.Fprintln(s.out, "kills: strace does not work here; builds are killed at their events only")
	}
	for seed := s.seed; s.more(); seed++ {
		t, err := s.newTestbed(seed)
		if err != nil {
			return err
		}
		r := rand.New(rand.NewPCG(seed, 2))
		counts := map[bool]map[string]int{}
		for _, empty := range []bool{false, true} {
			if strace {
				if counts[empty], err = t.calls(empty); err != nil {
					return err
				}
			}
		}
		for i := 0; i < trialsEach && s.more(); i++ {
			empty := r.IntN(3) == 0
			at, err := t.kill(r, empty, counts[empty])
			if err != nil {
				return err
			}
			if at == "" {
				continue
			}
			s.trials++
			f := t.whole()
			if f == nil {
				f = t.recovers()
			}
			if f != nil && s.counts(f) {
				s.found(seed, f, fmt.Sprintf("    world of seed %d, %s\n    killed at %s\n", seed, state(empty), at))
			}
		}
		t.remove()
	}
	return nil
}

func state(empty bool) string {
	if empty {
		return "never built"
	}
	return "built and edited"
}

// kill starts a build and kills it. It returns where, or "" when the build was over before.
func (t *testbed) kill(r *rand.Rand, empty bool, counts map[string]int) (string, error) {
	if err := t.reset(empty); err != nil {
		return "", err
	}
	if len(counts) == 0 || r.IntN(4) == 0 {
		return t.killAtEvent(1 + r.IntN(400))
	}
	call := pick(r, callNames(counts))
	n := 1 + r.IntN(counts[call])
	log := filepath.Join(filepath.Dir(t.w.dir), "strace")
	defer os.Remove(log)
	t.w.wrapped(t.strace(log, call, "signal=KILL"+when(n)), t.w.stepArgs(t.step)...)
	if line := injected(log, killedSign); line != "" {
		return fmt.Sprintf("%s number %d: %s", call, n, line), nil
	}
	return "", nil
}

// killAtEvent kills a build after it has written n events. They go to a pipe, so that the build does
// not get further.
func (t *testbed) killAtEvent(n int) (string, error) {
	pipe := filepath.Join(filepath.Dir(t.w.dir), "events")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		return "", err
	}
	defer os.Remove(pipe)
	// It is open for writing until the build has opened it, so that opening it for reading does not wait.
	keep, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	events, err := os.Open(pipe)
	if err != nil {
		return "", err
	}
	defer events.Close()
	p := t.w.start(append([]string{t.w.program}, append(t.w.stepArgs(t.step), "--build_event_json_file="+pipe)...))
	in := bufio.NewReaderSize(events, 16)
	if _, err := in.Peek(1); err != nil {
		return "", err
	}
	keep.Close()
	for range n {
		if _, err := in.ReadString('\n'); err != nil {
			p.wait()
			return "", nil
		}
	}
	_ = p.kill()
	_, _ = io.Copy(io.Discard, in)
	if r := p.wait(); r.code != -1 {
		return "", nil
	}
	return fmt.Sprintf("event %d", n), nil
}
