package spdx

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// The prefixes of the identifiers that a document gives to its elements.
const (
	documentID    = "SPDXRef-DOCUMENT"
	packagePrefix = "SPDXRef-PACKAGE-"
	filePrefix    = "SPDXRef-FILE-"
)

// ID returns value as an SPDX identifier: every run of characters other than letters, digits, "."
// and "-" becomes one "-".
func ID(value string) string {
	i := 0
	for i < len(value) && isIDByte(value[i]) {
		i++
	}
	if i == len(value) {
		return value
	}
	b := append(make([]byte, 0, len(value)), value[:i]...)
	for ; i < len(value); i++ {
		if isIDByte(value[i]) {
			b = append(b, value[i])
		} else if i == 0 || isIDByte(value[i-1]) {
			b = append(b, '-')
		}
	}
	return string(b)
}

func isIDByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-'
}

func isID(s string) bool {
	rest, ok := strings.CutPrefix(s, "SPDXRef-")
	for i := 0; i < len(rest); i++ {
		if !isIDByte(rest[i]) {
			return false
		}
	}
	return ok && rest != ""
}

// idMap gives out the identifiers of one document. It is never shared between documents, so a
// document does not depend on those that are built beside it.
type idMap struct {
	values map[string]string // identifier -> the value that it stands for
}

func newIDMap(capacity int) *idMap { return &idMap{values: make(map[string]string, capacity)} }

// reserve notes an identifier that another document gave out. It reports whether it was free.
func (m *idMap) reserve(id, value string) bool {
	if _, taken := m.values[id]; taken {
		return false
	}
	m.values[id] = value
	return true
}

// assign returns value's identifier. The first value keeps the bare one; another value with the
// same identifier gets "-" and the first 8 hexadecimal digits of its own SHA-256 (more only while
// those are taken as well). ok is false when value itself was there before.
func (m *idMap) assign(value string) (id string, ok bool) {
	id = ID(value)
	bare, digest := id, ""
	for n := 8; ; n += 8 {
		before, taken := m.values[id]
		if !taken {
			m.values[id] = value
			return id, true
		}
		if before == value {
			return id, false
		}
		if digest == "" {
			sum := sha256.Sum256([]byte(value))
			digest = hex.EncodeToString(sum[:])
		}
		id = bare + "-" + digest[:min(n, len(digest))]
	}
}
