package cache

import (
	"crypto/sha256"
	"os"
)

// Find returns the digest of the entry with that checksum. Like Has it looks only from outside: Open may still
// find a miss.
func (s *Disk) Find(sum [sha256.Size]byte) (Digest, bool) {
	d := Digest{Hash: sum}
	path := entry(s.cas, d)
	fi, err := os.Lstat(path)
	if err != nil {
		return Digest{}, false
	}
	if why := unfit(fi, anySize); why != "" {
		s.damaged(path, fi, why)
		return Digest{}, false
	}
	d.Size = fi.Size()
	return d, true
}
