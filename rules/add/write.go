package add

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
)

// write works out the change of the BUILD.star.
func (a *adder) write(d *Declaration, list *engine.Declared) error {
	file := path.Join(a.out.Label.Pkg, engine.BuildFile)
	before, err := os.ReadFile(filepath.Join(a.w.Root(), filepath.FromSlash(file)))
	if errors.Is(err, fs.ErrNotExist) {
		return &diag.Error{Msg: "there is no package //" + a.out.Label.Pkg + ": no file " + file}
	}
	if err != nil {
		return &diag.Error{Pos: diag.File(file), Msg: "the file cannot be read", Err: err}
	}
	after := bytes.Clone(before)
	after = append(after, "\n"+d.Text()...)
	a.out.Changes = append(a.out.Changes, engine.Change{Path: file, Before: before, After: after})
	return nil
}
