package eval

import (
	"encoding/hex"

	"github.com/sbomctl/sbomctl/engine/event"
)

// inputReason says that the dependency d no longer has the digest that a trace recorded.
func (e *Evaluator) inputReason(d *node, recorded []byte) *event.Reason {
	name, _ := e.display(d)
	r := &event.Reason{Cause: event.Input, Name: name, Old: hex.EncodeToString(recorded), From: d.changed()}
	if d.phase == done {
		r.New = d.digest.String()
	}
	return r
}

// leafReason says how the leaf n was read differently; nil when its name and digests, which
// inputReason gives, say it all.
func (e *Evaluator) leafReason(n *node, value []byte) *event.Reason {
	if diff := e.kinds[n.kind].Diff; diff != nil {
		if attr, old, new, ok := diff(n.value, value); ok {
			return &event.Reason{Cause: event.Input, Name: attr, Old: old, New: new}
		}
	}
	return nil
}
