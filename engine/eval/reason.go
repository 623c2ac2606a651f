package eval

import (
	"encoding/hex"

	"github.com/sbomctl/sbomctl/engine/event"
)

// inputReason says that the dependency d no longer has the digest that a trace recorded.
func (e *Evaluator) inputReason(d *node, recorded []byte) *event.Reason {
	name, _ := e.display(d)
	r := &event.Reason{Cause: event.Input, Name: name, Old: hex.EncodeToString(recorded), From: d.reason}
	if d.phase == done {
		r.New = d.digest.String()
	}
	return r
}

// leafReason says that the leaf n was read differently; nil when the digests say it all.
func (e *Evaluator) leafReason(n *node, value []byte, digest Digest) *event.Reason {
	name, _ := e.display(n)
	r := &event.Reason{Cause: event.Input, Name: name, Old: n.digest.String(), New: digest.String()}
	if diff := e.kinds[n.kind].Diff; diff != nil {
		if attr, old, new, ok := diff(n.value, value); ok {
			r.Name, r.Old, r.New = attr, old, new
		}
	}
	return r
}
