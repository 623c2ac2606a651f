package star

import (
	"fmt"
	"math/bits"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// The interpreter bounds steps, and one step can make something large: a + b, [0] * n, "%s" % x, x[:], f(*x),
// ",".join(x). So that the bound of steps bounds memory too, what such a step makes is charged for in
// steps (charge). The interpreter has no hook for that: before a file is compiled, one operand of each such operation
// is wrapped in the call of a builtin whose name no source can spell. The builtin charges at once, or
// returns a value that does when the operation is applied.
const (
	guardOperand = "<op>"  // the right operand of an operator
	guardInPlace = "<op=>" // the same of an augmented assignment
	guardLeft    = "<op"   // the left operand of % and <<, which want the right one as it is
	guardMethod  = "<.>"   // whose method is named
	guardSlice   = "<[:]>" // what is sliced
	guardSpread  = "<*>"   // what a call spreads as arguments
	guardDict    = "<{}>"  // a dict that is written out
)

var guards = starlark.StringDict{
	guardOperand: guard(guardOperand, func(t *starlark.Thread, v starlark.Value) (starlark.Value, error) {
		return operand{v, t, false}, nil
	}),
	guardInPlace: guard(guardInPlace, func(t *starlark.Thread, v starlark.Value) (starlark.Value, error) {
		return operand{v, t, true}, nil
	}),
	guardLeft: guard(guardLeft, func(t *starlark.Thread, v starlark.Value) (starlark.Value, error) {
		return leftOperand{v, t}, nil
	}),
	guardMethod: guard(guardMethod, func(_ *starlark.Thread, v starlark.Value) (starlark.Value, error) {
		return withMethods(v), nil
	}),
	guardSlice: guard(guardSlice, func(t *starlark.Thread, v starlark.Value) (starlark.Value, error) {
		if s, ok := v.(starlark.Sliceable); ok {
			return slice{s, t}, nil
		}
		return v, nil
	}),
	guardSpread: guard(guardSpread, func(t *starlark.Thread, v starlark.Value) (starlark.Value, error) {
		return v, charge(t, 2*cost(v))
	}),
	guardDict: guard(guardDict, func(t *starlark.Thread, v starlark.Value) (starlark.Value, error) {
		return v, charge(t, dictSteps)
	}),
}

func guard(name string, f func(*starlark.Thread, starlark.Value) (starlark.Value, error)) *starlark.Builtin {
	return starlark.NewBuiltin(name, func(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		return f(t, args[0])
	})
}

// growing are the operators whose result can be large and that ask their right operand what to do.
var growing = map[syntax.Token]bool{syntax.PLUS: true, syntax.MINUS: true, syntax.STAR: true, syntax.PIPE: true, syntax.AMP: true,
	syntax.CIRCUMFLEX: true, syntax.PLUS_EQ: true, syntax.MINUS_EQ: true, syntax.STAR_EQ: true, syntax.PIPE_EQ: true,
	syntax.AMP_EQ: true, syntax.CIRCUMFLEX_EQ: true}

// expanded are the augmented assignments whose operator does not: x %= y becomes x = x % y.
var expanded = map[syntax.Token]syntax.Token{syntax.PERCENT_EQ: syntax.PERCENT, syntax.LTLT_EQ: syntax.LTLT}

// instrument wraps the operands in the syntax tree.
func instrument(f *syntax.File) {
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.AssignStmt:
			chargeDict(&n.RHS)
			if growing[n.Op] {
				n.RHS = wrap(guardInPlace, n.RHS, n.OpPos)
			} else if op, ok := expanded[n.Op]; ok {
				n.RHS = &syntax.BinaryExpr{X: again(n.LHS), OpPos: n.OpPos, Op: op, Y: n.RHS}
				n.Op = syntax.EQ
			}
		case *syntax.BinaryExpr:
			chargeDict(&n.X, &n.Y)
			switch {
			case growing[n.Op]:
				n.Y = wrap(guardOperand, n.Y, n.OpPos)
			case n.Op == syntax.PERCENT, n.Op == syntax.LTLT:
				n.X = wrap(guardLeft, n.X, n.OpPos)
			}
		case *syntax.CallExpr:
			if unwrap(n) != n {
				break // its argument is wrapped
			}
			for i, arg := range n.Args {
				chargeDict(&n.Args[i])
				if u, ok := arg.(*syntax.UnaryExpr); ok && (u.Op == syntax.STAR || u.Op == syntax.STARSTAR) {
					u.X = wrap(guardSpread, u.X, u.OpPos)
				}
			}
		case *syntax.DotExpr:
			chargeDict(&n.X)
			if _, ok := methods[n.Name.Name]; ok {
				n.X = wrap(guardMethod, n.X, n.Dot)
			}
		case *syntax.SliceExpr:
			n.X = wrap(guardSlice, n.X, n.Lbrack)
		case *syntax.Comprehension:
			chargeDict(&n.Body)
		case *syntax.CondExpr:
			chargeDict(&n.True, &n.False)
		case *syntax.DictEntry:
			chargeDict(&n.Value)
		case *syntax.LambdaExpr:
			chargeDict(&n.Body)
		case *syntax.ListExpr:
			for i := range n.List {
				chargeDict(&n.List[i])
			}
		case *syntax.ParenExpr:
			chargeDict(&n.X)
		case *syntax.ReturnStmt:
			chargeDict(&n.Result)
		case *syntax.TupleExpr:
			for i := range n.List {
				chargeDict(&n.List[i])
			}
		}
		return true
	})
}

// again returns a copy of an expression that can be evaluated twice with the same effect as once; nil of another.
func again(x syntax.Expr) syntax.Expr {
	switch x := x.(type) {
	case *syntax.Ident:
		return &syntax.Ident{NamePos: x.NamePos, Name: x.Name}
	case *syntax.Literal:
		return x
	case *syntax.ParenExpr:
		return again(x.X)
	case *syntax.DotExpr:
		if of := again(x.X); of != nil {
			return &syntax.DotExpr{X: of, Dot: x.Dot, NamePos: x.NamePos, Name: x.Name}
		}
	case *syntax.IndexExpr:
		of, index := again(x.X), again(x.Y)
		if of != nil && index != nil {
			return &syntax.IndexExpr{X: of, Lbrack: x.Lbrack, Y: index, Rbrack: x.Rbrack}
		}
	}
	return nil
}

// wrap returns a call that begins where x does and whose errors are at pos.
func wrap(guard string, x syntax.Expr, pos syntax.Position) syntax.Expr {
	return &syntax.CallExpr{
		Fn:     &syntax.Ident{NamePos: syntax.Start(x), Name: guard},
		Lparen: pos, Args: []syntax.Expr{x}, Rparen: pos,
	}
}

// unwrap is the inverse of wrap.
func unwrap(x syntax.Expr) syntax.Expr {
	if call, ok := x.(*syntax.CallExpr); ok {
		if fn, ok := call.Fn.(*syntax.Ident); ok && guards.Has(fn.Name) {
			return call.Args[0]
		}
	}
	return x
}

// chargeDict wraps dicts where their value is kept; elsewhere they are garbage at once.
func chargeDict(places ...*syntax.Expr) {
	for _, p := range places {
		switch x := (*p).(type) {
		case *syntax.DictExpr:
			*p = wrap(guardDict, x, x.Lbrace)
		case *syntax.Comprehension:
			if x.Curly {
				*p = wrap(guardDict, x, x.Lbrack)
			}
		}
	}
}

// operand is the right operand of an operator in growing.
type operand struct {
	starlark.Value
	thread  *starlark.Thread
	inPlace bool
}

var _ starlark.HasBinary = operand{}

// Binary is called by the interpreter for left op operand, whatever left's type.
func (o operand) Binary(op syntax.Token, left starlark.Value, _ starlark.Side) (starlark.Value, error) {
	right := o.Value
	if o.inPlace {
		if method := mutator(op, left, right); method != nil {
			_, err := withMethod(left, method).CallInternal(o.thread, starlark.Tuple{right}, nil)
			return left, err
		}
	}
	n, err := grown(op, left, right)
	if err == nil {
		err = charge(o.thread, n)
	}
	if err != nil {
		return nil, err
	}
	return starlark.Binary(op, left, right)
}

// mutator returns the method that left op= right is, where that changes left itself.
func mutator(op syntax.Token, left, right starlark.Value) *starlark.Builtin {
	name := ""
	switch left.(type) {
	case *starlark.List:
		if _, ok := right.(starlark.Iterable); ok && op == syntax.PLUS {
			name = "extend"
		}
	case *starlark.Dict:
		if _, ok := right.(*starlark.Dict); ok && op == syntax.PIPE {
			name = "update"
		}
	}
	if name == "" {
		return nil
	}
	method, _ := left.(starlark.HasAttrs).Attr(name)
	return method.(*starlark.Builtin)
}

// grown returns what x op y is charged.
func grown(op syntax.Token, x, y starlark.Value) (int, error) {
	if n, ok := x.(starlark.Int); ok {
		if m, ok := y.(starlark.Int); ok {
			return 0, grownInt(op, n, m)
		}
	}
	if op == syntax.STAR {
		if _, ok := x.(starlark.Int); ok {
			x, y = y, x
		}
		if n, ok := y.(starlark.Int); ok {
			return repeated(x, n)
		}
		return 0, nil
	}
	return cost(x) + cost(y), fits(x, starlark.Len(y))
}

// fits returns an error when x would be too large with so many more bytes or elements.
func fits(x starlark.Value, more int) error {
	limit, what := measure(x)
	if starlark.Len(x)+more > limit {
		return fmt.Errorf("the result has more than %d %s", limit, what)
	}
	return nil
}

// measure returns how large a sequence may be, and what of it is counted.
func measure(x starlark.Value) (limit int, what string) {
	switch x.(type) {
	case starlark.String, starlark.Bytes:
		return maxString, "bytes"
	}
	return maxElements, "elements"
}

func grownInt(op syntax.Token, x, y starlark.Int) error {
	bits := max(bitLen(x), bitLen(y)) + 1
	switch op {
	case syntax.STAR:
		bits = bitLen(x) + bitLen(y)
	case syntax.LTLT:
		n, _ := y.Int64()
		bits = bitLen(x) + int(min(max(n, 0), maxBits))
	}
	if bits > maxBits {
		return fmt.Errorf("the result has more than %d bits", maxBits)
	}
	return nil
}

func bitLen(x starlark.Int) int {
	if n, small := x.Int64(); small && n != -1<<63 {
		return bits.Len64(uint64(max(n, -n)))
	}
	return x.BigInt().BitLen()
}

// repeated returns what a sequence, n times, is charged.
func repeated(x starlark.Value, n starlark.Int) (int, error) {
	limit, what := measure(x)
	size := starlark.Len(x)
	if size <= 0 || n.Sign() <= 0 {
		return 0, nil
	}
	count, ok := n.Int64()
	if !ok || count > int64(limit/size) {
		return 0, fmt.Errorf("repeating %d %s %s times makes more than %d", size, what, n, limit)
	}
	return cost(x)*int(count) + size*int(count)/stepBytes, nil
}

// leftOperand is the left operand of % or <<.
type leftOperand struct {
	starlark.Value
	thread *starlark.Thread
}

var _ starlark.HasBinary = leftOperand{}

// Binary is called by the interpreter for leftOperand op right.
func (l leftOperand) Binary(op syntax.Token, right starlark.Value, _ starlark.Side) (starlark.Value, error) {
	n, err := 0, error(nil)
	switch left := l.Value.(type) {
	case starlark.String:
		n, err = weigh(right)
		n = n/stepBytes + cost(left)
	case starlark.Int:
		if right, ok := right.(starlark.Int); ok && op == syntax.LTLT {
			err = grownInt(op, left, right)
		}
	}
	if err == nil {
		err = charge(l.thread, n)
	}
	if err != nil {
		return nil, err
	}
	return starlark.Binary(op, l.Value, right)
}

// slice is what is sliced.
type slice struct {
	starlark.Sliceable
	thread *starlark.Thread
}

// Slice cannot fail; when the charge is too much, the evaluation ends at its next step.
func (s slice) Slice(start, end, step int) starlark.Value {
	n := (end - start) / step
	switch s.Sliceable.(type) {
	case starlark.String, starlark.Bytes:
		n /= stepBytes
	}
	if _, list := s.Sliceable.(*starlark.List); step == 1 && !list { // it shares what it is a slice of
		n = 0
	}
	if charge(s.thread, n) != nil {
		end = start
	}
	return s.Sliceable.Slice(start, end, step)
}

// methods are those of the built-in types that make something large, with what they are charged, in costs of the
// receiver and of the arguments. What replace, join and format make is bounded by a look at the arguments.
var methods = map[string]struct{ receiver, args int }{
	"capitalize": {1, 0}, "lower": {1, 0}, "title": {1, 0}, "upper": {1, 0},
	"split": {stepBytes, 0}, "rsplit": {stepBytes, 0}, "splitlines": {stepBytes, 0},
	"join": {}, "replace": {}, "format": {},
	"extend": {0, 1}, "update": {0, 4},
	"items": {4, 0}, "keys": {1, 0}, "values": {1, 0},
	"difference": {4, 4}, "intersection": {4, 4}, "symmetric_difference": {4, 4}, "union": {4, 4},
}

// withMethods returns a value of a built-in type so that its methods charge.
func withMethods(v starlark.Value) starlark.Value {
	switch v := v.(type) {
	case starlark.String:
		return receiver{v}
	case *starlark.List:
		return receiver{v}
	case *starlark.Dict:
		return receiver{v}
	case *starlark.Set:
		return receiver{v}
	}
	return v
}

// receiver is a value whose methods charge.
type receiver struct{ starlark.HasAttrs }

// Attr returns a method.
func (r receiver) Attr(name string) (starlark.Value, error) {
	v, err := r.HasAttrs.Attr(name)
	method, ok := v.(*starlark.Builtin)
	if _, charged := methods[name]; err != nil || !ok || !charged {
		return v, err
	}
	return withMethod(r.HasAttrs, method), nil
}

// withMethod returns a method of v that charges when it is called.
func withMethod(v starlark.Value, method *starlark.Builtin) *starlark.Builtin {
	name := method.Name()
	return starlark.NewBuiltin(name, func(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		m := methods[name]
		n := m.receiver * cost(v)
		for _, a := range args {
			if n += m.args * cost(a); name == "extend" {
				if err := fits(v, starlark.Len(a)); err != nil {
					return nil, err
				}
			}
		}
		if s, ok := v.(starlark.String); ok {
			size, err := textBound(name, string(s), args, kwargs)
			if err == nil && size > maxString {
				err = fmt.Errorf("%s: the result is longer than %d MiB", name, maxString>>20)
			}
			if err != nil {
				return nil, err
			}
			n += size / stepBytes
		}
		if err := charge(t, n); err != nil {
			return nil, err
		}
		return method.CallInternal(t, args, kwargs)
	}).BindReceiver(v)
}

// textBound returns a number of bytes that the result of join, replace or format does not exceed. Ill-typed
// arguments are the method's own business.
func textBound(name, s string, args starlark.Tuple, kwargs []starlark.Tuple) (int, error) {
	switch name {
	case "join":
		if len(args) == 1 {
			n := starlark.Len(args[0])
			if n > maxElements {
				return maxString + 1, nil
			}
			w, err := weigh(args[0])
			if n > 0 && len(s) > maxString/n {
				return maxString + 1, err
			}
			return w + n*len(s), err
		}
	case "replace":
		if len(args) >= 2 {
			from, _ := starlark.AsString(args[0])
			to, _ := starlark.AsString(args[1])
			count := strings.Count(s, from)
			if count > 0 && len(to) > maxString/count {
				return maxString + 1, nil
			}
			return len(s) + count*len(to), nil
		}
	case "format":
		total, err := weigh(args)
		for _, kv := range kwargs {
			if err == nil {
				var w int
				w, err = weigh(kv[1])
				total += w
			}
		}
		if err != nil {
			return 0, err
		}
		if fields := strings.Count(s, "{"); fields > 1 && total > maxString/fields {
			return maxString + 1, nil
		} else if fields > 1 {
			total *= fields
		}
		return len(s) + total, nil
	}
	return 0, nil
}
