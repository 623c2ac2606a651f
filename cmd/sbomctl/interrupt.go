package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// signals returns the signals that ask for an end: ctrl-c and a polite kill.
func signals() chan os.Signal {
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	return ch
}

// exit ends the process; a test replaces it.
var exit = os.Exit

// interruptible returns a context that the first signal cancels: the engine finishes or
// drops what runs, and keeps its state usable. The second signal does not wait for that.
func (a *app) interruptible(parent context.Context, ch chan os.Signal) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	done := make(chan struct{})
	go func() {
		select {
		case <-ch:
			a.ui.note("interrupted; waiting for what runs, once more to stop at once")
			cancel()
		case <-done:
			return
		}
		select {
		case <-ch:
			cleared := make(chan struct{})
			go func() {
				a.ui.close()
				close(cleared)
			}()
			select {
			case <-cleared:
			case <-time.After(2 * redrawEvery): // a terminal that was stopped (ctrl-s) never takes it
			}
			exit(exitInterrupted)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(ch)
		close(done)
		cancel()
	}
}
