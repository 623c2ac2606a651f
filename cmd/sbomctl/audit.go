package main

import (
	"context"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/cmd/sbomctl/format"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/rules"
	"github.com/sbomctl/sbomctl/rules/audit"
	"github.com/sbomctl/sbomctl/rules/pin"
)

// auditFlags are the flags of audit alone.
type auditFlags struct {
	level       string
	rehash      bool
	statement   string
	history     bool
	historyFile string
}

// now is the clock. An audit is the one command that asks it for more than how long something took; tests have another.
var now = time.Now

func (a *app) auditCommand() *cobra.Command {
	f := &auditFlags{}
	var levels []string
	for l := range audit.MaxLevel + 1 {
		levels = append(levels, strconv.Itoa(l))
	}
	cmd := &cobra.Command{
		Use:   "audit PATTERN...",
		Short: "ask registries whether the pins of container images hold",
		Long: `Audits the container images among the targets that the patterns name and all targets below them.
For each image and level it prints a verdict: proven, finding, or inconclusive, when who could tell
did not answer. Each level up to --level is tried, also when one before it was inconclusive:

  0  references     the files that name the image agree with the declaration; a part of check
  1  resolves       the registry has the digest: the manifest is fetched and hashed
  2  complete       so has it all that the digest names, for all platforms, and all of it hashes;
                    declared platforms are there, and configs and media types agree with the index
  3  tag            the tag still points at the digest
  4  attached       signatures, SBOMs and provenance are listed, and those by declared signers verified
  5  deterministic  the command that a target runs in the image yields the same twice
  6  outputs        what it yields is what is committed

Exit code: 0 when each verdict is proven or waived; 3 when there are findings, warnings among them; 4 when
there are none, and something is inconclusive; 1 when not everything could be audited.

A blob of a repository that an earlier audit hashed is not downloaded again: the registry is asked
whether it has it.
--rehash downloads it. With --offline no registry is asked, and what only a registry can say is inconclusive.

Where tags pointed is written down in pin-history.jsonl: in the workspace's root when there is such a file,
to be committed (touch pin-history.jsonl), else below the cache folder. audit --history prints it.
--statement=FILE writes an in-toto statement of what was proven; there is none when nothing was.`,
		Example: "sbomctl audit //...\nsbomctl audit --level=2 --offline //:cpython_autoconf\nsbomctl audit --history //...\nsbomctl audit --statement=audit.intoto.json //...",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.prepare(cmd); err != nil {
				return err
			}
			if f.history {
				return a.auditHistory(f, unshield(args))
			}
			return a.audit(f, unshield(args))
		},
		ValidArgsFunction: a.completeLabels,
	}
	fs := cmd.Flags()
	a.flags.workspaceFlags(fs)
	_ = cmd.RegisterFlagCompletionFunc("override", a.completeOverride)
	completeRuntimes(cmd)
	a.flags.findingFlags(fs)
	enumVar(fs, &a.flags.format, "format", "text", slices.Sorted(maps.Keys(reportFormats)), "how to print what came of it")
	enumVar(fs, &f.level, "level", strconv.Itoa(audit.DefaultLevel), levels, "the last level that is tried")
	boolVar(fs, &f.rehash, "rehash", false, "download and hash again what an earlier audit hashed")
	fs.Var((*pathValue)(&f.statement), "statement", "write to `FILE` an in-toto statement of what was proven")
	boolVar(fs, &f.history, "history", false, "print where tags pointed, as earlier audits saw it, and ask nobody")
	fs.Var((*pathValue)(&f.historyFile), "history_file", "keep the history in `FILE`")
	_ = cmd.RegisterFlagCompletionFunc("format", completeWords(slices.Sorted(maps.Keys(reportFormats))...))
	_ = cmd.RegisterFlagCompletionFunc("level", completeWords(levels...))
	return cmd
}

func (a *app) warn(message string) { a.ui.warn("", message) }

// errInconclusive ends an audit that found nothing, and could not find out everything; it has been said already.
var errInconclusive = errors.New("something is inconclusive")

func (a *app) audit(f *auditFlags, patterns []string) error {
	if len(patterns) == 0 {
		return usage("audit needs a target pattern", "sbomctl audit //... audits all container images")
	}
	parsed, err := a.parsePatterns(patterns)
	if err != nil {
		return err
	}
	level, _ := strconv.Atoi(f.level) // one of the words of the flag
	on := now()
	r := &report{}
	opened := false
	var result rules.AuditResult
	var historyPath string
	var pathErr error
	var events *event.Stream
	prepare := func(o *options) {
		events = o.Events
		o.KeepGoing, o.SkipValidation, o.AnalyseOnly = true, false, false
		historyPath, pathErr = a.historyPath(f, *o)
	}
	err = a.live(prepare, func(ctx context.Context, w workspace) error {
		opened = true
		if pathErr != nil {
			return pathErr
		}
		result, r.unchecked = w.Audit(ctx, parsed, rules.AuditRequest{Level: level, Rehash: f.rehash, Root: a.root, Warn: a.warn, Watch: watcher(events), Now: on})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.Report = result.Report
		r.audit = &format.Audit{Level: level, On: on, Images: result.Images, Site: w.Site}
		if a.flags.format == "json" || a.flags.format == "sarif" {
			r.fixes = w.Fixes(r.Findings)
		}
		if len(result.Images) > 0 {
			h := audit.History{Path: historyPath, Warn: a.warn}
			if err := h.Append(ctx, audit.Records(result.Images, on)); err != nil {
				a.ui.warn("", "what was seen is not written to "+historyPath+": "+err.Error())
			}
		}
		return r.unchecked
	})
	if !opened || errors.Is(err, errInterrupted) || r.audit == nil {
		return err
	}
	return a.auditEnd(f, r)
}

// auditKind is the kind of the live lines of images that are asked for. No node of the graph is of it.
const auditKind = "audit"

// watcher shows which images are asked for in the live part of a terminal. Numbers of nodes begin at the other end.
func watcher(events *event.Stream) func(im *pin.Image, done bool) {
	var mu sync.Mutex
	ids := map[string]uint32{}
	return func(im *pin.Image, done bool) {
		mu.Lock()
		id, ok := ids[im.Label]
		if !ok {
			id = math.MaxUint32 - uint32(len(ids))
			ids[im.Label] = id
		}
		mu.Unlock()
		if done {
			events.Emit(event.NodeFinished{ID: id, Kind: auditKind, Name: im.Repository, Label: im.Label})
		} else {
			events.Emit(event.NodeStarted{ID: id, Kind: auditKind, Name: im.Repository, Label: im.Label, At: events.Since()})
		}
	}
}

// auditEnd prints what came of an audit, and returns what it ends with.
func (a *app) auditEnd(f *auditFlags, r *report) error {
	var err error = r.unchecked
	write := reportFormats[a.flags.format]
	if a.flags.format == "text" {
		write = (*app).writeTextAudit
	}
	writeErr := write(a, a.stdout, r)
	if flushErr := a.stdout.Flush(); writeErr == nil {
		writeErr = flushErr
	}
	if writeErr != nil {
		err = joinErrors(err, writeError("standard output", writeErr))
	}
	if f.statement != "" {
		err = joinErrors(err, a.writeStatement(f.statement, r))
	}
	a.ui.error(err)
	c, unknown := r.count(), len(r.audit.Inconclusive())
	a.ui.audited(c, unknown, r)
	switch {
	case err != nil:
		return said(err)
	case c.errors > 0 || r.audit.Found():
		return errFindings
	case unknown > 0:
		return errInconclusive
	}
	return nil
}

// writeStatement writes the statement of what was proven.
func (a *app) writeStatement(file string, r *report) error {
	path := a.absolute(file)
	s := audit.State(r.audit.Images, readVersion().Version, r.audit.On)
	if s == nil {
		text := "nothing was proven, so " + file + " is not written"
		if _, err := os.Lstat(path); err == nil {
			text += "; the one that is there is of an earlier audit"
		}
		a.warn(text)
		return nil
	}
	b, err := s.Encode()
	switch {
	case err != nil:
	case path == "/dev/stdout": // of which it may be that it leads to an ordinary file, with what was printed
		if _, err = a.stdout.Write(b); err == nil {
			err = a.stdout.Flush()
		}
	default:
		err = writeUserFile(path, b)
	}
	if err != nil {
		return writeError(file, err)
	}
	return nil
}

// writeUserFile makes b a file that the user named, whole or not at all; what is no ordinary file, such as /dev/stdout, is written to.
func writeUserFile(path string, b []byte) error {
	if fi, err := os.Stat(path); err == nil && !fi.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.Write(b)
		return errors.Join(err, f.Close())
	}
	return osfile.Replace(path, b, filepath.Dir(path))
}
