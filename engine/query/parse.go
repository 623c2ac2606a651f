package query

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
)

// Expr is a parsed expression.
type Expr struct {
	root node
	src  source
}

// node is a part of an expression. eval yields the targets that it means.
type node interface {
	eval(e *evaluation, vars *binding) (set, error)
}

type (
	pattern struct { // //pkg:all
		p  label.Pattern
		at int
	}
	variable struct { // $x
		name string
		at   int
	}
	let struct { // let x = value in body
		name        string
		value, body node
	}
	union    struct{ x, y node } // x + y; also of the words of set(...)
	except   struct{ x, y node }
	intersec struct{ x, y node }
	nothing  struct{}
	call     struct {
		fn   *function
		args []arg
		at   int
	}
)

// arg is an argument of a function: an expression, a word or a number.
type arg struct {
	node node
	word string
	n    int
	at   int
}

// Parse reads an expression whose patterns are relative to package pkg. Its error is a *diag.Error that points into the text.
func Parse(text, pkg string) (*Expr, error) {
	p := &parser{src: source(text), pkg: pkg}
	var err error
	if p.tokens, err = p.src.lex(); err != nil {
		return nil, err
	}
	root, err := p.expr(0)
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.at < len(text) {
		return nil, p.unexpected(t, "an operator (+ - ^) or the end")
	}
	return &Expr{root, p.src}, nil
}

type parser struct {
	src    source
	pkg    string
	tokens []token
	scope  []string // variables of the lets around
}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) next() token {
	t := p.tokens[0]
	if len(p.tokens) > 1 { // the end stays
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) unexpected(t token, want string) error {
	got := fmt.Sprintf("%q", t.text)
	if t.at == len(p.src) {
		got = "the end"
	}
	return p.src.errorf(t.at, "expected %s, got %s", want, got)
}

func (p *parser) expect(s, want string) error {
	if t := p.peek(); !t.is(s) {
		return p.unexpected(t, want)
	}
	p.next()
	return nil
}

// expr reads operands between operators, which all bind alike, from left to right.
func (p *parser) expr(depth int) (node, error) {
	if depth > maxDepth {
		return nil, p.src.errorf(p.peek().at, "the expression is nested more than %d deep", maxDepth)
	}
	x, err := p.operand(depth)
	for err == nil {
		var y node
		switch t := p.peek(); {
		case t.is("+"), t.is("union"):
			p.next()
			y, err = p.operand(depth)
			x = union{x, y}
		case t.is("-"), t.is("except"):
			p.next()
			y, err = p.operand(depth)
			x = except{x, y}
		case t.is("^"), t.is("intersect"):
			p.next()
			y, err = p.operand(depth)
			x = intersec{x, y}
		default:
			return x, nil
		}
	}
	return nil, err
}

func (p *parser) operand(depth int) (node, error) {
	t := p.next()
	switch {
	case t.is("("):
		x, err := p.expr(depth + 1)
		if err != nil {
			return nil, err
		}
		return x, p.expect(")", `")" or an operator`)
	case t.is("let"):
		return p.let(depth)
	case t.is("set") && p.peek().is("("):
		return p.set()
	case t.is("in"), t.is("union"), t.is("except"), t.is("intersect"), !t.word():
		return nil, p.unexpected(t, "a pattern, a function or (")
	case !t.quoted && strings.HasPrefix(t.text, "$"):
		return p.variable(t)
	case !t.quoted && p.peek().is("("):
		return p.call(t, depth)
	}
	return p.pattern(t)
}

func (p *parser) pattern(t token) (node, error) {
	pat, err := label.ParsePattern(t.text, p.pkg)
	if err == nil && pat.Negative {
		err = &diag.Error{Msg: fmt.Sprintf("%q takes away from nothing here; write x - %s", t.text, strings.TrimPrefix(t.text, "-"))}
	}
	if err != nil {
		return nil, p.src.at(t.at, err)
	}
	return pattern{pat, t.at}, nil
}

func (p *parser) variable(t token) (node, error) {
	name := t.text[1:]
	for _, v := range p.scope {
		if v == name {
			return variable{name, t.at}, nil
		}
	}
	return nil, p.src.errorf(t.at, "there is no variable $%s here%s", name, diag.DidYouMean(name, p.scope))
}

func (p *parser) let(depth int) (node, error) {
	name := p.next()
	if name.quoted || !isName(name.text) {
		return nil, p.unexpected(name, "a variable's name")
	}
	if err := p.expect("=", `"="`); err != nil {
		return nil, err
	}
	value, err := p.expr(depth + 1)
	if err != nil {
		return nil, err
	}
	if err := p.expect("in", `"in" or an operator`); err != nil {
		return nil, err
	}
	p.scope = append(p.scope, name.text)
	body, err := p.expr(depth + 1)
	p.scope = p.scope[:len(p.scope)-1]
	return let{name.text, value, body}, err
}

func isName(s string) bool {
	for i, c := range s {
		if !(c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || i > 0 && '0' <= c && c <= '9') {
			return false
		}
	}
	return s != ""
}

// set reads set(a b ...), which also takes the lines of another query's output.
func (p *parser) set() (node, error) {
	p.next()
	var all node = nothing{}
	for {
		t := p.next()
		switch {
		case t.is(")"):
			return all, nil
		case !t.word():
			return nil, p.unexpected(t, `a pattern or ")"; the words of a set are separated by spaces`)
		}
		x, err := p.pattern(t)
		if err != nil {
			return nil, err
		}
		all = union{all, x}
	}
}

func (p *parser) call(name token, depth int) (node, error) {
	fn := functions[name.text]
	if fn == nil {
		return nil, p.src.errorf(name.at, "there is no function %q%s", name.text, diag.DidYouMean(name.text, functionNames()))
	}
	p.next() // (
	c := call{fn: fn, at: name.at}
	for i, kind := range fn.args {
		optional := i >= fn.needed
		if optional && !p.peek().is(",") {
			break
		}
		if i > 0 {
			if err := p.expect(",", fmt.Sprintf(`"," and %s: %s`, kind, fn.usage)); err != nil {
				return nil, err
			}
		}
		a, err := p.arg(kind, depth)
		if err != nil {
			return nil, err
		}
		if err := fn.check(p.src, i, a); err != nil {
			return nil, err
		}
		c.args = append(c.args, a)
	}
	return c, p.expect(")", fmt.Sprintf(`")": %s`, fn.usage))
}

func (p *parser) arg(kind argKind, depth int) (arg, error) {
	t := p.peek()
	switch kind {
	case aWord, aRegexp:
		if !t.word() {
			return arg{}, p.unexpected(t, string(kind))
		}
		p.next()
		return arg{word: t.text, at: t.at}, nil
	case aNumber:
		n, err := strconv.ParseUint(t.text, 10, 31)
		if errors.Is(err, strconv.ErrRange) {
			n, err = math.MaxInt32, nil // no graph is as deep
		}
		if err != nil || t.quoted {
			return arg{}, p.unexpected(t, "a number")
		}
		p.next()
		return arg{n: int(n), at: t.at}, nil
	}
	x, err := p.expr(depth + 1)
	return arg{node: x, at: t.at}, err
}
