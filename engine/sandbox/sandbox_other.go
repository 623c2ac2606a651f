//go:build !linux

package sandbox

import (
	"context"
	"runtime"
	"time"

	"github.com/sbomctl/sbomctl/engine/diag"
)

func notHere() error {
	return &diag.Error{
		Msg:   "commands are run in a sandbox by bubblewrap, which is for Linux only; this is " + runtime.GOOS,
		Hints: []string{"run it on Linux, or in a virtual machine or a container with Linux"},
	}
}

// Find looks for bubblewrap, which is for Linux only.
func Find() (*Bubblewrap, error) { return nil, notHere() }

// Run runs p, on Linux only.
func (p *Process) Run(ctx context.Context) (Exit, error) { return Exit{Code: -1}, notHere() }

// CommandLine returns a line for a shell that runs p, on Linux only.
func (p *Process) CommandLine() (string, error) { return "", notHere() }

// FindClock returns a clock with an offset, on Linux only.
func FindClock(offset time.Duration) (*Clock, error) { return nil, notHere() }

// ProbeClock says whether programs in p's root folder see p's clock, on Linux only.
func (p *Process) ProbeClock(ctx context.Context) (ClockEffect, error) {
	return ClockEffect{}, notHere()
}

// Probe tries whether a sandbox can be made, on Linux only.
func (b *Bubblewrap) Probe(ctx context.Context) error { return notHere() }
