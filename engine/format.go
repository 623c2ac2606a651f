package engine

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/edit"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/label"
)

// Source returns the bytes of one of the workspace's own files, as everything that is loaded in this command sees them.
func (w *Workspace) Source(name string) ([]byte, error) {
	o := w.session.Get([]eval.Key{textKey(name)})[0]
	if o.Err != nil {
		return nil, w.explain(diag.List{o.Err})
	}
	t := o.Object.(Text)
	if t.Kind != files.Regular {
		return nil, &diag.Error{Pos: diag.File(name), Msg: fmt.Sprintf("is %s, expected a file", article(t.Kind))}
	}
	return t.Bytes, nil
}

// StarlarkFiles returns the workspace's .star files that patterns speak of, sorted: all below a folder (//dir/...), all in
// a folder (//dir:all), or the one that a label names, or that declares the target which it names. Files of other workspaces below, files
// that git ignores and what sbomctl writes are none.
func (w *Workspace) StarlarkFiles(patterns label.Patterns) ([]string, error) {
	found := map[string]bool{}
	var errs diag.List
	for _, p := range patterns {
		if p.Scope == label.One {
			name := p.Label().Path()
			if !strings.HasSuffix(name, ".star") {
				name = path.Join(p.Pkg, BuildFile)
			}
			found[name] = !p.Negative
			continue
		}
		all, err := w.starlarkBelow(p.Pkg)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		named := false
		for _, name := range all {
			dir := strings.TrimPrefix(path.Dir(name), ".")
			if p.Scope == label.Subtree || dir == p.Pkg {
				found[name], named = !p.Negative, true
			}
		}
		if !named && !p.Negative {
			errs = append(errs, &diag.Error{Msg: fmt.Sprintf("there is no .star file for %s", p)})
		}
	}
	var out []string
	for name, wanted := range found {
		if wanted {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, w.explain(errs)
}

// starlarkBelow returns the .star files at and below a folder that belong to this workspace.
func (w *Workspace) starlarkBelow(dir string) ([]string, error) {
	o := w.session.Get([]eval.Key{{Kind: kindStarlark, Arg: dir}})[0]
	if o.Err != nil {
		return nil, o.Err
	}
	return o.Object.([]string), nil
}

// kindStarlark is the node that lists the .star files at and below a directory: []string. The argument is the directory, "" the root.
const kindStarlark = "starlark"

// runStarlark goes where runPackages goes. A link is none of the files that it finds.
func (w *Workspace) runStarlark(c *eval.Context, dir string) (eval.Result, error) {
	if err := w.inThisWorkspace(c, dir); err != nil {
		return eval.Result{}, err
	}
	leftOut, err := w.leftOut(c, dir)
	if err != nil {
		return eval.Result{}, err
	}
	var value []byte
	var walk func(dir string) error
	walk = func(dir string) error {
		o, err := c.Get(dirKey(path.Join(".", dir)))
		if err != nil {
			return err
		}
		entries := o.([]files.Entry)
		if dir != "" && slices.ContainsFunc(entries, func(e files.Entry) bool { return isMarker(e, RootFile) }) {
			return nil
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name)
			isDir := e.Kind == files.Directory
			if strings.HasPrefix(e.Name, ".") || !isDir && (e.Kind != files.Regular || !strings.HasSuffix(e.Name, ".star")) {
				continue
			}
			out, err := leftOut(name, isDir)
			switch {
			case err != nil:
				return err
			case out:
			case !isDir:
				value = appendString(value, name)
			default:
				if err := walk(name); err != nil {
					return err
				}
			}
		}
		return nil
	}
	err = walk(dir)
	return eval.Result{Value: value}, err
}

// Format returns the changes that put .star files into the one layout (edit.Format), for those that have another. Files that cannot be
// formatted are errors, beside the changes of the others.
func (w *Workspace) Format(names []string) ([]Change, error) {
	var out []Change
	var errs diag.List
	for _, name := range names {
		before, err := w.Source(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		after, err := edit.Format(name, before)
		if err != nil {
			errs = append(errs, err)
		} else if string(after) != string(before) {
			out = append(out, Change{Path: name, Before: before, After: after})
		}
	}
	return out, errs.Err()
}
