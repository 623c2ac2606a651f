package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cmd/sbomctl/format"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/rules/audit"
)

// historyPath is the history file: what the user named, the workspace's when it has one, else one below the cache folder.
func (a *app) historyPath(f *auditFlags, o options) (string, error) {
	if f.historyFile != "" {
		return a.absolute(f.historyFile), nil
	}
	own := filepath.Join(a.root, audit.HistoryName)
	if _, err := os.Lstat(own); err == nil {
		return own, nil
	}
	dir, err := cacheFolder(o)
	return filepath.Join(dir, cache.Layout, audit.HistoryName), err
}

// auditHistory prints where tags pointed.
func (a *app) auditHistory(f *auditFlags, patterns []string) error {
	if a.flags.format != "text" && a.flags.format != "json" {
		return usage("--history is printed as text or json, and --format=" + a.flags.format + " is for findings")
	}
	var parsed label.Patterns
	if len(patterns) > 0 {
		var err error
		if parsed, err = a.parsePatterns(patterns); err != nil {
			return err
		}
	}
	o, err := a.options(event.NewStream(a.ui))
	if err != nil {
		return err
	}
	path, err := a.historyPath(f, o)
	if err != nil {
		return err
	}
	records, err := (&audit.History{Path: path, Warn: a.warn}).Read()
	if err != nil {
		return &diag.Error{Msg: "cannot read the history " + path + ": " + err.Error()}
	}
	if parsed != nil {
		err := a.withWorkspace(o, func(_ context.Context, w workspace) error {
			images, err := w.Images(parsed)
			records = slices.DeleteFunc(records, func(r audit.Record) bool { return !slices.Contains(images, r.Image) })
			return err
		})
		if err != nil {
			return err
		}
	}
	all := audit.Stretches(records)
	if a.flags.format == "json" {
		return format.History(a.stdout, readVersion().Version, all)
	}
	a.printHistory(all)
	if len(all) == 0 {
		a.ui.note("no audit saw a tag of these images: " + path + " has nothing of them")
	}
	return nil
}

func (a *app) printHistory(all [][]audit.Stretch) {
	for i, of := range all {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		fmt.Fprintln(a.stdout, event.Printable(of[0].Image+":"+of[0].Tag))
		for j, s := range of {
			seen, rest := s.Seen, ""
			switch {
			case s.Seen == "":
				seen = "no such tag"
			case s.Pinned:
				rest = ", as pinned"
			}
			if j > 0 {
				rest += ", moved after " + stamp(of[j-1].Last)
			}
			fmt.Fprintf(a.stdout, "    %s  from %s to %s%s\n", seen, stamp(s.First), stamp(s.Last), rest)
		}
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
