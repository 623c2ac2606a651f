package cpython

import (
	"fmt"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// literal is a Python literal: a string, a list, tuple, set or dictionary of literals, a call with literals for arguments, or
// a constant.
type literal struct {
	kind  literalKind
	text  string // of a string; the name of a call; the source of a constant
	at    int    // offset in the file
	items []literal
	keys  []literal // of a dictionary, one an item; of a call, the names, where text is "" for an argument without one
}

type literalKind int8

const (
	literalString literalKind = iota
	literalList               // of any kind: list, tuple, set
	literalDict
	literalCall
	literalConst // None, True, False, a number
)

func (v *literal) describe() string {
	switch v.kind {
	case literalString:
		return "a string"
	case literalList:
		return "a list"
	case literalDict:
		return "a dictionary"
	case literalCall:
		return "a call of " + clip(v.text)
	}
	return clip(v.text)
}

func (v *literal) isNone() bool { return v.kind == literalConst && v.text == "None" }

// script is a tokenized Python file.
type script struct {
	path   string
	src    []byte
	tokens []token
}

func readScript(path string, src []byte) (*script, error) {
	tokens, err := tokenize(path, src)
	if err != nil {
		return nil, err
	}
	return &script{path, src, tokens}, nil
}

func (s *script) pos(at int) diag.Pos { return diag.At(s.path, s.src, at) }

func (s *script) fail(at int, format string, args ...any) error {
	return &diag.Error{Pos: s.pos(at), Msg: fmt.Sprintf(format, args...),
		Hints: []string{"import reads the script as text and never runs it, so what it looks for must be literals"}}
}

// global returns the literal that a statement `NAME = ...` or `NAME: annotation = ...` outside of any block gives a name; nil when
// there is no such statement. A second one is an error.
func (s *script) global(name string) (*literal, error) {
	var found *literal
	for i := 0; i < len(s.tokens); i++ {
		if t := s.tokens[i]; t.kind != tokenName || t.text != name || t.column != 0 || i > 0 && s.tokens[i-1].kind != tokenNewline {
			continue
		}
		at := s.tokens[i].at
		i++
		if s.tokens[i].is(":") {
			for !s.tokens[i].is("=") && s.tokens[i].kind != tokenNewline && s.tokens[i].kind != tokenEnd {
				i++
			}
		}
		if !s.tokens[i].is("=") || s.tokens[i+1].is("=") {
			return nil, s.fail(at, "%s is not assigned here, but %s follows", name, s.tokens[i].describe())
		}
		if found != nil {
			return nil, s.fail(at, "%s is assigned a second time; the first is at %s", name, s.pos(found.at))
		}
		p := &literalParser{s: s, i: i + 1}
		v, err := p.value(0)
		if err != nil {
			return nil, err
		}
		if t := p.peek(); t.kind != tokenNewline && t.kind != tokenEnd {
			return nil, s.fail(t.at, "the value of %s is a literal with %s behind it, expected the end of the statement", name, t.describe())
		}
		found, i = &v, p.i
	}
	return found, nil
}

// literalParser reads literals from tokens.
type literalParser struct {
	s     *script
	i     int
	count int // of literals
}

func (p *literalParser) peek() token { return p.s.tokens[p.i] }

func (p *literalParser) unexpected(want string) error {
	return p.s.fail(p.peek().at, "%s is not expected here, but %s", p.peek().describe(), want)
}

func (p *literalParser) value(depth int) (literal, error) {
	t := p.peek()
	v := literal{at: t.at}
	if depth > maxNesting {
		return v, p.s.fail(t.at, "the literal is nested deeper than %d", maxNesting)
	}
	if p.count++; p.count > maxItems {
		return v, p.s.fail(t.at, "the literal has more than %d items", maxItems)
	}
	switch {
	case t.kind == tokenString:
		for ; p.peek().kind == tokenString; p.i++ { // strings side by side are one
			v.text += p.peek().text
		}
		if p.peek().kind == tokenOpaque {
			return v, p.unexpected("a literal string")
		}
		return v, nil
	case t.kind == tokenNumber, t.kind == tokenName && (t.text == "None" || t.text == "True" || t.text == "False"):
		v.kind, v.text = literalConst, t.text
		p.i++
		return v, nil
	case t.kind == tokenName:
		return p.call(depth)
	case t.is("["), t.is("("):
		end := "]"
		if t.is("(") {
			end = ")"
		}
		p.i++
		v.kind = literalList
		comma, err := p.items(end, &v, depth, false)
		if err == nil && end == ")" && len(v.items) == 1 && !comma { // parentheses, and no tuple
			return v.items[0], nil
		}
		return v, err
	case t.is("{"):
		p.i++
		v.kind = literalDict
		_, err := p.items("}", &v, depth, true)
		return v, err
	}
	return v, p.unexpected("a literal is: a string, list or dictionary")
}

// items reads what stands between brackets, and the closing one. It reports whether a comma came last. What stands in braces is a
// set unless its items have keys.
func (p *literalParser) items(end string, v *literal, depth int, braces bool) (comma bool, err error) {
	for n := 0; ; n++ {
		if p.peek().is(end) {
			p.i++
			return comma, nil
		}
		if n > 0 && !comma {
			return false, p.unexpected(`"," or "` + end + `" is`)
		}
		item, err := p.value(depth + 1)
		if err != nil {
			return false, err
		}
		if keyed := p.peek().is(":"); braces && keyed && (n == 0 || v.kind == literalDict) {
			p.i++
			v.keys = append(v.keys, item)
			if item, err = p.value(depth + 1); err != nil {
				return false, err
			}
		} else if braces && n == 0 {
			v.kind = literalList
		} else if braces && v.kind == literalDict {
			return false, p.unexpected(`":" is`)
		}
		v.items = append(v.items, item)
		if comma = p.peek().is(","); comma {
			p.i++
		}
	}
}

// call reads NAME(...), where NAME may have dots.
func (p *literalParser) call(depth int) (literal, error) {
	v := literal{kind: literalCall, text: p.peek().text, at: p.peek().at}
	p.i++
	for p.peek().is(".") && p.s.tokens[p.i+1].kind == tokenName {
		v.text += "." + p.s.tokens[p.i+1].text
		p.i += 2
	}
	if !p.peek().is("(") {
		return v, p.s.fail(v.at, "%q is a name, and not a literal", clip(v.text))
	}
	p.i++
	for comma := true; !p.peek().is(")"); {
		if !comma {
			return v, p.unexpected(`"," or ")" is`)
		}
		key := literal{at: p.peek().at}
		if p.peek().kind == tokenName && p.s.tokens[p.i+1].is("=") {
			key.text = p.peek().text
			p.i += 2
		}
		arg, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.keys, v.items = append(v.keys, key), append(v.items, arg)
		if comma = p.peek().is(","); comma {
			p.i++
		}
	}
	p.i++
	return v, nil
}
