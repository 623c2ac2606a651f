package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"unicode/utf8"
)

// Signatures of a zip archive's records (APPNOTE.TXT 6.3.10).
const (
	zipMember  = "PK\x03\x04" // a local header, before each member's data
	zipEntry   = "PK\x01\x02" // of the central directory
	zipEnd     = "PK\x05\x06" // behind it
	zip64End   = "PK\x06\x06"
	zip64Where = "PK\x06\x07"

	zipMemberSize  = 30
	zipEntrySize   = 46
	zipEndSize     = 22
	zip64EndSize   = 56
	zip64WhereSize = 20

	zip64Extra   = 0x0001
	unicodeExtra = 0x7075 // Info-ZIP's: the name in UTF-8
)

// Flags of a zip entry.
const (
	zipEncrypted  = 1 << 0
	zipDescriptor = 1 << 3 // sizes and checksum follow the data
	zipPatch      = 1 << 5
	zipUTF8       = 1 << 11
	zipMasked     = 1 << 13 // local headers hide what the directory says
)

// zipFile is an entry of a zip archive's central directory, which local headers agree with.
type zipFile struct {
	name       string
	system     byte // what its mode is by
	flags      uint16
	method     uint16
	crc        uint32
	compressed int64
	size       int64
	attributes uint32
	header     int64 // where its local header is
	data       int64 // and its data
}

// zipError is what is wrong with a zip archive; member is "" when it is no one member.
type zipError struct{ member, msg string }

func (e *zipError) Error() string { return e.msg }

func zipFail(format string, args ...any) error { return &zipError{msg: fmt.Sprintf(format, args...)} }

func (f *zipFile) fail(format string, args ...any) error {
	return &zipError{f.name, fmt.Sprintf(format, args...)}
}

// readZip returns the entries of a zip archive of size bytes, in the directory's order. Package archive/zip trusts the central directory alone; what
// other readers see in local headers may be something else, and many members may share their data, as in a zip bomb. Both are refused here.
func readZip(r io.ReaderAt, size int64, maxFiles int) ([]zipFile, error) {
	d, err := findZipEnd(r, size)
	if err != nil {
		return nil, err
	}
	if d.count > uint64(maxFiles) {
		return nil, zipFail("has more than the %d files and directories that are allowed", maxFiles)
	}
	const perEntry = zipEntrySize + 3*(1<<16-1)
	if d.size > d.count*perEntry || d.count*zipEntrySize > d.size {
		return nil, zipFail("is corrupt: its list of members has another size than it says")
	}
	if d.size > maxZipDirectory {
		return nil, zipFail("has a list of members of more than %d MiB", maxZipDirectory>>20)
	}
	b := make([]byte, d.size)
	if _, err := r.ReadAt(b, int64(d.offset)); err != nil {
		return nil, noEOF(err)
	}
	list := make([]zipFile, 0, d.count)
	for range d.count {
		f, rest, err := parseZipEntry(b, d)
		if err != nil {
			return nil, err
		}
		list, b = append(list, f), rest
	}
	if len(b) > 0 {
		return nil, zipFail("is corrupt: its list of members has another size than it says")
	}
	for i := range list {
		if err := list[i].local(r, int64(d.offset)); err != nil {
			return nil, err
		}
	}
	return list, disjoint(list)
}

// maxZipDirectory bounds what is read at once: 250,000 members with names of 200 bytes have 62 MiB.
const maxZipDirectory = 128 << 20

// zipDirectory is where the central directory lies.
type zipDirectory struct{ offset, size, count uint64 }

// findZipEnd finds the record that ends the archive, and with it the directory, which must end where that begins.
func findZipEnd(r io.ReaderAt, size int64) (d zipDirectory, err error) {
	tail := make([]byte, min(size, zip64WhereSize+zipEndSize+1<<16-1))
	start := size - int64(len(tail))
	if _, err := r.ReadAt(tail, start); err != nil && err != io.EOF {
		return d, err
	}
	at := -1
	for i := len(tail) - zipEndSize; i >= 0; i-- {
		if string(tail[i:i+4]) == zipEnd && int(binary.LittleEndian.Uint16(tail[i+20:])) == len(tail)-i-zipEndSize {
			at = i
			break
		}
	}
	if at < 0 {
		if bytes.Contains(tail, []byte(zipEnd)) {
			return d, zipFail("is truncated, or has trailing data: it does not end with the record that ends a zip archive")
		}
		return d, zipFail("is truncated: the record that ends a zip archive is missing")
	}
	e := tail[at:]
	disk, first := binary.LittleEndian.Uint16(e[4:]), binary.LittleEndian.Uint16(e[6:])
	here := uint64(binary.LittleEndian.Uint16(e[8:]))
	d = zipDirectory{uint64(binary.LittleEndian.Uint32(e[16:])), uint64(binary.LittleEndian.Uint32(e[12:])), uint64(binary.LittleEndian.Uint16(e[10:]))}
	end := uint64(start) + uint64(at)
	if d.count == 1<<16-1 || d.size == 1<<32-1 || d.offset == 1<<32-1 {
		if at >= zip64WhereSize && string(tail[at-zip64WhereSize:][:4]) == zip64Where {
			if end, err = d.read64(r, tail[at-zip64WhereSize:at], end-zip64WhereSize); err != nil {
				return d, err
			}
			disk, first, here = 0, 0, d.count // those of the other record were checked
		}
	}
	switch {
	case disk != 0 || first != 0 || here != d.count:
		return d, zipFail("is a part of a split zip archive")
	case d.offset > end || d.size != end-d.offset:
		return d, zipFail("is corrupt: its list of members is not where it says")
	}
	return d, nil
}

// read64 reads the larger record, which where, lying at limit, points to; it returns where that begins.
func (d *zipDirectory) read64(r io.ReaderAt, where []byte, limit uint64) (uint64, error) {
	at := binary.LittleEndian.Uint64(where[8:])
	if at > limit || limit-at < zip64EndSize {
		return 0, zipFail("is corrupt: its zip64 record is not where it says")
	}
	var e [zip64EndSize]byte
	if _, err := r.ReadAt(e[:], int64(at)); err != nil {
		return 0, noEOF(err)
	}
	if string(e[:4]) != zip64End || binary.LittleEndian.Uint64(e[4:]) != limit-at-12 {
		return 0, zipFail("is corrupt: its zip64 record is not where it says")
	}
	if binary.LittleEndian.Uint32(where[4:]) != 0 || binary.LittleEndian.Uint32(where[16:]) > 1 ||
		binary.LittleEndian.Uint32(e[16:]) != 0 || binary.LittleEndian.Uint32(e[20:]) != 0 || binary.LittleEndian.Uint64(e[24:]) != binary.LittleEndian.Uint64(e[32:]) {
		return 0, zipFail("is a part of a split zip archive")
	}
	got := zipDirectory{binary.LittleEndian.Uint64(e[48:]), binary.LittleEndian.Uint64(e[40:]), binary.LittleEndian.Uint64(e[32:])}
	if d.count != 1<<16-1 && d.count != got.count || d.size != 1<<32-1 && d.size != got.size || d.offset != 1<<32-1 && d.offset != got.offset {
		return 0, zipFail("is corrupt: its two end records disagree")
	}
	*d = got
	return at, nil
}

var errZipEntry = zipFail("is corrupt: its list of members is damaged")

// parseZipEntry parses the entry at the start of b.
func parseZipEntry(b []byte, d zipDirectory) (f zipFile, rest []byte, err error) {
	if len(b) < zipEntrySize || string(b[:4]) != zipEntry {
		return f, nil, errZipEntry
	}
	le := binary.LittleEndian
	n, x, c := int(le.Uint16(b[28:])), int(le.Uint16(b[30:])), int(le.Uint16(b[32:]))
	if len(b) < zipEntrySize+n+x+c {
		return f, nil, errZipEntry
	}
	f = zipFile{
		name: string(b[zipEntrySize:][:n]), system: b[5], flags: le.Uint16(b[8:]), method: le.Uint16(b[10:]),
		crc: le.Uint32(b[16:]), attributes: le.Uint32(b[38:]),
	}
	sizes := [3]uint64{uint64(le.Uint32(b[24:])), uint64(le.Uint32(b[20:])), uint64(le.Uint32(b[42:]))}
	extra := b[zipEntrySize+n:][:x]
	if disk := le.Uint16(b[34:]); disk != 0 && disk != 1<<16-1 {
		return f, nil, zipFail("is a part of a split zip archive")
	}
	if !widen(extra, &sizes[0], &sizes[1], &sizes[2]) {
		return f, nil, f.fail("its sizes are damaged")
	}
	if sizes[0] > 1<<62 || sizes[1] > d.offset || sizes[2] > d.offset {
		return f, nil, f.fail("its data lies outside of the archive")
	}
	f.size, f.compressed, f.header = int64(sizes[0]), int64(sizes[1]), int64(sizes[2])
	return f, b[zipEntrySize+n+x+c:], f.rename(extra)
}

// rename takes the UTF-8 name that Info-ZIP puts beside one in a DOS code page. A name that is ASCII needs no other one.
func (f *zipFile) rename(extra []byte) error {
	v, ok := extraField(extra, unicodeExtra)
	if !ok || len(v) < 5 || v[0] != 1 || binary.LittleEndian.Uint32(v[1:]) != crc32.ChecksumIEEE([]byte(f.name)) || string(v[5:]) == f.name {
		return nil
	}
	if f.flags&zipUTF8 != 0 || ascii(f.name) || !utf8.Valid(v[5:]) {
		return f.fail("has a second name, %.200q", v[5:])
	}
	f.name = string(v[5:])
	return nil
}

func ascii(s string) bool {
	return !slices.ContainsFunc([]byte(s), func(c byte) bool { return c >= utf8.RuneSelf })
}

// extraField returns the value of an extra field.
func extraField(extra []byte, id uint16) ([]byte, bool) {
	for len(extra) >= 4 {
		tag, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			break
		}
		if tag == id {
			return extra[:n], true
		}
		extra = extra[n:]
	}
	return nil, false
}

// widen replaces the numbers that stand for larger ones, which the zip64 field has in this order.
func widen(extra []byte, numbers ...*uint64) bool {
	v, ok := extraField(extra, zip64Extra)
	for _, n := range numbers {
		if *n != 1<<32-1 {
			continue
		}
		if !ok {
			continue // it is that large
		}
		if len(v) < 8 {
			return false
		}
		*n, v = binary.LittleEndian.Uint64(v), v[8:]
	}
	return true
}

// local reads the local header of f, and refuses one that says something else. limit is where the directory begins.
func (f *zipFile) local(r io.ReaderAt, limit int64) error {
	le := binary.LittleEndian
	var h [zipMemberSize]byte
	if f.header > limit-zipMemberSize {
		return f.fail("its data lies outside of the archive")
	}
	if _, err := r.ReadAt(h[:], f.header); err != nil {
		return noEOF(err)
	}
	if string(h[:4]) != zipMember {
		return f.fail("its local header is not where the archive's list says")
	}
	tail := make([]byte, int(le.Uint16(h[26:]))+int(le.Uint16(h[28:])))
	f.data = f.header + zipMemberSize + int64(len(tail))
	if f.data > limit || f.compressed > limit-f.data {
		return f.fail("its data lies outside of the archive")
	}
	if _, err := r.ReadAt(tail, f.header+zipMemberSize); err != nil {
		return noEOF(err)
	}
	there := zipFile{name: string(tail[:le.Uint16(h[26:])]), flags: le.Uint16(h[6:])}
	sizes := [2]uint64{uint64(le.Uint32(h[22:])), uint64(le.Uint32(h[18:]))}
	extra := tail[le.Uint16(h[26:]):]
	if !widen(extra, &sizes[0], &sizes[1]) {
		return f.fail("its sizes are damaged")
	}
	if err := there.rename(extra); err != nil {
		return err
	}
	const telling = zipEncrypted | zipDescriptor | zipPatch | zipMasked
	known := f.flags&zipDescriptor == 0 // else they may be zero, and follow the data
	var what string
	switch {
	case there.name != f.name:
		return f.fail("its local header names it %.200q: programs disagree on what the archive holds", there.name)
	case there.flags&telling != f.flags&telling:
		what = "other flags"
	case le.Uint16(h[8:]) != f.method:
		what = "another compression"
	case (known || sizes[0] != 0) && sizes[0] != uint64(f.size), (known || sizes[1] != 0) && sizes[1] != uint64(f.compressed):
		what = "another size"
	case (known || le.Uint32(h[14:]) != 0) && le.Uint32(h[14:]) != f.crc:
		what = "another checksum"
	default:
		return nil
	}
	return f.fail("its local header has %s than the archive's list: programs disagree on what the archive holds", what)
}

// disjoint refuses members that share data.
func disjoint(list []zipFile) error {
	byPlace := make([]*zipFile, len(list))
	for i := range list {
		byPlace[i] = &list[i]
	}
	slices.SortFunc(byPlace, func(a, b *zipFile) int {
		switch {
		case a.header < b.header:
			return -1
		case a.header > b.header:
			return 1
		}
		return 0
	})
	for i := 1; i < len(byPlace); i++ {
		if before := byPlace[i-1]; byPlace[i].header < before.data+before.compressed {
			return byPlace[i].fail("it shares its data with member %q, as in a decompression bomb", before.name)
		}
	}
	return nil
}

// isZipError returns err as what is wrong with the archive; false for one of reading it.
func isZipError(err error) (*zipError, bool) {
	var z *zipError
	return z, errors.As(err, &z)
}
