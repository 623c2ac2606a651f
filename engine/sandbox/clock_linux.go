package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// FindClock returns a clock with an offset.
func FindClock(offset time.Duration) (*Clock, error) {
	// The library for programs with threads works for others, too.
	for _, pattern := range []string{"/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib*/faketime/libfaketimeMT.so.1"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return &Clock{Library: found[0], Offset: offset}, nil
		}
	}
	return nil, &diag.Error{
		Msg:   "libfaketime is not installed; without it a command in a sandbox sees the machine's clock",
		Hints: []string{"install the Debian or Ubuntu package: apt-get install libfaketime"},
	}
}

// probeWall bounds the probe.
const probeWall = 10 * time.Second

// ProbeClock says whether programs in p's root folder see p's clock, by asking its program date, as p would be run
// but for the mounts. It holds for programs that are linked as date is: a static one sees the machine's clock anyway.
func (p *Process) ProbeClock(ctx context.Context) (ClockEffect, error) {
	if p.Clock == nil {
		return ClockEffect{}, refuse("the process has no clock of its own")
	}
	var out bytes.Buffer
	probe := *p
	probe.Command, probe.Output, probe.Dir = []string{"date", "+%s"}, &out, "/"
	probe.Mounts, probe.Tmpfs = nil, nil
	probe.Limits = Limits{Wall: probeWall, Output: 1 << 12}
	before := time.Now()
	exit, err := probe.Run(ctx)
	if notFound(err) {
		return ClockEffect{Why: "the root folder has no program date to ask"}, nil
	}
	if err != nil {
		return ClockEffect{}, err
	}
	said := strings.TrimSpace(out.String())
	seconds, err := strconv.ParseInt(said, 10, 64)
	switch {
	case !exit.Success():
		return ClockEffect{Why: fmt.Sprintf("with libfaketime the program date %s: %s", exit, strings.ReplaceAll(said, "\n", "; "))}, nil
	case err != nil:
		// The loader says "cannot be preloaded" and goes on.
		return ClockEffect{Why: "libfaketime cannot be loaded there: " + strings.ReplaceAll(said, "\n", "; ")}, nil
	}
	// The clock is right when it is nearer to what was asked for than to the machine's.
	off := time.Unix(seconds, 0).Sub(before)
	if (off - p.Clock.Offset).Abs() > off.Abs() {
		return ClockEffect{Why: "the program date sees the machine's clock; it may be static"}, nil
	}
	return ClockEffect{Works: true}, nil
}
