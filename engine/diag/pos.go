package diag

import (
	"bytes"
	"strconv"
)

// Pos is a place in a file. The zero Pos is nowhere.
type Pos struct {
	File string // as a user knows it: a path in the workspace, "archive.tgz!member", "@sbomctl//:rules.star"
	Line int    // from 1; 0 is the whole file
	Col  int    // from 1; 0 is the whole line
}

// File is the place of a whole file.
func File(name string) Pos { return Pos{File: name} }

// IsZero reports whether p is nowhere.
func (p Pos) IsZero() bool { return p == Pos{} }

// String returns "file:line:column", without what is not known; "" for nowhere.
func (p Pos) String() string {
	s := p.File
	if p.Line > 0 {
		s += ":" + strconv.Itoa(p.Line)
		if p.Col > 0 {
			s += ":" + strconv.Itoa(p.Col)
		}
	}
	return s
}

// At is the place of the byte at offset in content; columns count bytes. An offset outside is the nearest inside.
func At(file string, content []byte, offset int) Pos {
	before := content[:min(max(offset, 0), len(content))]
	return Pos{file, bytes.Count(before, []byte{'\n'}) + 1, len(before) - bytes.LastIndexByte(before, '\n')}
}
