package rules

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/rules/checkedin"
	"github.com/sbomctl/sbomctl/rules/reproduce"
)

// RegenResult is what Regen worked out.
type RegenResult struct {
	Changes  []engine.Change // of the files that are not what is built
	UpToDate []string        // paths of those that are, as Change.Place has them
}

// CheckedIn is a target of which a file is checked in.
type CheckedIn struct {
	Label label.Label
	Path  string // in its tree
}

// CheckedInFiles returns the files that are checked in for the targets that patterns name, sorted by label; also
// beside an error. It builds nothing.
func CheckedInFiles(w *engine.Workspace, patterns label.Patterns) ([]CheckedIn, error) {
	labels, err := w.Matching(patterns)
	var errs diag.List
	if err != nil {
		errs = append(errs, err)
	}
	var out []CheckedIn
	for _, l := range labels {
		var p checkedin.Params
		has, err := w.Params(l, checkedin.OperationName, &p)
		switch {
		case err != nil:
			errs = append(errs, err)
		case has:
			out = append(out, CheckedIn{l, p.Path})
		}
		var made reproduce.Params
		switch has, err := w.Params(l, reproduce.CheckedInName, &made); {
		case err != nil:
			errs = append(errs, err)
		case has:
			for _, path := range made.Paths {
				out = append(out, CheckedIn{l, path})
			}
		}
	}
	return out, errs.Err()
}

// Regen builds the documents of the targets that patterns name, and runs their commands in containers, and works out how what is checked in of them has to
// change. What can be regenerated is returned beside an error.
//
// It refuses to write a document of which an error is found besides that it is stale: a wrong version, once
// it is checked in, is taken for the truth by everybody after (CPython 3.13.5 shipped one). Files that drifted are such an
// error, unless acceptDrift, because to write their checksums would make the finding go away and nobody would have been asked.
func Regen(w *engine.Workspace, patterns label.Patterns, acceptDrift bool) (RegenResult, error) {
	var r RegenResult
	labels, err := w.Matching(patterns)
	errs := diag.List{}
	if err != nil {
		errs = append(errs, err)
	}
	writers := writers{}
	found := false
	for _, l := range labels {
		if has, err := r.outputs(w, l, writers); has || err != nil {
			found = true
			if err != nil {
				errs = append(errs, err)
			}
			continue
		}
		call, err := w.Inspect(l, checkedin.OperationName)
		switch {
		case errors.Is(err, engine.ErrNoOperation) && !named(patterns, l):
			continue
		case errors.Is(err, engine.ErrNoOperation):
			found = true
			d := diag.Error{Label: l.String()}
			if at := (*diag.Error)(nil); errors.As(err, &at) {
				d = *at
			}
			d.Msg, d.Hints = "has nothing that is checked in", []string{HasCheckedIn}
			errs = append(errs, &d)
			continue
		case err != nil:
			found = true
			errs = append(errs, err)
			continue
		}
		found = true
		var p checkedin.Params
		if err := call.Params(&p); err != nil {
			return r, err
		}
		c, err := w.FileInTree(l, checkedin.OperationName, checkedin.InputFound, p.Path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if c.Before != nil && len(call.Files(checkedin.InputFound)) == 0 {
			errs = append(errs, &diag.Error{Pos: diag.File(c.Place()), Label: l.String(), Msg: "the file is there, but git ignores it, so it is no part of the tree",
				Hints: []string{"git check-ignore -v says by which rule"}})
			continue
		}
		if err := writers.claim(c, l); err != nil {
			errs = append(errs, err)
			continue
		}
		if c.After, err = checkedin.Built(call); err != nil {
			errs = append(errs, err)
			continue
		}
		if c.Before != nil && bytes.Equal(c.Before, c.After) {
			r.UpToDate = append(r.UpToDate, c.Place())
			continue
		}
		if err := refuse(w, l, p.Path, acceptDrift); err != nil {
			errs = append(errs, err)
			continue
		}
		r.Changes = append(r.Changes, c)
	}
	if !found && len(errs) == 0 {
		errs = append(errs, &diag.Error{Msg: "none of the targets has anything that is checked in", Hints: []string{HasCheckedIn}})
	}
	return r, errs.Err()
}

// HasCheckedIn says how a target gets something that is checked in.
const HasCheckedIn = `a base_sbom or source_deps_sbom has a document with checked_in = "Misc/sbom.spdx.json", a container_run its outputs with checked_in = True`

// named reports whether a label stands by itself among the patterns, and not only in what a wildcard names.
func named(patterns label.Patterns, l label.Label) bool {
	return slices.ContainsFunc(patterns, func(p label.Pattern) bool { return p.Scope == label.One && !p.Negative && p.Label() == l })
}

// refuse returns why the document of a target is not to be written; nil when nothing is against it.
func refuse(w *engine.Workspace, l label.Label, path string, acceptDrift bool) error {
	report, err := w.Check(label.Patterns{{Scope: label.One, Pkg: l.Pkg, Name: l.Name}})
	if err != nil {
		return err
	}
	var errs diag.List
	drift := false
	for _, f := range report.Findings {
		switch {
		case f.Severity != finding.Error || f.Waiver != nil || f.Rule == checkedin.StaleID:
		case f.Rule == checkedin.DriftID && acceptDrift:
		default:
			drift = drift || f.Rule == checkedin.DriftID
			errs = append(errs, f.Diagnostic())
		}
	}
	if len(errs) == 0 {
		return nil
	}
	d := &diag.Error{Label: l.String(), Msg: fmt.Sprintf("%s is not written until that is settled", path)}
	if drift {
		d.Hints = []string{"where the document that is checked in was wrong about the files: --accept_drift"}
	}
	return append(errs, d)
}

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
