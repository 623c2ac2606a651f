package main

// The rules of what a user sees, kept by this file:
//
//   - stdout is data, and only data: the paths of the outputs of build, the text of help,
//     version and completion. It can be piped.
//   - stderr is everything else. Each line starts with "sbomctl: ", is in lower case and has no
//     full stop. Errors say "error: ", warnings "warning: "; a hint is a line of its own.
//   - A line is for what ran because something changed. What ran for a reason that all share (for the
//     first time) is one line with a count; --verbose has a line for each action.
//   - A pipe gets each line once, in order, without colour. A terminal gets the same lines, and
//     below them the live part (progress.go), which is gone when the command ends.
//   - Names and messages may come from hostile files: what is not printable is shown as a Go
//     escape, so that only this file moves the cursor.
//   - What a build finds and fails by, or warns of, is told in full; notes are one line with a count, and what is waived is a
//     number. --verbose has the notes in full. check prints findings to stdout: they are its data.
//   - A time is shown, never compared: no line but the summary has one.

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// redrawEvery is the shortest time between two writes of the live part. Nothing is drawn
// before it has passed once, so a build that has nothing to do does not flicker.
const redrawEvery = 50 * time.Millisecond

// ui writes to stderr, and is the listener of the event stream for people. Lines are
// collected and written by flush, so that an event never waits for a slow terminal.
type ui struct {
	writing sync.Mutex // held while writing; taken before mu
	out     io.Writer
	drawn   int // lines of the live part that are on the screen

	mu       sync.Mutex // guards what follows
	colour   bool
	pending  strings.Builder          // lines to write
	verbose  bool                     // say of every action what became of it
	warned   map[string]bool          // warnings that were shown
	counted  map[event.Cause][]string // actions that ran for a reason of many, not said yet
	removed  [2][]string              // outputs that were removed: no target makes them, they failed
	patterns []string                 // of the build
	notes    int                      // findings that are notes, not said yet
	finished *event.BuildFinished
	progress *progress // nil: no live part
	clock    func() time.Duration
	stop     chan struct{} // closes to end the writing goroutine; nil: lines are written at once
	stopped  sync.WaitGroup
}

func newUI(out io.Writer) *ui {
	return &ui{out: out, warned: map[string]bool{}, counted: map[event.Cause][]string{}}
}

// configure decides on colour and live progress from the flags and the environment. A word
// on the command line beats NO_COLOR (no-color.org), which beats the terminal.
func (u *ui) configure(color, curses string, getenv func(string) string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	smart := isTerminal(u.out) && getenv("TERM") != "dumb"
	u.colour = color == "yes" || color == "auto" && smart && getenv("NO_COLOR") == ""
	if curses == "yes" || curses == "auto" && smart {
		u.progress = newProgress()
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalWidth is the width of the terminal that f is; 0 when it is none.
func terminalWidth(f *os.File) int {
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return w
}

// columns is the width that text on stdout is wrapped to.
func (a *app) columns() int {
	if a.width > 0 {
		return a.width
	}
	return textWidthDefault
}

// start begins to write every redrawEvery; clock is the time since the build started.
func (u *ui) start(clock func() time.Duration) {
	stop := make(chan struct{})
	u.mu.Lock()
	u.clock, u.stop = clock, stop
	u.mu.Unlock()
	u.stopped.Go(func() {
		tick := time.NewTicker(redrawEvery)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				u.flush(true)
			}
		}
	})
}

// close writes what is left, the counts last, and takes the live part off the screen. Later lines are written at once.
func (u *ui) close() {
	u.counts()
	u.mu.Lock()
	stop := u.stop
	u.stop = nil
	u.mu.Unlock()
	if stop != nil {
		close(stop)
		u.stopped.Wait()
	}
	u.flush(false)
}

// flush writes the collected lines and, if live, the live part below them, in one piece.
func (u *ui) flush(live bool) {
	u.writing.Lock()
	defer u.writing.Unlock()
	u.mu.Lock()
	lines := u.pending.String()
	u.pending.Reset()
	var frame []string
	if live && u.progress != nil {
		width, height := u.size()
		frame = u.progress.frame(u.clock(), width, height)
	}
	u.mu.Unlock()
	if lines == "" && len(frame) == 0 && u.drawn == 0 {
		return
	}
	var b strings.Builder
	if u.drawn > 0 {
		fmt.Fprintf(&b, "\r\x1b[%dA\x1b[J", u.drawn)
	}
	b.WriteString(lines)
	for _, line := range frame {
		b.WriteString(line + "\n")
	}
	u.drawn = len(frame)
	io.WriteString(u.out, b.String())
}

// size is that of the terminal, or the common one where there is none.
func (u *ui) size() (width, height int) {
	if f, ok := u.out.(*os.File); ok {
		if w, h, err := term.GetSize(int(f.Fd())); err == nil && w > 0 && h > 0 {
			return w, h
		}
	}
	return 80, 24
}

// Handle shows what happens in a build.
func (u *ui) Handle(e event.Event) {
	u.mu.Lock()
	if u.progress != nil {
		u.progress.handle(e)
	}
	u.mu.Unlock()
	switch e := e.(type) {
	case event.NodeFinished:
		// Only actions have a key. The other nodes (files, packages, targets) are bookkeeping,
		// which --explain shows.
		if e.Key != "" {
			u.action(e)
		}
	case event.Warning:
		u.warn(e.Label, e.Message)
	case event.OutputRemoved:
		i := 0
		if e.Failed {
			i = 1
		}
		u.mu.Lock()
		u.removed[i] = append(u.removed[i], event.Printable(e.Path))
		u.mu.Unlock()
	case event.BuildStarted:
		u.mu.Lock()
		u.patterns = e.Patterns
		u.mu.Unlock()
	case event.Found:
		u.found(e)
	case event.BuildFinished:
		u.mu.Lock()
		u.finished = &e
		removed := u.removed
		u.mu.Unlock()
		u.tellRemoved(removed[0], "which no target makes any more")
		u.tellRemoved(removed[1], "which could not be made this time")
	}
}

// tellRemoved says in one line which outputs of earlier builds are gone.
func (u *ui) tellRemoved(paths []string, why string) {
	const most = 3
	if len(paths) == 0 {
		return
	}
	text := strings.Join(paths[:min(most, len(paths))], ", ")
	if more := len(paths) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	u.line("", "removed", " "+text+", "+why)
}

// action says that an action ran and why. Where the reason is not that something changed, and the same for
// all, it only counts them; with --verbose it says that too, and what was found in the cache.
func (u *ui) action(e event.NodeFinished) {
	title := event.Title(e.Label, e.Name)
	switch {
	case e.Outcome == event.Cached && u.verbose:
		u.line(green, "from the cache", " "+title+": "+e.Reason.Brief())
	case e.Outcome != event.Ran:
	case u.verbose || e.Reason == nil || e.Reason.Cause != event.NoTrace && e.Reason.Cause != event.Forced:
		u.line(green, "ran", " "+title+": "+e.Reason.Brief())
	default:
		u.mu.Lock()
		u.counted[e.Reason.Cause] = append(u.counted[e.Reason.Cause], title)
		u.mu.Unlock()
	}
}

// counts says how many actions ran for a reason that action only counts. A single one is named.
func (u *ui) counts() {
	u.mu.Lock()
	counted := u.counted
	u.counted = map[event.Cause][]string{}
	u.mu.Unlock()
	for _, cause := range []event.Cause{event.NoTrace, event.Forced} {
		words := " for the first time"
		if cause == event.Forced {
			words = " because sbomctl itself was replaced"
		}
		switch titles := counted[cause]; len(titles) {
		case 0:
		case 1:
			u.line(green, "ran", " "+titles[0]+words)
		default:
			u.line(green, "ran", " "+strconv.Itoa(len(titles))+" actions"+words)
		}
	}
	u.mu.Lock()
	notes, patterns := u.notes, strings.Join(u.patterns, " ")
	u.notes = 0
	u.mu.Unlock()
	if notes > 0 {
		u.note("found " + plural(notes, "note") + ": sbomctl check " + patterns)
	}
}

// plural is a count with its noun.
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}

// The colours of the words at the start of a line, as ANSI SGR parameters.
const (
	green  = "32"
	yellow = "33"
	red    = "1;31"
	cyan   = "36"
)

// line adds one line: the word in its colour, and text that is printable already.
func (u *ui) line(colour, word, text string) {
	u.mu.Lock()
	if u.colour && colour != "" {
		word = "\x1b[" + colour + "m" + word + "\x1b[0m"
	}
	u.pending.WriteString("sbomctl: " + word + text + "\n")
	now := u.stop == nil
	u.mu.Unlock()
	if now {
		u.flush(false)
	}
}

// note says something that is neither good nor bad.
func (u *ui) note(text string) { u.line("", "", event.Printable(text)) }

// warn shows a warning once.
func (u *ui) warn(label, message string) {
	text := event.Printable(message)
	if label != "" {
		text = event.Printable(label) + ": " + text
	}
	u.mu.Lock()
	seen := u.warned[text]
	u.warned[text] = true
	u.mu.Unlock()
	if !seen {
		u.line(yellow, "warning:", " "+text)
	}
}

// found shows a finding that fails nothing; one that does comes back as an error.
func (u *ui) found(f event.Found) {
	d := f.Told
	if d == nil {
		d = f.Finding.Diagnostic()
	}
	switch {
	case f.Severity == finding.Warning:
		u.diagnostic(yellow, "warning:", d)
	case f.Severity != finding.Note:
	case u.verbose:
		u.diagnostic(cyan, "note:", d)
	default:
		u.mu.Lock()
		u.notes++
		u.mu.Unlock()
	}
}

// diagnostic shows a message, the lines below it and its hints.
func (u *ui) diagnostic(colour, word string, d *diag.Error) {
	pos := d.Pos
	pos.File = event.Printable(pos.File)
	plain := diag.Error{Pos: pos, Label: event.Printable(d.Label), Msg: event.Printable(d.Msg)}
	u.line(colour, word, " "+plain.Error())
	for _, l := range d.Lines {
		u.line("", "", "  | "+event.Printable(l))
	}
	for _, hint := range d.Hints {
		u.line(cyan, "hint:", " "+event.Printable(hint))
	}
}

// error shows each single error of err with its hints. That the user interrupted is known to the user.
func (u *ui) error(err error) {
	if err == nil || errors.Is(err, errInterrupted) || errors.Is(err, errFindings) || errors.Is(err, errInconclusive) || errors.As(err, new(saidError)) {
		return
	}
	for _, err := range diag.Flatten(err) {
		d, ok := diagnostic(err)
		if !ok {
			u.line(red, "error:", " "+event.Printable(err.Error()))
			continue
		}
		u.diagnostic(red, "error:", d)
	}
}

// diagnostic is the diagnostic that err is; its class decides on the exit code and says nothing.
func diagnostic(err error) (*diag.Error, bool) {
	for class, ok := err.(*usageError); ok; class, ok = err.(*usageError) {
		err = class.err
	}
	d, ok := err.(*diag.Error)
	return d, ok
}

// summary is the last line of a build; nothing when none was begun.
func (u *ui) summary() {
	u.mu.Lock()
	f := u.finished
	u.mu.Unlock()
	if f == nil {
		return
	}
	if f.Waived > 0 {
		u.note(plural(f.Waived, "finding") + " waived")
	}
	u.undated(f.Undated)
	u.note(summaryText(*f))
}

// checked is the last line of a check.
func (u *ui) checked(c counts, undated int, incomplete bool) {
	u.mu.Lock()
	f := u.finished
	u.mu.Unlock()
	if f == nil {
		return
	}
	u.undated(undated)
	text := c.String()
	if incomplete {
		text += "; not everything could be checked"
	}
	u.note(text + ": " + workText(*f))
}

// undated says that waivers with a date were not held against one.
func (u *ui) undated(n int) {
	if n > 0 {
		u.note(plural(n, "waiver") + " with a date, and no date to hold against it: give --today=YYYY-MM-DD, or set SOURCE_DATE_EPOCH")
	}
}

func summaryText(f event.BuildFinished) string {
	text := workText(f)
	switch {
	case f.Interrupted:
		return "build interrupted: " + text
	case f.Err != nil:
		return "build failed: " + text
	}
	return text
}

// workText says how many actions ran, and in what time.
func workText(f event.BuildFinished) string {
	parts := []string{strconv.Itoa(f.Ran) + " ran"}
	if f.Cached > 0 {
		parts = append(parts, strconv.Itoa(f.Cached)+" from the cache")
	}
	if f.Failed > 0 {
		parts = append(parts, strconv.Itoa(f.Failed)+" failed")
	}
	parts = append(parts, strconv.Itoa(f.UpToDate)+" up to date")
	parts = append(parts, fmt.Sprintf("%.2f s", f.Elapsed.Seconds()))
	return strings.Join(parts, ", ")
}
