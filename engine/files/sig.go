package files

import (
	"encoding/binary"
	"errors"
	"time"
)

// Sig is a stat signature: two equal Sigs of one path, the first of which is not Racy, mean
// that neither bytes nor mode changed in between. The device number takes no part: it differs
// from one mount to the next. The zero Sig is that of an absent path.
type Sig struct {
	Size  int64  // bytes
	Mtime int64  // last modification, nanoseconds since 1970
	Ctime int64  // last change of the inode, nanoseconds since 1970; creation time on Windows
	Ino   uint64 // inode; 0 on Windows
	Mode  uint32 // type and permission bits as the system gives them

	// Racy says that the file was changed so shortly before it was read that a later change
	// could leave the same times behind. What was read under a racy Sig holds for that build
	// and must be read again in the next. git calls such an index entry racy too.
	Racy bool
}

// SigSize is the length of an encoded Sig.
const SigSize = 8*4 + 4 + 1

// Same reports whether two signatures of one path are equal; Racy takes no part.
func (s Sig) Same(now Sig) bool {
	s.Racy, now.Racy = false, false
	return s == now
}

// Fresh reports whether what was read under s need not be read again, given that lstat says now.
func (s Sig) Fresh(now Sig) bool { return !s.Racy && s.Same(now) }

// Append appends the encoding of s, SigSize bytes, to dst.
func (s Sig) Append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(s.Size))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(s.Mtime))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(s.Ctime))
	dst = binary.LittleEndian.AppendUint64(dst, s.Ino)
	dst = binary.LittleEndian.AppendUint32(dst, s.Mode)
	if s.Racy {
		return append(dst, 1)
	}
	return append(dst, 0)
}

var errDamaged = errors.New("damaged encoding")

// DecodeSig decodes what Append wrote at the start of b and returns the rest of b.
func DecodeSig(b []byte) (Sig, []byte, error) {
	if len(b) < SigSize || b[SigSize-1] > 1 {
		return Sig{}, b, errDamaged
	}
	return Sig{
		Size:  int64(binary.LittleEndian.Uint64(b)),
		Mtime: int64(binary.LittleEndian.Uint64(b[8:])),
		Ctime: int64(binary.LittleEndian.Uint64(b[16:])),
		Ino:   binary.LittleEndian.Uint64(b[24:]),
		Mode:  binary.LittleEndian.Uint32(b[32:]),
		Racy:  b[SigSize-1] == 1,
	}, b[SigSize:], nil
}

const (
	// fineWindow covers the kernel's tick, by which file times lag behind the clock (1 to 10 ms),
	// with a margin.
	fineWindow = 20 * time.Millisecond
	// coarseWindow covers file systems that keep whole seconds (ext3, HFS+) or even ones (FAT).
	coarseWindow = 2 * time.Second
)

// racy reports whether a file with s's times, read from the moment start on, could be changed
// after that without its times showing it. A time in the future (a server's clock that runs
// ahead) is racy as well.
func (s Sig) racy(start time.Time) bool {
	n := start.UnixNano()
	return recent(s.Mtime, n) || recent(s.Ctime, n)
}

func recent(t, now int64) bool {
	w := fineWindow
	if t%int64(time.Second) == 0 {
		w = coarseWindow
	}
	return t >= now-int64(w)
}
