// Package oci is container images by digest, as the OCI image specification 1.1 has them.
//
// # Model
//
// An image is a tree of blobs, each named by the digest of its bytes: an index names manifests, one for each platform, and a manifest
// names a config and layers. A Source yields the bytes of either, and what it yields was hashed: whoever holds bytes from a Source
// holds what the digest says. A Layout is a Source in a folder; a registry is another (rules/registry).
//
// To read an image, OpenLayout a folder, or have a Store, or both as First; Find the manifest for a platform, and ReadConfig its config.
// To have it on this machine, Pull it into a Store. To look into an index or a manifest oneself, Parse it: nobody else reads what came
// from outside, because Parse refuses what two programs could read as two images.
//
// What a Source cannot yield is an *Error, whose Kind keeps apart what is known to be wrong (the registry answered, and has it
// not, or has something else) from what could not be found out (the registry could not be asked).
package oci

import (
	"context"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Source yields manifests and blobs by digest.
type Source interface {
	// Manifest returns the bytes of an index or a manifest, and the media type that it was called by whoever sent it ("" when nobody said).
	// The bytes have the digest.
	Manifest(ctx context.Context, digest v1.Hash) ([]byte, types.MediaType, error)
	// Blob streams the blob that d names. The stream ends in an *Error, not in io.EOF, when its bytes have not the digest and the size of d.
	Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error)
}
