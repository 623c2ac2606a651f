package eval

import (
	"fmt"
	"sync"

	"github.com/sbomctl/sbomctl/cache/osfile"
)

// Options configure an Evaluator.
type Options struct {
	// State is the folder with the journal, which keeps traces between processes; nil keeps
	// them in memory only. The caller sees to it that nobody else writes there meanwhile.
	State *osfile.Folder
	// ReadOnly takes from the journal what it holds and records nothing. Others may write it.
	ReadOnly bool
	// Jobs is how many functions may compute at a time; at least 1.
	Jobs int
	// KeepGoing lets nodes of FailFast kinds start after one of them has failed.
	KeepGoing bool
	// Warn is told, in one line, of damage that was made good. nil discards.
	Warn func(message string)
}

// Evaluator holds the nodes and what is recorded of them. It serves one Session at a time.
type Evaluator struct {
	Options
	kinds     []Kind
	kindIndex map[string]uint8
	journal   *journal // nil: in memory only
	replaced  bool     // the journal was of other kinds, or of other versions of them

	mu     sync.Mutex // guards what follows and the nodes' session fields
	nodes  []*node    // by id; nil for ids whose definition was lost
	index  []map[string]*node
	slab   []node
	dirty  []*node // changed since the last flush
	bytes  int     // about what dirty will take
	buffer []byte  // of flush
}

// Open returns an evaluator over these kinds, with what the journal recorded of them.
func Open(kinds []Kind, opt Options) (*Evaluator, error) {
	if opt.Jobs < 1 {
		opt.Jobs = 1
	}
	e := &Evaluator{Options: opt, kinds: kinds, kindIndex: map[string]uint8{}}
	for i, k := range kinds {
		if (k.Leaf == nil) == (k.Run == nil) {
			return nil, fmt.Errorf("node kind %s must have either a Leaf or a function", k.Name)
		}
		if _, twice := e.kindIndex[k.Name]; twice {
			return nil, fmt.Errorf("node kind %s is defined twice", k.Name)
		}
		e.kindIndex[k.Name] = uint8(i)
	}
	e.index = make([]map[string]*node, len(kinds))
	switch {
	case opt.State == nil:
	case opt.ReadOnly:
		e.readJournal()
	default:
		if err := e.loadJournal(); err != nil {
			e.giveUpJournal(err)
		}
	}
	return e, nil
}

// Close writes what is not yet in the journal and closes it. An error costs the next build
// what could not be written, nothing else.
func (e *Evaluator) Close() error {
	if e.journal == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.flushDirty(); err != nil {
		e.journal.close()
		return err
	}
	e.compact()
	return e.journal.close()
}

func (e *Evaluator) warn(message string) {
	if e.Warn != nil {
		e.Warn(message)
	}
}

// alloc returns a zero node; nodes are many, so they come from slabs.
func (e *Evaluator) alloc() *node {
	if len(e.slab) == 0 {
		e.slab = make([]node, 1024)
	}
	n := &e.slab[0]
	e.slab = e.slab[1:]
	return n
}

// lookup returns the node of k, made when it is not known yet. e.mu is held.
func (e *Evaluator) lookup(k Key) *node {
	kind, ok := e.kindIndex[k.Kind]
	if !ok {
		panic("eval: no node kind " + k.Kind) // a programming error, never user input
	}
	index := e.index[kind]
	if index == nil {
		// Most kinds are never looked up in a build that changes nothing.
		index = map[string]*node{}
		for _, n := range e.nodes {
			if n != nil && n.kind == kind {
				index[n.arg] = n
			}
		}
		e.index[kind] = index
	}
	n := index[k.Arg]
	if n == nil {
		n = e.alloc()
		n.id, n.kind, n.arg = id(len(e.nodes)), kind, k.Arg
		e.nodes = append(e.nodes, n)
		index[k.Arg] = n
	}
	return n
}

func (e *Evaluator) key(n *node) Key { return Key{e.kinds[n.kind].Name, n.arg} }

// display returns how n is called in events, and its target.
func (e *Evaluator) display(n *node) (name, label string) {
	name = e.key(n).String()
	if f := e.kinds[n.kind].Display; f != nil {
		name, label = f(n.arg)
	}
	if n.live != nil && n.live.title != "" {
		name = n.live.title
	}
	return name, label
}

// record notes a new value of n, to be written to the journal. e.mu is held.
func (e *Evaluator) record(n *node, value []byte, digest Digest, basis []byte) {
	if n.recorded {
		n.supersedes += n.recordedSize()
	}
	n.recorded, n.value, n.digest, n.basis = true, value, digest, basis
	if e.journal == nil {
		return
	}
	if !n.dirty {
		n.dirty = true
		e.dirty = append(e.dirty, n)
	}
	if e.bytes += len(value) + len(basis) + 100; e.bytes >= batchSize {
		if err := e.flushDirty(); err != nil {
			e.giveUpJournal(err)
		}
	}
}

func (e *Evaluator) flushDirty() error {
	dirty := e.dirty
	e.dirty, e.bytes = nil, 0
	return e.flush(dirty)
}

// giveUpJournal goes on without a journal that cannot be written: results stay right, the
// next build is slower.
func (e *Evaluator) giveUpJournal(err error) {
	e.warn(fmt.Sprintf("the record of this build cannot be written (%v); the next one will repeat its work", osfile.Reason(err)))
	if e.journal != nil {
		e.journal.close()
	}
	e.journal, e.dirty = nil, nil
}
