package sandbox

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

// TestLimits: each limit ends what exceeds it, and is named.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name, script string
		limits       Limits
		want         string
	}{
		{"time", "trap '' TERM; while :; do :; done", Limits{Wall: 50 * time.Millisecond}, "was killed: it took more than 50ms of time"},
		{"time, sleeping", "sleep 1000", Limits{Wall: 50 * time.Millisecond}, "was killed: it took more than 50ms of time"},
		{"time, nothing written", "exec >&- 2>&- </dev/null; sleep 1000", Limits{Wall: 50 * time.Millisecond}, "was killed: it took more than 50ms of time"},
		{"time, stopped", "kill -STOP $$", Limits{Wall: 50 * time.Millisecond}, "was killed: it took more than 50ms of time"},
		{"processor time", "exec sh -c 'while :; do :; done'", Limits{CPU: time.Second}, "was killed: it took more than 1s of processor time"},
		{"fork bomb", "bomb() { bomb | bomb & }; bomb; sleep 1000", Limits{Processes: 40}, "was killed: it had more than 40 processes at once"},
		{"sleepers", "for i in $(seq 60); do sleep 1000 & done; wait", Limits{Processes: 40}, "was killed: it had more than 40 processes at once"},
		{"memory", "x=$(yes | head -c 20000000); sleep 1000; echo ${#x}", Limits{Memory: 10 << 20}, "was killed: it took more than 10.0 MiB of memory"},
		{"memory, of files", "dd if=/dev/zero of=/tmp/x bs=64k count=400 2>/dev/null; sleep 1000", Limits{Memory: 10 << 20, Disk: 1 << 30}, "was killed: it took more than 10.0 MiB of memory"},
		{"address space", "x=$(yes | head -c 60000000); exit 1", Limits{AddressSpace: 16 << 20}, "exited with code"},
		{"a file", "dd if=/dev/zero of=/out/x bs=64k count=100 2>/dev/null", Limits{FileSize: 1 << 20}, "was killed: it took more than 1.0 MiB of file size"},
		{"open files", "exec 31</dev/null && exec 32</dev/null", Limits{OpenFiles: 32}, "exited with code"},
		{"disk", "while :; do dd if=/dev/zero of=/out/$((n+=1)) bs=64k count=10 2>/dev/null; done", Limits{Disk: 4 << 20}, "was killed: it took more than 4.0 MiB of disk"},
		{"disk, empty files", "while :; do : >/out/$((n+=1)); done", Limits{Disk: 1 << 20}, "was killed: it took more than 1.0 MiB of disk"},
		{"disk, deep", "cd /out; d=$(printf %0200d 1); while mkdir $d; do cd $d; done 2>/dev/null; sleep 1000", Limits{Disk: 1 << 30}, "was killed: it made folders in folders, deeper than a path can name"},
		{"memory for files", "dd if=/dev/zero of=/tmp/x bs=64k count=100 2>&1 | grep -o 'No space left'; exit 9", Limits{Disk: 4 << 20}, ""},
		{"memory for files, many", "for d in /tmp /run /var/tmp; do dd if=/dev/zero of=$d/x bs=64k count=40 2>/dev/null; done; sleep 1000", Limits{Disk: 4 << 20}, "was killed: it took more than 4.0 MiB of disk"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			f := newFifo(t)
			// The sandbox's processes hold the fifo, so that it is seen when all are gone.
			p := shell(t, "exec 9>/fifo/fifo; "+c.script)
			p.Mounts = append(f.mounts, Mount{out, "/out", true})
			wall := p.Limits.Wall
			p.Limits = c.limits
			if p.Limits.Wall == 0 {
				p.Limits.Wall = wall
			}
			exit, said := run(t, p)
			switch {
			case c.want == "":
				// The kernel refuses, or the watch was quicker.
				if !strings.Contains(said, "No space left") && exit.Killed != TooMuchOnDisk {
					t.Errorf("%s, %q", exit, said)
				}
			case strings.HasPrefix(c.want, "exited"):
				if exit.Killed != NotKilled || exit.Code == 0 {
					t.Errorf("%s, %q", exit, said)
				}
			case exit.String() != c.want || exit.Code != -1 || exit.Success():
				t.Errorf("%s, %q", exit, said)
			}
			f.allGone()
		})
	}
}

// TestWithin: what keeps its limits is not touched by any.
func TestWithin(t *testing.T) {
	p := shell(t, "dd if=/dev/zero of=/out/x bs=64k count=4 2>/dev/null; for i in 1 2 3; do sleep 0.05 & done; wait; echo done")
	p.Mounts = []Mount{{t.TempDir(), "/out", true}}
	p.Limits = Limits{Wall: time.Minute, CPU: time.Minute, AddressSpace: 1 << 30, Memory: 1 << 28, Processes: 20, OpenFiles: 64, FileSize: 1 << 20, Disk: 1 << 20, Output: 5}
	exit, out := run(t, p)
	if !exit.Success() || out != "done\n" || exit.Dropped != 0 || exit.Wall <= 0 {
		t.Errorf("%+v, %q", exit, out)
	}
}

// TestFlood: what is written beyond the limit is counted, and the command goes on.
func TestFlood(t *testing.T) {
	p := shell(t, "yes | head -c 1000000; echo end >&2; exit 3")
	p.Limits.Output = 1000
	exit, out := run(t, p)
	if exit.Code != 3 || out != strings.Repeat("y\n", 500) || exit.Dropped != 1000000+4-1000 {
		t.Errorf("%+v, %d bytes", exit, len(out))
	}
	endless := shell(t, "yes")
	endless.Limits = Limits{Wall: 100 * time.Millisecond, Output: 10}
	if exit, out := run(t, endless); exit.Killed != TooLong || len(out) > 10 {
		t.Errorf("%+v, %q", exit, out)
	}
}

// TestNoCore: a command that crashes leaves no memory of itself.
func TestNoCore(t *testing.T) {
	dir := t.TempDir()
	p := shell(t, "ulimit -c; cd /out; kill -SEGV $$")
	p.Mounts = []Mount{{dir, "/out", true}}
	exit, out := run(t, p)
	left, err := os.ReadDir(dir)
	if exit.Signal != "SIGSEGV" || out != "0\n" || err != nil || len(left) > 0 {
		t.Errorf("%s, %q, %v, %v", exit, out, left, err)
	}
}

func TestBySignal(t *testing.T) {
	l := Limits{CPU: 1500 * time.Millisecond}
	for code, want := range map[int]string{
		0: "exited with code 0", 128: "exited with code 128", 129: "was killed by SIGHUP (exit code 129)", 160: "exited with code 160", 255: "exited with code 255",
		152: "was killed: it took more than 1.5s of processor time", 153: "was killed by SIGXFSZ (exit code 153)",
	} {
		e := Exit{Code: code}
		if l.bySignal(&e); e.String() != want {
			t.Errorf("%d: %s", code, e)
		}
	}
	for n, want := range map[int64]string{0: "0 bytes", 1023: "1023 bytes", 1024: "1.0 KiB", 3 << 29: "1.5 GiB", 1 << 62: "4194304.0 TiB"} {
		if got := sizeText(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

// TestCancelFilling: the end of the context while a tmpfs is filled ends it all.
func TestCancelFilling(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	p := shell(t, "echo ran")
	var out bytes.Buffer
	p.Output = &out
	p.Tmpfs = []Tmpfs{{Target: "/work", Fill: func(string) error { cancel(); return nil }}}
	if _, err := p.Run(ctx); err != context.Canceled || out.Len() > 0 {
		t.Errorf("%v, %q", err, out.Bytes())
	}
}
