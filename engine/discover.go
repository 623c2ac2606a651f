package engine

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/record"
)

// kindPackages is the node that lists the packages at and below a directory: []string, sorted. The
// argument is the directory, "" the root, and the directories below it that are not looked into.
const kindPackages = "packages"

// packagesKey is the node of the packages at and below dir but not at or below the directories without.
func packagesKey(dir string, without []string) eval.Key {
	arg := dir
	for _, d := range without {
		if isBelow(d, dir) {
			arg += "\x00" + d
		}
	}
	return eval.Key{Kind: kindPackages, Arg: arg}
}

// isBelow reports whether a directory of the workspace is dir or lies below it; "" is the root.
func isBelow(d, dir string) bool {
	return dir == "" || d == dir || strings.HasPrefix(d, dir+"/")
}

func displayPackages(arg string) (name, label string) {
	dir, _, _ := strings.Cut(arg, "\x00")
	return dir, ""
}

// isMarker reports whether an entry makes its directory a package (BuildFile) or the root of a workspace
// (RootFile). A folder of that name does not, nor does a link, whatever it leads to.
func isMarker(e files.Entry, name string) bool { return e.Kind == files.Regular && e.Name == name }

// runPackages looks for BUILD.star files. It does not enter directories whose name begins with a dot,
// links, other workspaces, what sbomctl writes, and what git ignores, unless the pattern names a directory
// that git ignores.
func (w *Workspace) runPackages(c *eval.Context, arg string) (eval.Result, error) {
	list := strings.Split(arg, "\x00")
	dir, without := list[0], list[1:]
	if slices.Contains(without, dir) {
		return eval.Result{}, nil
	}
	o, err := c.Get(dirKey(path.Join(".", dir)))
	if err != nil {
		return eval.Result{}, err
	}
	entries := o.([]files.Entry)
	if dir != "" && slices.ContainsFunc(entries, func(e files.Entry) bool { return isMarker(e, RootFile) }) {
		return eval.Result{}, nil
	}
	if err := w.inThisWorkspace(c, dir); err != nil {
		return eval.Result{}, err
	}
	leftOut, err := w.leftOut(c, dir)
	if err != nil {
		return eval.Result{}, err
	}
	var value []byte
	var below []eval.Key
	for _, e := range entries {
		switch {
		case isMarker(e, BuildFile):
			value = appendString(value, dir)
		case e.Kind == files.Directory && !strings.HasPrefix(e.Name, "."):
			p := path.Join(dir, e.Name)
			if out, err := leftOut(p, true); err != nil {
				return eval.Result{}, err
			} else if !out {
				below = append(below, packagesKey(p, without))
			}
		}
	}
	lists, err := c.All(below)
	if err != nil {
		return eval.Result{}, err
	}
	for _, l := range lists {
		for _, p := range l.([]string) {
			value = appendString(value, p)
		}
	}
	return eval.Result{Value: value}, nil
}

// leftOut returns what says which of the paths below dir are not looked at: what git ignores, unless it ignores dir itself, which
// was then asked for by name, and what sbomctl writes.
func (w *Workspace) leftOut(c *eval.Context, dir string) (func(path string, folder bool) (bool, error), error) {
	tree := w.diskTree(c, ".")
	if dir != "" {
		if ignored, err := tree.Ignored(dir, true); err != nil {
			return nil, err
		} else if ignored {
			return tree.Written, nil
		}
	}
	return tree.Ignored, nil
}

// inThisWorkspace refuses a directory for packages that is reached through a link, lies in a workspace of
// its own, or is written by sbomctl. It reads the directories that runPackages reads, so a build of //...
// probes nothing more for it.
func (w *Workspace) inThisWorkspace(c *eval.Context, pkg string) error {
	tree := w.diskTree(c, ".")
	var dirs []string
	var keys []eval.Key
	for d := pkg; d != "" && d != "."; d = path.Dir(d) {
		dirs, keys = append(dirs, d), append(keys, dirKey(d))
	}
	listed, err := c.All(keys)
	if err != nil {
		return err
	}
	for i, entries := range listed {
		if written, err := tree.Written(dirs[i], true); err != nil {
			return err
		} else if written {
			return &diag.Error{Msg: fmt.Sprintf("there is no package //%s: sbomctl writes %s, and what it writes is never an input", pkg, dirs[i])}
		}
		if len(entries.([]files.Entry)) == 0 {
			if err := w.noLink(c, dirs[i], pkg); err != nil {
				return err
			}
		}
		for _, e := range entries.([]files.Entry) {
			if isMarker(e, RootFile) {
				rest := strings.TrimPrefix(strings.TrimPrefix(pkg, dirs[i]), "/")
				return &diag.Error{Msg: fmt.Sprintf("there is no package //%s in this workspace: %s is one of its own, since it has an %s", pkg, dirs[i], RootFile),
					Hints: []string{fmt.Sprintf("sbomctl -C %s build //%s:all", dirs[i], rest)}}
			}
		}
	}
	return nil
}

// noLink refuses the package pkg, at or below dir, when dir is a link. A package has one name.
func (w *Workspace) noLink(c *eval.Context, dir, pkg string) error {
	kind, err := w.kindOf(c, dir)
	if err != nil || kind != files.Symlink {
		return err
	}
	e := &diag.Error{Msg: fmt.Sprintf("there is no package //%s: %s is a symbolic link, and no package lies behind one", pkg, dir)}
	root, err := w.realPath(c, ".")
	if err != nil {
		return err
	}
	real, err := w.realPath(c, pkg)
	if err != nil {
		return err
	}
	if real != "" && within(real, root) {
		e.Hints = []string{"it leads to //" + strings.TrimPrefix(filepath.ToSlash(real[len(root):]), "/")}
	}
	return e
}

func decodeStrings(value []byte) (any, error) {
	r := record.Reader{B: value}
	out := []string{}
	for len(r.B) > 0 {
		out = append(out, string(r.Bytes()))
	}
	if r.Bad {
		return nil, errDamaged
	}
	return out, nil
}

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}
