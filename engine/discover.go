package engine

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/record"
)

// kindPackages is the node that lists the packages at and below a directory: []string, sorted. The
// argument is the directory, "" the root.
const kindPackages = "packages"

func packagesKey(dir string) eval.Key { return eval.Key{Kind: kindPackages, Arg: dir} }

// runPackages looks for BUILD.star files. It does not enter directories whose name begins
// with a dot, the output folder, and other workspaces (directories with an sbom.star).
func (w *Workspace) runPackages(c *eval.Context, dir string) (eval.Result, error) {
	arg := dir
	if arg == "" {
		arg = "."
	}
	o, err := c.Get(dirKey(arg))
	if err != nil {
		return eval.Result{}, err
	}
	var value []byte
	var below []eval.Key
	for _, e := range o.([]files.Entry) {
		p := path.Join(dir, e.Name)
		switch {
		case e.Kind == files.Regular && e.Name == RootFile && dir != "":
			return eval.Result{}, nil // another workspace
		case e.Kind == files.Regular && e.Name == BuildFile:
			value = appendString(value, dir)
		case e.Kind == files.Directory && !strings.HasPrefix(e.Name, ".") && p != w.opt.OutDir:
			below = append(below, packagesKey(p))
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

// inThisWorkspace refuses a package at or below a directory that is a workspace of its own. It reads
// the directories that runPackages reads, so a build of //... probes nothing more for it.
func (w *Workspace) inThisWorkspace(c *eval.Context, pkg string) error {
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
		for _, e := range entries.([]files.Entry) {
			if e.Kind == files.Regular && e.Name == RootFile {
				rest := strings.TrimPrefix(strings.TrimPrefix(pkg, dirs[i]), "/")
				return &diag.Error{Msg: fmt.Sprintf("there is no package //%s in this workspace: %s is one of its own, since it has an %s", pkg, dirs[i], RootFile),
					Hints: []string{fmt.Sprintf("sbomctl -C %s build //%s:all", dirs[i], rest)}}
			}
		}
	}
	return nil
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
