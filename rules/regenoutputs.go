package rules

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/rules/reproduce"
)

// writers says for which target each file is written, by Change.Place.
type writers map[string]label.Label

// claim refuses a file that another target writes.
func (ws writers) claim(c engine.Change, l label.Label) error {
	if first, twice := ws[c.Place()]; twice {
		return &diag.Error{Pos: diag.File(c.Place()), Label: l.String(), Msg: fmt.Sprintf("the file is checked in for %s as well", first)}
	}
	ws[c.Place()] = l
	return nil
}

// outputs runs the command of a target whose outputs are checked in, and works out how those have to change. has is false for
// any other target. All of them, or none: an output of one run and one of another do not belong together.
func (r *RegenResult) outputs(w *engine.Workspace, l label.Label, ws writers) (has bool, err error) {
	call, err := w.Inspect(l, reproduce.CheckedInName)
	if errors.Is(err, engine.ErrNoOperation) {
		return false, nil
	}
	if err != nil {
		var p reproduce.Params
		has, paramsErr := w.Params(l, reproduce.CheckedInName, &p)
		if !has || paramsErr != nil {
			return false, nil // it could not be analysed, which is told of the document, too
		}
		return true, err
	}
	var p reproduce.Params
	if err := call.Params(&p); err != nil {
		return true, err
	}
	var changes []engine.Change
	var upToDate []string
	var errs diag.List
	for i, path := range p.Paths {
		c, err := w.FileInTree(l, reproduce.CheckedInName, reproduce.Committed(i), path)
		if err == nil {
			err = ws.claim(c, l)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if c.Before != nil && len(call.Files(reproduce.Committed(i))) == 0 {
			errs = append(errs, &diag.Error{Pos: diag.File(c.Place()), Label: l.String(), Msg: "the file is there, but git ignores it, so it is no part of the tree",
				Hints: []string{"git check-ignore -v says by which rule"}})
			continue
		}
		made := call.Files(reproduce.Made(i))
		if len(made) != 1 {
			return true, fmt.Errorf("%s makes %d files for %s", l, len(made), path)
		}
		if c.After, err = call.Read(made[0], reproduce.MaxFile); err != nil {
			return true, err
		}
		c.Executable = made[0].Executable
		if c.Before != nil && bytes.Equal(c.Before, c.After) {
			upToDate = append(upToDate, c.Place())
			continue
		}
		changes = append(changes, c)
	}
	if len(errs) > 0 {
		return true, errs
	}
	r.Changes, r.UpToDate = append(r.Changes, changes...), append(r.UpToDate, upToDate...)
	return true, nil
}
