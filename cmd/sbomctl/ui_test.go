package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
)

func noEnv(string) string { return "" }

// TestDrawing checks the very bytes that a terminal gets: a frame, then lines that take its
// place with the frame again below them, then lines alone.
func TestDrawing(t *testing.T) {
	var out bytes.Buffer
	u := newUI(&out)
	u.configure("no", "yes", noEnv)
	now := time.Second
	u.clock = func() time.Duration { return now }
	u.stop = make(chan struct{}) // collected, as between two ticks
	want := func(text string) {
		t.Helper()
		if out.String() != text {
			t.Errorf("got %q\nwant %q", out.String(), text)
		}
		out.Reset()
	}
	u.Handle(event.NodeStarted{ID: 1, Kind: "action", Label: "//:a"})
	want("")
	u.flush(true)
	want("[0/1] 1 running, 1.0 s\n    //:a 1.0 s\n")
	u.Handle(event.NodeFinished{ID: 1, Key: "k", Kind: "action", Label: "//:a", Reason: &event.Reason{Cause: event.Lost}})
	u.Handle(event.Warning{Label: "//:a", Message: "odd\x1b[A"})
	want("")
	u.flush(true)
	want("\r\x1b[2A\x1b[Jsbomctl: ran //:a: an output is gone from the cache\nsbomctl: warning: //:a: odd\\x1b[A\n[0/0] 0 running, 1.0 s\n")
	u.close()
	want("\r\x1b[1A\x1b[J")
	u.note("done")
	want("sbomctl: done\n")
}

func TestWritingGoroutine(t *testing.T) {
	var out bytes.Buffer
	u := newUI(&out)
	u.configure("auto", "auto", noEnv)
	u.start(func() time.Duration { return 0 })
	u.note("one")
	u.close()
	u.close() // as after a second signal
	if got := out.String(); got != "sbomctl: one\n" {
		t.Errorf("got %q", got)
	}
}

func TestErrorsAndWarnings(t *testing.T) {
	var out bytes.Buffer
	u := newUI(&out)
	d := &diag.Error{Pos: diag.Pos{File: "BUILD.star", Line: 3, Col: 1}, Label: "//:a", Msg: "line one\nsbomctl: forged", Hints: []string{"try\x07 this"}}
	u.error(diag.List{d, errors.New("plain\r"), d, diag.List{usage("nested")}})
	u.warn("", "careful")
	u.warn("", "careful")
	u.error(nil)
	u.error(errInterrupted)
	u.error(said(d))
	want := `sbomctl: error: BUILD.star:3:1: //:a: line one\nsbomctl: forged
sbomctl: hint: try\a this
sbomctl: error: plain\r
sbomctl: error: nested
sbomctl: warning: careful
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// TestActions checks which actions get a line of their own, and which are counted.
func TestActions(t *testing.T) {
	action := func(label string, outcome event.Outcome, cause event.Cause) event.NodeFinished {
		return event.NodeFinished{Key: "k", Kind: "action", Label: label, Name: label + " Write", Outcome: outcome, Reason: &event.Reason{Cause: cause, Name: "version", Old: "1", New: "2"}}
	}
	events := []event.Event{
		action("//:a", event.Ran, event.NoTrace), action("//:b", event.Ran, event.Attribute), action("//:c", event.Ran, event.NoTrace),
		action("//:d", event.Cached, event.NoTrace), action("//:e", event.Ran, event.Forced), action("//:f", event.Failed, event.NoTrace),
	}
	for _, c := range []struct {
		verbose bool
		want    string
	}{
		{false, `sbomctl: ran //:b (Write): attribute version changed "1" -> "2"
sbomctl: ran 2 actions for the first time
sbomctl: ran //:e (Write) because sbomctl itself was replaced
`},
		{true, `sbomctl: ran //:a (Write): not built before
sbomctl: ran //:b (Write): attribute version changed "1" -> "2"
sbomctl: ran //:c (Write): not built before
sbomctl: from the cache //:d (Write): not built before
sbomctl: ran //:e (Write): the engine was replaced
`},
	} {
		var out bytes.Buffer
		u := newUI(&out)
		u.verbose = c.verbose
		for _, e := range events {
			u.Handle(e)
		}
		u.close()
		u.close()
		if out.String() != c.want {
			t.Errorf("verbose %v: got\n%s\nwant\n%s", c.verbose, out.String(), c.want)
		}
	}
}

func TestColour(t *testing.T) {
	for _, c := range []struct {
		color, noColor string
		want           bool
	}{{"auto", "", false}, {"yes", "", true}, {"yes", "1", true}, {"no", "", false}} {
		var out bytes.Buffer
		u := newUI(&out)
		u.configure(c.color, "no", func(name string) string { return map[string]string{"NO_COLOR": c.noColor}[name] })
		u.error(errors.New("x"))
		if got := strings.Contains(out.String(), "\x1b[1;31merror:\x1b[0m x"); got != c.want {
			t.Errorf("%+v: %q", c, out.String())
		}
	}
}

func TestSummary(t *testing.T) {
	for _, c := range []struct {
		f    event.BuildFinished
		want string
	}{
		{event.BuildFinished{UpToDate: 12, Elapsed: 9 * time.Millisecond}, "0 ran, 12 up to date, 0.01 s"},
		{event.BuildFinished{Ran: 3, Cached: 2, UpToDate: 12, Elapsed: 1200 * time.Millisecond}, "3 ran, 2 from the cache, 12 up to date, 1.20 s"},
		{event.BuildFinished{Ran: 3, Failed: 1, Err: errors.New("x")}, "build failed: 3 ran, 1 failed, 0 up to date, 0.00 s"},
		{event.BuildFinished{Ran: 3, Interrupted: true, Err: errors.New("x")}, "build interrupted: 3 ran, 0 up to date, 0.00 s"},
	} {
		if got := summaryText(c.f); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
