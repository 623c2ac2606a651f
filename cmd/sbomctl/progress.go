package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/sbomctl/sbomctl/engine/event"
)

// progress is the live part of a terminal: a pure function from the events so far, the time
// and the terminal's size to a few lines,
//
//	[12/345] 2 running, 3.4 s
//	    //:cpython (ArchiveIndex) 3.1 s
//	    //:base_sbom (SpdxBase) 0.2 s
//
// which ui.go draws and erases.
type progress struct {
	total, done int
	running     map[uint32]event.NodeStarted
}

// workKinds are the kinds whose nodes execute actions.
var workKinds = map[string]bool{"action": true, "index": true, "validation": true, auditKind: true}

// maxRunning is how many running nodes are named; a big machine runs more.
const maxRunning = 8

func newProgress() *progress { return &progress{running: map[uint32]event.NodeStarted{}} }

// handle takes note of one event.
func (p *progress) handle(e event.Event) {
	switch e := e.(type) {
	case event.Planned:
		p.done, p.total = e.Done, e.Total
	case event.NodeStarted:
		p.running[e.ID] = e
	case event.NodeFinished:
		delete(p.running, e.ID)
	case event.BuildFinished:
		clear(p.running)
	}
}

// frame returns the lines to show, none wider than width columns less one (a full line
// would wrap in some terminals) and at most half of height. now is the time since the
// build started.
func (p *progress) frame(now time.Duration, width, height int) []string {
	// Actions are the work; the nodes that wait for them are shown only when there is none.
	// A waiting node counts as running in the engine, since its function has begun.
	var shown []event.NodeStarted
	for _, n := range p.running {
		if workKinds[n.Kind] {
			shown = append(shown, n)
		}
	}
	if len(shown) == 0 {
		for _, n := range p.running {
			shown = append(shown, n)
		}
	}
	slices.SortFunc(shown, func(a, b event.NodeStarted) int {
		if a.At != b.At {
			return cmp.Compare(a.At, b.At)
		}
		return cmp.Compare(a.ID, b.ID)
	})
	lines := []string{fmt.Sprintf("[%d/%d] %d running, %s", p.done, max(p.total, p.done+len(shown)), len(shown), seconds(now))}
	limit := max(0, min(maxRunning, height/2-1))
	for i, n := range shown {
		if i == limit {
			break
		}
		if i == limit-1 && len(shown) > limit {
			lines = append(lines, fmt.Sprintf("    and %d more", len(shown)-i))
			break
		}
		age := " " + seconds(max(0, now-n.At))
		lines = append(lines, "    "+clipStart(event.Title(n.Label, n.Name), width-1-4-len(age))+age)
	}
	for i := range lines {
		lines[i] = clip(lines[i], width-1)
	}
	return lines
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// clip cuts the end of s so that it takes at most the given number of columns.
func clip(s string, columns int) string {
	used := 0
	for i, r := range s {
		if used += runeWidth(r); used > columns {
			return s[:i]
		}
	}
	return s
}

// clipStart cuts the start, since the names of a package differ at their ends, and puts "..." there.
func clipStart(s string, columns int) string {
	const dots = "..."
	over := textWidth(s) - columns
	if over <= 0 {
		return s
	}
	over += len(dots)
	for i, r := range s {
		if over <= 0 {
			return dots + s[i:]
		}
		over -= runeWidth(r)
	}
	return dots
}

func textWidth(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// runeWidth is never less than the columns that a terminal takes for r: from the first wide
// script (Hangul Jamo, U+1100) on, two. Too much only clips early; too little would wrap, and
// the erasing would then miss a line.
func runeWidth(r rune) int {
	if r >= 0x1100 {
		return 2
	}
	return 1
}
