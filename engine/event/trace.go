package event

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// Trace is the listener of --profile=FILE: the Chrome trace event format, in its JSON object
// form, which Perfetto (ui.perfetto.dev) and chrome://tracing load. Each node that ran is a
// complete event ("ph":"X"); its category is the node's kind.
//
// Lanes (thread ids) stand for workers. A node's time includes its waiting for the nodes that
// it asked for, so a lane shows as a flame graph: a node lies in the first lane where it
// comes after all others or wholly within the one that is open. Two nodes that merely overlap
// are never in one lane; the format cannot say that. The file is written by Close.
type Trace struct {
	w     io.Writer
	spans []span
}

// span keeps of a node only what its event shows; a profile may hold a hundred thousand.
type span struct {
	id         uint32
	start, end time.Duration
	kind, name string
	args       traceArgs
}

type traceArgs struct {
	Name    string `json:"name,omitempty"` // of the thread or process; else absent
	Label   string `json:"label,omitempty"`
	Outcome string `json:"outcome,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Digest  string `json:"digest,omitempty"`
	Key     string `json:"key,omitempty"`
}

type traceEvent struct {
	Name string    `json:"name"`
	Cat  string    `json:"cat,omitempty"`
	Ph   string    `json:"ph"`
	Ts   float64   `json:"ts"`  // microseconds
	Dur  float64   `json:"dur"` // microseconds
	Pid  int       `json:"pid"`
	Tid  int       `json:"tid"`
	Args traceArgs `json:"args"`
}

// NewTrace returns a listener that writes to w on Close.
func NewTrace(w io.Writer) *Trace { return &Trace{w: w} }

// Handle takes note of nodes that finished.
func (t *Trace) Handle(e Event) {
	n, ok := e.(NodeFinished)
	if !ok {
		return
	}
	t.spans = append(t.spans, span{
		id: n.ID, start: n.Start, end: max(n.Start, n.End), kind: n.Kind, name: Title(n.Label, n.Name),
		args: traceArgs{Label: n.Label, Outcome: n.Outcome.String(), Reason: n.Reason.Brief(), Digest: n.Digest, Key: n.Key},
	})
}

// Close writes the trace and returns the first error of the writer, which it does not close.
func (t *Trace) Close() error {
	slices.SortFunc(t.spans, func(a, b span) int {
		if a.start != b.start {
			return cmp.Compare(a.start, b.start)
		}
		if a.end != b.end {
			return cmp.Compare(b.end, a.end) // the one that contains the other first
		}
		return cmp.Compare(a.id, b.id)
	})
	lanes := assignLanes(t.spans)

	w := bufio.NewWriter(t.w)
	w.WriteString(`{"displayTimeUnit":"ms","traceEvents":[` + "\n")
	first := true
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	write := func(e traceEvent) {
		if !first {
			w.WriteString(",")
		}
		first = false
		enc.Encode(e) // strings and finite numbers only; the writer's errors are w's
	}
	write(traceEvent{Name: "process_name", Ph: "M", Pid: 1, Args: traceArgs{Name: "build"}})
	for lane := 0; lane < slices.Max(append(lanes, -1))+1; lane++ {
		write(traceEvent{Name: "thread_name", Ph: "M", Pid: 1, Tid: lane, Args: traceArgs{Name: fmt.Sprintf("worker %d", lane)}})
	}
	for i, s := range t.spans {
		write(traceEvent{
			Name: s.name, Cat: s.kind, Ph: "X", Ts: traceTime(s.start), Dur: traceTime(s.end - s.start),
			Pid: 1, Tid: lanes[i], Args: s.args,
		})
	}
	w.WriteString("]}\n")
	t.spans = nil
	return w.Flush()
}

// assignLanes gives each span, sorted by start and the longer first, a lane.
func assignLanes(spans []span) []int {
	var open [][]time.Duration // for each lane, the ends of the spans around the last one, outermost first
	lanes := make([]int, len(spans))
	for i, s := range spans {
		lane := 0
		for ; lane < len(open); lane++ {
			ends := open[lane]
			for len(ends) > 0 && ends[len(ends)-1] <= s.start {
				ends = ends[:len(ends)-1]
			}
			open[lane] = ends
			if len(ends) == 0 || s.end <= ends[len(ends)-1] {
				break
			}
		}
		if lane == len(open) {
			open = append(open, nil)
		}
		open[lane] = append(open[lane], s.end)
		lanes[i] = lane
	}
	return lanes
}

func traceTime(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
