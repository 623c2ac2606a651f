package engine

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
)

// subtree is a pattern of that scope, and the packages that it names.
type subtree struct {
	pattern  label.Pattern
	packages []string
}

// checkOverrides reports an override of a target that is not there, which would silently do nothing.
func (w *Workspace) checkOverrides() error {
	var errs diag.List
	for _, override := range w.opt.Overrides {
		l := override.Label
		o := w.session.Get([]eval.Key{packageKey(l.Pkg)})[0]
		var none *diag.Error
		switch {
		case o.Err == nil:
			p := o.Object.(*star.Package)
			if p.Target(l.Name) != nil {
				continue
			}
			none = p.Missing(l.Name)
		case !errors.As(o.Err, &none) || !none.Pos.IsZero():
			errs = append(errs, o.Err) // of a package that is there
			continue
		}
		e := *none
		e.Msg = "--override: " + e.Msg
		errs = append(errs, &e)
	}
	return w.explain(errs)
}

// choose finds the targets that the patterns name, and the packages that cannot be loaded.
func (b *build) choose() {
	found := map[string]bool{}
	for _, p := range b.patterns {
		if p.Scope == label.One && !p.Negative && b.patterns.Matches(p.Label()) {
			found[p.Label().String()] = true
			if o := b.w.session.Get([]eval.Key{packageKey(p.Pkg)})[0]; o.Err == nil { // else its targets tell the error
				b.packages[p.Pkg] = o.Object.(*star.Package)
			}
		}
	}
	packages := b.wholePackages()
	keys := make([]eval.Key, len(packages))
	for i, p := range packages {
		keys[i] = packageKey(p)
	}
	for i, o := range b.w.session.Get(keys) {
		if o.Err != nil {
			b.errs = append(b.errs, o.Err)
			b.broken[packages[i]] = true
			continue
		}
		p := o.Object.(*star.Package)
		b.packages[packages[i]] = p
		for _, d := range p.Targets() {
			if b.patterns.Matches(d.Label) && !slices.Contains(d.Tags(), "manual") {
				found[d.Label.String()] = true
			}
		}
	}
	b.labels = make([]string, 0, len(found))
	for l := range found {
		b.labels = append(b.labels, l)
		b.fates[l] = open
	}
	sort.Strings(b.labels)
	if len(b.labels) == 0 && len(b.errs) == 0 {
		b.errs = append(b.errs, &diag.Error{Msg: "the patterns name no target"})
	}
}

// wholePackages returns the packages of which the patterns may mean several targets.
func (b *build) wholePackages() []string {
	var packages []string
	for i, p := range b.patterns {
		switch {
		case p.Negative:
		case p.Scope == label.Package:
			packages = append(packages, p.Pkg)
		case p.Scope == label.Subtree:
			k := packagesKey(p.Pkg, b.patterns[i+1:].TakenAway())
			o := b.w.session.Get([]eval.Key{k})[0]
			if o.Err != nil {
				b.errs = append(b.errs, o.Err)
				continue
			}
			below := o.Object.([]string)
			if len(below) == 0 && k == packagesKey(p.Pkg, nil) {
				b.errs = append(b.errs, noPackageBelow(p))
			}
			packages = append(packages, below...)
			b.subtrees = append(b.subtrees, subtree{p, below})
		}
	}
	packages = slices.DeleteFunc(packages, func(pkg string) bool { return !b.patterns.MatchesPackage(pkg) })
	slices.Sort(packages)
	return slices.Compact(packages)
}

func noPackageBelow(p label.Pattern) *diag.Error {
	return &diag.Error{Msg: fmt.Sprintf("pattern %s names no target: there is no %s at or below %q", p, BuildFile, "//"+p.Pkg)}
}

// meantPackage adds to the error of a target that is not there what may have been meant: a package, all of whose
// targets are named otherwise.
func (w *Workspace) meantPackage(target string, err error) error {
	l, parseErr := label.ParseAbsolute(target)
	var d *diag.Error
	var m *missing
	if errors.As(err, &m) {
		d = m.text
	}
	if parseErr != nil || m != nil && m.label != l || m == nil && !errors.As(err, &d) {
		return err
	}
	o := w.session.Get([]eval.Key{packagesKey("", nil)})[0]
	if o.Err != nil {
		return err
	}
	packages := o.Object.([]string)
	all := func(pkg string) string { return label.Pattern{Scope: label.Package, Pkg: pkg}.String() }
	text := *d
	add := func(format string, args ...any) error {
		text.Hints = append(slices.Clone(text.Hints), fmt.Sprintf(format, args...))
		return &text
	}
	if m == nil { // the package, not the target, is not there
		if near := diag.Nearest(l.Pkg, packages); near != "" && slices.Contains(d.Hints, "there is //"+near) {
			return add("%s is all targets of that package", all(near))
		}
		return err
	}
	near := diag.Nearest(l.Path(), packages)
	switch {
	case slices.Contains(packages, l.Path()):
		return add("//%s is a package; %s is all of its targets", l.Path(), all(l.Path()))
	case l.Name == path.Base(l.Pkg) || strings.HasPrefix(l.Name, "all"):
		return add("%s is all targets of the package", all(l.Pkg))
	case near != "" && near != l.Pkg:
		return add("is %s meant, all targets of that package?", all(near))
	case l.Pkg != "" && !strings.Contains(d.Msg, "did you mean"):
		return add("%s is all targets of the package", all(l.Pkg))
	}
	return err
}
