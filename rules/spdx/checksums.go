package spdx

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/record"
)

// A list of checksums is the files of one package in their document order, each
//
//	SHA-1 (20 bytes), SHA-256 (32 bytes), length of the path (unsigned varint), path

const sumsSize = sha1.Size + sha256.Size

// EncodeChecksums returns the list of checksums of files; identifiers are no part of it.
func EncodeChecksums(files []File) []byte {
	size := 0
	for i := range files {
		size += sumsSize + binary.MaxVarintLen16 + len(files[i].Path)
	}
	b := make([]byte, 0, size)
	for i := range files {
		f := &files[i]
		b = append(b, f.SHA1[:]...)
		b = append(b, f.SHA256[:]...)
		b = record.AppendString(b, f.Path)
	}
	return b
}

// ParseChecksums is the inverse of EncodeChecksums.
func ParseChecksums(data []byte) ([]File, error) {
	var files []File
	r := record.Reader{B: data}
	for n := 1; len(r.B) > 0; n++ {
		var f File
		copy(f.SHA1[:], r.Take(len(f.SHA1)))
		copy(f.SHA256[:], r.Take(len(f.SHA256)))
		f.Path = string(r.Bytes())
		if r.Bad || f.Path == "" {
			return nil, fmt.Errorf("record %d of the list of checksums is malformed", n)
		}
		files = append(files, f)
	}
	return files, nil
}

// checkPath reports a path that a JSON document cannot name.
func checkPath(path string) error {
	if utf8.ValidString(path) {
		return nil
	}
	return &diag.Error{
		Pos: diag.File(strings.ToValidUTF8(path, "\uFFFD")),
		Msg: "file name " + strconv.QuoteToASCII(path) + " is not UTF-8, so no SPDX document can name it",
	}
}
