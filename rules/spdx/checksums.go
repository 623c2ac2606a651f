package spdx

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// A list of checksums is the files of one package in their document order, each
//
//	<SHA-1 in hexadecimal> " " <SHA-256 in hexadecimal> " " <path> NUL
//
// NUL-terminated as in "sha256sum --zero", since a path may hold any other byte.

// EncodeChecksums returns the list of checksums of files; identifiers are no part of it.
func EncodeChecksums(files []File) []byte {
	size := 0
	for i := range files {
		size += checksumsHeader + len(files[i].Path) + 1
	}
	b := make([]byte, 0, size)
	for i := range files {
		f := &files[i]
		b = hex.AppendEncode(b, f.SHA1[:])
		b = append(b, ' ')
		b = hex.AppendEncode(b, f.SHA256[:])
		b = append(b, ' ')
		b = append(b, f.Path...)
		b = append(b, 0)
	}
	return b
}

// checksumsHeader is the length of what precedes the path.
const checksumsHeader = 40 + 1 + 64 + 1

// ParseChecksums is the inverse of EncodeChecksums.
func ParseChecksums(data []byte) ([]File, error) {
	files := make([]File, 0, bytes.Count(data, []byte{0}))
	for n := 1; len(data) > 0; n++ {
		end := bytes.IndexByte(data, 0)
		if end <= checksumsHeader || data[40] != ' ' || data[checksumsHeader-1] != ' ' {
			return nil, fmt.Errorf("record %d of the list of checksums is malformed", n)
		}
		var f File
		_, err1 := hex.Decode(f.SHA1[:], data[:40])
		_, err2 := hex.Decode(f.SHA256[:], data[41:checksumsHeader-1])
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("record %d of the list of checksums is malformed", n)
		}
		f.Path = string(data[checksumsHeader:end])
		files = append(files, f)
		data = data[end+1:]
	}
	return files, nil
}

// checkPath reports a path that a JSON document cannot name.
func checkPath(path string) error {
	if utf8.ValidString(path) {
		return nil
	}
	return &diag.Error{
		Pos: strings.ToValidUTF8(path, "\uFFFD"),
		Msg: "file name " + strconv.QuoteToASCII(path) + " is not UTF-8, so no SPDX document can name it",
	}
}
