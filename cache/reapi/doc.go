// Package reapi holds the messages of the Remote Execution API v2 (package
// build.bazel.remote.execution.v2) that a build without remote workers needs: they key
// actions, describe input trees and record results, so that a remote cache can be put
// behind the local one without changing a key.
//
// # Model
//
// A message is a plain Go struct. Marshal gives its canonical form: fields in the order of
// their numbers, default values left out, and lists sorted where the API says that they
// must be. Those are the bytes that any deterministic protobuf encoder writes, so equal
// messages have equal digests everywhere. A zero Digest field is an absent one.
//
// Decoders read what a disk or a server hands back and are strict: bounded in size, names
// and digests checked, unknown fields skipped, everything else ErrMalformed.
//
// The wire format is written by hand on encoding/binary. The generated messages would
// link gRPC and register some hundred descriptors when the process starts, and even
// protobuf's low-level protowire package reads samples of the executable at start-up;
// this package has no start-up cost at all. Strings must be valid UTF-8, as in proto3.
package reapi
