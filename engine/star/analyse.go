package star

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"go.starlark.net/starlark"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
)

// AnalysisInput is what Analyse works on.
type AnalysisInput struct {
	Declaration *Declaration
	Rule        *Rule // the one that Declaration.Rule names
	// Deps are the analysed targets of Declaration.Deps(); for a label that names a source file,
	// SourceFile(label).
	Deps map[label.Label]*Target
	// Option returns the value of a build option, ctx.option(name). A *diag.Error without
	// position says that there is none of that name.
	Option func(name string) (string, error)
	// Checks are the validators of ctx.check.<kind>(value, attr).
	Checks map[string]func(string) error
	// Texts are the functions of ctx.text.<kind>(value, attr).
	Texts map[string]func(string) (string, error)
	// Operation returns an error when there is no operation of that name; may be nil.
	Operation func(name string) error
	// Site returns where a target was declared. It is only called for errors; may be nil.
	Site func(label.Label) Site
}

func (in *AnalysisInput) site(l label.Label) Site {
	if in.Site == nil {
		return Site{}
	}
	return in.Site(l)
}

// analysis is a target that is being analysed.
type analysis struct {
	in       AnalysisInput
	out      *analysed
	outputs  map[string]*artifactValue
	declared []*artifactValue
	names    []string // of the given attributes, sorted
	values   []starlark.Value
	made     []attrTargets // by the attribute's index; nil until a rule asks for one
	params   int           // bytes of the actions' parameters
	errs     diag.List
	done     bool
}

// Analyse runs the rule's implementation on a declaration. All errors that are found are reported together,
// each a *diag.Error; a cancelled ctx yields its error.
func Analyse(ctx context.Context, in AnalysisInput) (*Target, error) {
	decl := in.Declaration
	if in.Rule == nil || in.Rule.id != decl.Rule {
		return nil, &diag.Error{Pos: in.site(decl.Label).Pos, Label: decl.Label.String(),
			Msg: fmt.Sprintf("its rule %s is not defined", decl.Rule)}
	}
	an := &analysis{in: in, outputs: map[string]*artifactValue{}}
	an.names, an.values = decl.values()
	an.out = &analysed{label: decl.Label, rule: in.Rule.name}
	if v := an.given(attrVisibility); v != nil {
		an.out.visibility = toStrings(v)
	}
	an.checkDeps()
	if err := capErrors(an.errs).Err(); err != nil {
		return nil, err
	}
	thread, release := newThread(ctx, decl.Label.String(), func(msg string) { an.out.warnings = append(an.out.warnings, msg) })
	defer release()
	result, err := starlark.Call(thread, in.Rule.implementation, starlark.Tuple{&ctxValue{an: an}}, nil)
	an.done = true
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil {
		err = an.result(result)
	}
	if err != nil {
		// A rule goes on after ctx.check; what it cannot do with a value that is known to be bad is no news.
		if e := an.blame(ctx, err); len(an.errs) == 0 || failed(err) {
			an.errs = append(an.errs, e)
		}
	} else if len(an.errs) == 0 {
		an.errs = append(an.errs, an.unwritten()...)
	}
	if err := capErrors(an.errs).Err(); err != nil {
		return nil, err
	}
	t, err := encodeTarget(an.out)
	if err != nil {
		return nil, an.blame(ctx, err)
	}
	return t, nil
}

// given returns an attribute of the declaration, nil when it is not given.
func (an *analysis) given(name string) starlark.Value {
	if i := sort.SearchStrings(an.names, name); i < len(an.names) && an.names[i] == name {
		return an.values[i]
	}
	return nil
}

// atDeclaration reports err where the target is declared, or at the attribute that err names.
func (an *analysis) atDeclaration(err error) *diag.Error {
	own, f := an.in.Declaration.Label, faultOf(err)
	s := an.in.site(own)
	return &diag.Error{Pos: s.AttrPos(f.attr), Label: own.String(), Attr: f.attr, Msg: f.msg, Hints: append(slices.Clone(f.hints), s.Hints()...)}
}

// failed reports whether err is of a call of fail().
func failed(err error) bool {
	var eval *starlark.EvalError
	return errors.As(err, &eval) && len(eval.CallStack) > 0 && eval.CallStack.At(0).Name == "fail"
}

// blame turns the implementation's error into a diagnostic. An error that names an attribute, and the rule's own
// word to the user, fail(), are reported where the target is declared. Anything else is a mistake in the
// rule, and is reported there if the rule is the user's; nobody can mend an embedded one, so what it was
// given is to blame.
func (an *analysis) blame(ctx context.Context, err error) error {
	own := an.in.Declaration.Label
	var f *fault
	if errors.As(err, &f) && (f.attr != "" || failed(err)) {
		return an.atDeclaration(f)
	}
	d := runtimeError(ctx, err, own.String())
	if e, ok := d.(*diag.Error); ok {
		s := an.in.site(own)
		switch {
		case s.Pos.IsZero() || e.Pos == s.Pos:
		case e.Pos.IsZero() || embedded(e.Pos.File):
			e.Pos = s.AttrPos(e.Attr)
		default:
			e.Hints = append(e.Hints, fmt.Sprintf("target %s is declared at %s", own, s.Pos))
		}
	}
	return d
}

// checkDeps checks that each label names a target that is there, may be seen and provides what is required.
func (an *analysis) checkDeps() {
	own := an.in.Declaration.Label
	seen := make(map[label.Label]bool, len(an.in.Deps))
	for i, name := range an.names {
		attr := an.in.Rule.index[name]
		eachLabel(an.values[i], func(elem int, l label.Label) {
			if !seen[l] {
				seen[l] = true
				an.out.deps = append(an.out.deps, l)
			}
			if err := an.checkDep(own, attr, l); err != nil {
				an.errs = append(an.errs, an.atDeclaration(at(place(name, elem), err)))
			}
		})
	}
	slices.SortFunc(an.out.deps, label.Label.Compare)
}

func (an *analysis) checkDep(own label.Label, attr *attribute, l label.Label) error {
	dep := an.in.Deps[l]
	switch {
	case dep == nil:
		return faultf("no target %s", l)
	case !visible(dep.Visibility, l.Pkg, own.Pkg):
		f := faultf("%s is not visible from %s; its visibility is %s", l, "//"+own.Pkg, strings.Join(dep.Visibility, ", "))
		if pos := an.in.site(l).Pos; !pos.IsZero() {
			f.hints = append(f.hints, fmt.Sprintf("%s is declared at %s", l, pos))
		}
		f.hints = append(f.hints, fmt.Sprintf(`add "//%s:__pkg__" to its visibility`, own.Pkg))
		return f
	case attr == nil || !attr.labels():
		return nil
	case dep.RuleName == sourceFileRule && !attr.allowFiles:
		return faultf("%s is a source file, and attribute %q wants a target", l, attr.name)
	case dep.RuleName == sourceFileRule || attr.providers == nil:
		return nil
	}
	var wants []string
	for _, alternative := range attr.providers {
		var missing []string
		for _, p := range alternative {
			if !dep.has(p) {
				missing = append(missing, p.Name())
			}
		}
		if missing == nil {
			return nil
		}
		wants = append(wants, strings.Join(missing, " and "))
	}
	f := faultf("attribute %q wants a target that provides %s, and %s does not%s",
		attr.name, strings.Join(wants, " or "), dep.describe(), dep.provided())
	if pos := an.in.site(l).Pos; !pos.IsZero() {
		f.hints = append(f.hints, fmt.Sprintf("%s is declared at %s", l, pos))
	}
	return f
}

// result takes what the implementation returned: None, a provider instance, or a list of instances; a
// target in the list stands for everything it provides.
func (an *analysis) result(v starlark.Value) error {
	var seq starlark.Indexable
	switch v := v.(type) {
	case starlark.NoneType:
		return nil
	case *Instance, *targetValue:
		seq = starlark.Tuple{v}
	case *starlark.List:
		seq = v
	case starlark.Tuple:
		seq = v
	default:
		return an.badResult(v)
	}
	seen := map[string]bool{}
	add := func(in *Instance) error {
		if seen[in.provider] {
			return an.ruleError(faultf("%s returned %s twice", an.in.Rule.implementation.Name(), in.Type()))
		}
		seen[in.provider] = true
		if in.provider == defaultInfo.id {
			return an.defaultInfo(in)
		}
		an.out.providers = append(an.out.providers, in)
		return nil
	}
	for i := range seq.Len() {
		switch e := seq.Index(i).(type) {
		case *Instance:
			if err := add(e); err != nil {
				return err
			}
		case *targetValue:
			info, _, _ := e.Get(defaultInfo) // which every target has
			if err := add(info.(*Instance)); err != nil {
				return err
			}
			for _, id := range e.t.Providers() {
				if err := add(e.t.Provider(id)); err != nil {
					return err
				}
			}
		default:
			return an.badResult(e)
		}
	}
	return nil
}

func (an *analysis) badResult(v starlark.Value) error {
	return an.ruleError(faultf("%s must return a list of providers, and returned %s", an.in.Rule.implementation.Name(), article(v.Type())))
}

// ruleError reports a mistake of the rule at its implementation.
func (an *analysis) ruleError(f *fault) error {
	return &diag.Error{Pos: position(an.in.Rule.implementation.Position()), Msg: f.msg, Hints: f.hints}
}

func (an *analysis) defaultInfo(in *Instance) error {
	v, _ := in.Attr("files")
	if v == nil || v == starlark.None {
		return nil
	}
	refs, err := an.refs(v, 0)
	if err != nil {
		return an.ruleError(&fault{msg: "DefaultInfo: files: " + message(err)})
	}
	seen := map[string]bool{}
	for _, r := range refs {
		a, ok := r.(*artifactValue)
		if !ok {
			return an.ruleError(faultf("DefaultInfo: files: expected files, got %s", article(r.Type())))
		}
		if !seen[a.Path] {
			seen[a.Path] = true
			an.out.files = append(an.out.files, a)
		}
	}
	return nil
}
