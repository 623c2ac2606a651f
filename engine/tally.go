package engine

import (
	"slices"
	"sync"

	"github.com/sbomctl/sbomctl/engine/event"
)

// tally counts the actions of a build; it is a listener of the stream.
type tally struct {
	mu          sync.Mutex
	ran, cached int
	failed      []string
}

// Handle implements event.Listener.
func (t *tally) Handle(e event.Event) {
	f, ok := e.(event.NodeFinished)
	if !ok || f.Kind != kindAction && f.Kind != kindValidation && f.Kind != kindIndex {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch f.Outcome {
	case event.Ran:
		t.ran++
	case event.Cached:
		t.cached++
	case event.Failed:
		t.failed = append(t.failed, f.Name)
	}
}

func (t *tally) counts() (ran, cached, failed int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ran, t.cached, len(t.failed)
}

// failures are the names of what failed, sorted.
func (t *tally) failures() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return sorted(slices.Clone(t.failed))
}
