package sandbox

import (
	"fmt"
	"strings"
	"time"
)

// Clock is a time of day that is not the machine's. It is told to programs by libfaketime (Debian package
// libfaketime), which is loaded before their own C library: a program without one, such as a static one or one
// written in Go, sees the machine's clock, and so does the file system. [Process.ProbeClock] says what became of it.
type Clock struct {
	Library string        // libfaketime.so.1 of this machine, as FindClock found it
	Offset  time.Duration // added to the machine's clock; whole seconds
}

// ClockEffect says what became of a Clock in a root folder.
type ClockEffect struct {
	Works bool
	Why   string // why it is not known to work, such as "the program date is static"; "" when it works
}

// clockLibrary is where the library lies in the sandbox: in a tmpfs, so that no root folder lacks the mount point.
const clockLibrary = "/run/sbomctl-clock.so"

// env are the variables that load the library and tell it the time.
func (c *Clock) env() []string {
	if c == nil {
		return nil
	}
	return []string{
		"LD_PRELOAD=" + clockLibrary,
		fmt.Sprintf("FAKETIME=%+d", int64(c.Offset/time.Second)),
		"FAKETIME_DONT_FAKE_MONOTONIC=1", // or sleeping and waiting would go wrong
		"FAKETIME_NO_CACHE=1",            // or a process would go on with what another one read
	}
}

// check refuses an environment that has the clock's variables.
func (c *Clock) check(env []string) error {
	for _, own := range c.env() {
		name, _, _ := strings.Cut(own, "=")
		for _, e := range env {
			if strings.HasPrefix(e, name+"=") {
				return refuse("the environment variable %q is the clock's", name)
			}
		}
	}
	return nil
}
