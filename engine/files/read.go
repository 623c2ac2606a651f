package files

import (
	"io/fs"
	"math"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// attempts is how often a file that changes while it is read is read again.
const attempts = 4

// bufferSize is a compromise between calls of the kernel and the second-level cache.
const bufferSize = 128 << 10

type scratch struct {
	hasher *Hasher
	buf    []byte
}

// Reader reads files together with their facet. It may be used by several goroutines.
type Reader struct{ pool sync.Pool }

// NewReader returns a Reader for the facet f.
func NewReader(f Facet) *Reader {
	return &Reader{sync.Pool{New: func() any { return &scratch{NewHasher(f), make([]byte, bufferSize)} }}}
}

// plain reads without a facet.
var plain = NewReader(Facet{})

// Read is Reader.Read without a facet.
func Read(path string) (State, Sig, error) { return plain.Read(path) }

// Read returns what path is, links not followed, and its signature. A regular file is hashed in
// one pass. A file that changes meanwhile is read again, a few times; then it is an error.
// The pair may be kept: as long as sig.Fresh(of a later Lstat), Read would return the same State.
func (r *Reader) Read(path string) (State, Sig, error) {
	state, sig, _, err := r.read(path, false, math.MaxInt64)
	return state, sig, err
}

// ReadBytes is Read that also returns the bytes of a regular file, nil for any other kind. A file
// of more than limit bytes is an error.
func ReadBytes(path string, limit int64) ([]byte, State, Sig, error) {
	state, sig, data, err := plain.read(path, true, limit)
	return data, state, sig, err
}

func (r *Reader) read(path string, keep bool, limit int64) (State, Sig, []byte, error) {
	for range attempts {
		start := time.Now()
		sig, kind, err := Lstat(path)
		if err != nil {
			return State{}, Sig{}, nil, err
		}
		state := State{Kind: kind}
		var data []byte
		var same bool
		switch kind {
		case Regular:
			if sig.Size > limit {
				return State{}, Sig{}, nil, &diag.Error{Pos: diag.File(Printable(path)), Msg: "has " + strconv.FormatInt(sig.Size, 10) +
					" bytes; at most " + strconv.FormatInt(limit, 10) + " are allowed"}
			}
			state, data, same, err = r.readRegular(path, sig, keep)
		case Symlink:
			state.Target, same, err = readTarget(path, sig)
		default:
			return state, sig, nil, nil
		}
		if err != nil {
			return State{}, Sig{}, nil, err
		}
		if same {
			sig.Racy = sig.racy(start)
			return state, sig, data, nil
		}
	}
	return State{}, Sig{}, nil, &diag.Error{Pos: diag.File(Printable(path)), Msg: "changes while it is being read; it must stay as it is during a build"}
}

// readRegular reads the file that had the signature sig a moment ago, and reports whether it
// still has. Only then the other results mean something: comparing the open file's signature at
// the end with the path's at the start rules out a write as well as another file in its place.
func (r *Reader) readRegular(path string, sig Sig, keep bool) (State, []byte, bool, error) {
	f, err := openFile(path)
	if err != nil {
		if absent(err, path) || err == syscall.ELOOP { // gone, or a link now
			return State{}, nil, false, nil
		}
		return State{}, nil, false, pathError(path, err)
	}
	defer f.close()
	s := r.pool.Get().(*scratch)
	defer r.pool.Put(s)
	s.hasher.Reset()
	var data []byte
	if keep {
		data = make([]byte, 0, min(sig.Size, 1<<20)) // a sparse file may claim any size
	}
	// The size bounds the loop even if a device has taken the file's place.
	for total := int64(0); total <= sig.Size; {
		n, err := f.read(s.buf)
		if err == syscall.EAGAIN { // a FIFO now
			return State{}, nil, false, nil
		}
		if err != nil {
			return State{}, nil, false, pathError(path, err)
		}
		if n == 0 {
			break
		}
		s.hasher.Write(s.buf[:n])
		if keep {
			data = append(data, s.buf[:n]...)
		}
		if total += int64(n); total == sig.Size && n < len(s.buf) {
			break // the final stat shows whether more was appended
		}
	}
	after, err := f.stat()
	if err != nil {
		return State{}, nil, false, pathError(path, err)
	}
	state := s.hasher.Sum()
	if !sig.Same(after) || state.Digest.Size != sig.Size {
		return State{}, nil, false, nil
	}
	state.Executable = executable(sig)
	return state, data, true, nil
}

// readTarget reads the link that had the signature sig a moment ago.
func readTarget(path string, sig Sig) (string, bool, error) {
	target, err := readlink(path)
	if err != nil {
		if pe, ok := err.(*fs.PathError); ok {
			err = pe.Err
		}
		if absent(err, path) || err == syscall.EINVAL { // gone, or no link now
			return "", false, nil
		}
		return "", false, pathError(path, err)
	}
	after, _, err := Lstat(path)
	return target, err == nil && sig.Same(after), err
}
