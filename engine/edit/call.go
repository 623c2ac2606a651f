package edit

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"go.starlark.net/syntax"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// ErrNotLiteral is the cause of the error of a value that is computed, so that it cannot be edited where it is used.
var ErrNotLiteral = errors.New("not a literal")

// Call is a call in a file.
type Call struct {
	f    *File
	open int // offset of its "("
}

// CallAt returns the call that begins at a position, which the engine gives as the place of a target; or else, the innermost call
// that has an argument by name there.
func (f *File) CallAt(pos diag.Pos) (*Call, error) {
	at := place{int32(pos.Line), int32(pos.Col)}
	var found, holder *syntax.CallExpr
	syntax.Walk(f.tree, func(n syntax.Node) bool {
		call, ok := n.(*syntax.CallExpr)
		if !ok {
			return true
		}
		start := syntax.Start(call.Fn)
		if found == nil && (place{start.Line, start.Col} == at || place{call.Lparen.Line, call.Lparen.Col} == at) {
			found = call
		}
		for _, arg := range call.Args {
			if name, _ := keyword(arg); name != nil && (place{name.NamePos.Line, name.NamePos.Col}) == at {
				holder = call
			}
		}
		return true
	})
	if found == nil {
		found = holder
	}
	if found == nil {
		return nil, &diag.Error{Pos: pos, Msg: "no call begins here"}
	}
	return f.hold(found), nil
}

func (f *File) hold(call *syntax.CallExpr) *Call {
	c := &Call{f, f.offset(call.Lparen)}
	f.calls = append(f.calls, c)
	return c
}

// node returns the call's node in the tree of now.
func (c *Call) node() *syntax.CallExpr {
	stmts := c.f.tree.Stmts
	i := sort.Search(len(stmts), func(i int) bool { return c.f.offset(syntax.Start(stmts[i])) > c.open })
	var out *syntax.CallExpr
	syntax.Walk(stmts[i-1], func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok && c.f.offset(call.Lparen) == c.open {
			out = call
		}
		return out == nil
	})
	return out
}

// Function returns the name of what is called, as it is written; "" when it is no name.
func (c *Call) Function() string {
	if id, ok := c.node().Fn.(*syntax.Ident); ok {
		return id.Name
	}
	return ""
}

// Pos returns where the call begins.
func (c *Call) Pos() diag.Pos { return c.f.pos(syntax.Start(c.node().Fn)) }

// Has reports whether the call gives an attribute by name.
func (c *Call) Has(attr string) bool { return argument(c.node(), attr) != nil }

// Args returns the arguments in order: the name of each, or its number ("0") when it has none. "*" and "**" are left out.
func (c *Call) Args() []string {
	var out []string
	for i, arg := range c.node().Args {
		if name, _ := keyword(arg); name != nil {
			out = append(out, name.Name)
		} else if !isStar(arg) {
			out = append(out, strconv.Itoa(i))
		}
	}
	return out
}

// Places returns the places of an argument: of its elements, when it is a list, or else of itself.
func (c *Call) Places(attr string) []string {
	list, err := c.list(attr)
	if err != nil || list == nil {
		return []string{attr}
	}
	out := make([]string, len(list.List))
	for i := range out {
		out[i] = fmt.Sprintf("%s[%d]", attr, i)
	}
	return out
}

// At returns where the value of a place is written, "version" or "exclude[2]"; the call's position when it is not.
func (c *Call) At(place string) diag.Pos {
	x, err := c.value(place)
	if err != nil || x == nil {
		return c.Pos()
	}
	return c.f.pos(syntax.Start(x))
}

// String returns the string at a place. It is "" and not ok when the call does not give the attribute; a value that is no literal
// is an error.
func (c *Call) String(place string) (value string, ok bool, err error) {
	x, err := c.value(place)
	if x == nil || err != nil {
		return "", false, err
	}
	v, ok := constant(x)
	if !ok {
		return "", false, c.notLiteral(place, x, "a string")
	}
	return v, true, nil
}

// Set makes the string at a place value. An attribute that the call does not give is added after its others.
func (c *Call) Set(place, value string) error {
	if !isText(value) {
		return &diag.Error{Pos: c.At(place), Msg: fmt.Sprintf("%s cannot become %q, which is no text", place, value)}
	}
	x, err := c.value(place)
	if err != nil {
		return err
	}
	if x == nil {
		return c.SetExpr(place, Quote(value))
	}
	pieces, ok := literals(x, nil)
	if !ok {
		return c.notLiteral(place, x, "a string")
	}
	piece, text := pieces[0], value
	if len(pieces) > 1 {
		if piece, text = differing(pieces, value); piece == nil {
			return &diag.Error{Pos: c.f.pos(syntax.Start(x)), Err: ErrNotLiteral,
				Msg: fmt.Sprintf("%s is written in %d pieces, of which more than one would change", place, len(pieces)), Hints: []string{"write it in one piece, or edit it by hand"}}
		}
	}
	if piece.Value == text {
		return nil
	}
	t := c.f.tokens[c.f.token(piece.TokenPos)]
	literal := quote(text, string(c.f.content[t.start:t.end]), c.f.newline())
	return c.f.apply([]splice{{t.start, t.end, literal}}, func() { piece.Value = text })
}

// SetExpr adds an attribute with a value that is a Starlark expression. The call must not give the attribute yet.
func (c *Call) SetExpr(attr, expr string) error {
	call := c.node()
	if argument(call, attr) != nil {
		return &diag.Error{Pos: c.At(attr), Msg: fmt.Sprintf("the call gives %s already", attr)}
	}
	x, err := parseExpr("f(" + attr + " = " + expr + ")")
	arg, ok := x.(*syntax.CallExpr)
	if err != nil || !ok || len(arg.Args) != 1 || argument(arg, attr) == nil {
		return c.badExpr(attr+" = "+expr, err)
	}
	after := len(call.Args) - 1
	for after >= 0 && isStar(call.Args[after]) {
		after--
	}
	seq, err := c.f.sequenceAt(c.f.token(call.Lparen), len(call.Args))
	if err != nil {
		return err
	}
	return c.f.apply(seq.insert(after, attr+" = "+expr), func() {
		call.Args = slices.Insert(call.Args, after+1, arg.Args[0])
	})
}

// Append adds an element, a Starlark expression (Quote makes one of a string), to the end of a list. A list that the call does not
// give is added.
func (c *Call) Append(attr, expr string) error {
	x, err := parseExpr(expr)
	if err != nil {
		return c.badExpr(expr, err)
	}
	list, err := c.list(attr)
	if err != nil {
		return err
	}
	if list == nil {
		return c.SetExpr(attr, "["+expr+"]")
	}
	seq, err := c.f.sequenceAt(c.f.token(list.Lbrack), len(list.List))
	if err != nil {
		return err
	}
	return c.f.apply(seq.insert(len(list.List)-1, expr), func() { list.List = append(list.List, x) })
}

// Remove takes an attribute, or an element of a list, out. Comments stay.
func (c *Call) Remove(place string) error {
	attr, i := split(place)
	if i < 0 {
		call := c.node()
		n := slices.IndexFunc(call.Args, func(x syntax.Expr) bool { name, _ := keyword(x); return name != nil && name.Name == attr })
		if n < 0 {
			return c.absent(attr)
		}
		return c.f.removeItem(call.Lparen, len(call.Args), n, func() { call.Args = slices.Delete(call.Args, n, n+1) })
	}
	if _, err := c.value(place); err != nil {
		return err
	}
	list, err := c.list(attr)
	if err != nil {
		return err
	}
	return c.f.removeItem(list.Lbrack, len(list.List), i, func() { list.List = slices.Delete(list.List, i, i+1) })
}

// removeItem takes item i of the n behind a bracket out.
func (f *File) removeItem(bracket syntax.Position, n, i int, sameEdit func()) error {
	seq, err := f.sequenceAt(f.token(bracket), n)
	if err != nil {
		return err
	}
	splices, err := seq.remove(i)
	if err != nil {
		return err
	}
	return f.apply(splices, sameEdit)
}

// value returns the expression at a place; nil when it is an attribute that the call does not give.
func (c *Call) value(place string) (syntax.Expr, error) {
	attr, i := split(place)
	if i < 0 {
		return argument(c.node(), attr), nil
	}
	list, err := c.list(attr)
	if err != nil {
		return nil, err
	}
	if list == nil {
		return nil, c.absent(attr)
	}
	if i >= len(list.List) {
		return nil, &diag.Error{Pos: c.f.pos(list.Lbrack), Msg: fmt.Sprintf("there is no %s: the list has %d elements", place, len(list.List))}
	}
	return list.List[i], nil
}

// list returns the list that an attribute is; nil when the call does not give it.
func (c *Call) list(attr string) (*syntax.ListExpr, error) {
	x := argument(c.node(), attr)
	if x == nil {
		return nil, nil
	}
	list, ok := unparen(x).(*syntax.ListExpr)
	if !ok {
		return nil, c.notLiteral(attr, x, "a list")
	}
	return list, nil
}

func (c *Call) absent(attr string) error {
	return &diag.Error{Pos: c.Pos(), Msg: fmt.Sprintf("the call does not give %s", attr)}
}

func (c *Call) badExpr(expr string, err error) error {
	return &diag.Error{Pos: c.Pos(), Msg: fmt.Sprintf("%q cannot be added to the call", expr), Err: err}
}

// notLiteral is the error of a value that only a person can edit.
func (c *Call) notLiteral(place string, x syntax.Expr, want string) error {
	d := &diag.Error{Pos: c.f.pos(syntax.Start(x)), Err: ErrNotLiteral,
		Msg: fmt.Sprintf("%s is %s, expected %s as a literal: only what is written out can be edited", place, describe(x), want)}
	if id, ok := unparen(x).(*syntax.Ident); ok {
		for _, stmt := range c.f.tree.Stmts {
			if set, ok := stmt.(*syntax.AssignStmt); ok {
				if to, ok := set.LHS.(*syntax.Ident); ok && to.Name == id.Name {
					d.Hints = append(d.Hints, fmt.Sprintf("%s is set at %s", id.Name, c.f.pos(to.NamePos)))
				}
			}
		}
	}
	return d
}

// describe says what an expression is.
func describe(x syntax.Expr) string {
	switch x := unparen(x).(type) {
	case *syntax.Ident:
		if x.Name == "True" || x.Name == "False" || x.Name == "None" {
			return x.Name
		}
		return "the variable " + x.Name
	case *syntax.CallExpr:
		if id, ok := x.Fn.(*syntax.Ident); ok {
			return "a call of " + id.Name
		}
		if dot, ok := x.Fn.(*syntax.DotExpr); ok {
			return "a call of ." + dot.Name.Name
		}
		return "a call"
	case *syntax.BinaryExpr:
		return "computed with " + x.Op.String()
	case *syntax.Literal:
		if x.Token == syntax.STRING {
			return "a string"
		}
		return "a literal of another type"
	case *syntax.Comprehension:
		return "a comprehension"
	case *syntax.CondExpr:
		return "computed with if"
	case *syntax.ListExpr:
		return "a list"
	case *syntax.DictExpr:
		return "a dict"
	case *syntax.TupleExpr:
		return "a tuple"
	}
	return "computed"
}

// split is "exclude[2]" as "exclude" and 2; -1 for an attribute as a whole.
func split(place string) (attr string, i int) {
	name, rest, ok := strings.Cut(place, "[")
	if n, err := strconv.Atoi(strings.TrimSuffix(rest, "]")); ok && err == nil && n >= 0 {
		return name, n
	}
	return place, -1
}

// argument returns what a call gives for a name, or for a number when it has no name; nil when nothing.
func argument(call *syntax.CallExpr, attr string) syntax.Expr {
	if i, err := strconv.Atoi(attr); err == nil && i >= 0 && i < len(call.Args) && !isStar(call.Args[i]) {
		if name, _ := keyword(call.Args[i]); name == nil {
			return call.Args[i]
		}
		return nil
	}
	for _, arg := range call.Args {
		if name, value := keyword(arg); name != nil && name.Name == attr {
			return value
		}
	}
	return nil
}

// keyword is an argument by name.
func keyword(arg syntax.Expr) (*syntax.Ident, syntax.Expr) {
	if b, ok := arg.(*syntax.BinaryExpr); ok && b.Op == syntax.EQ {
		if id, ok := b.X.(*syntax.Ident); ok {
			return id, b.Y
		}
	}
	return nil, nil
}

func isStar(arg syntax.Expr) bool {
	u, ok := arg.(*syntax.UnaryExpr)
	return ok && (u.Op == syntax.STAR || u.Op == syntax.STARSTAR)
}

func unparen(x syntax.Expr) syntax.Expr {
	for {
		p, ok := x.(*syntax.ParenExpr)
		if !ok {
			return x
		}
		x = p.X
	}
}

// literals appends the string literals that x is the sum of; not ok when it is anything else.
func literals(x syntax.Expr, to []*syntax.Literal) ([]*syntax.Literal, bool) {
	switch x := unparen(x).(type) {
	case *syntax.Literal:
		return append(to, x), x.Token == syntax.STRING
	case *syntax.BinaryExpr:
		if x.Op != syntax.PLUS {
			return nil, false
		}
		to, ok := literals(x.X, to)
		if !ok {
			return nil, false
		}
		return literals(x.Y, to)
	}
	return nil, false
}

// constant is the value of a literal, or of a sum of literals.
func constant(x syntax.Expr) (string, bool) {
	if x == nil {
		return "", false
	}
	pieces, ok := literals(x, nil)
	if !ok {
		return "", false
	}
	return join(pieces), true
}

func join(pieces []*syntax.Literal) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.Value.(string))
	}
	return b.String()
}

// differing returns the one piece that is to change for the sum to become value, and to what; nil when more than one would.
func differing(pieces []*syntax.Literal, value string) (*syntax.Literal, string) {
	for i, p := range pieces {
		text, ok := strings.CutPrefix(value, join(pieces[:i]))
		if !ok {
			break
		}
		if text, ok = strings.CutSuffix(text, join(pieces[i+1:])); ok {
			return p, text
		}
	}
	return nil, ""
}

func parseExpr(text string) (syntax.Expr, error) {
	return (&syntax.FileOptions{Set: true}).ParseExpr("", text, 0)
}
