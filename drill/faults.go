package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// errnos are what a system call fails with: a full disk, a broken one, a forbidden file, too many open files,
// a file that is not there (any more), a network file system without the call.
var errnos = []string{"ENOSPC", "EIO", "EACCES", "EMFILE", "ENOENT", "EINTR", "ENOSYS", "EROFS"}

// faults lets system calls fail, once or from one on. The build says so, or does without: when its exit code is 0, all
// outputs are there and right. A build after that is right.
func faults(s *session) error {
	if !haveStrace() {
		fmt.Fprintln(s.out, "faults: strace does not work here; no system call is made to fail")
		return nil
	}
	for seed := s.seed; s.more(); seed++ {
		t, err := s.newTestbed(seed)
		if err != nil {
			return err
		}
		r := rand.New(rand.NewPCG(seed, 3))
		counts := map[bool]map[string]int{}
		for _, empty := range []bool{false, true} {
			if counts[empty], err = t.calls(empty); err != nil {
				return err
			}
			delete(counts[empty], "mmap") // memory is not refused: nothing of the language works without it
		}
		for i := 0; i < trialsEach && s.more(); i++ {
			empty := r.IntN(2) == 0
			at, f, err := t.fault(r, empty, counts[empty])
			if err != nil {
				return err
			}
			if at == "" {
				continue
			}
			s.trials++
			if f != nil && s.counts(f) {
				s.found(seed, f, fmt.Sprintf("    world of seed %d, %s\n    failed: %s\n", seed, state(empty), at))
			}
		}
		t.remove()
	}
	return nil
}

// fault runs a build with a failing call, and builds after it. It returns which call failed, or "" when none did.
func (t *testbed) fault(r *rand.Rand, empty bool, counts map[string]int) (string, *failure, error) {
	if err := t.reset(empty); err != nil {
		return "", nil, err
	}
	call := pick(r, callNames(counts))
	n := 1 + r.IntN(counts[call])
	errno := pick(r, errnos)
	if call == "close" {
		errno = "EIO"
	}
	inject := "error=" + errno + when(n)
	if errno != "EINTR" && r.IntN(4) == 0 {
		inject += "+" // from then on
	}
	log := filepath.Join(filepath.Dir(t.w.dir), "strace")
	defer os.Remove(log)
	got := t.w.wrapped(t.strace(log, call, inject), t.w.stepArgs(t.step)...)
	line := injected(log, failedSign)
	if line == "" {
		return "", nil, nil
	}
	at := fmt.Sprintf("%s:%s: %s", call, inject, line)
	f := t.honest(got)
	if f != nil && f.kind == "silent failure" && call == "write" {
		f = nil // what it has to say is written, too
	}
	if f != nil {
		return at, f, nil
	}
	return at, t.recovers(), nil
}

// honest checks a build that was hindered: it made everything, or it says what it did not.
func (t *testbed) honest(r result) *failure {
	if f := crashed(r); f != nil {
		return f
	}
	if f := t.whole(); f != nil {
		return f
	}
	switch {
	case runtimeDied(r):
		return nil
	case r.code == 0:
		return where("exit 0", t.right("the hindered build", r))
	case r.code < 0:
		return failed("ended by a signal", "%s", tail(r.stderr))
	case !strings.Contains(r.stderr, "sbomctl: error: ") && !strings.Contains(r.stderr, "sbomctl: warning: "):
		return failed("silent failure", "exit %d\n%s", r.code, tail(r.stderr))
	}
	return nil
}
