package eval

import (
	"crypto/sha256"
	"encoding/hex"
)

// Digest is the SHA-256 of a node's value.
type Digest [sha256.Size]byte

// String returns the digest in lower-case hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Key names a node: the name of its kind, and an argument that means something to the kind.
type Key struct{ Kind, Arg string }

// String returns "kind(arg)".
func (k Key) String() string { return k.Kind + "(" + k.Arg + ")" }

// Kind describes one sort of node. Exactly one of Leaf and Run is set.
type Kind struct {
	Name    string
	Version uint32 // recorded values of another version are dropped

	Leaf Leaf
	Run  func(c *Context, arg string) (Result, error)

	// Decode turns a value into the object that Context.Get returns; nil means the bytes
	// themselves. The object is shared and must not be changed.
	Decode func(value []byte) (any, error)

	// Transient kinds have objects that cannot be decoded from bytes (a Starlark module), or
	// are more quickly made again than recorded.
	// Their Run returns the object beside the value, and runs once more, silently, in a
	// process that needs the object of a node whose trace still holds.
	Transient bool

	// Root kinds are wanted for themselves: compaction keeps what their traces lead to.
	Root bool

	// FailFast kinds stop new nodes of FailFast kinds from starting once one of them has
	// failed, unless Options.KeepGoing.
	FailFast bool

	// Display returns how the node is called in events, and the target it belongs to ("" for none).
	// nil means the key itself.
	Display func(arg string) (name, label string)

	// TellsStart kinds call Context.Started once they have what they ask for, so that a node which
	// waits for its inputs is not shown at work.
	TellsStart bool

	// Diff names the attribute in which two values differ, for an explanation better than two
	// digests; ok is false when there is none. nil means never.
	Diff func(before, after []byte) (attribute, old, new string, ok bool)
}

// Result is what a node's function yields. Value is canonical: equal results have equal
// bytes. Object may be nil for a kind that has Decode, or whose object is the bytes.
type Result struct {
	Value  []byte
	Object any
}

// Leaf reads one sort of fact from the outside world. Its methods are called concurrently.
type Leaf interface {
	// Prober returns something that probes many of them, for use by one goroutine.
	Prober() Prober
	// Read reads afresh. An absent file is a value; an error (no permission) fails the node.
	Read(arg string) (value, signature []byte, err error)
}

// Prober finds out cheaply (with a stat) whether a leaf is as it was.
type Prober interface {
	// Probe reports whether what was read with this signature is certainly still so. It
	// does not read contents.
	Probe(arg string, signature, value []byte) bool
	Close()
}
