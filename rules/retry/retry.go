// Package retry says when a server is asked again: whose answers may be others in a while, how long to wait, and when to give up. It has no
// state and asks nobody; fetch (files, documents of a package index) and registry (images) make the requests.
//
//	answer ──► Passing? ──► After (Retry-After) ──► Delay ──► wait, say so, ask again
//	              no              too long, or Attempts were made
//	              └───────────────┴──► the answer is an error
//
// What is waited for one request is bounded: Attempts of them, MaxWait between two.
package retry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"
	"time"
)

const (
	Attempts = 4 // of one request: the first, and again when it failed in passing
	// MaxWait is how long a server that says when it wants to be asked again is waited for: longer, and it is an error.
	MaxWait = 30 * time.Second
	// FirstWait is how long the first wait is where the server does not say; each other one is twice as long.
	FirstWait = 500 * time.Millisecond
)

// Passing reports whether an answer of this status may be another one in a while: too many requests, and what is wrong with the server
// for now. That it does not know how to do something (501, 505), or that a network wants a login first (511), stays.
func Passing(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusRequestTimeout:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported, http.StatusNetworkAuthenticationRequired:
		return false
	}
	return status >= 500 && status <= 599
}

// Reset reports whether a connection was ended by its other end before there was an answer, as happens when that is busy.
func Reset(err error) bool { return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) }

// Delay returns how long to wait before the request that follows n others, n from 1; after is what the server said, 0 for nothing. give says that it is
// no use: there were enough, or it would be too long.
func Delay(n int, after time.Duration) (d time.Duration, give bool) {
	switch {
	case n >= Attempts || after > MaxWait:
		return 0, true
	case after > 0:
		return after, false
	}
	return FirstWait << (n - 1), false
}

// Wait really waits; its error is ctx's.
func Wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
