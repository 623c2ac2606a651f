package eval

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"unsafe"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine/record"
)

// The journal is a header and then batches, each appended with one write:
//
//	header  magic, then a batch that holds the kinds' names and versions
//	batch   length of the payload (4 bytes, little-endian), its CRC-32C (4 bytes), payload
//
// A payload is records; numbers are unsigned varints, strings have their length before them:
//
//	'n' id kind arg                    the key of a node
//	'l' id digest value signature      what a leaf was read as
//	't' id digest value trace          what a function yielded, and its trace
//
// A later record of a node replaces an earlier one. The CRC is against accidents (a torn
// write, a bad disk), not against an attacker who can write to the user's own cache.

const magic = "sbomctl journal 2\n"

// maxNodes bounds ids, so that a damaged record cannot ask for absurd amounts of memory.
const maxNodes = 1 << 26

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// journalName is the journal's name in Options.State.
const journalName = "journal"

// journal is the open file. It is used by one goroutine at a time.
//
// Only its holder appends to it, and a reader may look at it at any time: what is intact
// stays so, and a file that is made anew takes the name of the old one when it is complete.
// What else may lie under the name is never written to.
type journal struct {
	file *os.File
	size int64 // bytes of intact batches; the next goes here
	dead int64 // estimate of the bytes that later records replaced
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}

// errForeign says that a file is not a journal of this format.
var errForeign = errors.New("not a journal of this version")

// loadJournal reads the journal into the evaluator's table and opens it for appending. A
// missing, foreign or damaged file costs what it held, and warn says so; one that cannot
// be made anew is an error.
func (e *Evaluator) loadJournal() error {
	f, info, err := e.State.Open(journalName, os.O_RDWR)
	var odd *osfile.OddError
	switch {
	case err == nil:
	case errors.As(err, &odd):
		e.warnUnusable(err)
		e.State.Discard(journalName, odd.Seen)
		return e.rewrite(nil)
	case errors.Is(err, fs.ErrNotExist):
		return e.rewrite(nil)
	default:
		return err
	}
	e.journal = &journal{file: f}
	buf, err := snapshot(f, info.Size())
	var good int64
	if err == nil {
		good, err = e.replay(buf)
	}
	switch {
	case err != nil:
		e.warnUnusable(err)
		e.nodes = nil
		return e.rewrite(nil)
	case good < info.Size():
		e.warn("the end of the record of earlier builds is damaged and is cut off")
	}
	if good == 0 {
		return e.rewrite(nil)
	}
	e.journal.size = good
	if e.replaced || osfile.HasOtherNames(info) {
		return e.rewrite(e.recordedNodes()) // what follows is in terms of our kinds, and in our own file
	}
	if good < info.Size() {
		return f.Truncate(good)
	}
	return nil
}

// readJournal fills the table from what is intact of the journal at this moment, and leaves
// the file alone: somebody else may be appending to it.
func (e *Evaluator) readJournal() {
	f, info, err := e.State.Open(journalName, os.O_RDONLY)
	if err != nil {
		return
	}
	defer f.Close()
	e.journal = &journal{}
	defer func() { e.journal = nil }()
	buf, err := snapshot(f, info.Size())
	if err == nil {
		_, err = e.replay(buf)
	}
	if err != nil {
		e.nodes = nil
	}
}

// snapshot returns the first size bytes of f, or as many as there still are. They are a
// copy: a view of the file (mmap) would end the process when somebody cuts the file.
func snapshot(f *os.File, size int64) ([]byte, error) {
	buf := make([]byte, size)
	n, err := io.ReadFull(f, buf)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return buf[:n], err
}

func (e *Evaluator) warnUnusable(err error) {
	e.warn(fmt.Sprintf("the record of earlier builds is not usable (%v) and is made anew", osfile.Reason(err)))
}

func (e *Evaluator) writeHeader() error {
	p := record.AppendUint(make([]byte, batchHead), uint64(len(e.kinds)))
	for i := range e.kinds {
		p = record.AppendString(p, e.kinds[i].Name)
		p = record.AppendUint(p, uint64(e.kinds[i].Version))
	}
	sealBatch(p)
	return e.journal.write(append([]byte(magic), p...))
}

func (j *journal) write(b []byte) error {
	if _, err := j.file.WriteAt(b, j.size); err != nil {
		return err
	}
	j.size += int64(len(b))
	return nil
}

// batchHead is the length of what precedes a batch's payload.
const batchHead = 8

// sealBatch fills in the head of the batch that b is.
func sealBatch(b []byte) {
	binary.LittleEndian.PutUint32(b, uint32(len(b)-batchHead))
	binary.LittleEndian.PutUint32(b[4:], crc32.Checksum(b[batchHead:], castagnoli))
}

// replay fills the table from the bytes of a journal and returns how many of them are
// intact. Values stay views into buf.
func (e *Evaluator) replay(buf []byte) (good int64, err error) {
	if len(buf) == 0 {
		return 0, nil
	}
	if !bytes.HasPrefix(buf, []byte(magic)) {
		return 0, errForeign
	}
	off := len(magic)
	next := func() (payload []byte, ok bool) {
		if len(buf)-off < 8 {
			return nil, false
		}
		n := int(binary.LittleEndian.Uint32(buf[off:]))
		if n > len(buf)-off-8 {
			return nil, false
		}
		payload = buf[off+8 : off+8+n]
		if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(buf[off+4:]) {
			return nil, false
		}
		off += 8 + n
		return payload, true
	}
	head, ok := next()
	if !ok {
		return 0, errForeign
	}
	keep, err := e.readHeader(head)
	if err != nil {
		return 0, err
	}
	for {
		start := off
		payload, ok := next()
		if !ok {
			return int64(off), nil
		}
		if !e.replayBatch(payload, keep) {
			return int64(start), nil
		}
	}
}

// readHeader maps the kinds of the file to ours. keep[i] is where the file's kind i stands
// in e.kinds; -1 where the kind, or its version, is not known any more. When the kinds are not
// the same, only leaves are kept: a trace may speak of a node that is dropped, and its number
// would become another node's.
func (e *Evaluator) readHeader(p []byte) (keep []int, err error) {
	d := record.Reader{B: p}
	n := d.Uint()
	if d.Bad || n > 255 {
		return nil, errForeign
	}
	same := int(n) == len(e.kinds)
	for i := range int(n) {
		name, version := d.Bytes(), uint32(d.Uint())
		j, ok := e.kindIndex[string(name)]
		known := ok && e.kinds[j].Version == version
		same = same && known && int(j) == i
		if known {
			keep = append(keep, int(j))
		} else {
			keep = append(keep, -1)
		}
	}
	if d.Bad {
		return nil, errForeign
	}
	if !same {
		e.replaced = true
		for i, j := range keep {
			if j >= 0 && e.kinds[j].Leaf == nil {
				keep[i] = -1
			}
		}
	}
	return keep, nil
}

// replayBatch applies one payload and reports whether it was well formed.
func (e *Evaluator) replayBatch(p []byte, keep []int) bool {
	d := record.Reader{B: p}
	for len(d.B) > 0 {
		tag := d.Byte()
		n := d.Uint()
		if d.Bad || n >= maxNodes {
			return false
		}
		switch tag {
		case 'n':
			kind, arg := d.Uint(), d.Bytes()
			if d.Bad || kind >= uint64(len(keep)) {
				return false
			}
			for len(e.nodes) <= int(n) {
				e.nodes = append(e.nodes, nil)
			}
			if keep[kind] < 0 {
				break
			}
			nd := e.alloc()
			nd.id, nd.kind, nd.defined = id(n), uint8(keep[kind]), true
			nd.arg = unsafe.String(unsafe.SliceData(arg), len(arg)) // buf is never written
			e.nodes[n] = nd
		case 'l', 't':
			digest, value, last := d.Take(len(Digest{})), d.Bytes(), d.Bytes()
			if d.Bad || n >= uint64(len(e.nodes)) {
				return false
			}
			nd := e.nodes[n]
			if nd == nil {
				break
			}
			if leaf := e.kinds[nd.kind].Leaf != nil; leaf != (tag == 'l') || !leaf && !trace(last).valid(id(len(e.nodes))) {
				return false
			}
			if nd.recorded {
				e.journal.dead += nd.recordedSize()
			}
			nd.recorded, nd.digest, nd.value, nd.basis = true, Digest(digest), value, last
		default:
			return false
		}
	}
	return true
}

// appendDefinition encodes the key of n, once.
func (e *Evaluator) appendDefinition(p []byte, n *node) []byte {
	if n.defined {
		return p
	}
	n.defined = true
	p = append(p, 'n')
	p = record.AppendUint(p, uint64(n.id))
	p = record.AppendUint(p, uint64(n.kind))
	return record.AppendString(p, n.arg)
}

// appendRecord encodes what is known of n, but for its key.
func (e *Evaluator) appendRecord(p []byte, n *node) []byte {
	tag := byte('t')
	if e.kinds[n.kind].Leaf != nil {
		tag = 'l'
	}
	p = append(p, tag)
	p = record.AppendUint(p, uint64(n.id))
	p = append(p, n.digest[:]...)
	p = record.AppendString(p, n.value)
	return record.AppendString(p, n.basis)
}

// batchSize is how much is gathered before it is written: large enough to be cheap, small
// enough that a killed build loses little.
const batchSize = 1 << 20

// flush appends the records of the nodes to the journal. Their definitions go first, since
// a trace may speak of a node further down.
func (e *Evaluator) flush(nodes []*node) error {
	p := append(e.buffer[:0], make([]byte, batchHead)...)
	for _, n := range nodes {
		p = e.appendDefinition(p, n)
	}
	for i, n := range nodes {
		p = e.appendRecord(p, n)
		e.journal.dead += n.supersedes
		n.supersedes, n.dirty = 0, false
		if len(p) >= batchSize || i == len(nodes)-1 {
			sealBatch(p)
			if err := e.journal.write(p); err != nil {
				return err
			}
			p = p[:batchHead]
		}
	}
	e.buffer = p
	return nil
}

// compact rewrites the journal when more than half of it was replaced by later records.
// When that fails the journal stays as it is, large and complete.
func (e *Evaluator) compact() {
	if e.journal.dead >= 4*batchSize && e.journal.dead >= e.journal.size/2 {
		_ = e.rewrite(e.reachable())
	}
}

// reachable returns the recorded nodes that the traces of nodes of Root kinds lead to.
func (e *Evaluator) reachable() []*node {
	seen := make([]bool, len(e.nodes))
	var out, open []*node // open: those whose traces are yet to look at
	visit := func(n *node) {
		if n == nil || seen[n.id] || !n.recorded {
			return
		}
		seen[n.id] = true
		out, open = append(out, n), append(open, n)
	}
	for _, n := range e.nodes {
		if n != nil && e.kinds[n.kind].Root {
			visit(n)
		}
	}
	for len(open) > 0 {
		n := pop(&open)
		e.trace(n).each(func(to id, _ []byte) bool { visit(e.nodes[to]); return true })
	}
	return out
}

// recorded returns every recorded node.
func (e *Evaluator) recordedNodes() []*node {
	var out []*node
	for _, n := range e.nodes {
		if n != nil && n.recorded {
			out = append(out, n)
		}
	}
	return out
}

// rewrite replaces the journal by one that holds just these nodes. The new file is complete
// before it takes the old one's name. After an error nothing more can be appended.
func (e *Evaluator) rewrite(nodes []*node) error {
	f, name, err := e.State.Temp(".", 0o666)
	if err != nil {
		return err
	}
	if old := e.journal; old != nil {
		defer old.close()
	}
	e.journal = &journal{file: f}
	err = e.fill(nodes)
	if err == nil {
		err = e.State.Rename(name, journalName)
	}
	if err != nil {
		e.State.Remove(name)
	}
	return err
}

// fill writes all of a new journal.
func (e *Evaluator) fill(nodes []*node) error {
	if err := e.writeHeader(); err != nil {
		return err
	}
	for _, n := range e.nodes {
		if n != nil {
			n.defined = false
		}
	}
	err := e.flush(nodes)
	e.journal.dead = 0
	return err
}

// Of returns the digest of a value.
func Of(value []byte) Digest { return sha256.Sum256(value) }
