package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestFence: bubblewrap is the first process of a namespace of its own, so that all that it makes ends with it.
func TestFence(t *testing.T) {
	if !fenceable() {
		t.Skip("skipped: AppArmor does not allow this program a namespace of users")
	}
	if !fenced(t, shell(t, "")) {
		t.Error("bubblewrap is in the namespace of processes of its caller")
	}
}

// TestNoFence: where bubblewrap does not work inside a fence, it works without.
func TestNoFence(t *testing.T) {
	p := shell(t, "")
	b := needSandbox(t)
	fake := filepath.Join(t.TempDir(), "bwrap")
	script := fmt.Sprintf("#!/bin/sh\n[ $$ = 1 ] && { echo 'bwrap: open /proc/2/ns failed' >&2; exit 1; }\nexec %s \"$@\"\n", b.Path)
	if err := os.WriteFile(fake, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	p.Bubblewrap = &Bubblewrap{Path: fake, Version: b.Version}
	if fenced(t, p) {
		t.Error("bubblewrap is inside a fence")
	}
}

// fenced runs p and reports whether bubblewrap was in another namespace of processes than this program.
func fenced(t *testing.T, p *Process) (fenced bool) {
	t.Helper()
	p.Tmpfs = []Tmpfs{{Target: "/work", Fill: func(string) error {
		ours, err := os.Readlink("/proc/self/ns/pid")
		if err != nil {
			return err
		}
		its, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", childOf(os.Getpid())))
		fenced = its != ours
		return err
	}}}
	mustSay(t, p, "")
	return fenced
}
