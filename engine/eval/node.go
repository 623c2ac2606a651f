package eval

import (
	"encoding/binary"

	"github.com/sbomctl/sbomctl/engine/event"
)

// id is a node's dense number; ids are what traces and the journal speak of.
type id = uint32

// phase is where a node stands in the current session.
//
//	leaf:  unvisited ─► reading ──────────────────────────► done | failed
//	other: unvisited ─► verifying ─► done     (the trace holds)
//	               └──────────┴────► running ─────────────► done | failed
//	       done ─────────────► remaking ──────────────────► done | failed
//
// Done and failed end a node's part in the session, but for a node that is remade. In every
// phase between, the node has a work, and whoever needs the node waits for that work.
type phase uint8

const (
	// unvisited: nobody has asked for the node in this session, or only the clean pass has.
	unvisited phase = iota
	// reading: the leaf is in a batch that waits for a worker or is at one.
	reading
	// verifying: all groups of the recorded trace before the current one have the recorded
	// digests. The current group is asked for, or about to be.
	verifying
	// running: the function has to run. It waits for a worker, is at one, or is suspended.
	running
	// remaking: the value is known and stays. The function runs again for what the value
	// alone does not give: the object of a transient node, or a blob that was lost.
	remaking
	// done: value and digest are up to date.
	done
	// failed: live.err says why.
	failed
)

// node is one node: what is recorded of it, and where it stands in this session. There may
// be a million of them, so what only some nodes have in a session is apart (live).
// Recorded bytes may be views into the loaded journal.
type node struct {
	id        id
	kind      uint8
	phase     phase
	recorded  bool // digest, value (and signature or trace) are those of an earlier run or read
	defined   bool // the journal knows its key
	dirty     bool // waits to be written
	looked    bool // the clean pass was here
	refreshed bool // leaf: probed or read in this session

	arg        string
	digest     Digest // of value
	value      []byte
	basis      []byte // leaf: signature of the last read; other: trace of what its function asked for
	supersedes int64  // bytes of the journal that its next record replaces
	live       *live  // nil when there is nothing to say
}

// live is what a session knows of a node that took part in more than a comparison.
type live struct {
	work   *work         // in the phases between unvisited and done
	err    error         // failed
	object any           // decoded value, shared
	reason *event.Reason // why it changed in this session; nil when it did not
	title  string        // name that it gave itself in this session
	remade uint64        // when it was last run again for a lost blob, by Session.remakes
}

// session returns the node's live, which it makes where there is none.
func (n *node) session() *live {
	if n.live == nil {
		n.live = &live{}
	}
	return n.live
}

// changed returns why n changed in this session; nil when it did not.
func (n *node) changed() *event.Reason {
	if n.live == nil {
		return nil
	}
	return n.live.reason
}

// recordedSize is about what n's record takes in the journal.
func (n *node) recordedSize() int64 {
	return int64(len(n.value)+len(n.basis)) + 40
}

// trace returns what the node's function asked for; nil for a leaf.
func (e *Evaluator) trace(n *node) trace {
	if e.kinds[n.kind].Leaf != nil {
		return nil
	}
	return n.basis
}

// edge is one recorded dependency: the node and the digest that its value had.
type edge struct {
	to     id
	digest Digest
}

// trace is a node's recorded dependencies, encoded: groups of edges, each group headed by
// the number of its edges (4 bytes), each edge an id (4 bytes, little-endian) and a digest.
// It stays encoded because most traces are only ever compared.
type trace []byte

const edgeSize = 4 + len(Digest{})

func (t trace) group() (edges []byte, rest trace) {
	n := int(binary.LittleEndian.Uint32(t))
	return t[4 : 4+n*edgeSize], t[4+n*edgeSize:]
}

func edgeAt(edges []byte, i int) (to id, digest []byte) {
	e := edges[i*edgeSize:]
	return binary.LittleEndian.Uint32(e), e[4:edgeSize]
}

func appendGroup(t trace, edges []edge) trace {
	t = binary.LittleEndian.AppendUint32(t, uint32(len(edges)))
	for i := range edges {
		t = binary.LittleEndian.AppendUint32(t, edges[i].to)
		t = append(t, edges[i].digest[:]...)
	}
	return t
}

// each calls f for every edge until it returns false, and reports whether it never did.
func (t trace) each(f func(to id, digest []byte) bool) bool {
	for len(t) > 0 {
		edges, rest := t.group()
		for ; len(edges) > 0; edges = edges[edgeSize:] {
			if !f(edgeAt(edges, 0)) {
				return false
			}
		}
		t = rest
	}
	return true
}

// valid reports whether t is well formed and speaks only of nodes below limit.
func (t trace) valid(limit id) bool {
	for len(t) > 0 {
		if len(t) < 4 {
			return false
		}
		n := uint64(binary.LittleEndian.Uint32(t))
		if uint64(len(t)-4) < n*uint64(edgeSize) {
			return false
		}
		edges, rest := t.group()
		for i := range int(n) {
			if to, _ := edgeAt(edges, i); to >= limit {
				return false
			}
		}
		t = rest
	}
	return true
}
