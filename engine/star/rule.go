package star

import (
	"fmt"
	"sort"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
)

// Rule is a kind of target: attributes and an implementation. Calling it in a BUILD.star, or in a
// macro that a BUILD.star calls, declares a target.
type Rule struct {
	id             string // "module%name"; "" until the module that defines it has run
	name           string
	doc            string
	pos            diag.Pos
	implementation *starlark.Function
	attrs          []*attrSpec // sorted by name, without the implicit ones
	index          map[string]*attrSpec
	names          []string // of attributes, with the implicit ones
}

// Attributes that every rule has.
const (
	attrName       = "name"
	attrVisibility = "visibility"
	attrTags       = "tags"
)

var implicitAttrs = []*attrSpec{
	{name: attrName, typ: typeString, mandatory: true, doc: "The target's name, unique in its package."},
	{name: attrTags, typ: typeStringList, doc: `Free-form words; a target tagged "manual" is only built when it is named itself.`},
	{name: attrVisibility, typ: typeStringList, doc: `Which packages may depend on the target: "//visibility:public", "//visibility:private", ` +
		`"//package:__pkg__", "//package:__subpackages__". The default is the package's default_visibility, and public without one.`},
}

// ID returns the rule's identity, "module-label%name".
func (r *Rule) ID() string { return r.id }

// Name returns the global's name that the rule is assigned to.
func (r *Rule) Name() string {
	if r.name == "" {
		return "(unnamed rule)"
	}
	return r.name
}

// AllowsFiles reports whether a label of the attribute may name a source file.
func (r *Rule) AllowsFiles(attr string) bool {
	a := r.index[attr]
	return a != nil && a.allowFiles
}

func (r *Rule) String() string        { return "<rule " + r.Name() + ">" }
func (*Rule) Type() string            { return "rule" }
func (*Rule) Freeze()                 {}
func (*Rule) Truth() starlark.Bool    { return true }
func (r *Rule) Hash() (uint32, error) { return starlark.String(r.id).Hash() }

// makeRule is the builtin rule(implementation, attrs = {}, doc = "").
func makeRule(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if _, ok := t.Local(localModule).(label.Label); !ok {
		return nil, faultf("rule() can only be called at the top level of a .star file")
	}
	r := &Rule{index: map[string]*attrSpec{}, pos: callerPos(t)}
	attrs := new(starlark.Dict)
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "implementation", &r.implementation, "attrs?", &attrs, "doc?", &r.doc); err != nil {
		return nil, err
	}
	if n := r.implementation.NumParams(); n != 1 || r.implementation.HasVarargs() || r.implementation.HasKwargs() {
		return nil, faultf("rule: the implementation must have one parameter, ctx; %s has %d", r.implementation.Name(), n)
	}
	for _, a := range implicitAttrs {
		r.index[a.name] = a
	}
	for k, v := range attrs.Entries() {
		name, ok := starlark.AsString(k)
		av, isAttr := v.(*attrValue)
		if !ok || !isAttr {
			return nil, faultf("rule: attrs must be a dict from names to attr.<type>(...), and %s is %s", k, article(v.Type()))
		}
		if r.index[name] != nil {
			return nil, faultf("rule: attribute %q is one that every rule has", name)
		}
		if !identifier(name) {
			return nil, faultf("rule: %q is not an attribute name", name)
		}
		spec := av.spec
		spec.name = name
		r.attrs = append(r.attrs, &spec)
		r.index[name] = &spec
	}
	sort.Slice(r.attrs, func(i, j int) bool { return r.attrs[i].name < r.attrs[j].name })
	r.names = sortedKeys(r.index)
	return r, nil
}

func identifier(s string) bool {
	for i, c := range s {
		if !(c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || i > 0 && '0' <= c && c <= '9') {
			return false
		}
	}
	return s != ""
}

// CallInternal declares a target of the package under evaluation. Its errors are collected there, so that
// all of a file's are reported together.
func (r *Rule) CallInternal(t *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	p, ok := t.Local(localPackage).(*packageState)
	if !ok {
		return nil, &fault{msg: fmt.Sprintf("%s declares a target, and can only be called while a BUILD.star is evaluated", r.Name()),
			hints: []string{"call it in a function, and the function in BUILD.star"}}
	}
	if r.id == "" {
		return nil, unexported("rule")
	}
	if len(args) > 0 {
		return nil, faultf("%s: arguments must be named, as in name = \"x\"", r.name)
	}
	if len(p.out.targets) >= maxTargets {
		return nil, faultf("the package has more than %d targets", maxTargets)
	}
	site, siteErr := p.site(t)
	if siteErr != nil {
		return nil, siteErr
	}
	failed := false
	report := func(attr string, err error) {
		failed = true
		d := &diag.Error{Pos: p.attrPos(site, attr), Msg: message(err)}
		switch e := err.(type) {
		case *fault:
			d.Hints = e.hints
		case *diag.Error:
			d.Hints = e.Hints
		}
		if name, ok := keyword(kwargs, attrName).(starlark.String); ok && label.CheckName(string(name)) == nil {
			d.Label = label.Label{Pkg: p.out.name, Name: string(name)}.String()
		}
		d.Hints = append(d.Hints, p.siteHints(site)...)
		p.errs = append(p.errs, d)
	}

	decl := declaring{label: label.Label{Pkg: p.out.name}, rule: r.id, attrs: p.scratch[:0]}
	given := make(map[string]bool, len(kwargs))
	for _, kv := range kwargs {
		name := string(kv[0].(starlark.String))
		spec := r.index[name]
		if spec == nil {
			report(name, faultf("%s has no attribute %q%s", r.name, name, diag.DidYouMean(name, r.names)))
			continue
		}
		if kv[1] == starlark.None { // as in Bazel: the default
			continue
		}
		given[name] = true
		v, err := spec.convert(kv[1], "", p.out.name)
		if err == nil && name == attrVisibility {
			v, err = normalVisibility(v, p.out.name)
		}
		if err != nil {
			report(name, prefix(fmt.Sprintf("attribute %q: ", name), err))
			continue
		}
		if name == attrName {
			decl.label.Name = string(v.(starlark.String))
			if err := label.CheckName(decl.label.Name); err != nil {
				report(name, err)
			}
			continue
		}
		decl.attrs = append(decl.attrs, namedValue{name, v})
	}
	for _, a := range r.attrs {
		if given[a.name] {
			continue
		}
		if a.mandatory {
			report("", faultf("%s needs the attribute %q", r.name, a.name))
		} else if a.labels() && bool(a.fallback.Truth()) {
			// A default label is an edge of the graph, which must be known without the rule.
			decl.attrs = append(decl.attrs, namedValue{a.name, a.fallback})
		}
	}
	if !given[attrName] {
		report("", faultf("%s needs the attribute %q", r.name, attrName))
	}
	if !given[attrVisibility] && p.visibility != nil {
		decl.attrs = append(decl.attrs, namedValue{attrVisibility, p.visibility})
	}
	p.scratch = decl.attrs
	if first, twice := p.out.index[decl.label.Name]; twice && decl.label.Name != "" {
		report(attrName, faultf("target %q is declared twice; first at %s", decl.label.Name, p.out.sites[first].pos(p.out)))
	}
	if len(p.errs) > maxErrors {
		return nil, errTooMany
	}
	if failed {
		return starlark.None, nil
	}
	d, err := decl.encode()
	if err != nil {
		report("", err)
		return starlark.None, nil
	}
	if p.bytes += len(d.raw); p.bytes > maxPackage {
		return nil, faultf("the package's targets take more than %d MiB", maxPackage>>20)
	}
	p.out.index[d.Label.Name] = len(p.out.targets)
	p.out.targets = append(p.out.targets, d)
	p.out.sites = append(p.out.sites, site)
	return starlark.None, nil
}

func keyword(kwargs []starlark.Tuple, name string) starlark.Value {
	for _, kv := range kwargs {
		if kv[0] == starlark.String(name) {
			return kv[1]
		}
	}
	return nil
}

// prefix puts text before an error's message and keeps its hints.
func prefix(text string, err error) error {
	switch e := err.(type) {
	case *fault:
		return &fault{msg: text + e.msg, hints: e.hints}
	case *diag.Error:
		return &fault{msg: text + e.Msg, hints: e.Hints}
	}
	return &fault{msg: text + err.Error()}
}

// site of the call that is being made: which call of BUILD.star, and the macros in between.
func (p *packageState) site(t *starlark.Thread) (site, error) {
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
	return s, nil
}

func newCallSite(call *syntax.CallExpr, pos syntax.Position) callSite {
	if call == nil { // the call of a comprehension's or decorator's own making
		return callSite{at: callPos{pos.Line, pos.Col}}
	}
	start := syntax.Start(call.Fn)
	c := callSite{at: callPos{start.Line, start.Col}}
	for _, arg := range call.Args {
		if b, ok := arg.(*syntax.BinaryExpr); ok && b.Op == syntax.EQ {
			if id, ok := b.X.(*syntax.Ident); ok {
				c.attrs = append(c.attrs, attrSite{id.Name, callPos{id.NamePos.Line, id.NamePos.Col}})
			}
		}
	}
	return c
}
