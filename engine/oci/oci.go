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
	"fmt"
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

// Kind says what is wrong with an image, or why that is not known.
type Kind string

// What is wrong. The source answered.
const (
	Missing   Kind = "missing"    // there is no such manifest or blob
	Mismatch  Kind = "mismatch"   // it is there, and its bytes have another digest or another size
	MediaType Kind = "media-type" // it is something else than what it is called or has to be
	Malformed Kind = "malformed"  // its bytes have the digest, and are no index, manifest or config
)

// Why it is not known. The source did not answer, or would not.
const (
	Auth        Kind = "auth"         // it wants other credentials, or none were given
	RateLimited Kind = "rate-limited" // it wants to be asked later
	Offline     Kind = "offline"      // there is no way to it, or the network was not to be used
	TLS         Kind = "tls"          // it did not prove to be who it should be
	Timeout     Kind = "timeout"      // it took too long
	ServerError Kind = "server-error" // it failed, or its answer makes no sense
)

// Inconclusive reports whether k says that nothing is known.
func (k Kind) Inconclusive() bool {
	switch k {
	case Auth, RateLimited, Offline, TLS, Timeout, ServerError:
		return true
	}
	return false
}

// Error says what a Source could not yield, and why.
type Error struct {
	Kind  Kind
	What  string   // such as "manifest sha256:... of quay.io/tiran/cpython_autoconf"
	Msg   string   // a sentence without a subject: "is not there"
	Hints []string // what a user may do
	Err   error    // the cause; nil when Msg says all
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s %s", e.What, e.Msg) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
