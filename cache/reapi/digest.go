package reapi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Digest names a blob by content: the SHA-256 of its bytes and their number,
// as build.bazel.remote.execution.v2.Digest does.
type Digest struct {
	Hash [sha256.Size]byte
	Size int64 // bytes
}

// Of returns the digest of b.
func Of(b []byte) Digest {
	return Digest{Hash: sha256.Sum256(b), Size: int64(len(b))}
}

// Hex returns the hash in lower-case hexadecimal (64 digits).
func (d Digest) Hex() string { return hex.EncodeToString(d.Hash[:]) }

// String returns "<hex>/<size>", the form in which remote execution tools print a digest.
func (d Digest) String() string { return d.Hex() + "/" + strconv.FormatInt(d.Size, 10) }

// IsZero reports whether d is the zero Digest, which names no blob.
func (d Digest) IsZero() bool { return d == Digest{} }

// ParseDigest is the inverse of Digest.String.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	hash, size, ok := strings.Cut(s, "/")
	if !ok || len(hash) != 2*sha256.Size || hash != strings.ToLower(hash) {
		return Digest{}, fmt.Errorf("digest %q is not of the form <64 hexadecimal digits>/<size>", s)
	}
	if _, err := hex.Decode(d.Hash[:], []byte(hash)); err != nil {
		return Digest{}, fmt.Errorf("digest %q is not of the form <64 hexadecimal digits>/<size>", s)
	}
	n, err := strconv.ParseInt(size, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != size {
		return Digest{}, fmt.Errorf("digest %q has no valid size", s)
	}
	d.Size = n
	return d, nil
}
