package oci

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// fromDir has a folder for each origin, and in it an empty file for each blob that it had, by digest.
const fromDir = "from"

func (s *Store) fromName(origin string) string {
	h := sha256.Sum256([]byte(origin))
	return fromDir + "/" + hex.EncodeToString(h[:])
}

// Confirm remembers that a blob was had from an origin, and hashed. That the store has a blob does not say that: it may be from elsewhere.
func (s *Store) Confirm(origin string, digest v1.Hash) error {
	if err := CheckDigest(s.what("blob", digest), digest); err != nil {
		return err
	}
	folder, err := s.open(true)
	if err != nil {
		return s.failure("open the cache", err)
	}
	dir := s.fromName(origin)
	if err := folder.Make(dir); err != nil {
		return s.failure("write to the cache", err)
	}
	f, err := folder.Create(dir + "/" + digest.Hex)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return s.failure("write to the cache", err)
	}
	return f.Close()
}

// Confirmed reports whether Confirm was told of a blob, and the store still has it.
func (s *Store) Confirmed(ctx context.Context, origin string, digest v1.Hash) (bool, error) {
	folder, err := s.open(false)
	if folder == nil || err != nil {
		return false, err
	}
	if _, err := folder.Lstat(s.fromName(origin) + "/" + digest.Hex); err != nil {
		return false, nil
	}
	return s.Has(ctx, digest)
}
