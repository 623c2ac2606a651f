package oci

import (
	"errors"
	"fmt"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/diag"
)

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

// KindOf returns the kind of an error of a Source, "" when it is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// IsMissing reports whether err says that a source has not got what it was asked for.
func IsMissing(err error) bool { return KindOf(err) == Missing }

// Diagnose returns what a user is told of an error of a Source, a Store or a layout: a *diag.Error, or err itself when it is of another sort.
func Diagnose(err error) error {
	var d *diag.Error
	var e *Error
	var c *cache.Error
	switch {
	case errors.As(err, &d):
		return err
	case errors.As(err, &e):
		return &diag.Error{Msg: e.Error(), Hints: e.Hints, Err: err}
	case errors.As(err, &c):
		return &diag.Error{Msg: c.Error(), Hints: []string{"--disk_cache=DIR names another folder for the cache"}, Err: err}
	}
	return err
}
