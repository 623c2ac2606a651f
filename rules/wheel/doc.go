// Package wheel reads a bundled wheel (pip) and what it vendors, and knows the lock file that
// says where those packages come from.
//
//	wheel ──► name, version, checksum ─┐
//	  └─ pip/_vendor/vendor.txt ──► vendored packages ─┤
//	pip.lock.json ──► URL and checksum of each ────────┴──► package metadata (JSON)
//	      ▲
//	      └── package index's JSON API, only in the lock command; a build never asks it
//
// The wheel says what is in it; the lock says what the wheel does not: the file of the package
// index that corresponds to each version, and what its project states there (Stated). Both must agree, else the lock is stale.
// What is not known is not made up: a URL or a checksum that nobody could confirm is null in
// the lock, and NOASSERTION (or absent) in a document.
//
// Names are compared in normalised form (PEP 503) and shown as vendor.txt writes them, in lower case. Versions are
// compared by PEP 440 and shown as they are written.
package wheel

import (
	"regexp"
	"strings"
)

// Bounds of hostile input; pip 25.1.1 has 1.8 MB, 440 entries and 20 vendored packages.
const (
	MaxWheelBytes     = 256 << 20 // size of a wheel
	MaxLockBytes      = 1 << 20   // size of a lock file
	maxEntries        = 20_000    // of a wheel
	maxDirectoryBytes = 4 << 20   // read to find the wheel's entries
	maxUnpacked       = 1 << 30   // sum of the entries' sizes
	maxRatio          = 200       // unpacked to packed, beyond the first 16 MiB
	maxMember         = 1 << 20   // size of vendor.txt and of METADATA
	maxPackages       = 1000      // in vendor.txt, and in a lock
	maxIndexBytes     = 8 << 20   // of one answer of the package index
)

var (
	nameRE      = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$`) // PEP 508
	versionRE   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.!+_-]*$`)               // what PEP 440 is spelled with
	sha256RE    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	separatorRE = regexp.MustCompile(`[-_.]+`)
)

const maxName = 128 // letters of a project's name or version

// Normalize returns the one spelling of a project's name that the package index knows it by
// (PEP 503): lower case, runs of "-", "_" and "." as one "-".
func Normalize(name string) string {
	return separatorRE.ReplaceAllString(strings.ToLower(name), "-")
}

func validName(s string) bool    { return len(s) <= maxName && nameRE.MatchString(s) }
func validVersion(s string) bool { return len(s) <= maxName && versionRE.MatchString(s) }

// validFilename reports whether s can be the name of a file of the package index.
func validFilename(s string) bool {
	if s == "" || len(s) > 255 || s[0] == '.' {
		return false
	}
	for _, r := range s {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(`/\:*?"<>|%#`, r) {
			return false
		}
	}
	return true
}
