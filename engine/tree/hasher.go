package tree

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"hash"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
)

// Sums are all checksums that are kept of a file.
type Sums struct {
	Digest cache.Digest        // SHA-256 and size of its bytes
	SHA1   [sha1.Size]byte     // of its bytes
	Text   *action.TextDigests // nil when turning CRLF into LF changes nothing, or it has a NUL byte
}

// Hasher computes Sums of a stream in one pass and constant memory. The text digests cost
// nothing until the first CRLF: up to there both forms are the same bytes, so the state of the
// plain hashes is the state of the text hashes.
type Hasher struct {
	sha1, sha256         hash.Hash
	textSHA1, textSHA256 hash.Hash // nil until the first CRLF
	size                 int64
	binary               bool   // a NUL byte was seen
	cr                   bool   // the last byte was a CR and is not hashed yet: an LF may follow
	scratch              []byte // CRLF turned into LF
}

// NewHasher returns a Hasher of the empty stream.
func NewHasher() *Hasher { return &Hasher{sha1: sha1.New(), sha256: sha256.New()} }

// Reset makes h a Hasher of the empty stream again.
func (h *Hasher) Reset() {
	h.sha1.Reset()
	h.sha256.Reset()
	h.textSHA1, h.textSHA256 = nil, nil
	h.size, h.binary, h.cr = 0, false, false
}

var (
	carriageReturn = []byte{'\r'}
	crlf           = []byte{'\r', '\n'}
)

// Write adds p to the stream. It never fails.
func (h *Hasher) Write(p []byte) (int, error) {
	n := len(p)
	if n == 0 {
		return 0, nil
	}
	h.size += int64(n)
	if !h.binary && bytes.IndexByte(p, 0) >= 0 {
		h.binary = true
		h.textSHA1, h.textSHA256 = nil, nil
	}
	if h.cr {
		h.cr = false
		if p[0] == '\n' && !h.binary {
			h.startText()
		} else {
			h.text(carriageReturn)
		}
		h.raw(carriageReturn)
	}
	if h.binary {
		h.raw(p)
		return n, nil
	}
	if p[len(p)-1] == '\r' {
		h.cr = true
		p = p[:len(p)-1]
	}
	if h.textSHA1 == nil {
		i := bytes.Index(p, crlf)
		if i < 0 {
			h.raw(p)
			return n, nil
		}
		h.raw(p[:i])
		h.startText()
		p = p[i:]
	}
	h.raw(p)
	h.scratch = appendLF(h.scratch[:0], p)
	h.text(h.scratch)
	return n, nil
}

// startText makes the text hashes begin with what the plain hashes have seen so far.
func (h *Hasher) startText() {
	if h.textSHA1 == nil {
		h.textSHA1, h.textSHA256 = clone(h.sha1), clone(h.sha256)
	}
}

func clone(h hash.Hash) hash.Hash {
	c, err := h.(hash.Cloner).Clone()
	if err != nil {
		panic(err) // the standard library's SHA-1 and SHA-256 can always be cloned
	}
	return c
}

func (h *Hasher) raw(p []byte) {
	h.sha1.Write(p)
	h.sha256.Write(p)
}

func (h *Hasher) text(p []byte) {
	if h.textSHA1 != nil {
		h.textSHA1.Write(p)
		h.textSHA256.Write(p)
	}
}

// appendLF appends p with every CRLF turned into LF.
func appendLF(dst, p []byte) []byte {
	for {
		i := bytes.Index(p, crlf)
		if i < 0 {
			return append(dst, p...)
		}
		dst = append(dst, p[:i]...)
		p = p[i+1:]
	}
}

// Sums returns the checksums of the stream; nothing may be written after it but by Reset.
func (h *Hasher) Sums() Sums {
	if h.cr {
		h.cr = false
		h.raw(carriageReturn)
		h.text(carriageReturn)
	}
	s := Sums{Digest: cache.Digest{Size: h.size}}
	h.sha256.Sum(s.Digest.Hash[:0])
	h.sha1.Sum(s.SHA1[:0])
	if h.textSHA1 != nil {
		s.Text = new(action.TextDigests)
		h.textSHA256.Sum(s.Text.SHA256[:0])
		h.textSHA1.Sum(s.Text.SHA1[:0])
	}
	return s
}
