// Package event is the engine's one typed stream: everything that a build does is said
// here once, and progress lines, --explain, --build_event_json_file, --profile and the
// exit code are listeners of it.
//
// Events are facts, never formatted text. A listener sees them in the order in which they
// were emitted, one at a time; it must not block for long and must not call back into the
// engine.
package event

import (
	"sync"
	"time"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// Event is one of the types of this package.
type Event interface{ event() }

// Outcome says how a node came to its value.
type Outcome int

// The outcomes.
const (
	Ran       Outcome = iota // its function was executed
	Cached                   // its action's result was found in the action cache: not executed
	Failed                   // its function returned an error
	Abandoned                // its function returned an error that is another's: an input failed, or the build was interrupted
)

// String returns "ran", "cached", "failed" or "abandoned".
func (o Outcome) String() string { return [...]string{"ran", "cached", "failed", "abandoned"}[o] }

// Cause is the kind of a Reason.
type Cause int

// The causes for which a node has to run.
const (
	NoTrace   Cause = iota // it was never built in this workspace (or its trace was lost)
	Input                  // an input's digest differs from the recorded one
	Attribute              // an attribute of the target (or an option) differs: Name, Old, New
	Lost                   // an output is gone from the cache
	Forced                 // the engine itself was replaced (another sbomctl)
)

// Reason says why a node ran. For Input it is a chain: Name is the input of the node, and
// From says why that input changed, down to a source file, an attribute or an option.
type Reason struct {
	Cause Cause
	Name  string  // the input's display name, or the attribute's
	Old   string  // before: a digest in hexadecimal, or the attribute's value; "" when there was none
	New   string  // after; "" when there is none
	From  *Reason // why the input itself changed; nil for a leaf
}

// BuildStarted opens the stream.
type BuildStarted struct {
	Command  string   // "build"
	Patterns []string // as the user wrote them
}

// NodeStarted says that a node's function began to run.
type NodeStarted struct {
	ID    uint32        // dense number of the node in this process
	Kind  string        // node kind: "package", "target", "action", ...
	Name  string        // display name, such as "//:expat" or "Checksums //:expat"
	Label string        // target the node belongs to; "" when none
	At    time.Duration // since the build started
}

// NodeFinished says that a node that had started is done.
type NodeFinished struct {
	ID         uint32
	Kind       string
	Name       string
	Label      string
	Outcome    Outcome
	Changed    bool // its digest differs from the recorded one; false is an early cutoff
	Reason     *Reason
	Digest     string // of its value, hexadecimal; "" when it failed
	Key        string // for an action: its action digest "<hex>/<size>"; else ""
	Start, End time.Duration
	Err        error // for Failed
}

// Planned says how many nodes are known to need checking, and how many of them are done.
type Planned struct{ Done, Total int }

// Warning is something the user should know of this machine or this build, and that fails nothing. What was found
// in the inputs is a Found.
type Warning struct {
	Label   string // "" when none
	Message string // one line, lower case, no full stop
}

// Found is a finding of something that was asked for: once in a build, in every build. Those that are errors come back from
// the build, too.
type Found struct {
	finding.Finding
	Declaration diag.Pos    // of the attribute, or else the target, that it is about; zero when it is about none
	Told        *diag.Error // the finding in the shape of every message, with what leads to the declaration
}

// OutputReady says that an output of a requested target is in place.
type OutputReady struct {
	Label   string
	Path    string // relative to the workspace's root, slash-separated
	Digest  string // "<hex>/<size>"
	Written bool   // false: the file already had these bytes
}

// OutputRemoved says that a file which an earlier build had placed was removed.
type OutputRemoved struct {
	Path   string // relative to the workspace's root, slash-separated
	Failed bool   // it could not be made this time; false: no target makes it any more
}

// BuildFinished closes the stream.
type BuildFinished struct {
	Ran, Cached, Failed, UpToDate int // actions by outcome; UpToDate are those not looked at again
	Waived                        int // findings that a waiver covers
	Undated                       int // waivers whose date was held against no day, since none was given
	Elapsed                       time.Duration
	Err                           error
	Interrupted                   bool
}

func (BuildStarted) event()  {}
func (NodeStarted) event()   {}
func (NodeFinished) event()  {}
func (Planned) event()       {}
func (Warning) event()       {}
func (Found) event()         {}
func (OutputReady) event()   {}
func (OutputRemoved) event() {}
func (BuildFinished) event() {}

// Listener receives every event of a stream.
type Listener interface{ Handle(Event) }

// Stream hands each event to all its listeners. A nil *Stream discards.
type Stream struct {
	mu        sync.Mutex
	start     time.Time
	listeners []Listener
}

// NewStream returns a stream whose clock starts now.
func NewStream(listeners ...Listener) *Stream {
	return &Stream{start: time.Now(), listeners: listeners}
}

// Listen adds a listener.
func (s *Stream) Listen(l Listener) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, l)
}

// Since returns the time since the stream was made. It reaches listeners only, never an output.
func (s *Stream) Since() time.Duration {
	if s == nil {
		return 0
	}
	return time.Since(s.start)
}

// Emit hands e to the listeners; it may be called from any goroutine.
func (s *Stream) Emit(e Event) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listeners {
		l.Handle(e)
	}
}
