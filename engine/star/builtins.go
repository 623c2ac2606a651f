package star

import (
	"strings"

	"go.starlark.net/lib/json"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// commonBuiltins are predeclared in every file, beside Starlark's own.
func commonBuiltins() starlark.StringDict {
	d := starlark.StringDict{
		"struct":  starlark.NewBuiltin("struct", starlarkstruct.Make),
		"json":    jsonModule(),
		"fail":    starlark.NewBuiltin("fail", fail),
		"print":   textual("print"),
		"str":     textual("str"),
		"repr":    textual("repr"),
		"range":   starlark.NewBuiltin("range", boundedRange),
		"int":     starlark.NewBuiltin("int", boundedInt),
		"getattr": starlark.NewBuiltin("getattr", chargedGetattr),
	}
	for _, name := range []string{"bytes", "dict", "enumerate", "list", "reversed", "set", "sorted", "tuple", "zip"} {
		d[name] = copying(name)
	}
	for name, g := range guards {
		d[name] = g
	}
	return d
}

// moduleBuiltins are those of a .star file, buildBuiltins those of a BUILD.star.
var moduleBuiltins, buildBuiltins = func() (module, build starlark.StringDict) {
	module, build = commonBuiltins(), commonBuiltins()
	module["rule"] = starlark.NewBuiltin("rule", makeRule)
	module["provider"] = starlark.NewBuiltin("provider", makeProvider)
	module["finding_rule"] = starlark.NewBuiltin("finding_rule", makeFindingRule)
	module["attr"] = attrModule
	module["DefaultInfo"] = defaultInfo
	for _, d := range []starlark.StringDict{module, build} { // in a .star file for macros
		d["glob"] = starlark.NewBuiltin("glob", glob)
		d["waive"] = starlark.NewBuiltin("waive", makeWaiver)
		d["package_name"] = starlark.NewBuiltin("package_name", packageName)
	}
	build["package"] = starlark.NewBuiltin("package", packageDefaults)
	module.Freeze()
	build.Freeze()
	return module, build
}()

// textual wraps a universal function whose result is the text of its arguments.
func textual(name string) *starlark.Builtin {
	fn := starlark.Universe[name].(*starlark.Builtin)
	return starlark.NewBuiltin(name, func(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		n, err := weigh(args)
		if err == nil {
			err = charge(t, n/stepBytes)
		}
		if err != nil {
			return nil, err
		}
		return fn.CallInternal(t, args, kwargs)
	})
}

// copying wraps a universal function whose result has the elements of its arguments, perhaps each in a tuple.
func copying(name string) *starlark.Builtin {
	fn := starlark.Universe[name].(*starlark.Builtin)
	return starlark.NewBuiltin(name, func(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		n := dictSteps
		for _, a := range args {
			n += 4 * cost(a)
		}
		if err := charge(t, n); err != nil {
			return nil, err
		}
		return fn.CallInternal(t, args, kwargs)
	})
}

// fail is fail(*args, sep = " ", attr = None): the rule implementation or macro gives up. With attr, the
// error is reported at that attribute of the target, or at an element of it ("srcs[2]").
func fail(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	sep, attr := " ", ""
	if err := starlark.UnpackArgs(b.Name(), nil, kwargs, "sep?", &sep, "attr?", &attr); err != nil {
		return nil, err
	}
	if _, err := weigh(args); err != nil {
		return nil, err
	}
	words := make([]string, len(args))
	for i, a := range args {
		if s, ok := starlark.AsString(a); ok {
			words[i] = s
		} else {
			words[i] = a.String()
		}
	}
	lines := strings.Split(strings.Join(words, sep), "\n") // further lines are hints
	f := &fault{msg: strings.TrimSuffix(lines[0], "."), attr: attr}
	for _, l := range lines[1:] {
		if l = strings.TrimSpace(l); l != "" {
			f.hints = append(f.hints, l)
		}
	}
	return nil, f
}

// boundedRange keeps sequences short enough to be made into lists.
func boundedRange(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v, err := starlark.Universe["range"].(*starlark.Builtin).CallInternal(t, args, kwargs)
	if err == nil && starlark.Len(v) > maxElements {
		return nil, faultf("range: more than %d elements", maxElements)
	}
	return v, err
}

func boundedInt(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) > 0 {
		if s, ok := starlark.AsString(args[0]); ok && len(s) > maxBits/4 {
			return nil, faultf("int: the string has more than %d digits", maxBits/4)
		}
	}
	return starlark.Universe["int"].(*starlark.Builtin).CallInternal(t, args, kwargs)
}

// chargedGetattr is the second way to the methods of built-in types.
func chargedGetattr(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) > 0 {
		args = append(starlark.Tuple{withMethods(args[0])}, args[1:]...)
	}
	return starlark.Universe["getattr"].(*starlark.Builtin).CallInternal(t, args, kwargs)
}

// jsonModule is the standard json module; what it makes or reads is bounded first.
func jsonModule() *starlarkstruct.Module {
	m := &starlarkstruct.Module{Name: "json", Members: starlark.StringDict{}}
	for name, v := range json.Module.Members {
		fn := v.(*starlark.Builtin)
		m.Members[name] = starlark.NewBuiltin(fn.Name(), func(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			n, err := weigh(args)
			if err != nil {
				return nil, err
			}
			if s, ok := firstString(args, kwargs); ok {
				if err := checkJSON(s); err != nil {
					return nil, prefix(fn.Name()+": ", err)
				}
				n = max(n, len(s))
			}
			if err := charge(t, 4*n); err != nil { // "{}" is a dict
				return nil, err
			}
			return fn.CallInternal(t, args, kwargs)
		})
	}
	return m
}

func firstString(args starlark.Tuple, kwargs []starlark.Tuple) (string, bool) {
	if len(args) > 0 {
		return starlark.AsString(args[0])
	}
	if len(kwargs) > 0 {
		return starlark.AsString(kwargs[0][1])
	}
	return "", false
}

// checkJSON bounds the nesting of brackets, and the digits of a number, outside strings.
func checkJSON(s string) error {
	depth, digits, quoted := 0, 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < '0' || c > '9' || quoted {
			digits = 0
		} else if digits++; digits > maxBits/4 {
			return faultf("a number has more than %d digits", maxBits/4)
		}
		switch {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > maxDepth {
				return faultf("nested more than %d deep", maxDepth)
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return nil
}

// evaluated returns the package under evaluation.
func evaluated(t *starlark.Thread, fn string) (*packageState, error) {
	p, ok := t.Local(localPackage).(*packageState)
	if !ok {
		return nil, faultf("%s can only be called while a BUILD.star is evaluated", fn)
	}
	return p, nil
}

// packageName is package_name().
func packageName(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	p, err := evaluated(t, b.Name())
	if err != nil {
		return nil, err
	}
	return starlark.String(p.out.name), starlark.UnpackArgs(b.Name(), args, kwargs)
}

// packageDefaults is package(default_visibility = [...], waivers = [...]), before the first target.
func packageDefaults(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	p, err := evaluated(t, b.Name())
	if err != nil {
		return nil, err
	}
	var vis, waivers *starlark.List
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "default_visibility?", &vis, "waivers?", &waivers); err != nil {
		return nil, err
	}
	if len(p.out.targets) > 0 || p.defaults {
		return nil, faultf("package() must come once, before the first target")
	}
	p.defaults = true
	if waivers != nil {
		if p.out.waivers, err = p.waivers(waivers, ""); err != nil {
			return nil, prefix("waivers: ", err)
		}
	}
	if vis != nil {
		list := attribute{typ: typeStringList}
		v, err := list.convert(vis, "", p.out.name)
		if err == nil {
			v, err = normalVisibility(v, p.out.name)
		}
		if err != nil {
			return nil, prefix("default_visibility: ", err)
		}
		p.visibility = v
	}
	return starlark.None, nil
}

// glob is glob(include, exclude = [], allow_empty = True).
func glob(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	p, err := evaluated(t, b.Name())
	if err != nil {
		return nil, err
	}
	var include, exclude *starlark.List
	allowEmpty := true
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "include", &include, "exclude?", &exclude, "allow_empty?", &allowEmpty); err != nil {
		return nil, err
	}
	inc, err := patternList(include, nil)
	if err != nil {
		return nil, prefix("glob: ", err)
	}
	exc, err := patternList(exclude, nil)
	if err != nil {
		return nil, prefix("glob: ", err)
	}
	if p.in.Glob == nil {
		return nil, faultf("glob is not available here")
	}
	files, err := p.in.Glob(inc, exc)
	if err != nil {
		if d, ok := err.(*diag.Error); ok && d.Pos.IsZero() {
			return nil, prefix("glob: ", d)
		}
		return nil, err
	}
	if len(files) == 0 && !allowEmpty {
		return nil, faultf("glob: no file matches %s", quoteList(inc))
	}
	if err := charge(t, 4*len(files)); err != nil {
		return nil, err
	}
	elems := make([]starlark.Value, len(files))
	for i, f := range files {
		elems[i] = starlark.String(f)
	}
	return starlark.NewList(elems), nil
}

// patternList returns the patterns in l, which may be nil. attrs says where they come from (see FileSet).
func patternList(l *starlark.List, attrs []string) ([]string, error) {
	if l == nil {
		return nil, nil
	}
	for i := range l.Len() {
		s, ok := starlark.AsString(l.Index(i))
		if !ok {
			return nil, at(PatternPlace(attrs, i), faultf("expected a list of strings, found %s in it", article(l.Index(i).Type())))
		}
		if err := checkPattern(s); err != nil {
			return nil, at(PatternPlace(attrs, i), err)
		}
	}
	return toStrings(l), nil
}

// checkPattern says what keeps s from being a pattern of relative paths.
func checkPattern(s string) error {
	switch {
	case s == "":
		return faultf("a pattern is empty")
	case s[0] == '/':
		return faultf("pattern %q is absolute; patterns are relative", s)
	case strings.Contains("/"+s+"/", "/../"):
		return faultf("pattern %q leaves its directory", s)
	}
	return nil
}
