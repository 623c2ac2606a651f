package star

import (
	"fmt"
	"slices"

	"go.starlark.net/starlark"

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
	attrs          []*attribute // sorted by name, with the implicit ones
	index          map[string]*attribute
	names          []string // of attributes, sorted
}

// Attributes that every rule has.
const (
	attrName       = "name"
	attrVisibility = "visibility"
	attrTags       = "tags"
	attrWaivers    = "waivers"
)

var implicitAttrs = []attribute{
	{name: attrName, typ: typeString, mandatory: true, doc: "The target's name, unique in its package."},
	{name: attrTags, typ: typeStringList, doc: `Free-form words; a target tagged "manual" is only built when it is named itself.`},
	{name: attrVisibility, typ: typeStringList, doc: `Which packages may depend on the target: "//visibility:public", "//visibility:private", ` +
		`"//package:__pkg__", "//package:__subpackages__". The default is the package's default_visibility, and public without one.`},
	{name: attrWaivers, typ: typeWaivers, doc: "[waive(...)](#waive) for findings about the target that do not count, beside those of the package."},
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

// HasAttr reports whether the rule has an attribute of that name.
func (r *Rule) HasAttr(name string) bool { return r.index[name] != nil }

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
	r := &Rule{index: map[string]*attribute{}, pos: callerPos(t)}
	attrs := new(starlark.Dict)
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "implementation", &r.implementation, "attrs?", &attrs, "doc?", &r.doc); err != nil {
		return nil, err
	}
	if n := r.implementation.NumParams(); n != 1 || r.implementation.HasVarargs() || r.implementation.HasKwargs() {
		return nil, faultf("rule: the implementation must have one parameter, ctx; %s has %d", r.implementation.Name(), n)
	}
	for _, a := range implicitAttrs {
		r.index[a.name] = &a
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
		a := av.attribute
		a.name = name
		r.index[name] = &a
	}
	r.names = sortedKeys(r.index)
	for i, name := range r.names {
		r.index[name].index = i
		r.attrs = append(r.attrs, r.index[name])
	}
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
	d := p.begin(t, r)
	d.convert(kwargs)
	d.complete()
	if len(d.errs) == 0 {
		d.register()
	}
	return starlark.None, d.finish()
}

// begin begins the declaration that the call under way makes.
func (p *packageState) begin(t *starlark.Thread, r *Rule) *declaring {
	d := &p.declaring
	*d = declaring{pkg: p, rule: r, site: p.site(t), label: label.Label{Pkg: p.out.name},
		given: append(d.given[:0], make([]bool, len(r.attrs))...), values: append(d.values[:0], make([]starlark.Value, len(r.attrs))...)}
	return d
}

// declaring is a declaration that is being made.
type declaring struct {
	pkg    *packageState
	rule   *Rule
	site   site
	label  label.Label      // without a name until that is known to be good
	given  []bool           // by the attribute's index
	values []starlark.Value // by the attribute's index; nil is none
	errs   diag.List        // without Label, which may come last

	waivers []Waiver // no part of values: no rule sees them
}

// convert takes what the caller gives.
func (d *declaring) convert(kwargs []starlark.Tuple) {
	for _, kv := range kwargs {
		name, value := string(kv[0].(starlark.String)), kv[1]
		a := d.rule.index[name]
		if a == nil {
			d.fail(at(name, faultf("%s has no attribute %q%s", d.rule.name, name, diag.DidYouMean(name, d.rule.names))))
			continue
		}
		if value == starlark.None { // as in Bazel: the default
			continue
		}
		d.given[a.index] = true
		if name == attrWaivers {
			var err error
			if d.waivers, err = d.pkg.waivers(value, name); err != nil {
				d.fail(prefix(fmt.Sprintf("attribute %q: ", name), err))
			}
			continue
		}
		v, err := a.convert(value, "", d.label.Pkg)
		if err == nil && name == attrVisibility {
			v, err = normalVisibility(v, d.label.Pkg)
		}
		if err != nil {
			f := prefix(fmt.Sprintf("attribute %q: ", name), err)
			if f.attr == "" {
				f.attr = name
			}
			d.fail(f)
			continue
		}
		if name != attrName { // which the label has
			d.values[a.index] = v
			continue
		}
		s := string(v.(starlark.String))
		if err := label.CheckName(s); err != nil {
			d.fail(at(name, err))
			continue
		}
		d.label.Name = s
	}
}

// complete adds what the caller need not give, and misses what it must.
func (d *declaring) complete() {
	for _, a := range d.rule.attrs {
		switch {
		case d.given[a.index]:
		case a.mandatory:
			d.fail(faultf("%s needs the attribute %q", d.rule.name, a.name))
		case a.labels() && bool(a.fallback.Truth()):
			// A default label is an edge of the graph, which must be known without the rule.
			d.values[a.index] = a.fallback
		case a.name == attrVisibility && d.pkg.visibility != nil:
			d.values[a.index] = d.pkg.visibility
		}
	}
}

// register adds the declaration to its package.
func (d *declaring) register() {
	out := d.pkg.out
	if first, twice := out.index[d.label.Name]; twice {
		d.fail(at(attrName, faultf("target %q is declared twice; first at %s", d.label.Name, out.sites[first].pos(out))))
		return
	}
	decl, err := d.encode()
	if err != nil {
		d.fail(err)
		return
	}
	d.pkg.bytes += len(decl.raw)
	out.index[d.label.Name] = len(out.targets)
	out.targets = append(out.targets, decl)
	out.sites = append(out.sites, d.site)
	if d.waivers != nil {
		if out.waiversOf == nil {
			out.waiversOf = map[string][]Waiver{}
		}
		out.waiversOf[d.label.Name] = d.waivers
	}
}

// fail notes an error, and where in BUILD.star it is.
func (d *declaring) fail(err error) {
	f := faultOf(err)
	s := d.pkg.out.siteOf(d.site)
	d.errs = append(d.errs, &diag.Error{Pos: s.AttrPos(f.attr), Msg: f.msg, Hints: append(slices.Clone(f.hints), s.Hints()...)})
}

// finish hands the errors on. It fails where no more declarations may follow.
func (d *declaring) finish() error {
	p := d.pkg
	for _, e := range d.errs {
		if d.label.Name != "" {
			e.(*diag.Error).Label = d.label.String()
		}
		p.errs = append(p.errs, e)
	}
	if len(p.errs) > maxErrors {
		return errTooMany
	}
	if p.bytes > maxPackage {
		return faultf("the package's targets take more than %d MiB", maxPackage>>20)
	}
	return nil
}
