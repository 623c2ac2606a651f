package star

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// The interpreter bounds steps, but one step may allocate a product of sizes: [0] * n,
// "%s" % x, "".join(x), s.replace(a, b). Before a file is compiled, the operand of each such
// operation, and of those that can double a size, is wrapped in a call of a builtin whose name no source can spell; the builtin
// checks the sizes, or hands on a value that checks them when the operation is applied.
const (
	guardAdd    = "<+>"
	guardMul    = "<*>"
	guardMod    = "<%>"
	guardMethod = "<.>"
)

var guards = starlark.StringDict{
	guardAdd: starlark.NewBuiltin(guardAdd, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		return args[0], addable(args[0])
	}),
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
		return guardReceiver(args[0]), nil
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
			case syntax.PLUS:
				n.Y = wrap(guardAdd, n.Y, n.OpPos)
			case syntax.STAR:
				n.Y = wrap(guardMul, n.Y, n.OpPos)
			case syntax.PERCENT:
				n.Y = wrap(guardMod, n.Y, n.OpPos)
			}
		case *syntax.AssignStmt:
			switch n.Op {
			case syntax.PLUS_EQ:
				n.RHS = wrap(guardAdd, n.RHS, n.OpPos)
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

// addable bounds what one addition can add, so that the watchdog sees the sum in time.
func addable(v starlark.Value) error {
	switch v := v.(type) {
	case starlark.String:
		if len(v) > maxString/2 {
			return fmt.Errorf("a string of %d bytes is too long to add", len(v))
		}
	case starlark.Bytes:
		if len(v) > maxString/2 {
			return fmt.Errorf("%d bytes are too long to add", len(v))
		}
	case starlark.Sequence:
		if v.Len() > maxElements {
			return fmt.Errorf("a %s of %d elements is too long to add", v.Type(), v.Len())
		}
	}
	return nil
}

// growing are the methods of strings and lists whose result may be longer than all arguments together, or that can
// double a size.
var growing = map[string]bool{"join": true, "replace": true, "format": true, "extend": true}

func guardReceiver(v starlark.Value) starlark.Value {
	switch v.(type) {
	case starlark.String, *starlark.List:
		return receiver{v}
	}
	return v
}

// receiver is a string or list whose growing methods check the size of what they make.
type receiver struct{ starlark.Value }

func (r receiver) AttrNames() []string { return r.Value.(starlark.HasAttrs).AttrNames() }

// Attr returns a method.
func (r receiver) Attr(name string) (starlark.Value, error) {
	v, err := r.Value.(starlark.HasAttrs).Attr(name)
	if err != nil || v == nil || !growing[name] {
		return v, err
	}
	method := v.(*starlark.Builtin)
	return starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		size, err := r.bound(name, args, kwargs)
		if err == nil && size > maxString {
			err = fmt.Errorf("%s: the result is longer than %d MiB", name, maxString>>20)
		}
		if err != nil {
			return nil, err
		}
		return method.CallInternal(thread, args, kwargs)
	}).BindReceiver(r.Value), nil
}

// bound returns a number of bytes that the result does not exceed. Ill-typed arguments are
// the method's own business.
func (r receiver) bound(name string, args starlark.Tuple, kwargs []starlark.Tuple) (int, error) {
	s, _ := starlark.AsString(r.Value)
	switch name {
	case "extend":
		if len(args) == 1 {
			return 0, addable(args[0])
		}
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
