package files

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"hash"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
)

// Hasher computes all checksums of a file in one pass: SHA-1 and SHA-256 of its bytes and, when
// the file has a CRLF and no NUL byte, of its text form. Write never fails. The zero Hasher is
// not ready for use: see NewHasher and Reset.
type Hasher struct {
	raw, text pair
	size      int64
	isText    bool // text has been forked off raw, at the first CRLF
	nul       bool // a NUL byte was seen: the file has no text form
	held      bool // the last byte written was a CR; it is hashed when its successor is known
}

// pair is the two hashes that always go together.
type pair struct{ sha1, sha256 hash.Hash }

func (p pair) write(b []byte) {
	p.sha1.Write(b)
	p.sha256.Write(b)
}

// NewHasher returns a Hasher of nothing.
func NewHasher() *Hasher { return &Hasher{raw: pair{sha1.New(), sha256.New()}} }

// Reset makes h the Hasher of nothing again.
func (h *Hasher) Reset() {
	h.raw.sha1.Reset()
	h.raw.sha256.Reset()
	*h = Hasher{raw: h.raw}
}

var (
	cr   = []byte{'\r'}
	crlf = []byte{'\r', '\n'}
)

// Write adds b to the file. It always returns len(b) and nil.
func (h *Hasher) Write(b []byte) (int, error) {
	n := len(b)
	if n == 0 {
		return 0, nil
	}
	h.size += int64(n)
	if h.held { // even where a NUL byte came before the CR: it is not in raw yet
		h.held = false
		if b[0] == '\n' {
			h.add(crlf)
			b = b[1:]
		} else {
			h.add(cr)
		}
	}
	if h.nul {
		h.raw.write(b)
		return n, nil
	}
	if k := len(b); k > 0 && b[k-1] == '\r' {
		h.held = true
		b = b[:k-1]
	}
	h.add(b)
	return n, nil
}

// add hashes b, no CRLF of which is cut in two by b's ends.
func (h *Hasher) add(b []byte) {
	if len(b) == 0 {
		return
	}
	if !h.nul && bytes.IndexByte(b, 0) >= 0 {
		h.nul, h.isText, h.text = true, false, pair{}
	}
	if !h.nul {
		if !h.isText && bytes.Contains(b, crlf) {
			h.isText = true
			h.text = pair{clone(h.raw.sha1), clone(h.raw.sha256)}
		}
		if h.isText {
			h.addText(b)
		}
	}
	h.raw.write(b)
}

// addText hashes b with every CRLF turned into LF. Short lines are gathered first: hashing many
// short pieces costs more than copying them.
func (h *Hasher) addText(b []byte) {
	var buf [4096]byte
	n := 0
	for len(b) > 0 {
		line, rest, found := bytes.Cut(b, crlf)
		b = rest
		if len(line) >= len(buf)-n {
			h.text.write(buf[:n])
			n = 0
		}
		if len(line) >= len(buf) {
			h.text.write(line)
		} else {
			n += copy(buf[n:], line)
		}
		if found {
			buf[n] = '\n'
			n++
		}
	}
	h.text.write(buf[:n])
}

// clone copies a standard hash; both of ours can be cloned.
func clone(h hash.Hash) hash.Hash {
	c, err := h.(hash.Cloner).Clone()
	if err != nil {
		panic("files: " + err.Error()) // only a boringcrypto hash that was never reset can fail
	}
	return c.(hash.Hash)
}

// Sum fills in the checksums of what was written: Kind Regular, Digest, SHA1 and Text.
// Nothing may be written after it until Reset.
func (h *Hasher) Sum() State {
	if h.held {
		h.held = false
		h.add(cr)
	}
	s := State{Kind: Regular, Digest: cache.Digest{Size: h.size}}
	h.raw.sha256.Sum(s.Digest.Hash[:0])
	h.raw.sha1.Sum(s.SHA1[:0])
	if h.isText {
		s.Text = new(action.TextDigests)
		h.text.sha1.Sum(s.Text.SHA1[:0])
		h.text.sha256.Sum(s.Text.SHA256[:0])
	}
	return s
}
