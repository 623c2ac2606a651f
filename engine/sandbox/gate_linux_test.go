package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFill: files are put into a tmpfs before the command starts, and taken out after it ended, with all its changes.
func TestFill(t *testing.T) {
	var got []string
	p := shell(t, "cat in/a; echo changed >in/a; mkdir out; echo new >out/b; ls -ld . in; stat -c %u:%a in/a")
	p.Dir, p.UID = "/home/user/work", 1000
	p.Limits.Disk = 1 << 20
	p.Tmpfs = []Tmpfs{{
		Target: "/home/user/work",
		Fill: func(dir string) error {
			write(t, dir, "in/a", "given\n", 0o640)
			return nil
		},
		Collect: func(dir string) error {
			for _, name := range []string{"in/a", "out/b"} {
				data, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					return err
				}
				got = append(got, string(data))
			}
			return nil
		},
	}}
	exit, out := run(t, p)
	if !exit.Success() || !strings.HasPrefix(out, "given\n") || !strings.HasSuffix(out, "1000:640\n") || !slices.Equal(got, []string{"changed\n", "new\n"}) {
		t.Errorf("%s, %q, collected %q", exit, out, got)
	}
}

// TestFillFails: nothing is started, and nothing collected, when a folder cannot be filled.
func TestFillFails(t *testing.T) {
	p := shell(t, "echo ran")
	failed := errors.New("no bytes")
	p.Tmpfs = []Tmpfs{{Target: "/work", Fill: func(string) error { return failed }, Collect: func(string) error { t.Error("collected"); return nil }}}
	exit, err := p.Run(t.Context())
	if err != failed || exit.Code != -1 {
		t.Errorf("%+v, %v", exit, err)
	}
	// Where the limit is exceeded, too.
	p.Limits.Disk = 1 << 20
	p.Tmpfs[0].Fill = func(dir string) error { return os.WriteFile(dir+"/x", make([]byte, 2<<20), 0o600) }
	if _, err := p.Run(t.Context()); err == nil {
		t.Error("a tmpfs of 1 MiB took 2 MiB")
	}
}

// TestCollectOnlyEnded: a command that was killed has no outputs; one that failed has some.
func TestCollectOnlyEnded(t *testing.T) {
	for script, want := range map[string]bool{"exit 3": true, "kill -KILL $$": true, "while :; do : >/work/$((n+=1)); done": false} {
		collected := false
		p := shell(t, script)
		p.Limits.Disk = 1 << 20
		p.Tmpfs = []Tmpfs{{Target: "/work", Collect: func(string) error { collected = true; return nil }}}
		exit, _ := run(t, p)
		if collected != want {
			t.Errorf("%s: %s, collected %v", script, exit, collected)
		}
	}
}

// TestOrder: a tmpfs lists its files by the order in which they were made, so that a caller has a say in it.
func TestOrder(t *testing.T) {
	names := []string{"b", "d", "a", "e", "c"}
	order := func(names []string) string {
		p := shell(t, "find . -type f")
		p.Dir = "/work"
		p.Tmpfs = []Tmpfs{{Target: "/work", Fill: func(dir string) error {
			for _, n := range names {
				if err := os.WriteFile(filepath.Join(dir, n), nil, 0o644); err != nil {
					return err
				}
			}
			return nil
		}}}
		_, out := run(t, p)
		return out
	}
	forward := order(names)
	slices.Reverse(names)
	backward := order(names)
	if forward == backward || len(forward) != len(backward) {
		t.Errorf("one way\n%s\nand the other\n%s", forward, backward)
	}
}
