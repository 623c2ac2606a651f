package format

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// place is a position as a reader of the repository can be shown it.
type place struct {
	file     string // in the repository; "" when it is in none of its files
	absolute bool   // file lies elsewhere on this machine
	region   *region
	inside   string // the position, where it says more than file and region: a member of an archive, a module of sbomctl
}

// inRepository reports whether a reader of the repository can open the place.
func (p place) inRepository() bool { return p.file != "" && !p.absolute }

// region is a stretch of a file. Lines and columns count from 1; 0 is not known, and a region without an end is a point.
type region struct {
	line, column       int
	endLine, endColumn int
}

// placer finds places. It keeps the files that it looked into.
type placer struct {
	report *Report
	unit   unit
	files  map[string]*source
}

func newPlacer(r *Report, u unit) *placer { return &placer{r, u, map[string]*source{}} }

// place finds out where pos is; the zero place when it is nowhere.
func (p *placer) place(pos diag.Pos) place {
	if pos.IsZero() {
		return place{}
	}
	if strings.HasPrefix(pos.File, "@") { // "@sbomctl//:rules.star"
		return place{inside: pos.String()}
	}
	archive, _, member := strings.Cut(pos.File, "!")
	if member && !p.source(pos.File).known { // else the name has a "!"
		out := p.file(archive)
		out.inside = pos.String()
		return out
	}
	out := p.file(pos.File)
	if pos.Line > 0 {
		out.region = &region{line: pos.Line}
		if pos.Col > 0 {
			out.region.column = p.unit.column(p.source(pos.File).line(pos.Line), pos.Col)
		}
	}
	return out
}

// file is the place of a whole file.
func (p *placer) file(name string) place {
	out := place{file: name, absolute: strings.HasPrefix(name, "/")}
	if !out.absolute && p.report.Prefix != "" {
		out.file = p.report.Prefix + "/" + name
	}
	return out
}

// stretch is the region of the bytes from start to end.
func (p *placer) stretch(file string, start, end int) region {
	s := p.source(file)
	from, to := s.at(start), s.at(end)
	return region{from.Line, p.unit.column(s.line(from.Line), from.Col), to.Line, p.unit.column(s.line(to.Line), to.Col)}
}

// source is a file that was looked into, and where its lines begin.
type source struct {
	known   bool
	content []byte
	starts  []int
}

func (p *placer) source(file string) *source {
	if s := p.files[file]; s != nil {
		return s
	}
	s := &source{starts: []int{0}}
	if p.report.Source != nil {
		s.content = p.report.Source(file)
	}
	s.known = s.content != nil
	for i := 0; ; {
		n := bytes.IndexByte(s.content[i:], '\n')
		if n < 0 {
			break
		}
		i += n + 1
		s.starts = append(s.starts, i)
	}
	p.files[file] = s
	return s
}

// line returns a line with its end; it is empty when there is no such line.
func (s *source) line(n int) []byte {
	if n < 1 || n > len(s.starts) {
		return nil
	}
	if n == len(s.starts) {
		return s.content[s.starts[n-1]:]
	}
	return s.content[s.starts[n-1]:s.starts[n]]
}

// at is diag.At, without counting the lines again.
func (s *source) at(offset int) diag.Pos {
	offset = min(max(offset, 0), len(s.content))
	lo, hi := 0, len(s.starts) // starts[lo] <= offset < starts[hi]
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; s.starts[mid] <= offset {
			lo = mid
		} else {
			hi = mid
		}
	}
	return diag.Pos{Line: lo + 1, Col: offset - s.starts[lo] + 1}
}

// unit is what columns count.
type unit int

const (
	characters unit = iota // code points
	utf16Units             // as editors and code-scanning pages do
)

// column converts a column in bytes, both from 1. A byte that is no text counts as one, and so does each that is beyond the line.
func (u unit) column(line []byte, bytes int) int {
	before := line[:min(bytes-1, len(line))]
	n := bytes - len(before)
	for len(before) > 0 {
		c, size := utf8.DecodeRune(before)
		before = before[size:]
		n++
		if u == utf16Units && c > 0xffff {
			n++
		}
	}
	return n
}

// uri is the file as a URI reference: relative to the repository's root, or of a file of this machine.
func (p place) uri() string {
	var b strings.Builder
	if p.absolute {
		b.WriteString("file://")
	}
	for _, c := range []byte(p.file) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~/", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
