package main

import (
	"fmt"
	"path/filepath"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/linediff"
)

// The commands that write among the user's own files work out the changes first. With --dry_run they are printed as a diff
// that patch and git apply take, and nothing is written; else each is told in a line, with the path on standard output.

// nextAfterEdit is what the commands that edit a declaration say last.
const nextAfterEdit = "next: sbomctl check //..., and sbomctl regen //... for documents that are checked in"

// change makes or prints the changes.
func (a *app) change(w workspace, changes []engine.Change, dryRun bool) error {
	if dryRun {
		for _, c := range changes {
			fmt.Fprint(a.stdout, changeDiff(c))
		}
		return nil
	}
	made, err := w.Apply(changes)
	for _, c := range made {
		a.ui.note("wrote " + a.placeFromHere(c.Place()))
		fmt.Fprintln(a.stdout, a.placeFromHere(c.Place()))
	}
	return err
}

// placeFromHere is a path as engine.Change.Place has it, as seen from the working folder; one outside of the workspace is absolute.
func (a *app) placeFromHere(place string) string {
	if filepath.IsAbs(place) {
		return place
	}
	return a.fromHere(place)
}

// changeDiff is a change as a unified diff; "" when it changes nothing.
func changeDiff(c engine.Change) string {
	from := "a/" + c.Path
	if c.Before == nil {
		from = "/dev/null"
	}
	return linediff.Unified(from, "b/"+c.Path, c.Before, c.After)
}
