package cache

import "github.com/sbomctl/sbomctl/cache/reapi"

// Digest names a blob by content: the SHA-256 of its bytes and their number,
// as build.bazel.remote.execution.v2.Digest does.
type Digest = reapi.Digest

// Of returns the digest of b.
func Of(b []byte) Digest { return reapi.Of(b) }

// ParseDigest is the inverse of Digest.String.
func ParseDigest(s string) (Digest, error) { return reapi.ParseDigest(s) }
