package engine

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
)

const (
	kindModule      = "module"      // a .star file that was executed: *star.Module, transient; the argument is its label
	kindPackage     = "package"     // what a BUILD.star declares: *star.Package; the argument is its directory
	kindDeclaration = "declaration" // one target of it: *star.Declaration, nil for none; the argument is its label
)

func moduleKey(l label.Label) eval.Key      { return eval.Key{Kind: kindModule, Arg: l.String()} }
func packageKey(pkg string) eval.Key        { return eval.Key{Kind: kindPackage, Arg: pkg} }
func declarationKey(target string) eval.Key { return eval.Key{Kind: kindDeclaration, Arg: target} }

// runModule executes a .star file. The value is what decides its globals: the file's text and
// the values of the modules that it loads.
func (w *Workspace) runModule(c *eval.Context, arg string) (eval.Result, error) {
	l, err := label.ParseAbsolute(arg)
	if err != nil {
		return eval.Result{}, err
	}
	src, err := w.moduleSource(c, l)
	if err != nil {
		return eval.Result{}, err
	}
	var keys []eval.Key
	loads := star.Loads(&src)
	if l.Repo == "" { // an embedded file has no names that it forgot to load
		src.Suggest = w.suggestLoad(c, loads)
	}
	for _, ld := range loads {
		keys = append(keys, moduleKey(ld.Label))
	}
	loaded, err := c.All(keys)
	if err != nil {
		return eval.Result{}, atLoads(err, loads)
	}
	digests, err := c.Digests(keys)
	if err != nil {
		return eval.Result{}, err
	}
	m, err := star.ExecModule(c.Context(), src, loadFrom(keys, loaded))
	if err != nil {
		return eval.Result{}, err
	}
	w.tell(printed(m.Warnings)) // now, too: what loads it may fail
	m.Warnings = withLoaded(m.Warnings, loaded)
	value := appendString(nil, string(src.Bytes))
	for _, d := range digests {
		value = append(value, d[:]...)
	}
	sum := eval.Of(value) // the text itself need not be recorded
	return eval.Result{Value: sum[:], Object: m}, nil
}

// loadFrom returns the function that looks up what was loaded before.
func loadFrom(keys []eval.Key, loaded []any) star.LoadFunc {
	modules := map[string]*star.Module{}
	for i, k := range keys {
		modules[k.Arg] = loaded[i].(*star.Module)
	}
	return func(l label.Label) (*star.Module, error) { return modules[l.String()], nil }
}

func (w *Workspace) moduleSource(c *eval.Context, l label.Label) (star.Source, error) {
	src := star.Source{Label: l}
	if l.Repo == label.Embedded {
		o, err := c.Get(embeddedKey(l.Path()))
		if err != nil {
			return src, err
		}
		text := o.([]byte)
		if len(text) == 0 {
			var names []string
			for n := range w.opt.Rules.Modules {
				names = append(names, "@"+label.Embedded+"//:"+n)
			}
			return src, &noModule{l, &diag.Error{Msg: fmt.Sprintf("there is no embedded file %s%s", l, diag.DidYouMean(l.String(), names))}}
		}
		src.Bytes = text[1:]
		return src, nil
	}
	o, err := c.Get(textKey(l.Path()))
	if err != nil {
		return src, err
	}
	t := o.(Text)
	switch t.Kind {
	case files.Regular:
	case files.Absent:
		return src, &noModule{l, &diag.Error{Msg: fmt.Sprintf("there is no file %s for %s", l.Path(), l), Hints: w.nearFiles(c, l.Path())}}
	default:
		return src, &noModule{l, &diag.Error{Msg: fmt.Sprintf("%s is a %s, expected a regular file for %s", l.Path(), t.Kind, l)}}
	}
	src.Bytes = t.Bytes
	return src, nil
}

// nearFiles suggests a file in the same directory.
func (w *Workspace) nearFiles(c *eval.Context, p string) []string {
	o, err := c.Get(dirKey(path.Dir(p)))
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range o.([]files.Entry) {
		if e.Kind == files.Regular {
			names = append(names, e.Name)
		}
	}
	if n := diag.Nearest(path.Base(p), names); n != "" {
		return []string{"there is " + path.Join(path.Dir(p), n)}
	}
	return nil
}

// withLoaded puts what the loaded modules printed before what a file printed itself: it is said whenever the file is.
func withLoaded(own []string, loaded []any) []string {
	var all []string
	for _, o := range loaded {
		all = append(all, o.(*star.Module).Warnings...)
	}
	return append(all, own...)
}

// runPackage evaluates a BUILD.star.
func (w *Workspace) runPackage(c *eval.Context, pkg string) (eval.Result, error) {
	file := path.Join(pkg, BuildFile)
	o, err := c.Get(textKey(file))
	if err != nil {
		return eval.Result{}, err
	}
	t := o.(Text)
	switch t.Kind {
	case files.Regular:
	case files.Absent:
		return eval.Result{}, &noPackage{pkg, &diag.Error{Msg: fmt.Sprintf("there is no package //%s: no file %s", pkg, file), Hints: w.nearPackages(c, pkg)}}
	default:
		return eval.Result{}, &diag.Error{Msg: fmt.Sprintf("there is no package //%s: %s is a %s, expected a regular file", pkg, file, t.Kind)}
	}
	if err := w.inThisWorkspace(c, pkg); err != nil {
		return eval.Result{}, err
	}
	src := star.Source{Label: label.Label{Pkg: pkg, Name: BuildFile}, Bytes: t.Bytes}
	loads := star.Loads(&src)
	src.Suggest = w.suggestLoad(c, loads)
	keys := make([]eval.Key, len(loads))
	for i, ld := range loads {
		keys[i] = moduleKey(ld.Label)
	}
	loaded, err := c.All(keys)
	if err != nil {
		return eval.Result{}, atLoads(err, loads)
	}
	p, err := star.ExecPackage(c.Context(), star.PackageInput{
		Name: pkg, Source: src, Load: loadFrom(keys, loaded),
		Glob:       func(include, exclude []string) ([]string, error) { return w.glob(c, pkg, include, exclude) },
		WaiverPath: waiverPath,
	})
	if err != nil {
		return eval.Result{}, err
	}
	p.Warnings = withLoaded(p.Warnings, loaded)
	return eval.Result{Value: p.Encode(), Object: p}, nil
}

// noModule is the error of a label that names no .star file; the load statements that name it are to blame.
type noModule struct {
	label label.Label
	text  *diag.Error
}

func (m *noModule) Error() string { return m.text.Error() }
func (m *noModule) Unwrap() error { return m.text }

// atLoads reports each missing module at the statements that load it.
func atLoads(err error, loads []star.Load) error {
	var out diag.List
	for _, e := range diag.Flatten(err) {
		var m *noModule
		if !errors.As(e, &m) {
			out = append(out, e)
			continue
		}
		for _, ld := range loads {
			if ld.Label == m.label {
				at := *m.text
				at.Pos = ld.Pos
				out = append(out, &at)
			}
		}
	}
	return out.Err()
}

// suggestLoad returns hints for an undefined name: the load statement of the rule that it, or a
// misspelling of it, names. A rule that the file loads already gives no hint.
func (w *Workspace) suggestLoad(c *eval.Context, loads []star.Load) func(name string) []string {
	return func(name string) []string {
		if w.opt.Rules.Entry == "" {
			return nil
		}
		for _, module := range append([]string{w.opt.Rules.Entry}, w.opt.Rules.Libraries...) {
			l := label.Label{Repo: label.Embedded, Name: module}
			o, err := c.Get(moduleKey(l))
			if err != nil {
				return nil
			}
			near := diag.Nearest(name, o.(*star.Module).Exports())
			if near == "" {
				continue
			}
			for _, ld := range loads {
				if slices.Contains(ld.Names, near) {
					return nil
				}
			}
			hint := fmt.Sprintf("load(%q, %q)", l, near)
			if near != name {
				return []string{fmt.Sprintf("did you mean %q? then write %s", near, hint)}
			}
			return []string{"write " + hint}
		}
		return nil
	}
}

func decodePackage(value []byte) (any, error) { return star.DecodePackage(value) }

// nearPackages suggests a package beside the one that is not there.
func (w *Workspace) nearPackages(c *eval.Context, pkg string) []string {
	o, err := c.Get(packagesKey("", nil))
	if err != nil {
		return nil
	}
	if n := diag.Nearest(pkg, o.([]string)); n != "" {
		return []string{"there is //" + n}
	}
	return nil
}

// glob selects files of a package: not those of packages and workspaces below it.
func (w *Workspace) glob(c *eval.Context, pkg string, include, exclude []string) ([]string, error) {
	m, err := files.Compile(include, exclude)
	if err != nil {
		return nil, err
	}
	sel, err := m.Expand(globTree{w.diskTree(c, path.Join(".", pkg))})
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var out []string
	for _, f := range sel.Matches {
		if !seen[f.Path] {
			seen[f.Path] = true
			out = append(out, f.Path)
		}
	}
	return sorted(out), nil
}

// globTree is a package's part of a directory tree.
type globTree struct{ *diskTree }

func (t globTree) Ignored(p string, isDir bool) (bool, error) {
	ignored, err := t.diskTree.Ignored(p, isDir)
	if err != nil || ignored || !isDir {
		return ignored, err
	}
	entries, err := t.List(p)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(entries, func(e files.Entry) bool { return isMarker(e, BuildFile) || isMarker(e, RootFile) }), nil
}

// runDeclaration picks one target out of its package, without positions: a comment in the
// BUILD.star ends here.
func (w *Workspace) runDeclaration(c *eval.Context, arg string) (eval.Result, error) {
	l, err := label.ParseAbsolute(arg)
	if err != nil {
		return eval.Result{}, err
	}
	o, err := c.Get(packageKey(l.Pkg))
	if err != nil {
		return eval.Result{}, err
	}
	d := o.(*star.Package).Target(l.Name)
	if d == nil {
		return eval.Result{}, nil
	}
	return eval.Result{Value: d.Encode(), Object: d}, nil
}

func decodeDeclaration(value []byte) (any, error) {
	if len(value) == 0 {
		return (*star.Declaration)(nil), nil
	}
	return star.DecodeDeclaration(value)
}

func diffDeclaration(before, after []byte) (attribute, old, new string, ok bool) {
	changes := star.DiffDeclarations(before, after)
	if len(changes) == 0 {
		return "", "", "", false
	}
	return changes[0].Name, plain(changes[0].Old), plain(changes[0].New), true
}

// plain returns the text of a Starlark string, and any other value as it is written. The caller quotes
// what it shows.
func plain(value string) string {
	if s, err := strconv.Unquote(value); err == nil {
		return s
	}
	return value
}
