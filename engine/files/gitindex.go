package files

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Index is the set of paths in a .git/index: what git tracks. See gitformat-index(5); versions
// 2, 3 and 4 are read. It is immutable.
type Index struct {
	names []byte   // the names of all entries, one behind another
	ends  []uint32 // where each ends; the names are in ascending order
	// opaque is the directories whose content the index does not list, in ascending order:
	// submodules, and those that a sparse index folds into one entry.
	opaque []opaqueDir
}

type opaqueDir struct {
	path   string
	sparse bool
}

var (
	errIndexDamaged = errors.New("is damaged")
	errIndexVersion = errors.New("has an unknown version")
	errIndexSplit   = errors.New("is a split index")
)

const (
	maxIndex      = 512 << 20 // bytes of an index file
	maxIndexNames = 1 << 30   // bytes of all names, which version 4 compresses
)

const (
	indexHeader      = 12
	indexStat        = 40 // times, device, inode, mode, owner, group, size
	indexModeOffset  = 24
	indexExtended    = 0x4000 // in flags: 16 more bits of flags follow
	indexNameMask    = 0x0fff
	modeType         = 0170000
	modeTree         = 0040000
	modeGitlink      = 0160000
	extensionSplit   = "link"
	extensionHeader  = 8
	minIndexEntryLen = indexStat + sha1.Size + 2 + 1
)

// ParseIndex parses the index file at path, the bytes of which are data. Its error is a
// *diag.Error that names the path.
func ParseIndex(path string, data []byte) (*Index, error) {
	x, err := parseIndex(data)
	switch err {
	case nil:
		return x, nil
	case errIndexSplit:
		return nil, &diag.Error{Pos: diag.File(Printable(path)), Msg: "is a split index, which cannot be read", Err: err,
			Hints: []string{"run git update-index --no-split-index"}}
	case errIndexVersion:
		return nil, &diag.Error{Pos: diag.File(Printable(path)), Msg: "has an unknown version; versions 2 to 4 of git's index can be read", Err: err,
			Hints: []string{"run git update-index --index-version=4"}}
	}
	return nil, &diag.Error{Pos: diag.File(Printable(path)), Msg: "is no valid index of git", Err: err,
		Hints: []string{"run git fsck; git reset writes the index anew"}}
}

// parseIndex parses an index file. Its checksum tells whether the repository uses SHA-1 or
// SHA-256; an all-zero one (index.skipHash) leaves both to be tried.
func parseIndex(data []byte) (*Index, error) {
	try := func(size int, sum func([]byte) []byte) (*Index, error) {
		if len(data) < indexHeader+size {
			return nil, errIndexDamaged
		}
		body, got := data[:len(data)-size], data[len(data)-size:]
		if !bytes.Equal(got, make([]byte, size)) && !bytes.Equal(got, sum(body)) {
			return nil, errIndexDamaged
		}
		return parseIndexBody(body, size)
	}
	idx, err := try(sha1.Size, func(b []byte) []byte { s := sha1.Sum(b); return s[:] })
	if err == errIndexDamaged {
		if other, err2 := try(sha256.Size, func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }); err2 != errIndexDamaged {
			return other, err2
		}
	}
	return idx, err
}

func parseIndexBody(b []byte, hashSize int) (*Index, error) {
	if string(b[:4]) != "DIRC" {
		return nil, errIndexDamaged
	}
	version, count := binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	if version < 2 || version > 4 {
		return nil, errIndexVersion
	}
	if uint64(count) > uint64(len(b)/minIndexEntryLen) {
		return nil, errIndexDamaged
	}
	idx := &Index{ends: make([]uint32, 0, count)}
	at := indexHeader
	prev := []byte(nil)
	nameless := false // entries of a split index may be
	for range count {
		start := at
		if at+indexStat+hashSize+2 > len(b) {
			return nil, errIndexDamaged
		}
		mode := binary.BigEndian.Uint32(b[at+indexModeOffset:])
		flags := binary.BigEndian.Uint16(b[at+indexStat+hashSize:])
		at += indexStat + hashSize + 2
		if flags&indexExtended != 0 {
			if at += 2; version == 2 || at > len(b) {
				return nil, errIndexDamaged
			}
		}
		keep := 0
		if version == 4 {
			drop, n := indexVarint(b[at:])
			if n == 0 || drop > uint64(len(prev)) {
				return nil, errIndexDamaged
			}
			keep = len(prev) - int(drop)
			at += n
		}
		n := bytes.IndexByte(b[at:], 0)
		if n < 0 {
			return nil, errIndexDamaged
		}
		from := len(idx.names)
		idx.names = append(idx.names, prev[:keep]...)
		idx.names = append(idx.names, b[at:at+n]...)
		name := idx.names[from:]
		if stated := int(flags & indexNameMask); len(idx.names) > maxIndexNames || stated != min(len(name), indexNameMask) {
			return nil, errIndexDamaged
		}
		if version == 4 {
			at += n + 1
		} else if at = start + (at+n-start+8)&^7; at > len(b) { // 1 to 8 NULs
			return nil, errIndexDamaged
		}
		if nameless = nameless || len(name) == 0; !nameless && bytes.Compare(prev, name) > 0 {
			return nil, errIndexDamaged
		}
		switch mode & modeType {
		case modeGitlink:
			idx.opaque = append(idx.opaque, opaqueDir{string(name), false})
		case modeTree:
			idx.opaque = append(idx.opaque, opaqueDir{strings.TrimSuffix(string(name), "/"), true})
		}
		idx.ends = append(idx.ends, uint32(len(idx.names)))
		prev = name
	}
	for at < len(b) {
		if at+extensionHeader > len(b) {
			return nil, errIndexDamaged
		}
		if string(b[at:at+4]) == extensionSplit {
			return nil, errIndexSplit
		}
		size := binary.BigEndian.Uint32(b[at+4:])
		if uint64(size) > uint64(len(b)-at-extensionHeader) {
			return nil, errIndexDamaged
		}
		at += extensionHeader + int(size)
	}
	if nameless {
		return nil, errIndexDamaged
	}
	return idx, nil
}

// Sum is a digest of the paths, the same for equal sets.
func (x *Index) Sum() [sha256.Size]byte {
	h := sha256.New()
	fmt.Fprintln(h, len(x.ends), len(x.names))
	var n [4]byte
	for _, end := range x.ends {
		binary.LittleEndian.PutUint32(n[:], end)
		h.Write(n[:])
	}
	h.Write(x.names)
	for _, d := range x.opaque {
		fmt.Fprintf(h, "%q %v\n", d.path, d.sparse)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// indexVarint decodes the offset encoding that version 4 shares with pack files, and returns how
// many bytes it took, 0 when it is damaged.
func indexVarint(b []byte) (v uint64, n int) {
	for i, c := range b {
		if i > 4 {
			return 0, 0
		}
		v |= uint64(c & 0x7f)
		if c&0x80 == 0 {
			return v, i + 1
		}
		v = (v + 1) << 7
	}
	return 0, 0
}

func (x *Index) name(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = x.ends[i-1]
	}
	return x.names[from:x.ends[i]]
}

// before reports whether a name comes before the concatenation of path and end.
func before(name []byte, path, end string) bool {
	n := min(len(name), len(path))
	if string(name[:n]) != path[:n] || n < len(path) {
		return string(name) < path
	}
	return string(name[n:]) < end
}

// search returns the first entry that is not before path+end.
func (x *Index) search(path, end string) int {
	return sort.Search(len(x.ends), func(i int) bool { return !before(x.name(i), path, end) })
}

// tracked reports whether the file path is in the index or, for a directory, whether anything
// below it is. unknown is the directory at or above path that a sparse index folds, if any.
func (x *Index) tracked(path string, isDir bool) (tracked bool, unknown string) {
	if i := x.search(path, ""); i < len(x.ends) && string(x.name(i)) == path {
		return true, ""
	}
	for _, d := range x.opaque {
		below := strings.HasPrefix(path, d.path) && len(path) > len(d.path) && path[len(d.path)] == '/'
		switch {
		case d.sparse && (below || path == d.path):
			return false, d.path
		case below:
			return true, ""
		}
	}
	if isDir {
		if i := x.search(path, "/"); i < len(x.ends) {
			name := x.name(i)
			return len(name) > len(path) && name[len(path)] == '/' && string(name[:len(path)]) == path, ""
		}
	}
	return false, ""
}
