package reapi

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"slices"
	"time"
)

// Wire types of the protobuf encoding.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// appendTag appends the key of a field. Every field number here is below 16: one byte.
func appendTag(b []byte, num, wire int) []byte { return append(b, byte(num<<3|wire)) }

func varintLen(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

func appendVarint(b []byte, num int, v uint64) []byte {
	if v == 0 {
		return b
	}
	return binary.AppendUvarint(appendTag(b, num, wireVarint), v)
}

func appendBool(b []byte, num int, v bool) []byte {
	if !v {
		return b
	}
	return append(appendTag(b, num, wireVarint), 1)
}

// appendElement appends an element of a repeated field, or a message: empty ones count.
func appendElement[T string | []byte](b []byte, num int, v T) []byte {
	b = binary.AppendUvarint(appendTag(b, num, wireBytes), uint64(len(v)))
	return append(b, v...)
}

// appendBytes appends a singular string or bytes field: an empty one is left out.
func appendBytes[T string | []byte](b []byte, num int, v T) []byte {
	if len(v) == 0 {
		return b
	}
	return appendElement(b, num, v)
}

func digestLen(d Digest) int {
	n := 2 + 2*sha256.Size
	if d.Size != 0 {
		n += 1 + varintLen(uint64(d.Size))
	}
	return n
}

// appendDigest appends a Digest message; the zero digest is left out.
func appendDigest(b []byte, num int, d Digest) []byte {
	if d.IsZero() {
		return b
	}
	b = binary.AppendUvarint(appendTag(b, num, wireBytes), uint64(digestLen(d)))
	b = append(appendTag(b, 1, wireBytes), 2*sha256.Size)
	b = hex.AppendEncode(b, d.Hash[:])
	return appendVarint(b, 2, uint64(d.Size))
}

// appendNode appends a FileNode or a DirectoryNode, which share their layout.
func appendNode(b []byte, num int, name string, d Digest, executable bool) []byte {
	n := 0
	if len(name) > 0 {
		n += 1 + varintLen(uint64(len(name))) + len(name)
	}
	if !d.IsZero() {
		dn := digestLen(d)
		n += 1 + varintLen(uint64(dn)) + dn
	}
	if executable {
		n += 2
	}
	b = binary.AppendUvarint(appendTag(b, num, wireBytes), uint64(n))
	b = appendBytes(b, 1, name)
	b = appendDigest(b, 2, d)
	return appendBool(b, 4, executable)
}

// appendPair appends a message of two strings (variable, property, symbolic link).
func appendPair(b []byte, num int, first, second string) []byte {
	var m []byte
	m = appendBytes(m, 1, first)
	m = appendBytes(m, 2, second)
	return appendElement(b, num, m)
}

// appendDuration appends a Duration message; zero is left out.
func appendDuration(b []byte, num int, d time.Duration) []byte {
	if d == 0 {
		return b
	}
	var m []byte
	m = appendVarint(m, 1, uint64(d/time.Second))
	m = appendVarint(m, 2, uint64(d%time.Second))
	return appendElement(b, num, m)
}

func appendPlatform(b []byte, num int, properties []Property) []byte {
	if len(properties) == 0 {
		return b
	}
	var m []byte
	for _, p := range sorted(properties, func(x, y Property) int {
		return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.Value, y.Value))
	}) {
		m = appendPair(m, 1, p.Name, p.Value)
	}
	return appendElement(b, num, m)
}

// sorted returns s in order, leaving the caller's slice as it is.
func sorted[T any](s []T, compare func(x, y T) int) []T {
	if slices.IsSortedFunc(s, compare) {
		return s
	}
	s = slices.Clone(s)
	slices.SortStableFunc(s, compare)
	return s
}

// Marshal returns the canonical encoding of the command.
func (c *Command) Marshal() []byte {
	b := []byte{}
	for _, a := range c.Arguments {
		b = appendElement(b, 1, a)
	}
	for _, e := range sorted(c.EnvironmentVariables, func(x, y EnvironmentVariable) int { return cmp.Compare(x.Name, y.Name) }) {
		b = appendPair(b, 2, e.Name, e.Value)
	}
	b = appendPlatform(b, 5, c.Platform)
	b = appendBytes(b, 6, c.WorkingDirectory)
	last := ""
	for i, p := range sorted(c.OutputPaths, cmp.Compare[string]) {
		if i == 0 || p != last {
			b = appendElement(b, 7, p)
		}
		last = p
	}
	return b
}

// Marshal returns the canonical encoding of the action. Its digest is the action's key.
func (a *Action) Marshal() []byte {
	b := make([]byte, 0, 192)
	b = appendDigest(b, 1, a.CommandDigest)
	b = appendDigest(b, 2, a.InputRootDigest)
	b = appendDuration(b, 6, a.Timeout)
	b = appendBool(b, 7, a.DoNotCache)
	b = appendBytes(b, 9, a.Salt)
	return appendPlatform(b, 10, a.Platform)
}

// Marshal returns the encoding of the result.
func (r *ActionResult) Marshal() []byte {
	b := []byte{}
	for _, f := range r.OutputFiles {
		var m []byte
		m = appendBytes(m, 1, f.Path)
		m = appendDigest(m, 2, f.Digest)
		m = appendBool(m, 4, f.Executable)
		m = appendBytes(m, 5, f.Contents)
		b = appendElement(b, 2, m)
	}
	b = appendVarint(b, 4, uint64(int64(r.ExitCode)))
	b = appendBytes(b, 5, r.Stdout)
	b = appendDigest(b, 6, r.StdoutDigest)
	b = appendBytes(b, 7, r.Stderr)
	return appendDigest(b, 8, r.StderrDigest)
}
