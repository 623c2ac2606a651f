package rules

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/rules/fetch"
	"github.com/sbomctl/sbomctl/rules/wheel"
)

// LockResult is what Lock did.
type LockResult struct {
	Path    string   // of the lock file, relative to the workspace's root
	Written bool     // false: it had these bytes
	Changes []string // a line each: what differs from the file as it was
}

// Lock writes the lock file of a bundled_wheel target from a package index. It is the one
// place that asks the index, and writes into the source tree.
func Lock(ctx context.Context, w *engine.Workspace, target label.Label, indexURL string, fetcher *fetch.Fetcher) (LockResult, error) {
	call, err := w.Inspect(target, "wheel.packages")
	if d, ok := err.(*diag.Error); ok && errors.Is(err, engine.ErrNoOperation) {
		d.Hints = append(d.Hints, "a lock is written for a bundled_wheel target")
	}
	if err != nil {
		return LockResult{}, err
	}
	var p wheel.Params
	if err := call.Params(&p); err != nil {
		return LockResult{}, err
	}
	if p.Lock == "" {
		return LockResult{}, &diag.Error{Label: target.String(), Msg: "the target names no lock file", Hints: []string{fmt.Sprintf("add lock = %q to it", wheel.LockName(p.PackageName))}}
	}
	r := LockResult{Path: p.Lock}
	whl, err := wheel.ReadWheel(call, p)
	if err != nil {
		return r, err
	}
	lock, err := wheel.Generate(ctx, wheel.Index{BaseURL: indexURL, Fetcher: fetcher, Note: func(s string) { r.Changes = append(r.Changes, s) }}, whl)
	if err != nil {
		return r, err
	}
	path := filepath.Join(w.Root(), filepath.FromSlash(p.Lock))
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return r, &diag.Error{Pos: diag.File(p.Lock), Label: target.String(), Msg: "the lock file cannot be read", Err: err}
	}
	old, oldErr := wheel.ParseLock(p.Lock, before)
	if oldErr == nil {
		if kept := lock.Keep(old); len(kept) > 0 {
			r.Changes = append(r.Changes, "licences that the index does not state are kept: "+strings.Join(kept, ", "))
		}
	}
	after := lock.Format()
	if written, err := wheel.ParseLock(p.Lock, after); err == nil { // it knows lines
		w.Tell(target, written.Findings(target.String()))
	}
	if bytes.Equal(before, after) {
		return r, nil
	}
	r.Changes = append(r.Changes, lockChanges(before, old, lock)...)
	if err := w.ReplaceSource(p.Lock, after); err != nil {
		return r, &diag.Error{Pos: diag.File(p.Lock), Label: target.String(), Msg: "the lock file cannot be written: " + osfile.Reason(err).Error(), Err: err}
	}
	r.Written = true
	return r, nil
}

// lockChanges says, a line for each package, what a new lock changes.
// before are the bytes of the old one, and old is nil where they are no lock.
func lockChanges(before []byte, old, now *wheel.Lock) []string {
	switch {
	case len(before) == 0:
		return []string{fmt.Sprintf("new lock file with %d packages", len(now.Packages))}
	case old == nil:
		return []string{"the old lock file was not readable and is replaced"}
	}
	names := map[string]bool{}
	for n := range old.Packages {
		names[n] = true
	}
	for n := range now.Packages {
		names[n] = true
	}
	var out []string
	add := func(name string, a, b wheel.Entry, had, has bool) {
		switch {
		case !had:
			out = append(out, name+": new, "+b.Version)
		case !has:
			out = append(out, name+": gone, was "+a.Version)
		case a.Version != b.Version:
			out = append(out, fmt.Sprintf("%s: %s -> %s", name, a.Version, b.Version))
		case a.SHA256 != b.SHA256 || a.URL != b.URL || a.Filename != b.Filename:
			out = append(out, name+": another file of "+b.Version)
		case a.License != b.License:
			out = append(out, fmt.Sprintf("%s: licence %s -> %s", name, cmp.Or(a.License, "not stated"), cmp.Or(b.License, "not stated")))
		case a.Stated != b.Stated:
			out = append(out, name+": its project states more, or other things, of itself")
		}
	}
	add("the wheel", old.Wheel, now.Wheel, true, true)
	sorted := make([]string, 0, len(names))
	for n := range names {
		sorted = append(sorted, n)
	}
	sort.Strings(sorted)
	for _, n := range sorted {
		a, had := old.Packages[n]
		b, has := now.Packages[n]
		add(n, a, b, had, has)
	}
	return slices.Clip(out)
}
