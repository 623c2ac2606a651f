package star

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Site is where a target was declared.
type Site struct {
	Pos    diag.Pos            // of the call in BUILD.star
	Macros []Frame             // the functions between it and the rule, outermost first
	Attrs  map[string]diag.Pos // of each attribute that the call names ("srcs"), and of its elements ("srcs[2]")
}

// Frame is a function, and where in it the next call is.
type Frame struct {
	Name string
	Pos  diag.Pos
}

// AttrPos returns the position of an attribute or of an element of it (see diag.Error.Attr): of the attribute
// where the element is not written in BUILD.star itself, and of the target where the attribute is not.
func (s Site) AttrPos(attr string) diag.Pos {
	for {
		if p, ok := s.Attrs[attr]; ok {
			return p
		}
		i := strings.LastIndexByte(attr, '[')
		if i < 0 {
			return s.Pos
		}
		attr = attr[:i]
	}
}

// Hints names the macros, innermost first, in the words of an error.
func (s Site) Hints() []string {
	var out []string
	for i := len(s.Macros) - 1; i >= 0 && len(out) < 10; i-- {
		out = append(out, fmt.Sprintf("in %s, at %s", s.Macros[i].Name, s.Macros[i].Pos))
	}
	return out
}

// Site returns where the target was declared; the zero Site when there is no such target.
func (p *Package) Site(name string) Site {
	i, ok := p.lookup(name)
	if !ok {
		return Site{}
	}
	return p.siteOf(p.sites[i])
}

func (p *Package) siteOf(s site) Site {
	c := p.calls[s.call]
	out := Site{Pos: s.pos(p), Macros: s.macros, Attrs: make(map[string]diag.Pos, len(c.attrs))}
	for _, a := range c.attrs {
		out.Attrs[a.name] = a.at.in(p.path)
		if s.macros != nil { // what a macro is given need not be what it gives
			continue
		}
		for i, e := range a.elems {
			out.Attrs[place(a.name, i)] = e.in(p.path)
		}
	}
	return out
}

// site is a Site in short: many targets share a call.
type site struct {
	call   int // index in Package.calls
	macros []Frame
}

// callSite is a call in BUILD.star.
type callSite struct {
	at    callPos
	attrs []attrSite
}

// attrSite is an argument of a call, and the elements of the list or dict that is written there.
type attrSite struct {
	name  string
	at    callPos
	elems []callPos
}

func (c callPos) in(path string) diag.Pos {
	return diag.Pos{File: path, Line: int(c.line), Col: int(c.col)}
}

func (s site) pos(p *Package) diag.Pos { return p.calls[s.call].at.in(p.path) }

// site of the call that is being made: which call of BUILD.star, and the macros in between.
func (p *packageState) site(t *starlark.Thread) site {
	depth := t.CallStackDepth()
	outer := t.CallFrame(depth - 1).Pos
	key := callPos{outer.Line, outer.Col}
	id, ok := p.callIDs[key]
	if !ok {
		id = len(p.out.calls)
		p.callIDs[key] = id
		p.out.calls = append(p.out.calls, newCallSite(p.program.calls[key], outer))
	}
	s := site{call: id}
	if depth > 2 { // a macro is between BUILD.star and the rule
		for i := depth - 2; i > 0; i-- {
			fr := t.CallFrame(i)
			if fr.Pos.Filename() != builtinFile {
				s.macros = append(s.macros, Frame{fr.Name, position(fr.Pos)})
			}
		}
	}
	return s
}

func newCallSite(call *syntax.CallExpr, pos syntax.Position) callSite {
	if call == nil { // the call of a comprehension's or decorator's own making
		return callSite{at: callPos{pos.Line, pos.Col}}
	}
	c := callSite{at: startOf(call.Fn), attrs: make([]attrSite, 0, len(call.Args))}
	for _, arg := range call.Args {
		if b, ok := arg.(*syntax.BinaryExpr); ok && b.Op == syntax.EQ {
			if id, ok := b.X.(*syntax.Ident); ok {
				c.attrs = append(c.attrs, attrSite{id.Name, callPos{id.NamePos.Line, id.NamePos.Col}, elements(b.Y)})
			}
		}
	}
	return c
}

// elements returns where the elements of a list or dict are written; nil when x is neither.
func elements(x syntax.Expr) []callPos {
	var list []syntax.Expr
	switch x := unwrap(x).(type) {
	case *syntax.ListExpr:
		list = x.List
	case *syntax.DictExpr:
		list = x.List
	}
	if len(list) == 0 {
		return nil
	}
	out := make([]callPos, len(list))
	for i, e := range list {
		out[i] = startOf(e)
	}
	return out
}

func startOf(x syntax.Expr) callPos {
	start := syntax.Start(x)
	return callPos{start.Line, start.Col}
}
