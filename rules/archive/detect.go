package archive

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// format is what an archive's first bytes say it is.
type format int

const (
	formatTar format = iota
	formatGzip
	formatXZ
	formatBzip2
	formatZstd
	formatZip
)

// endings are the endings of names of archives, by format; the first is the format's name in messages. What a name
// says decides nothing, but one that says something else is odd.
var endings = [...][]string{
	formatTar:   {".tar"},
	formatGzip:  {".tar.gz", ".tgz"},
	formatXZ:    {".tar.xz", ".txz"},
	formatBzip2: {".tar.bz2", ".tbz2", ".tbz"},
	formatZstd:  {".tar.zst", ".tzst"},
	formatZip:   {".zip"},
}

// expected names what is read.
const expected = ".tar.xz, .tar.gz, .tar.bz2, .tar.zst, .tar or .zip"

const (
	magicXZ    = "\xfd7zXZ\x00"
	magicBzip2 = "BZh"
	magicZstd  = "\x28\xb5\x2f\xfd"
)

// foreign names the kinds of files that people take for a source archive.
var foreign = []struct{ magic, name string }{
	{"PK\x07\x08", "a part of a split zip archive"},
	{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"},
	{"Rar!", "a RAR archive"},
	{"LZIP", "an lzip archive"},
	{"\x5d\x00\x00", "an lzma archive"},
	{"\x1f\x9d", "an archive of the compress program"},
	{"xar!", "a xar archive"},
	{"\xed\xab\xee\xdb", "an RPM package"},
	{"!<arch>", "a Debian package or a static library"},
	{"version https://git-lfs", "a pointer of Git LFS"},
	{"<", "an HTML or XML document"},
}

// detect says what the file is that begins with head (its first 512 bytes, or all of it).
func detect(head []byte) (format, error) {
	has := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch {
	case len(head) == 0:
		return 0, errors.New("is empty, expected a " + expected + " archive")
	case has(magicXZ):
		return formatXZ, nil
	case has(magicGzip):
		return formatGzip, nil
	case has(magicBzip2):
		return formatBzip2, nil
	case has(magicZstd), len(head) >= 4 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18": // a skippable frame may come first
		return formatZstd, nil
	case has(zipMember), has(zipEnd):
		return formatZip, nil
	case isTar(head):
		return formatTar, nil
	}
	for _, f := range foreign {
		if has(f.magic) {
			return 0, fmt.Errorf("is %s, expected a %s archive", f.name, expected)
		}
	}
	return 0, errors.New("is no " + expected + " archive")
}

// isTar reports whether a tar archive may begin so. Only newer ones have a magic, so the header's checksum decides; what has the magic
// is a tar archive even when it is damaged, and one without members begins with its end.
func isTar(head []byte) bool {
	if len(head) >= 262 && string(head[257:262]) == "ustar" {
		return true
	}
	if len(head) < blockSize {
		return false
	}
	var unsigned, signed int64 // some programs added signed bytes
	for i, c := range head[:blockSize] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		unsigned += int64(c)
		signed += int64(int8(c))
	}
	if unsigned == 8*' ' {
		return true
	}
	sum, err := strconv.ParseInt(strings.Trim(string(head[148:156]), " \x00"), 8, 64)
	return err == nil && (sum == unsigned || sum == signed)
}

// misnamed says what the archive called name is, when its ending says another format; "" otherwise.
func misnamed(name string, f format) string {
	name = strings.ToLower(name)
	for i, names := range endings {
		for _, ending := range names {
			if strings.HasSuffix(name, ending) && format(i) != f {
				return fmt.Sprintf("is a %s archive, whatever its name says; it is read as that", endings[f][0])
			}
		}
	}
	return ""
}
