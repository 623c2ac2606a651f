package cache

import (
	"crypto/sha256"
)

// Find returns the digest of the entry with that checksum. Like Missing it looks only from outside: Open may
// still find a miss.
func (s *Disk) Find(sum [sha256.Size]byte) (Digest, bool) {
	d := Digest{Hash: sum}
	name, folder := entry(casDir, d), s.opened()
	if folder == nil {
		return Digest{}, false
	}
	fi, err := folder.Lstat(name)
	if err != nil {
		return Digest{}, false
	}
	if why := unfit(fi, anySize); why != "" {
		s.damaged(name, fi, why)
		return Digest{}, false
	}
	d.Size = fi.Size()
	return d, true
}
