package spdx

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/files"
)

// Facet is what documents list of a file beside its SHA-256: its SHA-1 and, when the file has a CRLF and no NUL
// byte, both checksums of its text form, in which every CRLF is an LF. That is how it is checked in
// (Tools/build/generate_sbom.py hashes that form). It is part FacetPart of a file's facet; decode that with sumsOf.
var Facet = files.Facet{Name: "spdx.sums", Version: 1, New: func() files.FacetHasher { return &sumsHasher{sha1: sha1.New()} }}

// FacetPart is which part of a file's facet (files.Join) Facet is.
const FacetPart = 0

// sums is a decoded Facet.
type sums struct {
	SHA1 [sha1.Size]byte
	Text *textSums // nil when the file has no text form other than itself
}

type textSums struct {
	SHA1   [sha1.Size]byte
	SHA256 [sha256.Size]byte
}

// sumsOf decodes the facet of an input file.
func sumsOf(f action.File) (sums, error) {
	var s sums
	b := files.Part(f.Facet, FacetPart)
	switch len(b) {
	case sha1.Size:
	case 2*sha1.Size + sha256.Size:
		s.Text = new(textSums)
		copy(s.Text.SHA1[:], b[sha1.Size:])
		copy(s.Text.SHA256[:], b[2*sha1.Size:])
	default:
		return s, fmt.Errorf("input file %q has no checksums for documents", f.Path)
	}
	copy(s.SHA1[:], b)
	return s, nil
}

// sumsHasher computes a Facet. The text form's hashes are forked off those of the bytes at the first CRLF.
// Where a piece ends in a CR, whether that begins a CRLF is known with the next piece only, so they are
// forked for the time being.
type sumsHasher struct {
	sha1   hash.Hash // of the bytes
	digest hash.Hash // SHA-256 of the bytes before the piece at hand
	text   form
	isText bool // a CRLF was seen: text is that of the file
	held   bool // the last byte was a CR, which text does not have yet
	nul    bool // a NUL byte was seen: the file has no text form
}

// form is the two hashes of a text form; nil while there is none.
type form struct{ sha1, sha256 hash.Hash }

func (f form) write(b []byte) {
	f.sha1.Write(b)
	f.sha256.Write(b)
}

// Reset implements files.FacetHasher.
func (h *sumsHasher) Reset(digest hash.Hash) {
	h.sha1.Reset()
	*h = sumsHasher{sha1: h.sha1, digest: digest}
}

// Write implements files.FacetHasher.
func (h *sumsHasher) Write(b []byte) {
	if len(b) == 0 {
		return
	}
	if !h.nul {
		h.writeText(b)
	}
	h.sha1.Write(b)
}

var (
	cr   = []byte{'\r'}
	crlf = []byte{'\r', '\n'}
)

func (h *sumsHasher) writeText(b []byte) {
	if bytes.IndexByte(b, 0) >= 0 {
		h.nul, h.text = true, form{}
		return
	}
	if h.held {
		h.held = false
		switch {
		case b[0] == '\n': // the CR before it is dropped
			h.isText = true
		case h.isText:
			h.text.write(cr)
		default:
			h.text = form{}
		}
	}
	h.held = b[len(b)-1] == '\r'
	if !h.isText {
		h.isText = bytes.Contains(b, crlf)
		if !h.isText && !h.held {
			return
		}
		h.text = form{clone(h.sha1), clone(h.digest)}
	}
	if h.held {
		b = b[:len(b)-1]
	}
	h.addText(b)
}

// addText hashes b, which ends in no CR, with every CRLF turned into LF. Short lines are gathered first: hashing many
// short pieces costs more than copying them.
func (h *sumsHasher) addText(b []byte) {
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
		panic("spdx: " + err.Error()) // only a boringcrypto hash that was never reset can fail
	}
	return c.(hash.Hash)
}

// Sum implements files.FacetHasher.
func (h *sumsHasher) Sum(dst []byte) []byte {
	dst = h.sha1.Sum(dst)
	if h.isText && !h.nul {
		if h.held {
			h.text.write(cr)
		}
		dst = h.text.sha1.Sum(dst)
		dst = h.text.sha256.Sum(dst)
	}
	return dst
}
