package star

import (
	"fmt"

	"go.starlark.net/starlark"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// ctxValue is the parameter of a rule's implementation.
type ctxValue struct {
	an   *analysis
	attr *attrsValue
}

var ctxNames = []string{"actions", "attr", "check", "files", "label", "option", "text"}

func (*ctxValue) String() string        { return "<ctx>" }
func (*ctxValue) Type() string          { return "ctx" }
func (*ctxValue) Freeze()               {}
func (*ctxValue) Truth() starlark.Bool  { return true }
func (*ctxValue) Hash() (uint32, error) { return 0, faultf("unhashable type: ctx") }
func (*ctxValue) AttrNames() []string   { return ctxNames }

func (c *ctxValue) Attr(name string) (starlark.Value, error) {
	switch name {
	case "actions":
		return &actionsValue{c.an}, nil
	case "attr":
		if c.attr == nil {
			c.attr = &attrsValue{an: c.an}
		}
		return c.attr, nil
	case "files":
		return &attrsValue{an: c.an, files: true}, nil
	case "label":
		return labelValue{c.an.in.Declaration.Label}, nil
	case "check":
		return checksValue{c.an}, nil
	case "text":
		return textsValue{c.an}, nil
	case "option":
		return starlark.NewBuiltin("option", c.an.option), nil
	}
	return nil, nil
}

// attrsValue is ctx.attr, and with files set ctx.files: the files of a label attribute's targets.
type attrsValue struct {
	an    *analysis
	files bool
}

func (a *attrsValue) String() string        { return "<" + a.Type() + ">" }
func (*attrsValue) Freeze()                 {}
func (*attrsValue) Truth() starlark.Bool    { return true }
func (a *attrsValue) Hash() (uint32, error) { return 0, faultf("unhashable type: %s", a.Type()) }
func (a *attrsValue) Type() string {
	if a.files {
		return "ctx.files"
	}
	return "ctx.attr"
}

func (a *attrsValue) AttrNames() []string {
	var out []string
	for _, s := range a.an.in.Rule.attrs {
		if a.files && s.labels() || !a.files && s.typ != typeWaivers {
			out = append(out, s.name)
		}
	}
	return out
}

func (a *attrsValue) Attr(name string) (starlark.Value, error) {
	attr := a.an.in.Rule.index[name]
	if attr == nil || attr.typ == typeWaivers || a.files && !attr.labels() {
		return nil, starlark.NoSuchAttrError(fmt.Sprintf("rule %s has no attribute %q%s", a.an.in.Rule.name, name,
			diag.DidYouMean(name, a.AttrNames())))
	}
	if name == attrName {
		return starlark.String(a.an.in.Declaration.Label.Name), nil
	}
	v := a.an.given(name)
	if v == nil {
		if v = attr.fallback; v == nil {
			v = zeroOf(attr.typ)
		}
	}
	if !attr.labels() {
		return v, nil
	}
	if a.an.made == nil {
		a.an.made = make([]attrTargets, len(a.an.in.Rule.attrs))
	}
	made := &a.an.made[attr.index]
	if made.targets == nil {
		made.targets = a.an.targets(v)
	}
	if !a.files {
		return made.targets, nil
	}
	if made.files == nil {
		var elems []starlark.Value
		eachTarget(made.targets, func(t *targetValue) {
			for _, f := range t.t.outputs() {
				elems = append(elems, f)
			}
		})
		made.files = starlark.NewList(elems)
		made.files.Freeze()
	}
	return made.files, nil
}

// attrTargets is what a label attribute stands for; it is made when a rule first asks, and once, so that asking
// again costs no memory.
type attrTargets struct {
	targets starlark.Value
	files   *starlark.List
}

// targets replaces the labels in an attribute's value by their targets.
func (an *analysis) targets(v starlark.Value) starlark.Value {
	switch v := v.(type) {
	case labelValue:
		return &targetValue{t: an.in.Deps[v.Label]}
	case *starlark.List:
		elems := make([]starlark.Value, v.Len())
		for i := range elems {
			elems[i] = an.targets(v.Index(i))
		}
		l := starlark.NewList(elems)
		l.Freeze()
		return l
	case *starlark.Dict:
		d := starlark.NewDict(v.Len())
		for k, e := range v.Entries() {
			_ = d.SetKey(an.targets(k), an.targets(e)) // keys are strings or targets, which hash
		}
		d.Freeze()
		return d
	}
	return v
}

func eachTarget(v starlark.Value, f func(*targetValue)) {
	switch v := v.(type) {
	case *targetValue:
		f(v)
	case *starlark.List:
		for i := range v.Len() {
			eachTarget(v.Index(i), f)
		}
	case *starlark.Dict:
		for k, e := range v.Entries() {
			eachTarget(k, f)
			eachTarget(e, f)
		}
	}
}

// option is ctx.option(name).
func (an *analysis) option(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name string
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "name", &name); err != nil {
		return nil, err
	}
	if an.in.Option == nil || an.done {
		return nil, faultf("option: no build option %q", name)
	}
	s, err := an.in.Option(name)
	if err != nil {
		return nil, err
	}
	return starlark.String(s), nil
}

// checksValue is ctx.check: check.<kind>(value, attr) reports an invalid value at the attribute, and goes on,
// so that all are reported together; it returns whether the value is valid. A list is valid when all of its elements
// are; an invalid one is reported at the attribute's element of the same index.
type checksValue struct{ an *analysis }

func (checksValue) String() string        { return "<ctx.check>" }
func (checksValue) Type() string          { return "ctx.check" }
func (checksValue) Freeze()               {}
func (checksValue) Truth() starlark.Bool  { return true }
func (checksValue) Hash() (uint32, error) { return 0, faultf("unhashable type: ctx.check") }

func (c checksValue) AttrNames() []string { return sortedKeys(c.an.in.Checks) }

func (c checksValue) Attr(kind string) (starlark.Value, error) {
	check := c.an.in.Checks[kind]
	if check == nil {
		return nil, nil
	}
	return starlark.NewBuiltin(kind, func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var value starlark.Value
		var attr string
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "value", &value, "attr?", &attr); err != nil {
			return nil, err
		}
		valid := true
		one := func(v starlark.Value, where string) error {
			s, ok := starlark.AsString(v)
			if !ok {
				return faultf("ctx.check.%s: value must be a string or a list of strings, and holds %s", kind, article(v.Type()))
			}
			err := check(s)
			if err == nil {
				return nil
			}
			valid = false
			return c.an.note(ofAttr("", at(where, err)))
		}
		list, ok := value.(*starlark.List)
		if !ok {
			err := one(value, attr)
			return starlark.Bool(valid), err
		}
		for i := range list.Len() {
			if err := one(list.Index(i), place(attr, i)); err != nil {
				return nil, err
			}
		}
		return starlark.Bool(valid), nil
	}), nil
}

// note keeps an error of the declaration, to report it with the others. It fails when there are too many.
func (an *analysis) note(err error) error {
	if an.errs = append(an.errs, an.atDeclaration(err)); len(an.errs) > maxErrors {
		return capErrors(an.errs)
	}
	return nil
}
