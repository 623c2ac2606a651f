package add

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/edit"
)

// entry is the module that the rules are loaded from.
const entry = "@sbomctl//:rules.star"

// write works out the changes: the declaration at the end of its BUILD.star, the names that it needs loaded, and its label in the SBOM
// that lists such packages.
func (a *adder) write(d *Declaration, list *engine.SitedDeclaration) error {
	files := map[string]*edit.File{}
	before := map[string][]byte{}
	var order []string
	open := func(file string) (*edit.File, error) {
		if f := files[file]; f != nil {
			return f, nil
		}
		b, err := os.ReadFile(filepath.Join(a.w.Root(), filepath.FromSlash(file)))
		if err != nil {
			return nil, &diag.Error{Pos: diag.File(file), Msg: "the file cannot be read: " + osfile.Reason(err).Error(), Err: err}
		}
		f, err := edit.Parse(file, b)
		if err != nil {
			return nil, err
		}
		files[file], before[file] = f, b
		order = append(order, file)
		return f, nil
	}
	f, err := open(a.file())
	if err != nil {
		return err
	}
	if list != nil {
		a.list(open, list)
	}
	if err := f.Append(d.Text()); err != nil {
		return err
	}
	if names := missing(f.Bytes(), d.names); len(names) > 0 {
		if err := f.Load(entry, names...); err != nil {
			return err
		}
	}
	for _, name := range order {
		a.out.Changes = append(a.out.Changes, engine.Change{Path: name, Before: before[name], After: files[name].Bytes()})
	}
	return nil
}

// list adds the label to the SBOM, where its list is written in a BUILD.star, or says what to add where.
func (a *adder) list(open func(string) (*edit.File, error), list *engine.SitedDeclaration) {
	attr := "packages"
	if list.RuleName() == depsRule {
		attr = "deps"
	}
	l := relative(a.out.Label, list.Label.Pkg)
	err := errors.New("a macro declares it")
	if len(list.Site.Macros) == 0 {
		var f *edit.File
		if f, err = open(list.Site.Pos.File); err == nil {
			var c *edit.Call
			if c, err = f.CallAt(list.Site.Pos); err == nil {
				err = c.Append(attr, edit.Quote(l))
			}
		}
	}
	if err != nil {
		a.note("%s: add %q to %s of %s: it is not a list that can be edited here", list.Site.AttrPos(attr), l, attr, list.Label)
	}
}
