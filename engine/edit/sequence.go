package edit

import (
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// sequence is what is between two brackets, separated by commas: arguments, elements, names.
type sequence struct {
	f           *File
	open, close int // tokens of the brackets
	items       []item
}

// item is one of a sequence.
type item struct {
	first, last int // tokens
	comma       int // token of the comma after it; -1 when there is none
}

// sequenceAt returns the sequence of n items whose opening bracket is a token.
func (f *File) sequenceAt(bracket, n int) (sequence, error) {
	s := sequence{f: f, open: bracket}
	depth, at := 0, item{-1, -1, -1}
	for i := bracket; i < len(f.tokens); i++ {
		t := f.tokens[i]
		switch {
		case t.kind == comment:
			continue
		case t.kind == open:
			depth++
			if depth == 1 {
				continue
			}
		case t.kind == shut:
			depth--
		case t.kind == comma && depth == 1:
			at.comma = i
			s.items = append(s.items, at)
			at = item{-1, -1, -1}
			continue
		}
		if depth == 0 {
			s.close = i
			break
		}
		if at.first < 0 {
			at.first = i
		}
		at.last = i
	}
	if at.first >= 0 {
		s.items = append(s.items, at)
	}
	if len(s.items) != n { // the parameters of a lambda have commas, too
		return s, f.unsound(f.tokens[bracket].start, nil)
	}
	return s, nil
}

func (s sequence) start(i int) int { return s.f.tokens[s.items[i].first].start }
func (s sequence) end(i int) int   { return s.f.tokens[s.items[i].last].end }

// insert returns the splices that put text, an item, after item i; before all others when i is -1.
func (s sequence) insert(i int, text string) []splice {
	f := s.f
	nl := f.newline()
	shut := f.tokens[s.close].start
	switch {
	case len(s.items) == 0 && f.first(shut): // brackets on lines of their own, with nothing but comments between
		at := f.lineStart(shut)
		return []splice{{at, at, f.indent(shut) + "    " + text + "," + nl}}
	case len(s.items) == 0:
		at := f.tokens[s.open].end
		return []splice{{at, at, text}}
	case i < 0 && f.first(s.start(0)):
		return []splice{{s.start(0), s.start(0), text + "," + nl + f.indent(s.start(0))}}
	case i < 0:
		return []splice{{s.start(0), s.start(0), text + ", "}}
	}
	end, rest := s.end(i), s.end(i)
	it := s.items[i]
	if it.comma >= 0 {
		rest = f.tokens[it.comma].end
	}
	// The line goes on after the item with nothing but a comment.
	alone := true
	for t := max(it.last, it.comma) + 1; t < len(f.tokens) && f.tokens[t].start < f.lineEnd(rest); t++ {
		alone = alone && f.tokens[t].kind == comment
	}
	begin := s.start(i)
	switch {
	case !f.first(begin):
		return []splice{{end, end, ", " + text}}
	case it.comma < 0 && !alone: // the bracket follows
		return []splice{{end, end, "," + nl + f.indent(begin) + text}}
	case it.comma < 0:
		at := f.lineEnd(rest)
		return []splice{{end, end, ","}, {at, at, nl + f.indent(begin) + text}}
	case !alone:
		return []splice{{end, end, ", " + text}}
	}
	at := f.lineEnd(rest)
	return []splice{{at, at, nl + f.indent(begin) + text + ","}}
}

// remove returns the splices that take item i out. Comments stay, also the one at the end of its line.
func (s sequence) remove(i int) ([]splice, error) {
	f, it := s.f, s.items[i]
	for _, t := range f.tokens[it.first:it.last] {
		if t.kind == comment {
			return nil, &diag.Error{Pos: diag.At(f.path, f.content, t.start), Msg: "what is to be removed has a comment within; remove it by hand"}
		}
	}
	start, end := s.start(i), s.end(i)
	var out []splice
	stop := end // of what goes with the item: its comma, and the white space after it
	if it.comma >= 0 {
		c := f.tokens[it.comma]
		stop = c.end
		if strings.TrimLeft(string(f.content[end:c.start]), " \t") != "" { // the comma is on another line
			out = append(out, splice{c.start, c.end, ""})
			stop = end
		}
	}
	for stop < len(f.content) && (f.content[stop] == ' ' || f.content[stop] == '\t') {
		stop++
	}
	switch {
	case f.first(start) && stop == f.lineEnd(stop) && stop < len(f.content): // lines of its own
		stop += len(lineBreak(f.content[stop:]))
		start = f.lineStart(start)
	case it.comma < 0 && i > 0: // the last of a line: the comma before it goes too
		c := f.tokens[s.items[i-1].comma]
		if strings.TrimLeft(string(f.content[c.end:start]), " \t") == "" {
			start = c.start
		} else {
			out = append(out, splice{c.start, c.end, ""})
		}
		stop = end
	case it.comma < 0:
		stop = end
	}
	return append(out, splice{start, stop, ""}), nil
}

// lineBreak returns what ends a line at the beginning of b.
func lineBreak(b []byte) string {
	if strings.HasPrefix(string(b[:min(2, len(b))]), "\r\n") {
		return "\r\n"
	}
	return string(b[:1])
}
