package oci

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// DigestOf returns the digest of b.
func DigestOf(b []byte) v1.Hash {
	sum := sha256.Sum256(b)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}

// CheckDigest refuses what is no SHA-256: nothing else names a blob here.
func CheckDigest(what string, digest v1.Hash) error {
	b, err := hex.DecodeString(digest.Hex)
	if digest.Algorithm != "sha256" || err != nil || len(b) != sha256.Size || hex.EncodeToString(b) != digest.Hex {
		return &Error{Kind: Malformed, What: what, Msg: fmt.Sprintf("has the digest %q; expected sha256: and 64 lower-case hexadecimal digits", digest)}
	}
	return nil
}

// VerifyBytes holds b against its digest. what names it in the error, an *Error.
func VerifyBytes(what string, b []byte, digest v1.Hash) error {
	if got := DigestOf(b); got != digest {
		return wrongDigest(what, got)
	}
	return nil
}

func wrongDigest(what string, got v1.Hash) error {
	return &Error{Kind: Mismatch, What: what, Msg: fmt.Sprintf("has other bytes: their digest is %s", got)}
}

func wrongSize(what string, has, declared int64) error {
	return &Error{Kind: Mismatch, What: what, Msg: fmt.Sprintf("has %d bytes, %d are declared", has, declared)}
}

// Verify returns a reader of r's bytes that ends in io.EOF only when they have the digest and the size of d; else in an *Error that
// names what. No more than d.Size bytes are ever read out of it. Errors of r are passed on as they are.
func Verify(what string, r io.ReadCloser, d v1.Descriptor) io.ReadCloser {
	return &verifier{what: what, r: r, d: d, hash: sha256.New()}
}

type verifier struct {
	what string
	r    io.ReadCloser
	d    v1.Descriptor
	hash hash.Hash
	n    int64
	err  error
}

func (v *verifier) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	left := v.d.Size - v.n
	if left == 0 {
		v.err = v.end()
		return 0, v.err
	}
	n, err := v.r.Read(p[:min(int64(len(p)), left)])
	v.hash.Write(p[:n])
	v.n += int64(n)
	switch {
	case err == io.EOF && v.n < v.d.Size:
		err = wrongSize(v.what, v.n, v.d.Size)
	case err == io.EOF:
		err = v.sum()
	}
	v.err = err
	return n, err
}

// end is called when all bytes have come: nothing may follow them.
func (v *verifier) end() error {
	var more [1]byte
	n, err := io.ReadFull(v.r, more[:])
	switch {
	case n > 0:
		return &Error{Kind: Mismatch, What: v.what, Msg: fmt.Sprintf("has more than the declared %d bytes", v.d.Size)}
	case err != io.EOF:
		return err
	}
	return v.sum()
}

func (v *verifier) sum() error {
	if got := (v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(v.hash.Sum(nil))}); got != v.d.Digest {
		return wrongDigest(v.what, got)
	}
	return io.EOF
}

func (v *verifier) Close() error { return v.r.Close() }

// readAll reads and closes r, the verified stream of d. More than max bytes are an *Error.
func readAll(what string, r io.ReadCloser, d v1.Descriptor, max int64) ([]byte, error) {
	defer r.Close()
	if d.Size > max {
		return nil, &Error{Kind: Malformed, What: what, Msg: fmt.Sprintf("has %d bytes, at most %d are read", d.Size, max)}
	}
	var b bytes.Buffer
	b.Grow(int(min(d.Size, 64<<10)))
	if _, err := b.ReadFrom(r); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
