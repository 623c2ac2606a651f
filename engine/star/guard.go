package star

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// The interpreter bounds steps, but one step may allocate a product of sizes: [0] * n,
// "%s" % x, "".join(x), s.replace(a, b). Before a file is compiled, the operand of each such
// operation is wrapped in a call of a builtin whose name no source can spell; the builtin
// checks the sizes, or hands on a value that checks them when the operation is applied.
const (
	guardMul    = "<*>"
	guardMod    = "<%>"
	guardMethod = "<.>"
)

var guards = starlark.StringDict{
	guardMul: starlark.NewBuiltin(guardMul, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		return factor{args[0]}, nil
	}),
	guardMod: starlark.NewBuiltin(guardMod, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		if _, err := weigh(args[0]); err != nil {
			return nil, err
		}
		return args[0], nil
	}),
	guardMethod: starlark.NewBuiltin(guardMethod, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		if s, ok := args[0].(starlark.String); ok {
			return text{s}, nil
		}
		return args[0], nil
	}),
}

// instrument wraps the operands in the syntax tree.
func instrument(f *syntax.File) {
	wrap := func(guard string, x syntax.Expr, pos syntax.Position) syntax.Expr {
		return &syntax.CallExpr{
			Fn:     &syntax.Ident{NamePos: pos, Name: guard},
			Lparen: pos, Args: []syntax.Expr{x}, Rparen: pos,
		}
	}
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.BinaryExpr:
			switch n.Op {
			case syntax.STAR:
				n.Y = wrap(guardMul, n.Y, n.OpPos)
			case syntax.PERCENT:
				n.Y = wrap(guardMod, n.Y, n.OpPos)
			}
		case *syntax.AssignStmt:
			switch n.Op {
			case syntax.STAR_EQ:
				n.RHS = wrap(guardMul, n.RHS, n.OpPos)
			case syntax.PERCENT_EQ:
				n.RHS = wrap(guardMod, n.RHS, n.OpPos)
			}
		case *syntax.DotExpr:
			if growing[n.Name.Name] {
				n.X = wrap(guardMethod, n.X, n.Dot)
			}
		}
		return true
	})
}

// factor is the right operand of a multiplication.
type factor struct{ starlark.Value }

var _ starlark.HasBinary = factor{}

// Binary is called by the interpreter for left * factor, whatever left's type.
func (f factor) Binary(op syntax.Token, left starlark.Value, _ starlark.Side) (starlark.Value, error) {
	x, y := left, f.Value
	if n, ok := x.(starlark.Int); ok {
		if m, ok := y.(starlark.Int); ok {
			_, small1 := n.Int64()
			_, small2 := m.Int64()
			if !(small1 && small2) && n.BigInt().BitLen()+m.BigInt().BitLen() > maxBits {
				return nil, fmt.Errorf("the product has more than %d bits", maxBits)
			}
			return n.Mul(m), nil
		}
		x, y = y, x
	}
	if n, ok := y.(starlark.Int); ok {
		size, limit, what := 0, maxString, "bytes"
		switch x := x.(type) {
		case starlark.String:
			size = len(x)
		case starlark.Bytes:
			size = len(x)
		case starlark.Sequence:
			size, limit, what = x.Len(), maxElements, "elements"
		}
		if count, ok := n.Int64(); size > 0 && n.Sign() > 0 && (!ok || count > int64(limit/size)) {
			return nil, fmt.Errorf("repeating %d %s %s times makes more than %d", size, what, n, limit)
		}
	}
	return starlark.Binary(op, left, f.Value)
}

// growing are the methods of a string whose result may be longer than all arguments together.
var growing = map[string]bool{"join": true, "replace": true, "format": true}

// text is a string whose growing methods check the size of what they make.
type text struct{ starlark.Value }

func (t text) AttrNames() []string { return t.Value.(starlark.String).AttrNames() }

func (t text) Attr(name string) (starlark.Value, error) {
	v, err := t.Value.(starlark.String).Attr(name)
	if err != nil || v == nil || !growing[name] {
		return v, err
	}
	method := v.(*starlark.Builtin)
	return starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		size, err := t.bound(name, args, kwargs)
		if err == nil && size > maxString {
			err = fmt.Errorf("%s: the result is longer than %d MiB", name, maxString>>20)
		}
		if err != nil {
			return nil, err
		}
		return method.CallInternal(thread, args, kwargs)
	}).BindReceiver(t.Value), nil
}

// bound returns a number of bytes that the result does not exceed. Ill-typed arguments are
// the method's own business.
func (t text) bound(name string, args starlark.Tuple, kwargs []starlark.Tuple) (int, error) {
	s := string(t.Value.(starlark.String))
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
			if len(s)+len(to) < 1<<12 { // the common case; not worth counting
				return 0, nil
			}
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
