package cache

import (
	"context"
	"crypto/sha256"
	"io"

	"github.com/sbomctl/sbomctl/cache/reapi"
)

// An entry of the action cache is the encoded ActionResult followed by 32 bytes: the
// SHA-256 of the key's hash and the encoding. The key is in it so that an entry under
// another one's name is found out, too.

func resultSum(key Digest, message []byte) []byte {
	h := sha256.New()
	h.Write(key.Hash[:])
	h.Write(message)
	return h.Sum(nil)
}

// Get implements ActionCache.
func (s *Disk) Get(ctx context.Context, key Digest) (*reapi.ActionResult, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name := entry(acDir, key)
	f, fi, err := s.openEntry(name, anySize)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, miss(key)
	}
	defer f.Close()
	size := fi.Size() - sha256.Size
	if size < 0 || size > reapi.MaxMessage {
		s.damaged(name, fi, "it has the size of no action result")
		return nil, miss(key)
	}
	b := make([]byte, fi.Size())
	if _, err := io.ReadFull(f, b); err != nil {
		s.damaged(name, fi, shortened(err))
		return nil, miss(key)
	}
	message := b[:size]
	if string(resultSum(key, message)) != string(b[size:]) {
		s.damaged(name, fi, "its contents do not have the checksum at its end")
		return nil, miss(key)
	}
	r, err := reapi.UnmarshalActionResult(message)
	if err != nil {
		s.damaged(name, fi, err.Error())
		return nil, miss(key)
	}
	return r, nil
}

// PutResult implements ActionCache.
func (s *Disk) PutResult(ctx context.Context, key Digest, r *reapi.ActionResult) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	message := r.Marshal()
	return s.putEntry(entry(acDir, key), append(message, resultSum(key, message)...), anySize)
}
