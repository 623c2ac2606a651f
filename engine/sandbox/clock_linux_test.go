package sandbox

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func needClock(t *testing.T, offset time.Duration) *Clock {
	t.Helper()
	c, err := FindClock(offset)
	if err != nil {
		t.Skipf("skipped: %v", err)
	}
	return c
}

// TestClock: a dynamic program of the machine's own C library sees the clock.
func TestClock(t *testing.T) {
	needSandbox(t)
	for _, offset := range []time.Duration{400 * 24 * time.Hour, -400 * 24 * time.Hour} {
		p := &Process{Root: "/", Command: []string{"sh", "-c", "date +%s; touch /tmp/x; stat -c %Y /tmp/x; sh -c 'date +%s'"}, Env: []string{"PATH=/usr/bin:/bin"}, Clock: needClock(t, offset)}
		effect, err := p.ProbeClock(context.Background())
		if err != nil || effect != (ClockEffect{Works: true}) {
			t.Errorf("%+v, %v", effect, err)
		}
		exit, out := run(t, p)
		if !exit.Success() {
			t.Fatal(exit, out)
		}
		for _, line := range strings.Fields(out) {
			at, err := time.ParseDuration(line + "s")
			if err != nil || (at-time.Duration(time.Now().Unix())*time.Second-offset).Abs() > time.Hour {
				t.Errorf("offset %s: %q, %v", offset, out, err)
			}
		}
	}
}

// TestNoClock: where the clock has no effect, that is said.
func TestNoClock(t *testing.T) {
	clock := needClock(t, time.Hour)
	for _, c := range []struct {
		name, date string // what the root folder's program date is
		want       string
	}{
		{"static", "", "the program date sees the machine's clock; it may be static"},
		{"missing", "-", "the root folder has no program date to ask"},
		{"cannot be preloaded", "#!/bin/sh\necho \"ERROR: ld.so: object from LD_PRELOAD cannot be preloaded: ignored.\" >&2\n/bin/busybox date +%s\n", "libfaketime cannot be loaded there: ERROR: ld.so: object from LD_PRELOAD cannot be preloaded: ignored.; "},
		{"fails", "#!/bin/sh\necho \"libc.so.6: version GLIBC_9 not found\" >&2\nexit 1\n", "with libfaketime the program date exited with code 1: libc.so.6: version GLIBC_9 not found"},
	} {
		p := shell(t, "")
		p.Clock = clock
		date := filepath.Join(p.Root, "bin/date")
		if c.date != "" {
			if err := os.Remove(date); err != nil {
				t.Fatal(err)
			}
		}
		if strings.HasPrefix(c.date, "#!") {
			write(t, p.Root, "bin/date", c.date, 0o755)
		}
		effect, err := p.ProbeClock(context.Background())
		if err != nil || effect.Works || !strings.HasPrefix(effect.Why, c.want) {
			t.Errorf("%s: %+v, %v", c.name, effect, err)
		}
	}
	p := shell(t, "")
	if _, err := p.ProbeClock(context.Background()); err == nil || err.Error() != "the process has no clock of its own" {
		t.Error(err)
	}
	p.Clock, p.Env = clock, []string{"LD_PRELOAD=/x"}
	if _, err := p.Run(context.Background()); err == nil || err.Error() != "the environment variable \"LD_PRELOAD\" is the clock's" {
		t.Error(err)
	}
}
